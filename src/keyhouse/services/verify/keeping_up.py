"""How a verifier keeps up with the change log, and what it does while that is away."""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from keyhouse.core.pending import Pending
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Changes, Clock
from keyhouse.services.verify.asker import Asker
from keyhouse.services.verify.cache import RecordCache
from keyhouse.services.verify.patience import Patience

OUTAGE_RETRY_US: Final = 200_000
"""While the database is gone, it is asked so often within requests."""
ANSWER_SECONDS_MAX: Final = 2.0
"""A database that does not say in this time what changed counts as gone: it hangs, or

the network swallows what is sent. Twice what a change may take to be in force.
"""
READS_MAX: Final = 2
"""The log is read so often for one answer, where it was read too long ago."""
BACK_SECONDS_MAX: Final = 0.05
"""While it is gone, nobody waits longer to see whether it is back."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class KeepingUp:
    """What is known up to when. One thread calls it."""

    def __init__(
        self,
        cache: RecordCache,
        read_changes: Callable[[int], Changes],
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._cache = cache
        self._read_changes = read_changes
        self._clock = clock
        self._monotonic_us = clock.monotonic_us
        self._patience = patience
        self._confirmed_us: int | None = None
        self._fresh_until_us = -1
        self._outage_tried_us: int | None = None

    def apply(self, changes: Changes, confirmed_us: int) -> None:
        """Forget what changed. The log was complete at `confirmed_us` (monotonic)."""
        self._cache.apply(changes)
        if self._confirmed_us is None or confirmed_us > self._confirmed_us:
            self._confirmed_us = confirmed_us
            self._fresh_until_us = confirmed_us + self._patience.feed_us
            self._outage_tried_us = None

    @property
    def applied(self) -> int:
        """The change up to which all is known."""
        return self._cache.applied

    @property
    def is_current(self) -> bool:
        """Whether the change log was read a moment ago."""
        age_us = self._age_us(self._clock.monotonic_us())
        return age_us is not None and age_us <= self._patience.feed_us

    def _age_us(self, monotonic_us: int) -> int | None:
        return None if self._confirmed_us is None else monotonic_us - self._confirmed_us

    @property
    def _is_gone(self) -> bool:
        """Whether the database was found to be gone a moment ago."""
        tried_us = self._outage_tried_us
        return tried_us is not None and self._monotonic_us() - tried_us < OUTAGE_RETRY_US

    @property
    def is_gone(self) -> bool:
        """Whether the database is known to be gone, so that nothing is read from it."""
        return self._is_gone

    def behind(self, asker: Asker[T]) -> T | Pending[T] | None:
        """What comes before an answer: reading the change log, if that was long ago."""
        if self._monotonic_us() <= self._fresh_until_us:
            return None
        return self._catch_up(asker)

    def _catch_up(self, asker: Asker[T], reads: int = 1) -> T | Pending[T]:
        """Read the change log within the request, or live with its absence.

        A process that was stopped and wakes up comes through here, so that it
        serves no key that was revoked while it slept.
        """
        go_on = asker.caught_up or asker.again
        if self._is_gone:
            return self._during_outage(asker, go_on)
        after = self._cache.applied

        def work() -> tuple[int, object]:
            # The time is taken before the read: what it says holds from then.
            began_us = self._clock.monotonic_us()
            try:
                return began_us, self._read_changes(after)
            except Exception as error:  # noqa: BLE001 - whoever resumes judges it
                return began_us, error

        def resume(result: object) -> T | Pending[T]:
            if not isinstance(result, tuple):
                return self._told(self._monotonic_us(), result, asker, reads)
            began_us, told = result
            return self._told(began_us, told, asker, reads)

        known = self._outage_tried_us is not None
        seconds = BACK_SECONDS_MAX if known else ANSWER_SECONDS_MAX
        return Pending(("changes",), work, resume, seconds_max=seconds)

    def _told(
        self, began_us: int, told: object, asker: Asker[T], reads: int
    ) -> T | Pending[T]:
        """Go on with what was read, unless it is old: the process was stopped since.

        Then a failure is no outage either: what was open meanwhile has been closed.
        """
        go_on = asker.caught_up or asker.again
        now_us = self._monotonic_us()
        is_old = now_us - began_us > ANSWER_SECONDS_MAX * 1_000_000
        if isinstance(told, Changes):
            self.apply(told, began_us)
            self._outage_tried_us = None
            if now_us <= self._fresh_until_us:
                return go_on()
        elif not is_old:
            _log.warning("the change log cannot be read: %s", told)
            self._outage_tried_us = now_us
            return self._during_outage(asker, go_on)
        if reads < READS_MAX:
            return self._catch_up(asker, reads + 1)
        # It is slow to tell, and that is all, unless it is as old as an outage.
        return asker.refuse(Verdict.UNAVAILABLE) if is_old else go_on()

    def _during_outage(
        self, asker: Asker[T], go_on: Callable[[], T | Pending[T]]
    ) -> T | Pending[T]:
        """The database is known to be gone: cached keys go on for a while."""
        age_us = self._age_us(self._clock.monotonic_us())
        if age_us is None or age_us > self._patience.outage_us:
            return asker.refuse(Verdict.UNAVAILABLE)
        return go_on()
