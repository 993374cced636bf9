"""Which rows of usage answer a report: whole, exact, and as few as there can be."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.grains import (
    MINUTE_US,
    Cut,
    Grain,
    Kept,
    ceil_to,
    cuts_at,
    end_of,
    even_cuts,
    floor_to,
    joined,
    rows_for,
)
from keyhouse.core.steps import Step, steps_between

DAY = 1440
BIRTHDAY = int(datetime(2026, 3, 14, 9, 26, tzinfo=UTC).timestamp()) // 60
MIDNIGHT = floor_to(Grain.DAY, BIRTHDAY)
QUARTER_HOURS, DAYS = Grain.QUARTER_HOUR, Grain.DAY


def test_rows_begin_and_end_as_the_calendar_has_it() -> None:
    march, april = (
        int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) // 60 for month in (3, 4)
    )
    assert floor_to(Grain.MONTH, BIRTHDAY) == march
    assert ceil_to(Grain.MONTH, BIRTHDAY) == end_of(Grain.MONTH, march) == april
    assert ceil_to(Grain.MONTH, march) == march
    assert floor_to(QUARTER_HOURS, BIRTHDAY) == MIDNIGHT + 9 * 60 + 15
    assert ceil_to(Grain.MINUTE, BIRTHDAY) == BIRTHDAY


def test_a_day_by_minutes_is_read_by_minutes_and_90_days_by_days() -> None:
    """A chart of 90 days must not read 130,000 minutes of each key."""
    (cut,) = even_cuts((MIDNIGHT - DAY) * MINUTE_US, MIDNIGHT * MINUTE_US, 60)
    assert rows_for(cut, {}) == [Kept(Grain.MINUTE, MIDNIGHT - DAY, MIDNIGHT)]
    (cut,) = even_cuts((MIDNIGHT - 90 * DAY) * MINUTE_US, BIRTHDAY * MINUTE_US, 86_400)
    quarter = floor_to(QUARTER_HOURS, BIRTHDAY)
    assert rows_for(cut, {}) == [
        Kept(DAYS, MIDNIGHT - 90 * DAY, MIDNIGHT),
        Kept(QUARTER_HOURS, MIDNIGHT, quarter),
        Kept(Grain.MINUTE, quarter, BIRTHDAY),
    ]


def test_one_sum_over_years_is_read_by_months() -> None:
    whole = Cut(MIDNIGHT - 900 * DAY, MIDNIGHT, 0, 1 << 40)
    grains = [kept.grain for kept in rows_for(whole, {})]
    assert grains == [DAYS, Grain.MONTH, DAYS]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"])
def test_days_of_zones_between_two_hours_are_made_of_quarters(zone: str) -> None:
    """Of hours they would have some of the day before, and not all of their own."""
    until = BIRTHDAY * MINUTE_US
    for cut in steps_between(Step.DAY, until - 30 * 86_400 * 10**6, until, ZoneInfo(zone)):
        assert {kept.grain for kept in rows_for(cut, {})} <= {
            QUARTER_HOURS,
            Grain.MINUTE,
            DAYS if cut.is_whole else QUARTER_HOURS,
        }
        midnight = datetime.fromtimestamp(cut.origin * 60, ZoneInfo(zone))
        assert (midnight.hour, midnight.minute) == (0, 0)


def test_the_days_on_which_clocks_change_are_as_long_as_they_are() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start, end = (
        int(datetime(2026, month, 1, tzinfo=berlin).timestamp()) * 10**6
        for month in (3, 12)
    )
    cuts = steps_between(Step.DAY, start, end, berlin)
    assert [cut.minutes for cut in cuts] == [1440, 1380, 1440, 1500, 1440]
    months = steps_between(Step.MONTH, start, end, berlin)
    odd = [cut.minutes % DAY for cut in months]
    assert odd == [1380, 0, 0, 0, 0, 0, 0, 60, 0]
    assert all(cut.is_whole for cut in months)


def test_times_that_no_calendar_has_are_cut_off() -> None:
    """A `since` of the year 1 or an `until` of 9999 is a wide report, and no fault."""
    for step in Step:
        assert steps_between(step, -(1 << 60), -(1 << 59), ZoneInfo("Asia/Tokyo")) == []
        late = steps_between(step, 1 << 60, 1 << 61, None)
        assert late == []
    (cut,) = even_cuts(-(1 << 60), 1 << 61, 86_400)
    assert rows_for(cut, {})[0].start == 0


def test_a_step_of_broken_minutes_is_refused() -> None:
    with pytest.raises(ValueError, match="whole minutes"):
        even_cuts(0, 1, 90)


def test_adjoining_rows_are_one_stretch() -> None:
    rows = [Kept(DAYS, 0, 10), Kept(Grain.MONTH, 10, 20), Kept(QUARTER_HOURS, 20, 25)]
    rows.append(Kept(DAYS, 25, 30))
    assert list(joined(rows, QUARTER_HOURS)) == [(0, 20), (25, 30)]
    assert list(joined(rows, Grain.MINUTE)) == [(0, 30)]
    assert list(joined(rows, Grain.MONTH)) == []


_ages = st.integers(0, 900 * DAY)
_zones = st.sampled_from([None, "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])


@given(
    edges=st.tuples(_ages, _ages).map(sorted),
    step=st.sampled_from([Step.DAY, Step.MONTH]),
    zone=_zones,
    kept_days=st.lists(st.integers(0, 900), min_size=4, max_size=4).map(sorted),
)
def test_rows_cover_a_report_once_and_none_is_gone(
    edges: list[int], step: Step, zone: str | None, kept_days: list[int]
) -> None:
    """Whatever was deleted: no row twice, no gap, and of each grain whole rows."""
    until, since = (BIRTHDAY - age for age in edges)
    kept = {
        grain: floor_to(grain.coarser or grain, BIRTHDAY - days * DAY)
        for grain, days in zip(Grain, kept_days, strict=True)
    }
    own = None if zone is None else ZoneInfo(zone)
    cuts = steps_between(step, since * MINUTE_US, until * MINUTE_US, own)
    rows = [row for cut in cuts for row in rows_for(cut, kept)]
    for one, following in pairwise(rows):
        assert one.end == following.start
    for row in rows:
        assert row.start < row.end
        assert floor_to(row.grain, row.start) == row.start
        assert floor_to(row.grain, row.end) == row.end
        assert row.start >= kept[row.grain]
    for edge, found in ((since, rows[:1]), (until, rows[-1:])):
        if edge >= kept[Grain.MINUTE] and found:
            assert edge in (found[0].start, found[0].end)


def test_edges_without_steps_make_no_cut() -> None:
    assert cuts_at([0, 10], 5, 5) == []
