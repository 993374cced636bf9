"""Where Keyhouse is, and with which key it is spoken to."""

import ipaddress
import os
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final, NamedTuple

URL_VARIABLE: Final = "KEYHOUSE_URL"
KEY_VARIABLE: Final = "KEYHOUSE_API_KEY"
DEFAULT_URL: Final = "http://127.0.0.1:8000"
TIMEOUT_SECONDS: Final = 30.0
_PORT_MAX: Final = 65_535
_VISIBLE: Final = re.compile(r"[!-~]+")
"""What a header can hold of a key: an error about another would show it whole."""


_NO_PROXY: Final = {"http://": None, "https://": None, "all://": None}
"""Instead of the environment's: one elsewhere would read what goes to this machine."""


class Credentials(NamedTuple):
    """An address and a management key. The key is not part of the repr."""

    url: str
    api_key: str

    def __repr__(self) -> str:
        return f"Credentials(url={self.url!r})"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Credentials":
        """KEYHOUSE_URL (by default this machine's) and KEYHOUSE_API_KEY.

        Raises ValueError, with a text for people, where there is no key, or where
        the address is none.
        """
        environ = os.environ if environ is None else environ
        api_key = environ.get(KEY_VARIABLE, "").strip()
        if not api_key:
            raise ValueError(f"{KEY_VARIABLE} is not set: put a management key into it")
        url = environ.get(URL_VARIABLE, "").strip() or DEFAULT_URL
        demand_address(url, URL_VARIABLE)
        return cls(url, api_key)

    def options(self, timeout_seconds: float) -> dict[str, Any]:
        """What both kinds of httpx client are made with.

        Space around the key is left out, as files end with a line break. Raises
        ValueError, which does not show it, for a key that holds more than visible
        ASCII, or nothing; and for an address that is none.
        """
        demand_address(self.url, "url")
        api_key = self.api_key.strip()
        if not _VISIBLE.fullmatch(api_key):
            raise ValueError(
                "the management key is empty, or holds more than one word of visible "
                "ASCII: give the key alone"
            )
        return {
            "base_url": self.url.rstrip("/"),
            "headers": {
                "Authorization": f"Bearer {api_key}",
                "User-Agent": f"keyhouse-client/{version('keyhouse-client')}",
            },
            "timeout": timeout_seconds,
            **({"mounts": _NO_PROXY} if is_this_machine(self.url) else {}),
        }


def demand_address(url: str, named: str) -> None:
    """Raises ValueError, which says where it was `named`, for what is no address."""
    if not _is_address(url):
        # Neither a password, nor a key that was put in its place, is shown.
        bare = url.rpartition("@")[2]
        shown = f"{bare} " if ":" in bare else ""
        raise ValueError(f"{named}: {shown}is no address; write http://host:port")


def is_this_machine(url: str) -> bool:
    """Whether the host of an address is this machine, by its name or number."""
    import httpx

    # The reader of addresses that will lead the key there.
    host = httpx.URL(url).host
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(url: str) -> bool:
    import httpx

    try:
        parsed = httpx.URL(url)
        # What the look-up of the name, and the socket, would raise at every call.
        parsed.raw_host.decode("ascii").encode("idna")
    except (httpx.InvalidURL, ValueError):
        return False
    fits = parsed.scheme in ("http", "https") and bool(parsed.host)
    return fits and (parsed.port or 0) <= _PORT_MAX
