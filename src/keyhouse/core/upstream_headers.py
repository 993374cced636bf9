"""Headers that the gateway adds toward an upstream: which there may be, and as lines."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from keyhouse.core.entities import UpstreamHeader
from keyhouse.core.records import UpstreamHeaders

HEADERS_MAX: Final = 16
VALUE_LENGTH_MAX: Final = 4096
_ALIAS: Final = str.maketrans("_.", "--")
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_VALUE: Final = re.compile(r"[!-~]+(?:[ \t]+[!-~]+)*")
_FRAMING: Final = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    )
)
_ABOUT_CALLERS: Final = ("keyhouse-", "x-forwarded-", "forwarded", "x-real-ip")
"""Names, or beginnings of them, by which the gateway tells who calls."""

Unseal = Callable[[UpstreamHeader], bytes | None]
"""Opens the value of a header; None where that cannot be done."""


def plain_name(name: str) -> str:
    """The name as frameworks may read it: case and `_ . -` do not tell names apart."""
    return name.lower().translate(_ALIAS)


def is_header_name(name: str) -> bool:
    """Whether it is a header's name (RFC 9110, 5.1) of a bounded length."""
    return _NAME.fullmatch(name) is not None


def frames(name: str) -> bool:
    """Whether it concerns one connection, or tells where a message begins and ends."""
    return plain_name(name) in _FRAMING


def tells_of_callers(name: str) -> bool:
    """Whether only the gateway itself may say what stands in it."""
    return plain_name(name).startswith(_ABOUT_CALLERS)


def is_header_value(value: str) -> bool:
    """Whether it is a value of printable ASCII, neither empty nor padded."""
    return len(value) <= VALUE_LENGTH_MAX and _VALUE.fullmatch(value) is not None


def sealing_context(api_id: str, name: str) -> bytes:
    """What a sealed value is bound to: it opens as this header of this API alone."""
    return f"upstream-header/{api_id}/{plain_name(name)}".encode()


def compile_headers(
    rows: Iterable[UpstreamHeader], unseal: Unseal
) -> UpstreamHeaders | None:
    """What the gateway adds, in order of names; None where there is nothing."""
    ordered = sorted(rows, key=lambda row: row.id)
    if not ordered:
        return None
    values = [unseal(row) for row in ordered]
    opened = [value for value in values if value is not None]
    lines = None
    if len(opened) == len(values):
        pairs = zip(ordered, opened, strict=True)
        lines = b"".join(b"%b: %b\r\n" % (row.name.encode(), value) for row, value in pairs)
    names = frozenset(plain_name(row.name).encode() for row in ordered)
    return UpstreamHeaders(names, lines)
