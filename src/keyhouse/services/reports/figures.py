"""One key's figures over a span of time, ready to be drawn."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from keyhouse.services.work import Look


class Span(StrEnum):
    """How far back: an hour by minutes, a day by quarters of an hour, a week by

    hours, 30 days by six hours, 90 days by days.
    """

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class Point(NamedTuple):
    """One step: what was let pass, how much of that the upstream failed at (5xx or

    no answer), what was refused by verdict; latencies None where none is known.
    """

    start_us: int
    served: int
    errors: int
    refused: Mapping[str, int]
    p50_us: int | None
    p95_us: int | None


class KeyReport(NamedTuple):
    """All steps without a gap, the oldest first and the last up to now; and sums."""

    span: Span
    step_seconds: int
    since_us: int
    until_us: int
    points: tuple[Point, ...]
    requests: int
    served: int
    errors: int
    refused: Mapping[str, int]
    units: int
    bytes_in: int
    bytes_out: int
    p50_us: int | None
    p95_us: int | None


def report_key(look: Look, id: str, span: Span) -> KeyReport:
    """The figures of one key within reach."""
    raise NotImplementedError
