"""Requests of one tick of the loop, verified in one call.

While as many calls are out as may be, what comes meanwhile gathers into the
next one: the busier it gets, the fuller they are. What is only to be counted
waits for a call with room, or until there is enough of it.
"""

import asyncio
import logging
from collections import deque
from typing import Any, Final, NamedTuple

from keyhouse.ports import Clock, RemoteKeyhouse, RemoteRefused, StoreUnavailable
from keyhouse.services.remote.breaker import Breaker
from keyhouse.services.remote.telling import Telling

VERIFY: Final = "/.keyhouse/v1/verify"
VERIFY_SECONDS_MAX: Final = 2.0
BATCH_MAX: Final = 100
BATCH_BYTES_MAX: Final = 60_000
"""What the endpoint takes, with room for what stands around the entries."""
CALLS_MAX: Final = 8
WAITING_MAX: Final = 4_000
REPORTS_MAX: Final = 1_000
REPORT_SECONDS: Final = 0.1
"""How long what is only to be counted waits for company."""
_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """One result, and as of which change of which log it was made."""

    result: Any
    seq: int
    log: str


class _Entry(NamedTuple):
    text: bytes
    future: asyncio.Future[Answer | None] | None


class Batches:
    """Asks for many at once. Belongs to one event loop."""

    def __init__(self, remote: RemoteKeyhouse, breaker: Breaker, clock: Clock) -> None:
        self._remote = remote
        self._breaker = breaker
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Entry] = deque()
        self._reports: deque[_Entry] = deque()
        self._calls: set[asyncio.Task[None]] = set()
        self._dropped = 0
        self._flushing = False
        self._later: asyncio.TimerHandle | None = None
        self._telling = Telling(_log, clock)

    async def ask(self, entry: bytes) -> Answer | None:
        """The result for an entry; None where none comes in time, or none is asked for.

        Whoever stops waiting before the entry was sent has it not sent.
        """
        crowded = len(self._waiting) >= WAITING_MAX or len(entry) > BATCH_BYTES_MAX
        if crowded or not self._breaker.admits(self._clock.monotonic_us()):
            return None
        future: asyncio.Future[Answer | None] = self._loop.create_future()
        self._waiting.append(_Entry(entry, future))
        self._flush_soon()
        try:
            async with asyncio.timeout(VERIFY_SECONDS_MAX):
                return await future
        except TimeoutError:
            return None

    def report(self, entry: bytes) -> None:
        """Have an entry counted that nobody waits for, if there is room for it."""
        crowded = len(self._reports) >= REPORTS_MAX or len(entry) > BATCH_BYTES_MAX
        if crowded or not self._breaker.admits(self._clock.monotonic_us()):
            self._dropped += 1
            self._telling.warn(
                "refusals given here that are counted nowhere: %d", self._dropped
            )
            return
        self._reports.append(_Entry(entry, None))
        if self._later is None:
            self._later = self._loop.call_later(REPORT_SECONDS, self._send_reports)

    async def close(self) -> None:
        """Send what still waits to be counted, then end."""
        self._flush()
        while self._reports or self._calls:
            self._send_reports()
            await asyncio.gather(*self._calls, return_exceptions=True)
        if self._later is not None:
            self._later.cancel()

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        while self._waiting and len(self._calls) < CALLS_MAX:
            if not self._breaker.admits(self._clock.monotonic_us()):
                self._refuse_waiting()
                return
            self._begin(self._cut())

    def _send_reports(self) -> None:
        """Send a call's worth; the rest when it has ended, or with what is asked."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._breaker.admits(self._clock.monotonic_us()):
            if len(self._calls) < CALLS_MAX:
                self._begin(self._cut())
        else:
            self._dropped += len(self._reports)
            self._reports.clear()
        if self._reports:
            self._later = self._loop.call_later(REPORT_SECONDS, self._send_reports)

    def _begin(self, batch: list[_Entry]) -> None:
        if batch:
            self._breaker.begun()
            call = self._loop.create_task(self._call(batch))
            self._calls.add(call)
            call.add_done_callback(self._ended)

    def _ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        if not self._flushing:
            self._flush()

    def _refuse_waiting(self) -> None:
        """Nobody is there to ask, and whoever waits is better told at once."""
        while self._waiting:
            _answer(self._waiting.popleft(), None)

    def _cut(self) -> list[_Entry]:
        """The next entries that fit into one call; those that wait come first."""
        batch: list[_Entry] = []
        size = 0
        for queue in (self._waiting, self._reports):
            while queue and len(batch) < BATCH_MAX:
                size += len(queue[0].text) + 1
                if size > BATCH_BYTES_MAX + 1:
                    return batch
                entry = queue.popleft()
                if entry.future is None or not entry.future.done():
                    batch.append(entry)
        return batch

    async def _call(self, batch: list[_Entry]) -> None:
        body = b'{"watch":true,"requests":[%b]}' % b",".join(one.text for one in batch)
        answers: list[Answer] = []
        try:
            told = await self._remote.post(VERIFY, body, VERIFY_SECONDS_MAX)
            answers = _answers(told, len(batch))
            self._breaker.worked()
        except (StoreUnavailable, RemoteRefused) as error:
            self._breaker.failed(self._clock.monotonic_us())
            self._telling.warn("Keyhouse cannot be asked: %s", error)
        finally:
            for place, entry in enumerate(batch):
                _answer(entry, answers[place] if answers else None)


def _answer(entry: _Entry, answer: Answer | None) -> None:
    if entry.future is not None and not entry.future.done():
        entry.future.set_result(answer)


def _answers(told: Any, count: int) -> list[Answer]:  # noqa: ANN401 - JSON, not yet checked
    """The results of a batch of so many entries. Raises StoreUnavailable for others."""
    try:
        results, seq, log = told["results"], int(told["seq"]), str(told["log"])
        if len(results) == count:
            return [Answer(result, seq, log) for result in results]
    except (KeyError, TypeError, ValueError):
        pass
    raise StoreUnavailable("the answer to verify cannot be read")
