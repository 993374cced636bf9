"""One key's figures over a span of time, ready to be drawn."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from keyhouse.core.entities import Key
from keyhouse.core.grains import even_cuts
from keyhouse.core.latency import LATENCY_SLOTS, percentile_us
from keyhouse.core.verdict import Verdict
from keyhouse.ports import UsageRow, UsageWanted
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports.queries import READ_USAGE, sees_key
from keyhouse.services.reports.times import SECOND_US, step_starts
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


STEPS: Final[Mapping[Span, tuple[int, int]]] = {
    Span.HOUR: (60, 60),
    Span.DAY: (900, 96),
    Span.WEEK: (3600, 168),
    Span.MONTH: (21_600, 120),
    Span.QUARTER: (86_400, 90),
}
"""Seconds of a step, and how many of them."""


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
    key = look.own(Key, id)
    if not look.actor.reach(READ_USAGE).whole and not sees_key(look, READ_USAGE, id):
        raise NotFound("key")
    seconds, count = STEPS[span]
    starts = step_starts(look.now_us, seconds * SECOND_US, count)
    cuts = even_cuts(starts[0], starts.stop, seconds)
    organization = look.actor.organization_id
    rows = look.reports.usage(UsageWanted(organization, cuts, (), {"key": key.id}))
    steps: defaultdict[int, list[UsageRow]] = defaultdict(list)
    for row in rows:
        steps[row.start_us].append(row)
    whole = _point(starts[0], rows)
    return KeyReport(
        span=span,
        step_seconds=seconds,
        since_us=starts[0],
        until_us=look.now_us,
        points=tuple(_point(start, steps[start]) for start in starts),
        requests=sum(row.requests for row in rows),
        served=whole.served,
        errors=whole.errors,
        refused=whole.refused,
        units=sum(row.units for row in rows),
        bytes_in=sum(row.bytes_in for row in rows),
        bytes_out=sum(row.bytes_out for row in rows),
        p50_us=whole.p50_us,
        p95_us=whole.p95_us,
    )


def _point(start_us: int, rows: Sequence[UsageRow]) -> Point:
    valid = [row for row in rows if row.verdict == Verdict.VALID.code]
    refused: Counter[str] = Counter()
    for row in rows:
        if row.verdict != Verdict.VALID.code:
            refused[row.verdict] += row.requests
    latency = _added(row.latency for row in valid)
    return Point(
        start_us,
        sum(row.requests for row in valid),
        sum(row.errors for row in valid),
        refused,
        percentile_us(latency, 0.5),
        percentile_us(latency, 0.95),
    )


def _added(histograms: Iterable[Sequence[int]]) -> list[int]:
    total = [0] * LATENCY_SLOTS
    for histogram in histograms:
        total = [sum(pair) for pair in zip(total, histogram, strict=True)]
    return total
