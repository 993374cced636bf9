"""From when until when: the choices of a form as moments."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys.typed import Typed

KEEP: Final = "keep"
NEVER: Final = "never"
ON_A_DAY: Final = "date"
DAYS: Final = {
    "7": "for 7 days",
    "30": "for 30 days",
    "90": "for 90 days",
    "365": "for a year",
}
_DAY_US: Final = 86_400_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
Read = tuple[int | None, list[Problem]]


def choices(kept: str = "") -> list[tuple[str, str]]:
    """How long a key can work; `kept` says how long it does now, where it is there."""
    stays = [(KEEP, kept)] if kept else []
    ends = [(NEVER, "until somebody revokes it"), *DAYS.items()]
    return [*stays, *ends, (ON_A_DAY, "up to a day …")]


def read_end(typed: Typed, now_us: int) -> Read:
    """The moment at which the key ends; None for never."""
    chosen = typed.text("expiry", NEVER)
    if chosen in DAYS:
        return now_us + int(chosen) * _DAY_US, []
    if chosen != ON_A_DAY:
        return None, []
    start, problems = read_day("ends_on", typed.text("ends_on"))
    if start is None:
        return None, problems
    end = start + _DAY_US
    if end <= now_us:
        return None, [Problem("ends_on", "is past", "choose today or a later day")]
    return end, []


def read_start(typed: Typed) -> Read:
    """The first moment of the key; None for at once."""
    text = typed.text("starts_on")
    return read_day("starts_on", text) if text else (None, [])


def read_day(field: str, text: str) -> Read:
    """The first moment of a day in UTC."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None, [Problem(field, "is no day", "write it as 2027-01-31")]
    return (datetime.combine(day, time(), UTC) - _EPOCH) // _TICK, []
