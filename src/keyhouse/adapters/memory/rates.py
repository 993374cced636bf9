"""Rate counters of one process."""

from collections import deque
from collections.abc import Sequence

from keyhouse.core.limits import Taken, take
from keyhouse.core.records import RateUse

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

    def take(self, uses: Sequence[RateUse], cost: int, now_us: int) -> tuple[Taken, ...]:
        """Spend `cost` on all of `uses` or on none; results in their order."""
        tats = self._tats
        known = tats.get
        results = [take(limit, known(name, 0), cost, now_us) for name, limit in uses]
        for result in results:
            if not result.allowed:
                return self._refused(uses, results, cost, now_us)
        if cost:
            for use, result in zip(uses, results, strict=True):
                name = use.counter
                if name not in tats:
                    self._sweep(_SWEEP_ON_NEW, now_us)
                    self._order.append(name)
                tats[name] = result.tat_us
            if not -_SWEEP_EVERY_US < now_us - self._sweep_us < _SWEEP_EVERY_US:
                self._sweep_us = now_us
                self._sweep(_SWEEP_COUNTERS, now_us)
        return tuple(results)

    def _refused(
        self, uses: Sequence[RateUse], results: list[Taken], cost: int, now_us: int
    ) -> tuple[Taken, ...]:
        """The counters as they stand.

        One that is further ahead than its burst was filled before the clock
        was set back, or under a wider limit: it is full, and no more.
        """
        for index, (name, limit) in enumerate(uses):
            full_us = now_us + limit.tolerance_us
            tat_us = self._tats.get(name, 0)
            if tat_us > full_us:
                self._tats[name] = tat_us = full_us
            wanted = cost if not results[index].allowed else 0
            results[index] = take(limit, tat_us, wanted, now_us)
        return tuple(results)

    def _sweep(self, count: int, now_us: int) -> None:
        order, tats = self._order, self._tats
        for _ in range(min(count, len(order))):
            name = order.popleft()
            if tats[name] <= now_us:
                del tats[name]
            else:
                order.append(name)
