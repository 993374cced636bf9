"""What every RateCounter does. Another implementation joins by a parameter."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.core.limits import Left, Taken, left_of, rate_limit, take
from keyhouse.core.records import RateUse
from keyhouse.ports import RateCounter, Slowed

NOW = 1_760_000_000_000_000
SECOND = 1_000_000
MAKERS: list[Callable[[], RateCounter]] = [MemoryRateCounter]


@pytest.fixture(params=MAKERS, ids=lambda maker: maker.__name__)
def counter(request: pytest.FixtureRequest) -> RateCounter:
    made: RateCounter = request.param()
    return made


def use(name: str, amount: int, seconds: int = 1, burst: int | None = None) -> RateUse:
    return RateUse(name, rate_limit(name, amount, seconds, burst))


def left(counter: RateCounter, uses: Sequence[RateUse], cost: int, now_us: int) -> Left:
    """What a take leaves that passes."""
    told = counter.take(uses, cost, now_us)
    assert not isinstance(told, Slowed)
    return told


def slowed(
    counter: RateCounter, uses: Sequence[RateUse], cost: int, now_us: int
) -> tuple[Taken, ...]:
    """The counters as a take tells them that is refused."""
    told = counter.take(uses, cost, now_us)
    assert isinstance(told, Slowed)
    return told.taken


def test_the_burst_passes_at_once_and_the_next_waits_for_one_interval(
    counter: RateCounter,
) -> None:
    one = [use("a", 10)]
    assert [left(counter, one, 1, NOW)[0] for _ in range(10)] == list(range(9, -1, -1))
    (refused,) = slowed(counter, one, 1, NOW)
    assert not refused.allowed
    assert refused.retry_us == SECOND // 10
    assert left(counter, one, 1, NOW + SECOND // 10) == (0, 1)


def test_a_refusal_by_one_limit_spends_nothing_of_the_others(counter: RateCounter) -> None:
    wide, narrow = use("wide", 100), use("narrow", 1)
    assert left(counter, [wide, narrow], 1, NOW) == (99, 1, 0, 1)
    for _ in range(5):
        first, second = slowed(counter, [wide, narrow], 1, NOW)
        assert first.allowed
        assert first.remaining == 99
        assert not second.allowed
    assert left(counter, [wide], 1, NOW)[0] == 98


def test_counters_of_other_names_are_apart(counter: RateCounter) -> None:
    assert left(counter, [use("a", 1)], 1, NOW)[0] == 0
    assert left(counter, [use("b", 1)], 1, NOW)[0] == 0


def test_no_limits_refuse_nothing(counter: RateCounter) -> None:
    assert counter.take([], 1, NOW) == ()


def test_a_cost_of_nothing_reads(counter: RateCounter) -> None:
    one = [use("a", 1)]
    counter.take(one, 1, NOW)
    assert left(counter, one, 0, NOW) == (0, 1)
    assert left(counter, one, 0, NOW) == (0, 1)


def test_what_costs_more_than_the_burst_is_told_that_waiting_is_of_no_use(
    counter: RateCounter,
) -> None:
    (taken,) = slowed(counter, [use("a", 5)], 6, NOW)
    assert not taken.allowed
    assert taken.retry_us is None


def test_a_clock_set_back_shuts_nobody_out_for_longer_than_a_burst_takes(
    counter: RateCounter,
) -> None:
    one = [use("a", 10)]
    counter.take(one, 10, NOW)
    earlier = NOW - 3600 * SECOND
    (refused,) = slowed(counter, one, 1, earlier)
    assert refused.retry_us == SECOND // 10
    assert left(counter, one, 1, earlier + SECOND // 10)[0] == 0


@given(
    st.integers(1, 50),
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(0, SECOND), st.integers(0, 5)), max_size=60),
)
def test_a_counter_is_the_algorithm_of_the_core(
    amount: int, burst: int, steps: list[tuple[int, int]]
) -> None:
    for maker in MAKERS:
        counter, one = maker(), use("a", amount, 1, burst)
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
