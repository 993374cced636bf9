"""Runs what a decision waits for, off the loop, once for all who wait for it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

from keyhouse.core.pending import Pending
from keyhouse.ports import StoreUnavailable

T = TypeVar("T")
THREADS = 4
TOGETHER_MAX = 256
"""So many run as one: a transaction that writes stays short."""
LATE_SECONDS = 0.25
"""A timer that comes so late tells of a process that was stopped."""
_log = logging.getLogger(__name__)
_Together = Callable[[Sequence[Any]], Sequence[object]]


def _untold(_: object) -> None:
    """Nobody wants to know."""


class _Waiter(NamedTuple):
    """Who goes on with what `pending` comes to, or is told what went wrong."""

    pending: Pending[Any]
    then: Callable[[Any], None]
    failed: Callable[[Exception], None]


class _Flight:
    """One run of some work, and who waits for it: nobody any more, once it is `overdue`.

    `future` is there once it is handed to the threads; `due` is when the timer ends
    the wait, until it has been put off.
    """

    __slots__ = ("due", "future", "overdue", "pending", "timer", "waiting")

    def __init__(self, pending: Pending[Any]) -> None:
        self.pending = pending
        self.future: Future[None] | None = None
        self.waiting: list[_Waiter] = []
        self.timer: asyncio.TimerHandle | None = None
        self.due: float | None = None
        self.overdue: StoreUnavailable | None = None


class Resolver:
    """Belongs to one event loop; `work` runs on a few threads of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: int = THREADS) -> None:
        self._loop = loop
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="keyhouse-load")
        self._flights: dict[Hashable, _Flight] = {}
        self._rounds: dict[_Together, deque[_Flight]] = {}

    def resolve(
        self,
        outcome: T | Pending[T],
        then: Callable[[T], None],
        failed: Callable[[Exception], None] = _untold,
    ) -> None:
        """Call `then` with what `outcome` comes to: at once unless it is pending.

        Where going on from a `Pending` raises, that is logged, and `failed` is
        called with it.
        """
        if not isinstance(outcome, Pending):
            then(outcome)
            return
        waiter = _Waiter(outcome, then, failed)
        if outcome.begin is not None:
            outcome.begin(partial(self._go_on, waiter))
            return
        flight = self._flights.get(outcome.need)
        if flight is None:
            flight = self._flights[outcome.need] = self._begun(outcome)
        if flight.overdue is not None:
            self._go_on(waiter, flight.overdue)
        else:
            flight.waiting.append(waiter)

    async def wait(
        self, outcome: T | Pending[T], unwanted: Callable[[T], None] = _untold
    ) -> T:
        """What `outcome` comes to; raises what going on from it raises.

        The work goes on if the waiter is cancelled, and what it comes to goes
        into `unwanted`: what was spent for it can be given back.
        """
        if not isinstance(outcome, Pending):
            return outcome
        future: asyncio.Future[T] = self._loop.create_future()

        def then(final: T) -> None:
            if future.done():
                unwanted(final)
            else:
                future.set_result(final)

        def failed(error: Exception) -> None:
            if not future.done():
                future.set_exception(error)

        self.resolve(outcome, then, failed)
        try:
            return await future
        except asyncio.CancelledError:
            # It may have come in this very turn, and then the future has it.
            if not future.cancelled() and future.exception() is None:
                unwanted(future.result())
            raise

    def close(self) -> None:
        """Finish what runs, start nothing new."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begun(self, pending: Pending[Any]) -> _Flight:
        flight = _Flight(pending)
        seconds = pending.seconds_max
        if seconds is not None:
            flight.due = self._loop.time() + seconds
            flight.timer = self._loop.call_later(seconds, self._give_up, flight, seconds)
        together = pending.together
        if together is None:
            flight.future = self._pool.submit(self._run, pending)
        elif together in self._rounds:
            self._rounds[together].append(flight)
        else:
            self._rounds[together] = deque((flight,))
            self._depart(together)
        return flight

    def _depart(self, together: "_Together") -> None:
        """Run what has gathered as one. What comes meanwhile is the next round's."""
        gathered = self._rounds[together]
        round_ = [gathered.popleft() for _ in range(min(len(gathered), TOGETHER_MAX))]
        if not round_:
            del self._rounds[together]
            return
        self._pool.submit(self._run_together, together, round_)

    def _run_together(self, together: "_Together", round_: list[_Flight]) -> None:
        results: Sequence[object]
        try:
            results = together([flight.pending.part for flight in round_])
        except StoreUnavailable as error:
            results = [error] * len(round_)
        except Exception:  # noqa: BLE001 - one of them is at fault: not for the others
            results = [_alone(flight.pending) for flight in round_]
        try:
            self._loop.call_soon_threadsafe(self._land_together, together, round_, results)
        except RuntimeError:
            _log.debug("the loop closed while leases were under way")

    def _land_together(
        self, together: "_Together", round_: list[_Flight], results: Sequence[object]
    ) -> None:
        # The next one leaves first: those who wait for it came before what resumes here.
        self._depart(together)
        for flight, result in zip(round_, results, strict=True):
            self._land(flight.pending.need, result)

    def _give_up(self, flight: _Flight, seconds: float) -> None:
        """Let nobody wait any more. What no thread has begun is forgotten: so what

        waits for threads is bounded while the database hangs.

        Once it is put off, where the process was stopped: the answer may be there,
        and the thread that waits for it has not had its turn.
        """
        if flight.due is not None and self._loop.time() - flight.due > LATE_SECONDS:
            flight.due = None
            flight.timer = self._loop.call_later(seconds, self._give_up, flight, seconds)
            return
        flight.overdue = StoreUnavailable(f"no answer within {seconds:g} s")
        if self._is_off(flight):
            del self._flights[flight.pending.need]
        waiting, flight.waiting = flight.waiting, []
        for waiter in waiting:
            self._go_on(waiter, flight.overdue)

    def _is_off(self, flight: _Flight) -> bool:
        """Whether it had not begun, and now never will."""
        together = flight.pending.together
        gathered = self._rounds.get(together) if together is not None else None
        if gathered is not None and flight in gathered:
            gathered.remove(flight)
            return True
        return together is None and flight.future is not None and flight.future.cancel()

    def _run(self, pending: Pending[Any]) -> None:
        result = _alone(pending)
        try:
            self._loop.call_soon_threadsafe(self._land, pending.need, result)
        except RuntimeError:
            _log.debug("the loop closed while a load was under way")

    def _go_on(self, waiter: _Waiter, result: object) -> None:
        pending, then, failed = waiter
        try:
            self.resolve(pending.resume(result), then, failed)
        except Exception as error:  # noqa: BLE001 - the reason is told beside it
            _log.exception("resuming a decision failed")
            failed(error)

    def _land(self, need: Hashable, result: object) -> None:
        flight = self._flights.pop(need)
        if flight.timer is not None:
            flight.timer.cancel()
        if flight.overdue is not None and flight.pending.late is not None:
            flight.pending.late(result)
        for waiter in flight.waiting:
            # One waiter's fault must not leave the others waiting.
            self._go_on(waiter, result)


def _alone(pending: Pending[Any]) -> object:
    """What its work gives; an exception is given as a value."""
    try:
        return pending.work()
    except Exception as error:  # noqa: BLE001 - whoever resumes judges it
        return error
