"""The request target, read once: which API, and what goes on to it."""

from dataclasses import dataclass
from typing import Final

from keyhouse.core.paths import plain_path

_PLACES_MAX: Final = 4096
_LENGTH_MAX: Final = 256


@dataclass(frozen=True, slots=True)
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


PLACES: Final[dict[bytes, Place]] = {}
"""Targets in use; `place_of` keeps it."""


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


def _read(target: bytes) -> Place:
    raw, _, query = target.partition(b"?")
    path = raw.decode("latin-1")
    if plain_path(path) is None or b"#" in query:
        return Place(None, path, "/", b"/", query)
    end = path.find("/", 1)
    if end < 0:
        return Place(path[1:], path, "/", b"/" + target[len(raw) :], query)
    return Place(path[1:end], path, path[end:], target[end:], query)
