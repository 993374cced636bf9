"""How often something took how long."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """Counts by upper bounds, in ascending order; the last count is beyond them all.

    One thread adds to it. What others read meanwhile is right but for the last moment.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[int]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0

    def add(self, value: int) -> None:
        """Count one. Less than nothing, as clocks that differ show it, is nothing."""
        value = max(value, 0)
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
