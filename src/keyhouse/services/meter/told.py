"""Which networks of keys this process has booked of late, so that it need not again."""

from collections.abc import Mapping
from typing import Final

from keyhouse.core.familiar import DAY_US

AGAIN_US: Final = DAY_US
"""A network is booked once in so long: that keeps it from being forgotten."""
PLACES_MAX: Final = 20_000
"""Some 5 MiB. Beyond it those that were booked longest ago are booked once more."""

Places = Mapping[tuple[str, str], int]
"""A key's id and a network: when calls came from there the last time, in µs."""


class ToldPlaces:
    """Bounded; one thread uses it."""

    def __init__(self, most: int = PLACES_MAX) -> None:
        self._told: dict[tuple[str, str], int] = {}
        self._most = most

    def untold(self, places: Places) -> dict[tuple[str, str], int]:
        """What of these is to be booked."""
        told = self._told
        return {
            place: at_us
            for place, at_us in places.items()
            if at_us - told.get(place, -AGAIN_US) >= AGAIN_US
        }

    def tell(self, places: Places) -> None:
        """They are booked."""
        for place, at_us in places.items():
            self._told.pop(place, None)
            self._told[place] = at_us
        while len(self._told) > self._most:
            del self._told[next(iter(self._told))]
