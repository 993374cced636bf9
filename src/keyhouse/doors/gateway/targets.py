"""The request target, read once: which API, and what goes on to it."""

import re
from dataclasses import dataclass
from typing import Final

from keyhouse.core.paths import USUAL_SEGMENT, plain_path
from keyhouse.core.prefixes import Prefixes

METHODS: Final[dict[bytes, str]] = {
    name.encode("ascii"): name
    for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
OWN_SLUG: Final = ".keyhouse"
_PLACES_MAX: Final = 4096
_LENGTH_MAX: Final = 256
_LINE: Final = re.compile(rb"([A-Z]{3,7}) (/[!-\"$-~]*) HTTP/1\.1").fullmatch
_SEGMENT: Final = USUAL_SEGMENT.encode("ascii")
_USUAL_LINE: Final = re.compile(
    rb"([A-Z]{3,7}) (/(%b)((?:/%b)*+/?)(?:\?([!-\"$-~]*))?) HTTP/1\.1"
    % (_SEGMENT, _SEGMENT)
).fullmatch
"""Most request lines at one look: method, target, slug, what is below it, query."""


@dataclass(slots=True)  # frozen, it would take three times as long to make
class Place:
    """`path` is the whole path, `below` its part below the API's root.

    `rest` is what the upstream gets: path and query, without what led to the
    API, where that is not one that keeps it; that gets `target`. `slug` is
    None where the path has more than one reading, and '' where it leads nowhere.
    """

    slug: str | None
    path: str
    below: str
    rest: bytes
    query: bytes
    target: bytes


@dataclass(slots=True)  # as above
class Asked:
    """A request line: the method as it came and as a word, and where it leads."""

    verb: bytes
    method: str
    place: Place


PLACES: Final[dict[bytes, Place]] = {}
"""Targets in use; `place_of` keeps it."""
_LED: Final[dict[tuple[object, ...], Place]] = {}
LINES: Final[dict[bytes, Asked]] = {}
"""Request lines in use; `read_line` keeps it."""
_SEEN: Final = [0] * _PLACES_MAX
"""The hash of the last line that came to each place."""


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


def led_place(place: Place, lead: str | Prefixes) -> Place:
    """The place of a request that its host leads: to the API with that slug, which

    has all of the path below its root, or by the longest prefix. Its `path`,
    which is written down, is behind the slug as that of any call. Remembered
    by the rule of `place_of`.
    """
    key = (lead, place.target)
    led = _LED.get(key)
    if led is None:
        if isinstance(lead, Prefixes):
            return _led_by_prefix(place, lead)
        path, target = place.path, place.target
        led = Place(lead, f"/{lead}{path}", path, target, place.query, target)
        _remember(key, led)
    return led


def _led_by_prefix(place: Place, prefixes: Prefixes) -> Place:
    key = (prefixes.token, place.target)
    led = _LED.get(key)
    if led is None:
        led = _lead(place, prefixes)
        if led.slug:
            _remember(key, led)
    return led


def _lead(place: Place, prefixes: Prefixes) -> Place:
    path, target = place.path, place.target
    # What is compared is what the decision reads: escapes make no second spelling.
    plain = plain_path(path) if "%" in path else path
    slug, depth = prefixes.lead(plain or "/")
    if not slug:
        return Place("", path, path, target, place.query, target)
    if not depth:
        return led_place(place, slug)
    below, rest = _behind(target, path, depth)
    return Place(slug, f"/{slug}{below}", below, rest, place.query, target)


def _remember(key: tuple[object, ...], led: Place) -> None:
    if not led.query and len(led.target) <= _LENGTH_MAX:
        if len(_LED) >= _PLACES_MAX:
            _LED.clear()
        _LED[key] = led


def read_line(line: bytes) -> Asked | None:
    """Read a request line without its end; None for one that is not plain.

    Plain is what no two readers of HTTP/1.1 take for different things; the
    parser judges the others. Remembered by the rule of `place_of`, from the
    second time on: many lines come once, and push out those that do not.
    """
    if len(line) > _LENGTH_MAX:
        return None
    asked = _usual(line) or _plain(line)
    if asked is None or asked.place.query:
        return asked
    mark = hash(line)
    slot = mark % _PLACES_MAX
    if _SEEN[slot] != mark:
        _SEEN[slot] = mark
        return asked
    if len(LINES) >= _PLACES_MAX:
        LINES.clear()
    LINES[line] = asked
    return asked


def _usual(line: bytes) -> Asked | None:
    found = _USUAL_LINE(line)
    if found is None:
        return None
    verb, target, first, more, query = found.groups()
    method = METHODS.get(verb)
    if method is None:
        return None
    slug, below = first.decode(), more.decode()
    rest = target[1 + len(first) :]
    path = f"/{slug}{below}"
    if not more:
        below, rest = "/", b"/" + rest
    return Asked(verb, method, Place(slug, path, below, rest, query or b"", target))


def _plain(line: bytes) -> Asked | None:
    found = _LINE(line)
    method = METHODS.get(found[1]) if found else None
    if found is None or method is None:
        return None
    return Asked(found[1], method, _read(found[2]))


def _read(target: bytes) -> Place:
    raw, _, query = target.partition(b"?")
    path = raw.decode("latin-1")
    plain = plain_path(path)
    if plain is None or b"#" in query:
        return Place(None, path, "/", b"/", query, target)
    end = path.find("/", 1)
    if end < 0:
        return Place(plain[1:], path, "/", b"/" + target[len(raw) :], query, target)
    # An escape is no second spelling of a slug, nor of Keyhouse's own paths.
    slug = path[1:end] if plain is path else plain[1 : plain.find("/", 1)]
    return Place(slug, path, path[end:], target[end:], query, target)


def _behind(target: bytes, path: str, depth: int) -> tuple[str, bytes]:
    """What stands behind so many segments of a path, and of the target that it is of.

    Escaped slashes are refused, so a path has as many segments in any spelling.
    """
    end = 0
    for _ in range(depth):
        end = path.find("/", end + 1)
    if end < 0:
        return "/", b"/" + target[len(path) :]
    return path[end:], target[end:]
