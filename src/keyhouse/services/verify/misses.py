"""The budget for secrets that are not in the cache.

A flood of well-formed unknown keys costs at most this much of the database;
beyond it such keys are answered `unavailable`, while cached keys go on. Each
source has a small share of its own first, so that one noisy network does not
use up what is everybody's.
"""

from typing import Final

from keyhouse.core.limits import rate_limit, take
from keyhouse.services.verify.sources import Source, Sources

AT_ONCE: Final = 64
A_SECOND: Final = 2_000
A_MOMENT_US: Final = 100_000
"""In which look-ups that are under way will have ended."""


class MissBudget:
    """So many look-ups at once, so many a second, and of one source fewer.

    One thread uses it. `admitted` and `refused` count what was asked for.
    """

    def __init__(
        self,
        at_once: int = AT_ONCE,
        a_second: int = A_SECOND,
        sources: Sources | None = None,
    ) -> None:
        self._limit = rate_limit("misses", a_second, 1, None)
        self._at_once = at_once
        self._sources = Sources() if sources is None else sources
        self._tat_us = 0
        self.flying = 0
        self.admitted = 0
        self.refused = 0

    def admit(self, source: Source, now_us: int) -> int:
        """0 where one more look-up may start, and then `done` must follow;

        otherwise how long to wait, in µs, before asking again.
        """
        wait_us = self._wait_us(source, now_us)
        if wait_us:
            self.refused += 1
        else:
            self.admitted += 1
        return wait_us

    def _wait_us(self, source: Source, now_us: int) -> int:
        wait_us = self._sources.wait_us(source, now_us)
        if wait_us:
            return wait_us
        if self.flying >= self._at_once:
            return A_MOMENT_US
        taken = take(self._limit, self._tat_us, 1, now_us)
        if not taken.allowed:
            return taken.retry_us or A_MOMENT_US
        self._tat_us = taken.tat_us
        self.flying += 1
        self._sources.charge(source, now_us)
        return 0

    def done(self, source: Source, *, missed: bool) -> None:
        """A look-up of that source has ended; `missed` if there was nothing."""
        self.flying -= 1
        if not missed:
            self._sources.forgive(source)
