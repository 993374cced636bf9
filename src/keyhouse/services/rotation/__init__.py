"""When secrets are replaced: overlaps that begin, what is due, and who still calls."""

from keyhouse.services.rotation.calendars import (
    CalendarMade,
    Feed,
    create_calendar,
    delete_calendar,
    get_calendar,
    list_calendars,
    read_feed,
)
from keyhouse.services.rotation.due import Dated, list_due
from keyhouse.services.rotation.overlaps import begin_overlaps
from keyhouse.services.rotation.reminders import remind
from keyhouse.services.rotation.standing import (
    Caller,
    RotationState,
    RotationView,
    SecretCalls,
    get_rotation,
)

__all__ = [
    "CalendarMade",
    "Caller",
    "Dated",
    "Feed",
    "RotationState",
    "RotationView",
    "SecretCalls",
    "begin_overlaps",
    "create_calendar",
    "delete_calendar",
    "get_calendar",
    "get_rotation",
    "list_calendars",
    "list_due",
    "read_feed",
    "remind",
]
