"""The request target, read once: which API, and what goes on to it."""

import re
from dataclasses import dataclass
from typing import Final

from keyhouse.core.paths import plain_path

METHODS: Final[dict[bytes, str]] = {
    name.encode("ascii"): name
    for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
_PLACES_MAX: Final = 4096
_LENGTH_MAX: Final = 256
_LINE: Final = re.compile(rb"([A-Z]{3,7}) (/[!-\"$-~]*) HTTP/1\.1").fullmatch


@dataclass(slots=True)  # frozen, it would take three times as long to make
class Place:
    """`path` is the whole path, `below` its part below the API's root.

    `rest` is what the upstream gets: path and query, without the slug.
    `slug` is None where the path has more than one reading.
    """

    slug: str | None
    path: str
    below: str
    rest: bytes
    query: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """A request line: the method as it came and as a word, and where it leads."""

    verb: bytes
    method: str
    place: Place


PLACES: Final[dict[bytes, Place]] = {}
"""Targets in use; `place_of` keeps it."""
LINES: Final[dict[bytes, Asked]] = {}
"""Request lines in use; `read_line` keeps it."""


def place_of(target: bytes) -> Place:
    """Read a target that begins with a slash.

    Paths in use are remembered. Those with a query are not: there may be a
    key in it, and it should be gone with the request.
    """
    place = PLACES.get(target)
    if place is None:
        place = _read(target)
        if not place.query and len(target) <= _LENGTH_MAX:
            if len(PLACES) >= _PLACES_MAX:
                PLACES.clear()
            PLACES[target] = place
    return place


def read_line(line: bytes) -> Asked | None:
    """Read a request line without its end; None for one that is not plain.

    Plain is what no two readers of HTTP/1.1 take for different things; the
    parser judges the others. Remembered by the rule of `place_of`.
    """
    found = _LINE(line) if len(line) <= _LENGTH_MAX else None
    method = METHODS.get(found[1]) if found else None
    if found is None or method is None:
        return None
    place = place_of(found[2])
    asked = Asked(found[1], method, place)
    if not place.query:
        if len(LINES) >= _PLACES_MAX:
            LINES.clear()
        LINES[line] = asked
    return asked


def _read(target: bytes) -> Place:
    raw, _, query = target.partition(b"?")
    path = raw.decode("latin-1")
    if plain_path(path) is None or b"#" in query:
        return Place(None, path, "/", b"/", query)
    end = path.find("/", 1)
    if end < 0:
        return Place(path[1:], path, "/", b"/" + target[len(raw) :], query)
    return Place(path[1:end], path, path[end:], target[end:], query)
