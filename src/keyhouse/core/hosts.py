"""The names by which requests find their API: what stands in Host, and what covers it.

An API's host is a name in lower-case ASCII (`api.example.com`; `xn--…` for
others), or `*.example.com`: one label, any, in the star's place. A place is a
host, or a host and a prefix of paths: `api.example.com/weather`.
"""

import re
from typing import Final

HOST_LENGTH_MAX: Final = 253
_STAR: Final = "*."
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")
_PORT: Final = re.compile(r":\d*$")


def read_host(text: str) -> str | None:
    """The name in a Host header (RFC 9110, 7.2): without port, case and last dot.

    None where it is an address of numbers, or no name at all: no API has it.
    """
    name = _PORT.sub("", text).lower().removesuffix(".")
    return name if is_name(name) else None


def is_name(text: str) -> bool:
    """Whether it is a host's name in lower case, and no address of numbers."""
    return (
        len(text) <= HOST_LENGTH_MAX
        and _NAME.fullmatch(text) is not None
        and not is_number(text)
    )


def is_number(text: str) -> bool:
    """Whether resolvers read it as an address rather than a name (WHATWG URL, 3.5)."""
    return _NUMBER.fullmatch(text) is not None


def parts_of(place: str) -> tuple[str, str]:
    """The host of a place, and its prefix: '' where all paths lead there."""
    host, slash, rest = place.partition("/")
    return host, slash + rest


def parent_of(host: str) -> str:
    """The name without its first label, which may be a star; '' for a single one."""
    return host.partition(".")[2]


def cover_of(host: str) -> str:
    """The host with a star that covers this one."""
    return f"{_STAR}{parent_of(host)}"


def is_starred(host: str) -> bool:
    """Whether it stands for any name below another."""
    return host.startswith(_STAR)
