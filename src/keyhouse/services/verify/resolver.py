"""Runs what a decision waits for, off the loop, once for all who wait for it."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from keyhouse.core.decision import Pending
from keyhouse.ports import StoreUnavailable

T = TypeVar("T")
THREADS = 4
_log = logging.getLogger(__name__)


class _Flight:
    """One run of some work, and who waits for it: nobody any more, once it is `overdue`."""

    __slots__ = ("future", "late", "need", "overdue", "timer", "waiting")

    def __init__(self, pending: Pending[Any], future: Future[None]) -> None:
        self.need = pending.need
        self.late = pending.late
        self.future = future
        self.waiting: list[tuple[Pending[Any], Callable[[Any], None]]] = []
        self.timer: asyncio.TimerHandle | None = None
        self.overdue: StoreUnavailable | None = None


class Resolver:
    """Belongs to one event loop; `work` runs on a few threads of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: int = THREADS) -> None:
        self._loop = loop
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="keyhouse-load")
        self._flights: dict[Hashable, _Flight] = {}

    def resolve(self, outcome: T | Pending[T], then: Callable[[T], None]) -> None:
        """Call `then` with what `outcome` comes to: at once unless it is pending."""
        if not isinstance(outcome, Pending):
            then(outcome)
            return
        if outcome.begin is not None:
            outcome.begin(partial(self._go_on, outcome, then))
            return
        flight = self._flights.get(outcome.need)
        if flight is None:
            flight = self._flights[outcome.need] = self._begun(outcome)
        if flight.overdue is not None:
            self._go_on(outcome, then, flight.overdue)
        else:
            flight.waiting.append((outcome, then))

    async def wait(self, outcome: T | Pending[T]) -> T:
        """What `outcome` comes to. The work goes on if the waiter is cancelled."""
        if not isinstance(outcome, Pending):
            return outcome
        future: asyncio.Future[T] = self._loop.create_future()

        def then(final: T) -> None:
            if not future.done():
                future.set_result(final)

        self.resolve(outcome, then)
        return await future

    def close(self) -> None:
        """Finish what runs, start nothing new."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begun(self, pending: Pending[Any]) -> _Flight:
        flight = _Flight(pending, self._pool.submit(self._run, pending))
        seconds = pending.seconds_max
        if seconds is not None:
            flight.timer = self._loop.call_later(seconds, self._give_up, flight, seconds)
        return flight

    def _give_up(self, flight: _Flight, seconds: float) -> None:
        """Let nobody wait any more. What no thread has begun is forgotten: so what

        waits for threads is bounded while the database hangs.
        """
        flight.overdue = StoreUnavailable(f"no answer within {seconds:g} s")
        if flight.future.cancel():
            del self._flights[flight.need]
        waiting, flight.waiting = flight.waiting, []
        for pending, then in waiting:
            self._go_on(pending, then, flight.overdue)

    def _run(self, pending: Pending[Any]) -> None:
        try:
            result = pending.work()
        except Exception as error:  # noqa: BLE001 - whoever resumes judges it
            result = error
        try:
            self._loop.call_soon_threadsafe(self._land, pending.need, result)
        except RuntimeError:
            _log.debug("the loop closed while a load was under way")

    def _go_on(
        self, pending: Pending[Any], then: Callable[[Any], None], result: object
    ) -> None:
        try:
            self.resolve(pending.resume(result), then)
        except Exception:  # noqa: BLE001 - the reason is told beside it
            _log.exception("resuming a decision failed")

    def _land(self, need: Hashable, result: object) -> None:
        flight = self._flights.pop(need)
        if flight.timer is not None:
            flight.timer.cancel()
        if flight.overdue is not None and flight.late is not None:
            flight.late(result)
        for pending, then in flight.waiting:
            # One waiter's fault must not leave the others waiting.
            self._go_on(pending, then, result)
