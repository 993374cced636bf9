"""Which networks of keys this process has booked of late, so that it need not again."""

from array import array
from collections.abc import Mapping
from typing import Final

from keyhouse.core.familiar import DAY_US

AGAIN_US: Final = DAY_US // 2
"""A network is booked again after so long: that keeps it from being forgotten."""
ROWS: Final = 1 << 13
PLACES: Final = 4
"""In each row: 32,768 in all, which is 256 KiB whatever there is to be remembered."""
_BITS: Final = (1 << 64) - 1

Places = Mapping[tuple[str, str], int]
"""A key's id and a network: when calls came from there the last time, in µs."""


class ToldPlaces:
    """One thread uses it. What finds no place is booked once more than need be.

    Places are remembered by their hash alone. That two of them have the same 64 bits is
    as good as impossible, and would cost one row.
    """

    def __init__(self, rows: int = ROWS) -> None:
        self._rows = rows
        self._hashes = array("Q", bytes(8 * PLACES * rows))
        self._since_us = 0

    def untold(self, places: Places) -> dict[tuple[str, str], int]:
        """What of these is to be booked."""
        return {place: at_us for place, at_us in places.items() if not self._is_told(place)}

    def tell(self, places: Places, now_us: int) -> None:
        """They are booked, at this time of the wall clock."""
        if abs(now_us - self._since_us) >= AGAIN_US:
            self._hashes = array("Q", bytes(8 * len(self._hashes)))
            self._since_us = now_us
        for place in places:
            start, number = self._at(place)
            # The newest comes first in its row, and the oldest falls out.
            row = self._hashes[start : start + PLACES - 1]
            self._hashes[start : start + PLACES] = array("Q", (number,)) + row

    def _is_told(self, place: tuple[str, str]) -> bool:
        start, number = self._at(place)
        return number in self._hashes[start : start + PLACES]

    def _at(self, place: tuple[str, str]) -> tuple[int, int]:
        number = hash(place) & _BITS or 1  # 0 stands for none
        return number % self._rows * PLACES, number
