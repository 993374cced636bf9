"""Usage is rolled up: minutes into quarters of an hour, those into days and months."""

import time
from collections.abc import Callable
from typing import Final

from keyhouse.core.grains import MINUTE_US, Grain, floor_to
from keyhouse.ports import Clock, Rows
from keyhouse.services.jobs import Claim

LATE_MINUTES: Final = 2
"""After its end a minute is left alone so long: by then nodes have booked it, but for

those that were away. What they bring late is rolled up when it comes.
"""
ROWS_AT_ONCE: Final = 200
"""Few enough that a gateway, which waits meanwhile, does not notice."""
PAUSE_SECONDS: Final = 0.01
PAUSE_TIMES: Final = 2
"""Twice as long as a transaction took, and at least so long, others have their turn:

on SQLite who waits looks only now and then whether it has come.
"""


def roll_up_usage(
    rows: Rows,
    clock: Clock,
    claim: Claim,
    *,
    at_once: int = ROWS_AT_ONCE,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Roll up all that has ended, in small transactions; returns how many rows.

    The process may be killed between any two of them, or in one: what was not
    rolled up then waits for the next round.
    """
    rolled = 0
    now = clock.now_us() // MINUTE_US - LATE_MINUTES
    for grain in (Grain.MINUTE, Grain.QUARTER_HOUR, Grain.DAY):
        before = floor_to(grain, now)
        while not claim.stopped():
            began = time.monotonic()
            some = _some(rows, claim, grain, before, at_once)
            if not some:
                break
            rolled += some
            pause(max(PAUSE_SECONDS, PAUSE_TIMES * (time.monotonic() - began)))
    return rolled


def _some(rows: Rows, claim: Claim, grain: Grain, before: int, at_once: int) -> int:
    with rows.reading() as look:
        if not look.usage_waits(grain, before):
            return 0
    with rows.writing() as tx:
        claim.fence(tx)
        return tx.roll_up_usage(grain, before, at_once)
