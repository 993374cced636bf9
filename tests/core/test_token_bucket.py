"""GCRA allows what a token bucket does: the worked examples that AWS publishes.

The figures are those of *Throttling requests to your HTTP API* in the API
Gateway Developer Guide: 10,000 requests a second with a burst of 5,000, and
what of a second's requests is served. Their bucket refills at the whole rate,
so a request of ours at the moment t finds what theirs has by t.
"""

from collections.abc import Iterable, Iterator

import pytest

from keyhouse.core.limits import RateLimit, rate_limit, take

MILLISECOND_US = 1000
START_US = 1_760_000_000_000_000
AWS = rate_limit("account", 10_000, 1, 5_000)


def at(millisecond: int, count: int) -> list[int]:
    """So many requests, all at the start of that millisecond, the first being 1."""
    return [START_US + (millisecond - 1) * MILLISECOND_US] * count


def evenly(first: int, last: int, count: int) -> list[int]:
    """So many requests spread over milliseconds, from the start of `first` on."""
    begin_us = (first - 1) * MILLISECOND_US
    length_us = (last - first + 1) * MILLISECOND_US
    return [START_US + begin_us + length_us * nth // count for nth in range(count)]


def served(limit: RateLimit, times: Iterable[int]) -> Iterator[bool]:
    """Whether each request of one unit passes."""
    tat_us = 0
    for now_us in times:
        taken = take(limit, tat_us, 1, now_us)
        tat_us = taken.tat_us
        yield taken.allowed


@pytest.mark.parametrize(
    ("times", "passing"),
    [
        pytest.param(evenly(1, 1000, 10_000), 10_000, id="spread-over-the-second"),
        pytest.param(
            [one for millisecond in range(1, 1001) for one in at(millisecond, 10)],
            10_000,
            id="ten-in-each-millisecond",
        ),
        pytest.param(at(1, 10_000), 5_000, id="all-in-the-first-millisecond"),
        pytest.param(
            at(1, 5_000) + evenly(2, 1000, 5_000), 10_000, id="a-burst-then-evenly"
        ),
        pytest.param(
            at(1, 5_000) + at(101, 5_000), 6_000, id="two-bursts-100-milliseconds-apart"
        ),
        pytest.param(
            at(1, 5_000) + at(101, 1_000) + evenly(102, 1000, 4_000),
            10_000,
            id="a-burst-what-came-back-then-evenly",
        ),
    ],
)
def test_as_many_pass_as_aws_says(times: list[int], passing: int) -> None:
    assert sum(served(AWS, times)) == passing


def test_what_is_refused_is_what_came_last() -> None:
    """Of the second burst the first 1,000 find what 100 ms brought back."""
    passed = list(served(AWS, at(1, 5_000) + at(101, 5_000)))
    assert passed == [True] * 6_000 + [False] * 4_000


def test_no_second_serves_more_than_rate_and_burst() -> None:
    """Whoever never stops asking gets the burst once, then the rate."""
    everything = [one for millisecond in range(1, 2001) for one in at(millisecond, 50)]
    passed = list(served(AWS, everything))
    in_a_second = sum(passed[: len(passed) // 2])
    assert 14_980 <= in_a_second <= 15_000
    assert sum(passed) - in_a_second == 10_000


def test_a_bucket_holds_no_more_than_the_burst_however_long_it_rests() -> None:
    later = at(3_600_000, 10_000)
    assert sum(served(AWS, at(1, 1) + later)) == 1 + 5_000
