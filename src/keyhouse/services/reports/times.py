"""Stretches of time that reports are cut into."""

from typing import Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US


def step_starts(now_us: int, step_us: int, count: int) -> range:
    """When the last `count` steps began, the one that lasts yet included.

    Steps begin at whole multiples of their length since 1970, UTC.
    """
    last = now_us - now_us % step_us
    return range(last - (count - 1) * step_us, last + 1, step_us)
