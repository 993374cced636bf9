"""What a spike is: four times the busiest quarter of an hour that is usual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.baseline import (
    KNOWN_MINUTES,
    REQUESTS_MIN,
    TIMES,
    Usual,
    is_spike,
    may_spike,
)

NOW = 29_000_000
KNOWN = NOW - KNOWN_MINUTES


@pytest.mark.parametrize(
    ("requests", "busiest", "told"),
    [
        (4 * 1000, 1000, False),
        (4 * 1000 + 1, 1000, True),
        (REQUESTS_MIN - 1, 1, False),
        (REQUESTS_MIN, 1, True),
        (REQUESTS_MIN, 0, True),
    ],
)
def test_more_than_four_times_the_busiest_is_a_spike(
    requests: int, busiest: int, told: bool
) -> None:
    """A key that slept for weeks and wakes up busy is one as well."""
    assert is_spike(requests, Usual(KNOWN, busiest), NOW) is told


@pytest.mark.parametrize("first_day", [None, NOW, KNOWN + 1])
def test_a_key_that_is_being_put_to_use_has_none(first_day: int | None) -> None:
    assert not is_spike(1_000_000, Usual(first_day, 1), NOW)


@given(st.lists(st.integers(0, 2000), min_size=96, max_size=96), st.integers(0, 10_000))
def test_no_day_rules_out_what_its_quarters_of_an_hour_would_not(
    day: list[int], requests: int
) -> None:
    spikes = is_spike(requests, Usual(KNOWN, max(day)), NOW)
    assert may_spike(requests, sum(day)) or not spikes


def test_a_busy_day_rules_a_key_out_without_a_look_at_its_quarters() -> None:
    mean = 1000
    assert not may_spike(TIMES * mean, 96 * mean)
    assert may_spike(TIMES * mean + 1, 96 * mean)
