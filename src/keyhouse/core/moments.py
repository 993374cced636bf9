"""Moments as people and programs read them: RFC 3339 in UTC."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_FORM: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def format_time(microseconds: int) -> str:
    """RFC 3339 in UTC; parts of a second only where there are some."""
    whole = _EPOCH + microseconds * _TICK
    return whole.isoformat().replace("+00:00", "Z")


def parse_time(text: object) -> int:
    """Microseconds of a time with a zone, as `2030-01-01T00:00:00Z`.

    Raises ValueError for any other text, a leap second among them, for a day
    that no calendar has and for one before 1970.
    """
    if not isinstance(text, str) or _FORM.fullmatch(text) is None:
        raise ValueError("is no time; write it as 2030-01-01T00:00:00Z")
    try:
        microseconds = (datetime.fromisoformat(text.upper()) - _EPOCH) // _TICK
    except (ValueError, OverflowError):
        raise ValueError("is a time that no calendar has") from None
    if microseconds < 0:
        raise ValueError("is before 1970")
    return microseconds
