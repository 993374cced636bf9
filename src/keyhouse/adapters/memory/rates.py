"""Rate counters of one process."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from keyhouse.core.limits import Left, Taken, left_of, spend, stood
from keyhouse.core.records import RateUse
from keyhouse.ports import Slowed

_SWEEP_EVERY_US = 10_000
_SWEEP_COUNTERS = 64
_SWEEP_ON_NEW = 2


class MemoryRateCounter:
    """`ports.RateCounter` in memory; one thread. It starts afresh with the process.

    A counter whose burst is all back says nothing, so it is forgotten: two
    are looked at for each new one, and some each 10 ms while there is
    traffic. What stays is what was used within the last period.
    """

    __slots__ = ("_order", "_sweep_us", "_tats")

    def __init__(self) -> None:
        self._tats: dict[str, int] = {}
        self._order: deque[str] = deque()
        self._sweep_us = 0

    def __len__(self) -> int:
        """How many counters are held."""
        return len(self._tats)

    @property
    def is_answered(self) -> bool | None:
        """None: it counts for itself."""
        return None

    def share_among(self, nodes: int) -> None:
        """Each process counts alone, however many there are."""

    async def close(self) -> None:
        """There is nothing to end."""

    def take(self, uses: Sequence[RateUse], cost: int, now_us: int) -> Left | Slowed:
        """Spend `cost` on all of `uses` or on none; results in their order."""
        tats = self._tats
        before = len(tats)
        left = spend(tats, uses, cost, now_us) if cost else None
        if left is None:
            taken = self._unspent(uses, cost, now_us)
            return left_of(taken) if not cost else Slowed(taken)
        if len(tats) != before:
            self._remember(len(tats) - before, now_us)
        if now_us >= self._sweep_us:
            self._sweep_us = now_us + _SWEEP_EVERY_US
            self._sweep(_SWEEP_COUNTERS, now_us)
        return left

    def _remember(self, count: int, now_us: int) -> None:
        """Put the newest names at the end of the round."""
        self._sweep(_SWEEP_ON_NEW * count, now_us)
        self._order.extend(islice(reversed(self._tats), count))

    def _unspent(
        self, uses: Sequence[RateUse], cost: int, now_us: int
    ) -> tuple[Taken, ...]:
        """Tell the counters as they stand.

        One that is further ahead than its burst was filled before the clock
        was set back, or under a wider limit: it is full, and no more.
        """
        results = []
        for name, limit in uses:
            full_us = now_us + limit.tolerance_us
            tat_us = self._tats.get(name, 0)
            if tat_us > full_us:
                self._tats[name] = tat_us = full_us
            results.append(stood(limit, tat_us, cost, now_us))
        return tuple(results)

    def _sweep(self, count: int, now_us: int) -> None:
        order, tats = self._order, self._tats
        for _ in range(min(count, len(order))):
            name = order.popleft()
            if tats[name] <= now_us:
                del tats[name]
            else:
                order.append(name)
