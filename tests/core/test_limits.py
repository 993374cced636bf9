"""Rate limits agree with a token bucket in fractions, to the microsecond."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.limits import MICROSECONDS, RATE_MAX, RateLimit, rate_limit, take


@dataclass
class TokenBucket:
    """The obvious form: tokens drip in, each unit takes one out."""

    limit: RateLimit
    at_us: int
    tokens: Fraction

    def drip(self, now_us: int) -> None:
        gained = Fraction(now_us - self.at_us, self.limit.interval_us)
        self.tokens = min(Fraction(self.limit.burst), self.tokens + gained)
        self.at_us = now_us

    def take(self, cost: int, now_us: int) -> bool:
        self.drip(now_us)
        if cost > self.tokens:
            return False
        self.tokens -= cost
        return True


_LIMITS = st.builds(
    lambda amount, period, burst: rate_limit("r", amount, period, burst),
    st.integers(1, 1000),
    st.integers(1, 3600),
    st.none() | st.integers(1, 50),
)
_GAPS = st.integers(0, 3) | st.integers(0, 5 * MICROSECONDS) | st.integers(0, 10**10)
_STEPS = st.lists(st.tuples(_GAPS, st.integers(0, 8)), max_size=30)


@given(limit=_LIMITS, start_us=st.integers(0, 10**16), steps=_STEPS)
def test_it_is_a_token_bucket(
    limit: RateLimit, start_us: int, steps: list[tuple[int, int]]
) -> None:
    bucket = TokenBucket(limit, start_us, Fraction(limit.burst))
    tat_us, now_us = 0, start_us
    for gap_us, cost in steps:
        now_us += gap_us
        taken = take(limit, tat_us, cost, now_us)
        assert taken.allowed is bucket.take(cost, now_us)
        assert taken.remaining == bucket.tokens // 1
        assert taken.reset_us == (limit.burst - bucket.tokens) * limit.interval_us
        tat_us = taken.tat_us


@given(limit=_LIMITS, steps=_STEPS)
def test_no_interval_passes_more_than_burst_and_rate(
    limit: RateLimit, steps: list[tuple[int, int]]
) -> None:
    tat_us, now_us = 0, 10**15
    passed: list[tuple[int, int]] = []
    for gap_us, cost in steps:
        now_us += gap_us
        taken = take(limit, tat_us, cost, now_us)
        tat_us = taken.tat_us
        if taken.allowed:
            passed.append((now_us, cost))
    for index, (first_us, _) in enumerate(passed):
        units = 0
        for at_us, cost in passed[index:]:
            units += cost
            dripped = Fraction((at_us - first_us) * limit.amount, limit.period_us)
            assert units <= limit.burst + dripped


@given(limit=_LIMITS, ahead_us=st.integers(0, 10**10), cost=st.integers(1, 60))
def test_retry_is_exact(limit: RateLimit, ahead_us: int, cost: int) -> None:
    now_us = 10**15
    tat_us = now_us + min(ahead_us, limit.tolerance_us)
    taken = take(limit, tat_us, cost, now_us)
    if taken.allowed:
        assert taken.retry_us == 0
    elif cost > limit.burst:
        assert taken.retry_us is None
    else:
        assert taken.retry_us is not None
        assert not take(limit, tat_us, cost, now_us + taken.retry_us - 1).allowed
        assert take(limit, tat_us, cost, now_us + taken.retry_us).allowed


@given(limit=_LIMITS, ahead_us=st.integers(0, 10**11))
def test_a_cost_of_nothing_reads_the_counter(limit: RateLimit, ahead_us: int) -> None:
    """Also of a counter that is beyond full, as after the clock was set back."""
    now_us = 10**15
    taken = take(limit, now_us + ahead_us, 0, now_us)
    assert taken.allowed
    assert taken.retry_us == 0
    assert taken.tat_us == now_us + ahead_us
    assert taken.remaining == max(0, (limit.tolerance_us - ahead_us) // limit.interval_us)


def test_a_refused_take_spends_nothing() -> None:
    limit = rate_limit("r", 2, 1, None)
    full = take(limit, 0, 2, 10**15)
    refused = take(limit, full.tat_us, 1, 10**15)
    assert (refused.allowed, refused.tat_us) == (False, full.tat_us)


@pytest.mark.parametrize(
    ("amount", "period", "burst", "interval_us", "tolerance_us"),
    [
        (10, 1, None, 100_000, 1_000_000),
        (3, 1, None, 333_334, 1_000_002),
        (1, 3600, 5, 3_600_000_000, 18_000_000_000),
        (RATE_MAX, 1, 1, 1, 1),
        (RATE_MAX * 60, 60, 7, 1, 7),
    ],
)
def test_intervals_are_rounded_to_the_safe_side(
    amount: int, period: int, burst: int | None, interval_us: int, tolerance_us: int
) -> None:
    limit = rate_limit("r", amount, period, burst)
    assert (limit.interval_us, limit.tolerance_us) == (interval_us, tolerance_us)


@pytest.mark.parametrize(
    ("amount", "period", "burst"),
    [(0, 1, None), (1, 0, None), (1, 1, 0), (-1, 1, None), (RATE_MAX + 1, 1, None)],
)
def test_a_limit_that_cannot_hold_is_refused(
    amount: int, period: int, burst: int | None
) -> None:
    with pytest.raises(ValueError, match=r"rate limit"):
        rate_limit("r", amount, period, burst)
