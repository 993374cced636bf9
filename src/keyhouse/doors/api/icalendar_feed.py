"""What is due as iCalendar (RFC 5545) has it: an event of a whole day for each."""

from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from keyhouse.core.entities import ReminderKind
from keyhouse.services.rotation import Dated, Feed

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REFRESH: Final = timedelta(hours=6)


def to_ical(feed: Feed, now_us: int) -> bytes:
    """The calendar. A key's event keeps its UID when its date moves.

    Days are those of UTC.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Keyhouse//What is due//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Keys of {feed.organization}")
    calendar.add("refresh-interval", _REFRESH, parameters={"value": "DURATION"})
    stamp = _moment(now_us)
    for one in feed.events:
        calendar.add_component(_event(one, stamp))
    return bytes(calendar.to_ical())


def _event(one: Dated, stamp: datetime) -> Event:
    rotation = one.kind is ReminderKind.ROTATION
    event = Event()
    event.add("uid", f"{one.key.id}-{one.kind.value}@keyhouse")
    event.add("dtstamp", stamp)
    event.add("dtstart", _moment(one.due_at).date())
    what = "New secret due" if rotation else "Key ends"
    event.add("summary", f"{what}: {one.key.name} ({one.hint})")
    event.add("transp", "TRANSPARENT")
    return event


def _moment(at_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at_us)
