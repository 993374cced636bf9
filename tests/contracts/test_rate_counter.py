"""What every RateCounter does. Another implementation joins by a parameter."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.adapters.valkey import ValkeyRateCounter, connector
from keyhouse.core.limits import Left, Taken, left_of, rate_limit, take
from keyhouse.core.pending import Pending
from keyhouse.core.records import RateUse
from keyhouse.ports import RateAnswer, RateCounter, Slowed
from tests.servers.valkey import ValkeyCluster, ValkeyServer

NOW = 1_760_000_000_000_000
SECOND = 1_000_000
_homes, _names = count(), count()


class Counter:
    """A rate counter whose answers are waited for; its time is what it is told.

    What it counts belongs to an organization of its own.
    """

    def __init__(self, url: str = "") -> None:
        self._now_us = 0
        self._home = f"org_{next(_homes)}"
        self._loop = asyncio.new_event_loop()
        self._counter: RateCounter = MemoryRateCounter()
        if url:
            local = MemoryRateCounter()
            clock = lambda: self._now_us  # noqa: E731
            self._counter = ValkeyRateCounter(connector(url), local, clock_us=clock)

    def take(self, uses: Sequence[RateUse], cost: int, now_us: int) -> RateAnswer:
        """The answer, as if nobody had to wait for it."""
        self._now_us = now_us
        own = [RateUse(f"{self._home}|{name}", limit) for name, limit in uses]
        told = self._counter.take(own, cost, now_us)
        if not isinstance(told, Pending):
            return told
        return self._loop.run_until_complete(_come(told))

    def close(self) -> None:
        """End its connections."""
        if isinstance(self._counter, ValkeyRateCounter):
            self._loop.run_until_complete(self._counter.close())
        self._loop.close()


async def _come(pending: Pending[RateAnswer]) -> RateAnswer:
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    assert pending.begin is not None
    pending.begin(future.set_result)
    told = pending.resume(await future)
    assert not isinstance(told, Pending)
    return told


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    server = ValkeyServer()
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    nodes = ValkeyCluster()
    yield nodes.url
    nodes.stop()


@pytest.fixture(params=["memory", "valkey", "cluster"])
def counter(request: pytest.FixtureRequest) -> Iterator[Counter]:
    url = "" if request.param == "memory" else request.getfixturevalue(request.param)
    made = Counter(url)
    yield made
    made.close()


def use(name: str, amount: int, seconds: int = 1, burst: int | None = None) -> RateUse:
    return RateUse(name, rate_limit(name, amount, seconds, burst))


def left(counter: Counter, uses: Sequence[RateUse], cost: int, now_us: int) -> Left:
    """What a take leaves that passes."""
    told = counter.take(uses, cost, now_us)
    assert isinstance(told, tuple)
    return told


def slowed(
    counter: Counter, uses: Sequence[RateUse], cost: int, now_us: int
) -> tuple[Taken, ...]:
    """The counters as a take tells them that is refused."""
    told = counter.take(uses, cost, now_us)
    assert isinstance(told, Slowed)
    return told.taken


def test_the_burst_passes_at_once_and_the_next_waits_for_one_interval(
    counter: Counter,
) -> None:
    one = [use("a", 10)]
    assert [left(counter, one, 1, NOW)[0] for _ in range(10)] == list(range(9, -1, -1))
    (refused,) = slowed(counter, one, 1, NOW)
    assert not refused.allowed
    assert refused.retry_us == SECOND // 10
    assert left(counter, one, 1, NOW + SECOND // 10) == (0, 1)


def test_a_refusal_by_one_limit_spends_nothing_of_the_others(counter: Counter) -> None:
    wide, narrow = use("wide", 100), use("narrow", 1)
    assert left(counter, [wide, narrow], 1, NOW) == (99, 1, 0, 1)
    for _ in range(5):
        first, second = slowed(counter, [wide, narrow], 1, NOW)
        assert first.allowed
        assert first.remaining == 99
        assert not second.allowed
    assert left(counter, [wide], 1, NOW)[0] == 98


def test_counters_of_other_names_are_apart(counter: Counter) -> None:
    assert left(counter, [use("a", 1)], 1, NOW)[0] == 0
    assert left(counter, [use("b", 1)], 1, NOW)[0] == 0


def test_no_limits_refuse_nothing(counter: Counter) -> None:
    assert counter.take([], 1, NOW) == ()


def test_a_cost_of_nothing_reads(counter: Counter) -> None:
    one = [use("a", 1)]
    counter.take(one, 1, NOW)
    assert left(counter, one, 0, NOW) == (0, 1)
    assert left(counter, one, 0, NOW) == (0, 1)


def test_a_cost_of_nothing_reads_a_counter_that_is_beyond_a_narrower_burst(
    counter: Counter,
) -> None:
    """Or whoever only asks how much is left is refused after a limit was lowered."""
    counter.take([use("a", 100, 60)], 100, NOW)
    narrow, other = use("a", 10, 60, 5), use("b", 10)
    assert left(counter, [narrow], 0, NOW) == (0, 30)
    assert left(counter, [other, narrow], 0, NOW) == (10, 0, 0, 30)
    (refused,) = slowed(counter, [narrow], 1, NOW)
    assert refused.retry_us == 6 * SECOND


def test_what_costs_more_than_the_burst_is_told_that_waiting_is_of_no_use(
    counter: Counter,
) -> None:
    (taken,) = slowed(counter, [use("a", 5)], 6, NOW)
    assert not taken.allowed
    assert taken.retry_us is None


def test_a_clock_set_back_shuts_nobody_out_for_longer_than_a_burst_takes(
    counter: Counter,
) -> None:
    one = [use("a", 10)]
    counter.take(one, 10, NOW)
    earlier = NOW - 3600 * SECOND
    (refused,) = slowed(counter, one, 1, earlier)
    assert refused.retry_us == SECOND // 10
    assert left(counter, one, 1, earlier + SECOND // 10)[0] == 0


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.integers(1, 50),
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(0, SECOND), st.integers(0, 5)), max_size=60),
)
def test_a_counter_is_the_algorithm_of_the_core(
    counter: Counter, amount: int, burst: int, steps: list[tuple[int, int]]
) -> None:
    one = use(f"each-{next(_names)}", amount, 1, burst)
    now, tat = NOW, 0
    for wait, cost in steps:
        now += wait
        wanted = take(one.limit, tat, cost, now)
        told = counter.take([one], cost, now)
        if wanted.allowed:
            assert told == left_of([wanted])
        else:
            assert told == Slowed((wanted,))
        tat = wanted.tat_us


def test_the_memory_of_idle_counters_comes_back() -> None:
    counter = MemoryRateCounter()
    for number in range(5000):
        counter.take([use(f"key {number}", 10)], 1, NOW)
    assert len(counter) == 5000
    for number in range(200):
        counter.take([use("busy", 10)], 1, NOW + 2 * SECOND + number * SECOND)
    assert len(counter) == 1
