"""Quota windows agree with a walk over the calendar, minute by minute."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyhouse.core.entities import Window
from keyhouse.core.limits import MICROSECONDS
from keyhouse.core.quotas import OFFSET_SECONDS_MAX, Quota, Span, span_of

MINUTE_US = 60 * MICROSECONDS
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # clocks went from midnight to one
    "America/St_Johns",  # were set back at one minute past midnight
    "America/Havana",  # midnight to one comes twice
    "Asia/Beirut",
    "Asia/Kolkata",  # half an hour off
    "Asia/Kathmandu",  # a quarter off
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Casablanca",
    "Pacific/Apia",  # left out 30 December 2011
    "Pacific/Chatham",
    "America/Caracas",  # moved by half an hour for good
]


def us(text: str, zone: str = "UTC", fold: int = 0) -> int:
    wall = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return (wall - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def quota(window: Window, zone: str = "UTC", offset_seconds: int = 0) -> Quota:
    return Quota("q", 1000, window, ZoneInfo(zone), offset_seconds)


def wall_of(at_us: int, zone: ZoneInfo) -> datetime:
    at = datetime.fromtimestamp(at_us // MICROSECONDS, UTC)
    return at.astimezone(zone).replace(tzinfo=None)


def label(window: Window, wall: datetime, offset_seconds: int) -> tuple[int, ...]:
    """The name of the calendar window that clocks show."""
    moved = wall - timedelta(seconds=offset_seconds)
    if window is Window.DAY:
        return (moved.toordinal(),)
    if window is Window.WEEK:
        return tuple(moved.isocalendar()[:2])
    return (moved.year, moved.month)


def minutes(first_us: int, last_us: int) -> Iterator[int]:
    return iter(range(first_us, last_us, MINUTE_US))


_TIMES = st.integers(us("1999-12-25") // MINUTE_US, us("2037-12-31") // MINUTE_US).map(
    lambda minute: minute * MINUTE_US
)
_ZONE = st.sampled_from(ZONES)
_LONG = st.sampled_from([Window.DAY, Window.WEEK, Window.MONTH])


@given(data=st.data(), window=st.sampled_from(Window), zone=_ZONE, now_us=_TIMES)
def test_windows_tile_time(
    data: st.DataObject, window: Window, zone: str, now_us: int
) -> None:
    """No moment is counted twice or not at all."""
    offset = data.draw(st.integers(0, OFFSET_SECONDS_MAX[window]))
    asked = quota(window, zone, offset)
    span = span_of(asked, now_us)
    assert span.start_us <= now_us < span.end_us
    assert span_of(asked, span.start_us) == span
    assert span_of(asked, span.end_us - 1) == span
    assert span_of(asked, span.end_us).start_us == span.end_us
    assert span_of(asked, span.start_us - 1).end_us == span.start_us


@given(data=st.data(), window=_LONG, zone=_ZONE, now_us=_TIMES)
@example(data=None, window=Window.DAY, zone="Pacific/Apia", now_us=us("2011-12-30T10:00"))
def test_a_window_is_what_the_calendar_on_the_wall_says(
    data: st.DataObject | None, window: Window, zone: str, now_us: int
) -> None:
    """Apart from an hour in which clocks are set back over a window's end."""
    offset = 60 * data.draw(st.integers(0, 23 * 60)) if data else 0
    span = span_of(quota(window, zone, offset), now_us)
    info = ZoneInfo(zone)
    name = label(window, wall_of(now_us, info), offset)
    first = min(span.end_us, max(span.start_us, now_us - DAY_US) + HOUR_US)
    last = max(span.start_us, min(span.end_us, now_us + DAY_US) - HOUR_US)
    if first <= now_us < last:
        for minute in minutes(-(-first // MINUTE_US) * MINUTE_US, last):
            assert label(window, wall_of(minute, info), offset) == name
        outside = [span.start_us - HOUR_US - MINUTE_US, span.end_us + HOUR_US]
        assert all(label(window, wall_of(at, info), offset) != name for at in outside)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("offset", [0, 600, 3599])
def test_hours_start_when_the_minute_hand_says(zone: str, offset: int) -> None:
    """Walks ten days each through changes of the clocks."""
    info = ZoneInfo(zone)
    asked = quota(Window.HOUR, zone, offset)
    for start in ("2007-12-05", "2011-12-25", "2018-10-30", "2024-03-28", "2024-10-04"):
        at_us, until_us = span_of(asked, us(start)).start_us, us(start) + 10 * DAY_US
        while at_us < until_us:
            span = span_of(asked, at_us)
            assert span.start_us == at_us
            moved = wall_of(at_us, info) - timedelta(seconds=offset)
            whole = moved.minute == moved.second == 0
            cut = wall_of(at_us - MICROSECONDS, info) + timedelta(seconds=1)
            assert whole or cut != wall_of(at_us, info), (zone, at_us)
            assert 0 < span.end_us - span.start_us <= HOUR_US
            at_us = span.end_us


_DAYS = """
day   UTC                       0 2024-02-29T23:59 2024-02-29T00       2024-03-01T00
day   UTC                    3600 2024-03-01T00:59 2024-02-29T01       2024-03-01T01
day   Asia/Kolkata              0 2024-01-01T18:30 2024-01-01T18:30    2024-01-02T18:30
day   Europe/Berlin             0 2024-03-31T12    2024-03-30T23       2024-03-31T22
day   Europe/Berlin             0 2024-10-27T12    2024-10-26T22       2024-10-27T23
day   America/Sao_Paulo         0 2018-11-04T12    2018-11-04T03       2018-11-05T02
day   America/Sao_Paulo      1800 2018-11-04T12    2018-11-04T03       2018-11-05T02:30
day   America/Havana            0 2024-11-03T04:30 2024-11-03T04       2024-11-04T05
day   America/Havana            0 2024-11-03T05:30 2024-11-03T04       2024-11-04T05
day   America/St_Johns          0 2010-11-07T02:31 2010-11-07T02:30    2010-11-08T03:30
day   America/St_Johns          0 2010-11-07T03:15 2010-11-07T02:30    2010-11-08T03:30
day   Pacific/Apia              0 2011-12-30T10    2011-12-30T10       2011-12-31T10
day   Pacific/Apia              0 2011-12-30T09:59 2011-12-29T10       2011-12-30T10
week  UTC                       0 2024-12-31T12    2024-12-30T00       2025-01-06T00
week  UTC                       0 2024-12-29T23:59 2024-12-23T00       2024-12-30T00
week  UTC                   86400 2024-12-30T12    2024-12-24T00       2024-12-31T00
week  Europe/Berlin             0 2024-03-31T12    2024-03-24T23       2024-03-31T22
month UTC                       0 2024-02-29T12    2024-02-01T00       2024-03-01T00
month UTC                 1209600 2024-03-14T12    2024-02-15T00       2024-03-15T00
month UTC                 2419199 2023-03-01T12    2023-02-28T23:59:59 2023-03-28T23:59:59
month America/New_York          0 2024-11-05T12    2024-11-01T04       2024-12-01T05
month UTC                       0 2024-12-31T23:59 2024-12-01T00       2025-01-01T00
hour  UTC                     600 2024-01-01T00:05 2023-12-31T23:10    2024-01-01T00:10
hour  Asia/Kathmandu            0 2024-01-01T00:20 2024-01-01T00:15    2024-01-01T01:15
hour  Australia/Lord_Howe       0 2024-04-06T14:59 2024-04-06T14       2024-04-06T15
hour  Australia/Lord_Howe       0 2024-04-06T15:10 2024-04-06T15       2024-04-06T15:30
hour  Australia/Lord_Howe       0 2024-10-05T15:29 2024-10-05T14:30    2024-10-05T15:30
hour  Australia/Lord_Howe       0 2024-10-05T15:30 2024-10-05T15:30    2024-10-05T16
hour  Europe/Berlin             0 2024-10-27T00:30 2024-10-27T00       2024-10-27T01
hour  Europe/Berlin             0 2024-10-27T01:30 2024-10-27T01       2024-10-27T02
"""
"""Window, zone, offset in seconds; a moment; start and end of its window, in UTC."""


@pytest.mark.parametrize("row", _DAYS.strip().splitlines())
def test_days_that_went_wrong_elsewhere(row: str) -> None:
    window, zone, offset, now, start, end = row.split()
    asked = quota(Window(window), zone, int(offset))
    assert span_of(asked, us(now)) == Span(us(start), us(end))


def test_an_offset_never_reaches_over_a_window() -> None:
    usual = {
        Window.HOUR: 3600,
        Window.DAY: 86_400,
        Window.WEEK: 7 * 86_400,
        Window.MONTH: 28 * 86_400,
    }
    assert {window: most + 1 for window, most in OFFSET_SECONDS_MAX.items()} == usual
