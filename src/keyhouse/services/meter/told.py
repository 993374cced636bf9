"""Which networks of keys a process books, and which it has booked of late."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Final

from keyhouse.core.familiar import DAY_US
from keyhouse.core.usage import KeyPlace

AGAIN_US: Final = DAY_US // 2
"""A network is booked again after so long: that keeps it from being forgotten."""
AT_ONCE_MAX: Final = 64
"""So many go into one batch: some thousand keys that come from somewhere new at once
have their turn within seconds, and a flood of networks takes the database no time.
"""
MARKS_MAX: Final = 48
"""Of the 64 marks of a key. Its networks fall on them by their hash, so that about ninety
make so many: who comes from more in half a day roams, and is booked no further.
"""
ROWS: Final = 1 << 13
PLACES: Final = 4
"""In each row: 32,768 in all, which is 256 KiB whatever there is to be remembered."""
_KEYS: Final = 1 << 15
_MARKS: Final = 64
_BITS: Final = (1 << 64) - 1

Places = Mapping[KeyPlace, int]
"""When calls with a key came from a network the last time, in µs."""


class ToldPlaces:
    """One thread uses it. What finds no place is booked once more than need be.

    Places are remembered by their hash alone. That two of them have the same 64 bits is
    as good as impossible, and would cost one row. How many a key has is told by marks,
    and not counted: a place that is booked again, as it was forgotten, is none more.
    Keys share their marks with others, in two tables; what is marked in both counts.
    """

    def __init__(self, rows: int = ROWS) -> None:
        self._rows = rows
        self._since_us = 0
        self._begin()

    def _begin(self) -> None:
        self._hashes = array("Q", bytes(8 * PLACES * self._rows))
        self._marks = (array("Q", bytes(8 * _KEYS)), array("Q", bytes(8 * _KEYS)))

    def holds(self, place: KeyPlace) -> bool:
        """Whether it need not be booked: it was, or its key has had its share."""
        start, number = self._at(place)
        return (
            number in self._hashes[start : start + PLACES]
            or self._marked(place.key_id) >= MARKS_MAX
        )

    def tell(self, places: Iterable[KeyPlace], now_us: int) -> None:
        """They are booked, at this time of the wall clock."""
        if abs(now_us - self._since_us) >= AGAIN_US:
            self._since_us = now_us
            self._begin()
        for place in places:
            start, number = self._at(place)
            # The newest comes first in its row, and the oldest falls out.
            row = self._hashes[start : start + PLACES - 1]
            self._hashes[start : start + PLACES] = array("Q", (number,)) + row
            for marks, slot in self._slots(place.key_id):
                marks[slot] |= 1 << number % _MARKS

    def _at(self, place: KeyPlace) -> tuple[int, int]:
        number = hash(place) & _BITS or 1  # 0 stands for none
        return number % self._rows * PLACES, number

    def _marked(self, key_id: str) -> int:
        return min(marks[slot].bit_count() for marks, slot in self._slots(key_id))

    def _slots(self, key_id: str) -> Iterator[tuple["array[int]", int]]:
        number = hash(key_id) & _BITS
        first, second = self._marks
        yield first, number % _KEYS
        yield second, number // _KEYS % _KEYS


def shared_out(places: Places, most: int = AT_ONCE_MAX) -> dict[KeyPlace, int]:
    """So many of these: one of each organization, another of each, and so on.

    Of an organization one of each key comes first. So none that has many, nor a key
    that comes from everywhere, takes another's turn.
    """
    if len(places) <= most:
        return dict(places)
    of: dict[str, dict[str, list[KeyPlace]]] = defaultdict(lambda: defaultdict(list))
    for place in places:
        of[place.consumer_id][place.key_id].append(place)
    turns = _in_turn(list(_in_turn(keys.values())) for keys in of.values())
    return {place: places[place] for place in islice(turns, most)}


def _in_turn(lines: Iterable[list[KeyPlace]]) -> Iterator[KeyPlace]:
    for each in zip_longest(*lines):
        yield from (place for place in each if place is not None)
