"""Sources that guess are slowed: who misses too often waits before the next look-up.

A source is a network (`core.addresses.source_network`), or what is asked about
where the caller's address is not known. Each look-up takes a unit of its
source's rate (GCRA) and gives it back if something was found, so that only
misses count. Keys in the cache are not looked up and never come here.

The table is bounded without letting anyone be forgotten cheaply. A source
whose units are all back is as good as none and goes first. Each look-up is
also one of the global budget for misses, and keeps one source in the table for
`1 / MISSES_A_SECOND` seconds: with both as they are here, no flood, from
however many networks, keeps more than some 4,300 there (all of the global
burst at once, plus its rate times the time that units take to come back). Were
there more all the same, those nearest to innocence would go, and the worst
would stay: nobody gets rid of his own record by making others.
"""

from typing import Final

from keyhouse.core.limits import rate_limit, take

MISSES_A_SECOND: Final = 5
"""Costs a database nothing, and is no more than a few programs with an old key

ask for behind one address: an unknown key is remembered for two seconds.
"""

MISSES_BURST: Final = 128
"""Above what may be looked up at once, so that a network without misses, whose

keys are all new to the process, never waits.
"""

SOURCES_MAX: Final = 8192
Source = int | str


class Sources:
    """How much each source has missed of late. One thread uses it."""

    def __init__(
        self,
        a_second: int = MISSES_A_SECOND,
        burst: int = MISSES_BURST,
        sources_max: int = SOURCES_MAX,
    ) -> None:
        self._limit = rate_limit("misses of a source", a_second, 1, burst)
        self._most = sources_max
        self._tats: dict[Source, int] = {}

    def __len__(self) -> int:
        """How many sources are remembered."""
        return len(self._tats)

    def wait_us(self, source: Source, now_us: int) -> int:
        """How long the source has to wait for its next look-up: 0 if it need not."""
        taken = take(self._limit, self._tats.get(source, 0), 1, now_us)
        return taken.retry_us or 0

    def charge(self, source: Source, now_us: int) -> None:
        """A look-up begins, and counts as a miss unless it is forgiven."""
        if source not in self._tats and len(self._tats) >= self._most:
            self._make_room(now_us)
        tat_us = max(self._tats.get(source, 0), now_us)
        self._tats[source] = tat_us + self._limit.interval_us

    def forgive(self, source: Source) -> None:
        """Something was found, or could not be looked up: it was no miss."""
        if source in self._tats:
            self._tats[source] -= self._limit.interval_us

    def _make_room(self, now_us: int) -> None:
        """Forget those with all units back; at least half of the places are free then."""
        guilty = sorted(
            (tat_us, str(source), source)
            for source, tat_us in self._tats.items()
            if tat_us > now_us
        )
        worst = guilty[-(self._most // 2) :]
        self._tats = {source: tat_us for tat_us, _, source in worst}
