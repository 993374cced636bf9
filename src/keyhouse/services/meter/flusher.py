"""Brings what was metered into the database, and moves leases both ways."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from keyhouse.core.usage import UsageBatch
from keyhouse.ports import BudgetLedger, Clock, StoreUnavailable, UsageSink
from keyhouse.services.budgets import LeaseBook, Short
from keyhouse.services.meter.meter import Cut, Meter
from keyhouse.services.meter.roll import roll
from keyhouse.services.meter.rolling import Rolling
from keyhouse.services.meter.told import ToldPlaces

TICK_SECONDS: Final = 0.5
"""How often whoever owns the timer should call `tick`."""
SUMS_MAX: Final = 8
"""Stretches that wait with their sums; those behind them are read back."""

Post = Callable[[Callable[[], None]], object]
"""Has something called on the appending thread, as `loop.call_soon_threadsafe`."""

_log = logging.getLogger(__name__)


class Flusher:
    """The second thread of a spool.

    `tick` is called on the appending thread and never blocks; `work` does
    what blocks; `counted` gets the sums of each stretch, and is not to block.
    Between `start` and `stop` a thread of the flusher's calls
    `work` after each tick; without them, whoever holds it may.

    While the database is away everything waits in the spool, which has room
    for some seconds to hours, by load; then requests are refused.
    """

    def __init__(
        self,
        meter: Meter,
        sink: UsageSink,
        ledger: BudgetLedger,
        book: LeaseBook,
        clock: Clock,
        post: Post,
        counted: Callable[[Rolling], None] = lambda _: None,
    ) -> None:
        self._counted = counted
        self._meter = meter
        self._spool = meter.spool
        self._sink = sink
        self._ledger = ledger
        self._book = book
        self._clock = clock
        self._post = post
        self._cuts: deque[Cut | int] = deque()
        self._asked: deque[Short] = deque()
        self._let_go: deque[dict[str, int]] = deque()
        self._told = ToldPlaces()
        self._away = False
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(
            target=self._run, name=f"flusher {self._spool.id}", daemon=True
        )
        self._thread.start()

    def tick(self) -> None:
        """Cut the spool and see which leases are idle or low. On its thread."""
        now_us = self._clock.now_us()
        self._cut()
        returns = self._book.idle(now_us)
        if returns:
            self._let_go.append(returns)
        short = self._book.wanting(now_us)
        if short is not None:
            self._asked.append(short)
        if self._cuts or self._let_go or self._asked:
            self._wake.set()

    def work(self) -> bool:
        """Do what ticks have found; False where the database is away.

        What could not be done is tried again with the next call, a stretch
        with the same end, so that it is booked once.
        """
        # What came back of a reservation is the lease's once that is booked: so
        # behind the stretch that ended before it was let go of.
        due = len(self._let_go)
        try:
            self._lease_ahead()
            self._book_cuts()
            self._give_back(due)
        except StoreUnavailable as error:
            if not self._away:
                _log.warning("the database is away, usage waits in the spool: %s", error)
            self._away = True
            self._spool.sync()
            return False
        if self._away:
            _log.info("the database is back, usage is booked")
        self._away = False
        return True

    def last_tick(self) -> None:
        """End all serving, on the appending thread; `stop` follows.

        Nothing may be appended or reserved after it.
        """
        self._asked.clear()
        self._book.drain()
        self._cut()

    def stop(self) -> bool:
        """End the thread, book the rest and end the spool. Blocks.

        False where the database is away or the rest cannot be booked: then
        the file stays, and whoever starts next on this folder adopts it.
        """
        self._ending.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._cut()
        ended = self._try_work() and self._close_spool()
        if ended:
            self._spool.discard()
        else:
            self._spool.close()
            _log.warning("spool %s is left to the next start", self._spool.id)
        return ended

    def _close_spool(self) -> bool:
        """All leases end with it: the rest of each goes back in one step."""
        try:
            self._sink.close_spool(self._spool.id, return_leases=True)
        except StoreUnavailable:
            return False
        return True

    def _cut(self) -> None:
        cut = self._meter.cut()
        if cut is not None:
            self._counted(cut.rolling)
            if len(self._cuts) < SUMS_MAX:
                self._cuts.append(cut)
            else:
                # While the database is away, the spool alone remembers; alerts
                # are not in it, and wait for a stretch that is kept.
                self._meter.alarms.put_back(cut.alerts)
                self._cuts.append(cut.end)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._wake.wait()
            self._wake.clear()
            self._try_work()

    def _try_work(self) -> bool:
        try:
            return self.work()
        except Exception:  # noqa: BLE001 - nobody is above this thread; logged
            # Without the thread the spool fills and all is refused: go on.
            _log.exception("usage of spool %s cannot be booked", self._spool.id)
            return False

    def _lease_ahead(self) -> None:
        while self._asked:
            granted = self._asked.popleft().work()
            now_us = self._clock.now_us()
            self._post(partial(self._book.install, granted, now_us))

    def _give_back(self, due: int) -> None:
        """Give idle leases back, once: whether a call that failed was

        committed cannot be known, and units given back twice are overspent.
        So it is tried only when the database has just answered; what is lost
        all the same stays leased until the spool is closed.
        """
        if not due:
            return
        self._sink.booked_to(self._spool.id)
        for _ in range(due):
            try:
                self._ledger.give_back(self._spool.id, self._let_go.popleft())
            except ValueError:
                _log.exception("leases of %s are not what they were", self._spool.id)

    def _book_cuts(self) -> None:
        spool, sink = self._spool, self._sink
        while self._cuts:
            batch = self._batch(self._cuts[0])
            if not sink.book(batch) and sink.booked_to(spool.id) != batch.end:
                # A commit whose answer was lost ends where we end; this does not.
                raise RuntimeError(f"spool {spool.id} was booked by another")
            spool.booked(batch.end)
            self._told.tell(batch.key_networks, self._clock.now_us())
            self._cuts.popleft()

    def _batch(self, cut: Cut | int) -> UsageBatch:
        spool = self._spool
        if isinstance(cut, Cut):
            batch = cut.rolling.batch(spool.id, cut.start, cut.end, self._told)
            batch.alerts = cut.alerts
            return batch
        return roll(spool.id, spool.stretch(cut), self._meter.log_rows_max)
