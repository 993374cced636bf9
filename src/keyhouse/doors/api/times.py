"""Times: RFC 3339 outside, microseconds since 1970 inside; nowhere else."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from keyhouse.core.moments import format_time

__all__ = ["GivenTime", "ToldTime", "format_optional", "format_time", "parse_time"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_FORM: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


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


def format_optional(microseconds: int | None) -> str | None:
    """As `format_time`; None stays None."""
    return None if microseconds is None else format_time(microseconds)


_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "format": "date-time",
    "examples": ["2030-01-01T00:00:00Z"],
}

GivenTime = Annotated[int, BeforeValidator(parse_time), WithJsonSchema(_SCHEMA)]
"""A time in a request, as microseconds."""

ToldTime = Annotated[str, WithJsonSchema(_SCHEMA)]
"""A time in an answer, as text."""
