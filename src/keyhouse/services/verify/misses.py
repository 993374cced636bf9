"""The budget for secrets that are not in the cache.

A flood of well-formed unknown keys costs at most this much of the database;
beyond it such keys are answered `unavailable`, while cached keys go on.
"""

from typing import Final

from keyhouse.core.limits import rate_limit, take

AT_ONCE: Final = 64
A_SECOND: Final = 2_000


class MissBudget:
    """So many look-ups at once, so many a second. One thread uses it."""

    def __init__(self, at_once: int = AT_ONCE, a_second: int = A_SECOND) -> None:
        self._limit = rate_limit("misses", a_second, 1, None)
        self._at_once = at_once
        self._tat_us = 0
        self.flying = 0

    def admit(self, now_us: int) -> bool:
        """Whether one more look-up may start; `done` must follow if so."""
        if self.flying >= self._at_once:
            return False
        taken = take(self._limit, self._tat_us, 1, now_us)
        if taken.allowed:
            self._tat_us = taken.tat_us
            self.flying += 1
        return taken.allowed

    def done(self) -> None:
        """A look-up has ended, however it did."""
        self.flying -= 1
