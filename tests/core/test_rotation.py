"""When a key's secret is to be replaced, and when to say so."""

from dataclasses import replace

import pytest

from keyhouse.core.entities import RotationSchedule
from keyhouse.core.rotation import DAY_US, due_us, newest_of, stage_of, strictest
from tests.core import rows as made

LONG, SHORT = RotationSchedule(every_days=90), RotationSchedule(every_days=7)


def test_of_several_plans_the_strictest_holds() -> None:
    """Of two with as many days, the one that lets an old secret go on less long."""
    hour = RotationSchedule(every_days=7, overlap_seconds=3600)
    assert strictest([LONG, SHORT]) == SHORT
    assert strictest([SHORT, hour, LONG]) == hour
    assert strictest([]) is None


def test_it_is_due_so_long_after_the_newest_that_lives() -> None:
    old = replace(made.SECRET, version=1, starts_at=0)
    new = replace(made.SECRET, version=2, starts_at=5 * DAY_US)
    assert due_us(LONG, newest_of([old, new], 6 * DAY_US)) == 95 * DAY_US
    ended = replace(new, revoked_at=6 * DAY_US)
    assert due_us(LONG, newest_of([old, ended], 6 * DAY_US)) == 90 * DAY_US
    assert due_us(LONG, None) is None
    assert due_us(None, old) is None


@pytest.mark.parametrize(
    ("days_left", "stage"), [(15, None), (14, 14), (8, 14), (7, 7), (1, 1), (0, 0), (-9, 0)]
)
def test_each_reminder_has_its_day(days_left: int, stage: int | None) -> None:
    due = 90 * DAY_US
    assert stage_of(due, 0, due - days_left * DAY_US, (14, 7, 1, 0)) == stage


def test_what_began_later_than_a_reminder_s_day_has_none_of_it() -> None:
    """A key for a week is not announced to end in less than two, on its first day."""
    due = 7 * DAY_US
    assert stage_of(due, 0, 1, (14, 7, 1)) is None
    assert stage_of(due, 0, due - DAY_US, (14, 7, 1)) == 1
