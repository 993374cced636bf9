"""Which process does a job: whoever holds its row.

Every management process has a worker, and each of them has all jobs. The first
that asks holds one, for a while that it renews; the others look on. A holder
that was stopped for longer may wake and believe that it still holds the job:
so all that it writes passes the fence, which knows the newest holder by its
token, in the transaction that writes. Clocks that differ cost at most that a
job changes hands early. A time further ahead than any that we write was
written by a clock that was wrong, and holds nothing back.
"""

from collections.abc import Callable
from typing import Final

from keyhouse.core.entities import Job
from keyhouse.ports import Clock, Conflict, Rows, WritingTransaction

HELD_US: Final = 15_000_000
"""How long a job stays with a holder that does not renew it, having died."""
RENEW_US: Final = HELD_US // 3
AHEAD_US: Final = 60_000_000
"""As much may the clocks of two machines differ."""


class Overtaken(Exception):
    """Another process holds the job by now: what was begun is to be left to it."""


class Claim:
    """A job held for one round of it."""

    def __init__(
        self, name: str, token: int, clock: Clock, stop: Callable[[], bool]
    ) -> None:
        self.name = name
        self._token = token
        self._clock = clock
        self._stop = stop

    def stopped(self) -> bool:
        """Whether the process ends: the round is to end early."""
        return self._stop()

    def fence(self, tx: WritingTransaction) -> None:
        """Hold the job to the end of this transaction; the first thing in each one.

        Raises Overtaken, on which the transaction must not commit.
        """
        row = tx.get(Job, self.name)
        if row is None or row.token != self._token:
            raise Overtaken(self.name)
        now_us = self._clock.now_us()
        if row.until - now_us < HELD_US - RENEW_US:
            tx.update(row, until=now_us + HELD_US, updated_at=now_us)


class Holding:
    """One process's hold on one job, which is due every `every_us` at the latest."""

    def __init__(
        self,
        rows: Rows,
        clock: Clock,
        name: str,
        holder: str,
        every_us: int | None = None,
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._name = name
        self._holder = holder
        self._every_us = every_us

    def claim(self, stop: Callable[[], bool]) -> Claim | None:
        """The job for a round, None while another holds it or it is not due.

        Costs a read alone where the job is another's, or ours for a while yet.
        """
        with self._rows.reading() as tx:
            row = tx.get(Job, self._name)
        now_us = self._clock.now_us()
        if row is not None and not self._may_have(row, now_us):
            return None
        if row is not None and self._is_ours(row, now_us):
            return Claim(self._name, row.token, self._clock, stop)
        token = self._take()
        return None if token is None else Claim(self._name, token, self._clock, stop)

    def release(self, due_in_us: int) -> None:
        """Let go of the job, which is due again after that time. Others do no harm."""
        with self._rows.writing() as tx:
            row = tx.get(Job, self._name)
            if row is None or row.holder != self._holder:
                return
            now_us = self._clock.now_us()
            due_us = now_us + due_in_us
            tx.update(row, holder="", until=0, due_at=due_us, updated_at=now_us)

    def _take(self) -> int | None:
        """Hold it from now on, under a new token; None where another was quicker."""
        try:
            with self._rows.writing() as tx:
                now_us = self._clock.now_us()
                row = tx.get(Job, self._name)
                if row is None:
                    tx.insert(self._first(now_us))
                    return 1
                if not self._may_have(row, now_us):
                    return None
                again = row.holder == self._holder and row.until > now_us
                token = row.token if again else row.token + 1
                until = now_us + HELD_US
                tx.update(
                    row, holder=self._holder, token=token, until=until, updated_at=now_us
                )
                return token
        except Conflict:
            return None

    def _may_have(self, row: Job, now_us: int) -> bool:
        if row.holder and now_us < row.until <= now_us + HELD_US + AHEAD_US:
            return row.holder == self._holder
        if self._every_us is not None and row.due_at > now_us + self._every_us + AHEAD_US:
            return True
        return now_us >= row.due_at

    def _is_ours(self, row: Job, now_us: int) -> bool:
        return row.holder == self._holder and row.until - now_us > RENEW_US

    def _first(self, now_us: int) -> Job:
        return Job(
            id=self._name,
            holder=self._holder,
            token=1,
            until=now_us + HELD_US,
            due_at=0,
            updated_at=now_us,
        )
