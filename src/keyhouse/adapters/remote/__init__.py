"""A Keyhouse elsewhere, spoken to over HTTP."""

from keyhouse.adapters.remote.address import AddressError, checked_address
from keyhouse.adapters.remote.http import HttpKeyhouse

__all__ = ["AddressError", "HttpKeyhouse", "checked_address"]
