"""How much: calendar windows of a quota, and the name under which it is kept.

A window begins on the hour, at midnight, on Monday or on the first of the
month, as clocks show it in the quota's zone, moved by its offset. Where the
clocks change, a window is as long as the calendar makes it: the day of 23
hours has a full day's quota, and the hour that comes twice is two windows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from keyhouse.core.entities import Window
from keyhouse.core.limits import MICROSECONDS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_HOUR_US = 3600 * MICROSECONDS
OFFSET_SECONDS_MAX = {
    Window.HOUR: 3599,
    Window.DAY: 86_399,
    Window.WEEK: 7 * 86_400 - 1,
    Window.MONTH: 28 * 86_400 - 1,
}


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota, compiled: its zone is loaded."""

    name: str
    amount: int
    window: Window
    zone: tzinfo
    offset_seconds: int


class Span(NamedTuple):
    """A window: from `start_us` up to, not including, `end_us`."""

    start_us: int
    end_us: int


class Budget(NamedTuple):
    """What a quota's use is booked on. No plan and no limit's row is in it,

    so that a change of plan keeps what was used. `subject_kind` is `key`, or
    `key_api` where each API of a provider counts the key apart (the subject
    is then `{key}/{api}`).
    """

    provider_id: str
    subject_kind: str
    subject_id: str
    environment: str
    limit_name: str


def span_of(quota: Quota, now_us: int) -> Span:
    """The window in which `now_us` lies."""
    offset = quota.offset_seconds
    if quota.window is Window.HOUR:
        return _hour(quota.zone, offset * MICROSECONDS, now_us)
    shift = timedelta(seconds=offset)
    wall = (_EPOCH + timedelta(microseconds=now_us)).astimezone(quota.zone)
    first = _floor(quota.window, wall.replace(tzinfo=None) - shift)
    for start in (first, _previous(quota.window, first), _next(quota.window, first)):
        end = _next(quota.window, start)
        span = Span(_instant(start + shift, quota.zone), _instant(end + shift, quota.zone))
        if span.start_us <= now_us < span.end_us:
            return span
    raise ValueError(f"no {quota.window} window holds {now_us}")


def _hour(zone: tzinfo, offset_us: int, now_us: int) -> Span:
    """Hours are counted in elapsed time, in step with the zone's own minutes."""
    wall = (_EPOCH + timedelta(microseconds=now_us)).astimezone(zone)
    lead = (wall.utcoffset() or timedelta()) // _TICK
    into = (now_us + lead - offset_us) % _HOUR_US
    return Span(now_us - into, now_us - into + _HOUR_US)


def _floor(window: Window, wall: datetime) -> datetime:
    day = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    if window is Window.DAY:
        return day
    if window is Window.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1)


def _next(window: Window, start: datetime) -> datetime:
    if window is Window.DAY:
        return start + timedelta(days=1)
    if window is Window.WEEK:
        return start + timedelta(days=7)
    return (start + timedelta(days=32)).replace(day=1)


def _previous(window: Window, start: datetime) -> datetime:
    return _floor(window, start - timedelta(microseconds=1))


def _instant(wall: datetime, zone: tzinfo) -> int:
    """The first moment at which clocks in `zone` have reached `wall`.

    A time that clocks skip is the moment of the skip: PEP 495 gives it with
    fold=0 the offset from before, which lies that much later.
    """
    return (wall.replace(tzinfo=zone).astimezone(UTC) - _EPOCH) // _TICK
