"""A key's report as columns of numbers, in the order in which they are stacked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keyhouse.services.reports import KeyReport, Span

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
    served = [point.served - point.errors for point in report.points]
    errors = [point.errors for point in report.points]
    return [
        _series("served", "served", "Served", served),
        _series("errors", "errors", "Upstream errors", errors),
        *(
            _series(code, "refused", label(code), _refused(report, code))
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
    return code.replace("ip_", "address_").replace("_", " ").capitalize()


def _series(id: str, kind: str, said: str, values: Sequence[int]) -> Series:
    return Series(id, kind, said, tuple(values), sum(values))


def _refused(report: KeyReport, code: str) -> list[int]:
    return [point.refused.get(code, 0) for point in report.points]


def _ms(us: int | None) -> float | None:
    return None if us is None else round(us / 1000, 2)
