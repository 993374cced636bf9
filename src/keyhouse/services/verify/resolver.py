"""Runs what a decision waits for, off the loop, once for all who wait for it."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from keyhouse.core.decision import Pending

T = TypeVar("T")
THREADS = 4
_log = logging.getLogger(__name__)


class Resolver:
    """Belongs to one event loop; `work` runs on a few threads of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: int = THREADS) -> None:
        self._loop = loop
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="keyhouse-load")
        self._flights: dict[Hashable, list[tuple[Pending[Any], Callable[[Any], None]]]] = {}

    def resolve(self, outcome: T | Pending[T], then: Callable[[T], None]) -> None:
        """Call `then` with what `outcome` comes to: at once unless it is pending."""
        if not isinstance(outcome, Pending):
            then(outcome)
            return
        if outcome.begin is not None:
            outcome.begin(partial(self._go_on, outcome, then))
            return
        waiting = self._flights.get(outcome.need)
        if waiting is not None:
            waiting.append((outcome, then))
            return
        self._flights[outcome.need] = [(outcome, then)]
        self._pool.submit(self._run, outcome)

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
        for pending, then in self._flights.pop(need):
            # One waiter's fault must not leave the others waiting.
            self._go_on(pending, then, result)
