"""CORS: what pages of other origins may read of an API (Fetch Standard, 3.2).

A key stands in a header, never in a cookie, so no credentials are allowed for.
"""

import re
from typing import Final

MAX_AGE_SECONDS: Final = 600
ALLOWED_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
EXPOSED: Final = (
    "RateLimit, RateLimit-Policy, Retry-After, Deprecation, Sunset, Keyhouse-Request-Id"
)
CORS_PREFIX: Final = "access-control-"
_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}"
_NAMES: Final = re.compile(rf"{_NAME}(?:[ \t]*,[ \t]*{_NAME}){{0,63}}")


def shared_headers(origin: str) -> list[tuple[str, str]]:
    """What goes with any answer to a page of an origin that an API allows."""
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Vary", "Origin"),
        ("Access-Control-Expose-Headers", EXPOSED),
    ]


def preflight_headers(origin: str, asked: str) -> list[tuple[str, str]]:
    """The answer to a preflight; `asked` is its Access-Control-Request-Headers.

    Any header may be sent: which of them count is the API's affair. A list
    that is none, or that goes on and on, is not allowed.
    """
    headers = [
        ("Access-Control-Allow-Origin", origin),
        ("Vary", "Origin, Access-Control-Request-Headers"),
        ("Access-Control-Allow-Methods", ALLOWED_METHODS),
        ("Access-Control-Max-Age", str(MAX_AGE_SECONDS)),
    ]
    if _NAMES.fullmatch(asked):
        headers.append(("Access-Control-Allow-Headers", asked))
    return headers
