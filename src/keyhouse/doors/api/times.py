"""Times: RFC 3339 outside, microseconds since 1970 inside; nowhere else."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from keyhouse.core.moments import format_time, parse_time

__all__ = ["GivenTime", "ToldTime", "format_optional", "format_time", "parse_time"]


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
