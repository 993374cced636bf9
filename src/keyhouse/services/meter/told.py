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
OF_A_KEY_MAX: Final = 64
"""So many of one key are booked in half a day. Who comes from more roams."""
ROWS: Final = 1 << 13
PLACES: Final = 4
"""In each row: 32,768 in all, which is 256 KiB whatever there is to be remembered."""
_COUNTS: Final = 1 << 16
_BITS: Final = (1 << 64) - 1

Places = Mapping[KeyPlace, int]
"""When calls with a key came from a network the last time, in µs."""


class ToldPlaces:
    """One thread uses it. What finds no place is booked once more than need be.

    Places are remembered by their hash alone. That two of them have the same 64 bits is
    as good as impossible, and would cost one row. How many a key has is counted in two
    tables, of which the lower number counts: one that meets others that roam in both
    would be taken for one of them.
    """

    def __init__(self, rows: int = ROWS) -> None:
        self._rows = rows
        self._since_us = 0
        self._begin()

    def _begin(self) -> None:
        self._hashes = array("Q", bytes(8 * PLACES * self._rows))
        self._counts = (array("B", bytes(_COUNTS)), array("B", bytes(_COUNTS)))

    def holds(self, place: KeyPlace) -> bool:
        """Whether it need not be booked: it was, or its key has had its share."""
        start, number = self._at(place)
        return (
            number in self._hashes[start : start + PLACES]
            or self._count(place.key_id) >= OF_A_KEY_MAX
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
            for counts, slot in self._slots(place.key_id):
                counts[slot] = min(counts[slot] + 1, OF_A_KEY_MAX)

    def _at(self, place: KeyPlace) -> tuple[int, int]:
        number = hash(place) & _BITS or 1  # 0 stands for none
        return number % self._rows * PLACES, number

    def _count(self, key_id: str) -> int:
        return min(counts[slot] for counts, slot in self._slots(key_id))

    def _slots(self, key_id: str) -> Iterator[tuple["array[int]", int]]:
        number = hash(key_id) & _BITS
        first, second = self._counts
        yield first, number % _COUNTS
        yield second, number // _COUNTS % _COUNTS


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
