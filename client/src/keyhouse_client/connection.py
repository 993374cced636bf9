"""Where Keyhouse is, and with which key it is spoken to."""

import os
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final, NamedTuple

URL_VARIABLE: Final = "KEYHOUSE_URL"
KEY_VARIABLE: Final = "KEYHOUSE_API_KEY"
DEFAULT_URL: Final = "http://127.0.0.1:8000"
TIMEOUT_SECONDS: Final = 30.0
_VISIBLE: Final = re.compile(r"[!-~]+")
"""What a header can hold of a key: an error about another would show it whole."""


class Credentials(NamedTuple):
    """An address and a management key. The key is not part of the repr."""

    url: str
    api_key: str

    def __repr__(self) -> str:
        return f"Credentials(url={self.url!r})"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Credentials":
        """KEYHOUSE_URL (by default this machine's) and KEYHOUSE_API_KEY.

        Raises ValueError, with a text for people, where there is no key.
        """
        environ = os.environ if environ is None else environ
        api_key = environ.get(KEY_VARIABLE, "").strip()
        if not api_key:
            raise ValueError(f"{KEY_VARIABLE} is not set: put a management key into it")
        return cls(environ.get(URL_VARIABLE, "").strip() or DEFAULT_URL, api_key)

    def options(self, timeout_seconds: float) -> dict[str, Any]:
        """What both kinds of httpx client are made with.

        Space around the key is left out, as files end with a line break. Raises
        ValueError, which does not show it, for a key that holds more than visible
        ASCII, or nothing.
        """
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
        }
