"""The address of a gateway, before a key is sent there."""

import logging
from ipaddress import ip_address
from urllib.parse import urlsplit

_log = logging.getLogger(__name__)


class AddressError(ValueError):
    """What is no address of a gateway; the text says what to write."""


def checked_address(url: str) -> str:
    """`url` without a slash at its end. Warns where the key would travel in the clear.

    Raises AddressError, whose text holds nothing of a password in it.
    """
    parts = urlsplit(url.strip())
    if parts.username is not None or parts.password is not None:
        raise AddressError(
            "holds a user or password: the key belongs into KEYHOUSE_API_KEY"
        )
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise AddressError("is no address: write https://keys.example.com")
    if parts.query or parts.fragment:
        raise AddressError("goes on behind the path: write https://keys.example.com")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        _log.warning(
            "KEYHOUSE_URL is http://%s: keys travel there unencrypted; use https",
            parts.hostname,
        )
    return url.strip().rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
