"""Verification by a Keyhouse elsewhere: asked for each request, and remembered where

that can harm nobody.
"""

from keyhouse.services.remote.plane import RemotePlane

__all__ = ["RemotePlane"]
