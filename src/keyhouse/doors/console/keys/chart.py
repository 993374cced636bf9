"""A key's report as columns of numbers, in the order in which they are stacked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from keyhouse.core.verdict import BY_CODE
from keyhouse.services.reports import KeyReport, Point, Span

SPANS: Final[Mapping[Span, str]] = {
    Span.HOUR: "1 h",
    Span.DAY: "24 h",
    Span.WEEK: "7 d",
    Span.MONTH: "30 d",
    Span.QUARTER: "90 d",
}
IN_WORDS: Final[Mapping[Span, str]] = {
    Span.HOUR: "the last hour",
    Span.DAY: "the last 24 hours",
    Span.WEEK: "the last 7 days",
    Span.MONTH: "the last 30 days",
    Span.QUARTER: "the last 90 days",
}


@dataclass(frozen=True, slots=True)
class Series:
    """One layer of the chart: `kind` is served, errors or refused."""

    id: str
    kind: str
    label: str
    values: tuple[int, ...]
    total: int


def series_of(report: KeyReport) -> list[Series]:
    """Served, upstream's errors, then refusals by reason, the most frequent first."""
    ordered = sorted(report.refused, key=lambda code: (-report.refused[code], code))
    return [
        _series(report, "served", "served", "Served", lambda p: p.served - p.errors),
        _series(report, "errors", "errors", "Upstream errors", lambda p: p.errors),
        *(
            _series(
                report, code, "refused", label(code), lambda p, c=code: p.refused.get(c, 0)
            )
            for code in ordered
        ),
    ]


def chart_of(report: KeyReport) -> dict[str, Any]:
    """What the script draws, as JSON; times in seconds, latencies in ms."""
    return {
        "span": report.span.value,
        "step": report.step_seconds,
        "at": [point.start_us // 1_000_000 for point in report.points],
        "series": [
            {"id": one.id, "kind": one.kind, "label": one.label, "values": one.values}
            for one in series_of(report)
        ],
        "p95": [_ms(point.p95_us) for point in report.points],
    }


def label(code: str) -> str:
    """A verdict's code in words: `rate_limited` reads *Rate limited*."""
    said = code.replace("_", " ")
    if code not in BY_CODE:
        return said
    return said[0].upper() + said[1:].replace("ip not", "address not")


def _series(
    report: KeyReport, id: str, kind: str, said: str, count: Callable[[Point], int]
) -> Series:
    values = tuple(count(point) for point in report.points)
    return Series(id, kind, said, values, sum(values))


def _ms(us: int | None) -> float | None:
    return None if us is None else round(us / 1000, 2)
