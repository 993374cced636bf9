"""Structured data out of web pages: an API as a vendor would sell it."""

from webdata.app import create_app

__all__ = ["create_app"]
