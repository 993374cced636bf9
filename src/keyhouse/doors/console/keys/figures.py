"""The four figures at the head of a key's page, and its limits as bars."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from keyhouse.core.counting import Subject
from keyhouse.core.entities import LimitKind
from keyhouse.doors.console.keys import words
from keyhouse.services.reports import KeyReport, LimitLeft

_LOW: Final = 20
_NONE: Final = 0
_WHOSE: Final = {
    Subject.KEY: "this key",
    Subject.APPLICATION: "its application",
    Subject.SUBSCRIPTION: "its application's plan",
    Subject.CUSTOMER: "its customer",
    Subject.ORGANIZATION: "the organization",
}


@dataclass(frozen=True, slots=True)
class Gauge:
    """A limit as a page shows it: `share` is what is used of a quota, in per cent."""

    title: str
    said: str
    of: str
    left: int | None
    amount: int
    used: int | None
    resets_at: int | None
    share: float | None

    @property
    def tone(self) -> str:
        """`fine`, `low` from four fifths on, `out` where nothing is left."""
        if self.left == _NONE:
            return "out"
        return "low" if (self.share or 0) >= 100 - _LOW else "fine"


@dataclass(frozen=True, slots=True)
class Figures:
    """Requests and refusals of a span, its latency, and the tightest quota."""

    requests: int
    refused: int
    errors: int
    p50_us: int | None
    p95_us: int | None
    tightest: Gauge | None

    @property
    def refused_share(self) -> float:
        """What was refused, in per cent of all."""
        return 100 * self.refused / self.requests if self.requests else 0.0


def gauges(limits: Iterable[LimitLeft]) -> list[Gauge]:
    """Limits as bars, in the order in which they are told."""
    return [_gauge(one) for one in limits]


def figures(report: KeyReport, bars: Sequence[Gauge]) -> Figures:
    """The figures of a key."""
    refused = sum(report.refused.values())
    return Figures(
        report.requests,
        refused,
        report.errors,
        report.p50_us,
        report.p95_us,
        tightest(bars),
    )


def tightest(bars: Iterable[Gauge]) -> Gauge | None:
    """The quota of which the greatest part is used."""
    quotas = [bar for bar in bars if bar.share is not None]
    return max(quotas, key=lambda bar: bar.share or 0.0, default=None)


def _gauge(one: LimitLeft) -> Gauge:
    limit = one.limit
    share = None
    if limit.kind is LimitKind.QUOTA and one.used is not None:
        share = round(min(100 * one.used / limit.amount, 100), 2) if limit.amount else 100
    return Gauge(
        limit.name,
        words.limit(limit),
        _whose(one),
        one.left,
        limit.amount,
        one.used,
        one.resets_at,
        share,
    )


def _whose(one: LimitLeft) -> str:
    """What a limit stands on, in the words of a page."""
    if one.route is not None:
        return f"{one.api_slug} {one.route}"
    return one.api_slug or _WHOSE[one.subject]
