"""How long a cold key takes: one that the gateway's cache does not hold."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from keyhouse.adapters.database import open_database, upgrade
from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.adapters.system import SystemClock
from keyhouse.core.decision import Decision
from keyhouse.core.pending import Pending
from keyhouse.core.request import Request
from keyhouse.services.alerts import Alarms
from keyhouse.services.budgets import LeaseBook
from keyhouse.services.verify import (
    Loading,
    MissBudget,
    Patience,
    RecordCache,
    Verifier,
)
from tests.scale.multitude import KEYRING, SLUG, Multitude, secret_of

_FOREVER_US: Final = 1 << 60
_NO_BOUND: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class ColdKeys:
    """What a cold key takes in µs, of the clock and of this process's processor.

    From the request's string to the decision, with all reads of the database
    in this thread and none of the gateway's hand-overs between threads.
    """

    keys: int
    asked: int
    p50_us: float
    p99_us: float
    cpu_us: float


class Checking:
    """The data plane's way from a string to a decision, without a gateway around it."""

    def __init__(self, many: Multitude, keys_max: int, bytes_max: int = _NO_BOUND) -> None:
        self.cache = RecordCache(keys_max, bytes_max)
        clock = SystemClock()
        misses = MissBudget(at_once=_NO_BOUND, a_second=1_000_000)
        feed = many.database.feed()
        now = feed.read(0)
        feed.close()
        self.cache.start(now.head)
        self._verifier = Verifier(
            loading=Loading(many.database.keys, self.cache, KEYRING, misses, clock),
            cache=self.cache,
            read_changes=feed.read,
            rates=MemoryRateCounter(),
            book=LeaseBook(many.database.ledger, "spl_none"),
            clock=clock,
            patience=Patience(feed_us=_FOREVER_US, outage_us=_FOREVER_US),
            alarms=Alarms(),
        )
        self._verifier.apply(now, clock.monotonic_us())

    def decide(self, number: int) -> Decision:
        """Whether the key with that number may call the API."""
        raw = secret_of(number).reveal().encode()
        outcome: Any = self._verifier.verify(Request(secret=raw, api=SLUG))
        while isinstance(outcome, Pending):
            outcome = outcome.resume(outcome.work())
        decision: Decision = outcome
        return decision


def measure(url: str, count: int, asked: int = 4000) -> ColdKeys:
    """Fill the empty database at `url` with so many keys, and ask for some of them.

    Ten millions take some ten minutes and 15 GB. On PostgreSQL the account must
    be a superuser, who may leave references unchecked.
    """
    upgrade(url)
    database = open_database(url)
    try:
        many = Multitude(database, count)
        many.fill()
        numbers = many.sample(asked)
        many.give_secrets(numbers)
        return cold_keys(many, numbers)
    finally:
        database.dispose()


def cold_keys(many: Multitude, numbers: Sequence[int]) -> ColdKeys:
    """Ask for each of these keys once; they must have been given secrets."""
    checking = Checking(many, keys_max=len(numbers))
    # What all keys have in common is there, and connections are open.
    warm, cold = numbers[: len(numbers) // 10], numbers[len(numbers) // 10 :]
    for number in warm:
        _ask(checking, number)
    began_ns = time.process_time_ns()
    taken = sorted(_timed(partial(_ask, checking, number)) for number in cold)
    cpu_us = (time.process_time_ns() - began_ns) / 1000 / len(cold)
    return ColdKeys(
        keys=many.count,
        asked=len(cold),
        p50_us=taken[len(taken) // 2] / 1000,
        p99_us=taken[len(taken) * 99 // 100] / 1000,
        cpu_us=cpu_us,
    )


def _ask(checking: Checking, number: int) -> None:
    decision = checking.decide(number)
    if not decision.verdict.allowed:
        raise AssertionError(f"key {number}: {decision.verdict.code}")


def _timed(work: Callable[[], None]) -> int:
    began_ns = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - began_ns
