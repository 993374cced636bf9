"""How much memory a record takes, so that a cache can be bounded in bytes.

An estimate from above: what records share, as ids and names of scopes, is counted
with each of them, and so is the place that each takes in the cache's tables.
"""

from collections.abc import Mapping
from datetime import tzinfo
from enum import Enum
from sys import getsizeof
from typing import Final

from keyhouse.core.records import Part

PLACE_BYTES: Final = 160
"""Of a part: its place in a table and the name by which it stands there."""
FOUND_BYTES: Final = 150
"""Of a secret: its digest and the place of that."""
WAY_BYTES: Final = 960
"""Of a line, the parts that it is made from, what a door makes of it, and its place."""
TOKEN_BYTES: Final = 1_500
"""Of a user's token: what it says and its digest; what it says is bounded."""
_GC_BYTES: Final = 16
_SHARED: Final = (type(None), bool, Enum, tzinfo)
_SMALL_MAX: Final = 256
"""Python has each number up to there once."""


def weight_of(part: Part) -> int:
    """Bytes that a part takes with all that hangs on it alone."""
    return PLACE_BYTES + _weigh(part)


def _weigh(thing: object) -> int:
    if isinstance(thing, _SHARED):
        return 0
    if isinstance(thing, int):
        return 0 if 0 <= thing <= _SMALL_MAX else getsizeof(thing)
    if isinstance(thing, str | bytes):
        return getsizeof(thing)
    return getsizeof(thing) + _GC_BYTES + sum(map(_weigh, _within(thing)))


def _within(thing: object) -> "list[object]":
    if isinstance(thing, Mapping):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset):
        return list(thing)
    slots = [name for kind in type(thing).__mro__ for name in _slots(kind)]
    return [getattr(thing, name, None) for name in slots]


def _slots(kind: type) -> "tuple[str, ...]":
    # What is compiled keeps the names of its attributes elsewhere.
    held = kind.__dict__
    slots = held.get("__slots__", held.get("__mypyc_attrs__", ()))
    return (slots,) if isinstance(slots, str) else tuple(slots)
