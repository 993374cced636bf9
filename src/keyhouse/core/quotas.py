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
FOREVER_US = 1 << 62
OFFSET_SECONDS_MAX = {
    Window.HOUR: 3599,
    Window.DAY: 86_399,
    Window.WEEK: 7 * 86_400 - 1,
    Window.MONTH: 28 * 86_400 - 1,
}


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota, compiled: its zone is loaded. Without a window it never starts anew."""

    name: str
    amount: int
    window: Window | None
    zone: tzinfo
    offset_seconds: int


class Span(NamedTuple):
    """A window: from `start_us` up to, not including, `end_us`."""

    start_us: int
    end_us: int


class Budget(NamedTuple):
    """What a quota's use is booked on. No plan and no limit's row is in it,

    so that a change of plan keeps what was used. `subject_kind` is `key`,
    `application`, `customer` or `organization`; or `key_api` and `key_route` where each
    API or route of a provider counts the key apart (the subject is then
    `{key}/{api}` or `{key}/{route}`), or `user` (`{application}/{hash}`). A plan's
    limits count on `subscription` or, each key apart, `subscription_key`
    (`{subscription}/{key}`), and on a route on `subscription_route` or
    `subscription_key_route`, with `/{route}` behind it. That of `credits` is a customer.
    """

    provider_id: str
    subject_kind: str
    subject_id: str
    environment: str
    limit_name: str


FOREVER = Span(0, FOREVER_US)


def span_of(quota: Quota, now_us: int) -> Span:
    """The window in which `now_us` lies."""
    if quota.window is None:
        return FOREVER
    if quota.window is Window.HOUR:
        return _hour(quota.zone, quota.offset_seconds * MICROSECONDS, now_us)
    shift = timedelta(seconds=quota.offset_seconds)
    wall = (_EPOCH + timedelta(microseconds=now_us)).astimezone(quota.zone)
    start = _floor(quota.window, wall.replace(tzinfo=None) - shift)
    end = _next(quota.window, start)
    end_us = _instant(end + shift, quota.zone)
    if end_us <= now_us:
        # Clocks were set back over the end: what has begun stays begun.
        following = _next(quota.window, end)
        return Span(end_us, _instant(following + shift, quota.zone))
    return Span(_instant(start + shift, quota.zone), end_us)


def _hour(zone: tzinfo, offset_us: int, now_us: int) -> Span:
    """Hours are counted in elapsed time, in step with the zone's own minutes.

    A change of the clocks by less than whole hours ends one early.
    """
    lead_us = _lead(zone, now_us)
    start_us = now_us - (now_us + lead_us - offset_us) % _HOUR_US
    end_us = start_us + _HOUR_US
    if (_lead(zone, start_us) - lead_us) % _HOUR_US:
        start_us = _turn(zone, start_us, now_us)
    if (_lead(zone, end_us) - lead_us) % _HOUR_US:
        end_us = _turn(zone, now_us, end_us)
    return Span(start_us, end_us)


def _lead(zone: tzinfo, at_us: int) -> int:
    """How far clocks in `zone` are ahead of UTC."""
    wall = (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone)
    return (wall.utcoffset() or timedelta()) // _TICK


def _turn(zone: tzinfo, before_us: int, after_us: int) -> int:
    """When clocks were changed between two moments that show it."""
    after_lead = _lead(zone, after_us)
    while after_us - before_us > 1:
        middle_us = (before_us + after_us) // 2
        if _lead(zone, middle_us) == after_lead:
            after_us = middle_us
        else:
            before_us = middle_us
    return after_us


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


def _instant(wall: datetime, zone: tzinfo) -> int:
    """The first moment at which clocks in `zone` have reached `wall`.

    For a time that clocks skip it is the moment of the skip. PEP 495 tells
    such a time by its two readings being in the wrong order: with the offset
    from before the skip it lies behind it, with the one from after before.
    """
    first_us, second_us = (
        (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) - _EPOCH) // _TICK
        for fold in (0, 1)
    )
    if second_us < first_us:
        return _turn(zone, second_us, first_us)
    return first_us
