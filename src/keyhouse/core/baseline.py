"""What a key's use usually comes to, and what is far beyond it.

Use is compared by the quarter of an hour with the busiest one of four weeks: a
program that is busy on Mondays alone, or an hour each night, is held against
that, and not against a mean that it is never near.
"""

from typing import Final, NamedTuple

from keyhouse.core.grains import DAY_MINUTES

QUARTER_MINUTES: Final = 15
USUAL_MINUTES: Final = 28 * DAY_MINUTES
"""What is usual is what was in the four weeks up to a day ago."""
APART_MINUTES: Final = DAY_MINUTES
"""So long a spike goes on to be told; then it is usual itself."""
KNOWN_MINUTES: Final = 7 * DAY_MINUTES
"""A key that was first used later than that is being put to use: nothing is usual yet."""
TIMES: Final = 4
"""So many times the busiest quarter of an hour is a spike."""
REQUESTS_MIN: Final = 300
"""Less in a quarter of an hour is none for any key: one request in three seconds."""


class Usual(NamedTuple):
    """What is known of a key's use: the minute in which its first day began, None for

    one that has no day behind it, and the requests of its busiest quarter of an hour.
    """

    first_day: int | None
    busiest: int


def may_spike(requests: int, busiest_day: int) -> bool:
    """Whether so many requests in a quarter of an hour can be a spike at all.

    The busiest quarter of an hour had no less than the busiest day's mean.
    """
    quarters = DAY_MINUTES // QUARTER_MINUTES
    return requests >= REQUESTS_MIN and requests * quarters > TIMES * busiest_day


def is_spike(requests: int, usual: Usual, start: int) -> bool:
    """Whether a key's requests in the quarter of an hour from minute `start` are one."""
    if usual.first_day is None or start - usual.first_day < KNOWN_MINUTES:
        return False
    return requests >= max(REQUESTS_MIN, TIMES * usual.busiest + 1)
