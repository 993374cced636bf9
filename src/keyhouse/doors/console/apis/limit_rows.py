"""Limits as rows of a form: what was typed, and what it comes to.

The fields of row 0 are `limits.0.kind`, `.name`, `.amount`, `.period_seconds`,
`.burst`, `.window`, `.zone` and `.offset_seconds`: the places that checks of
limits name, so that each problem finds its field.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.numbers import read_number

PERIODS: Final = {1: "second", 60: "minute", 3600: "hour", 86_400: "day"}
_ADVERBS: Final = {
    Window.HOUR: "hourly",
    Window.DAY: "daily",
    Window.WEEK: "weekly",
    Window.MONTH: "monthly",
}
_PLACE: Final = re.compile(r"limits\.(\d{1,3})\.kind")


class LimitRow(NamedTuple):
    """One limit as it stands in a form, in the words that were typed."""

    kind: str = LimitKind.RATE.value
    name: str = ""
    amount: str = ""
    period_seconds: str = "60"
    burst: str = ""
    window: str = Window.DAY.value
    zone: str = "UTC"
    offset_seconds: str = "0"

    @property
    def is_rate(self) -> bool:
        """Whether it says how fast; otherwise it says how much."""
        return self.kind == LimitKind.RATE


def rows_of(limits: Iterable[Limit]) -> list[LimitRow]:
    """The rows that show these limits."""
    return [_row_of(limit) for limit in limits]


def read_rows(form: Mapping[str, object]) -> list[LimitRow]:
    """The rows of a form, in order; those left wholly blank are not there."""
    places = sorted(int(found[1]) for name in form if (found := _PLACE.fullmatch(name)))
    rows = [_read_row(form, f"limits.{place}.") for place in places]
    return [row for row in rows if row.name or row.amount]


def limits_of(rows: Sequence[LimitRow]) -> tuple[tuple[Limit, ...], list[Problem]]:
    """The limits that rows come to, and what in them is no number or choice."""
    limits: list[Limit] = []
    problems: list[Problem] = []
    for index, row in enumerate(rows):
        limit, wrong = _limit(f"limits.{index}", row)
        limits.append(limit)
        problems += wrong
    return tuple(limits), problems


def _row_of(limit: Limit) -> LimitRow:
    return LimitRow(
        kind=limit.kind.value,
        name=limit.name,
        amount=str(limit.amount),
        period_seconds=str(limit.period_seconds or 60),
        burst="" if limit.burst is None else str(limit.burst),
        window=(limit.window or Window.DAY).value,
        zone=limit.zone,
        offset_seconds=str(limit.offset_seconds),
    )


def _read_row(form: Mapping[str, object], place: str) -> LimitRow:
    typed = {
        name: str(form[place + name]).strip()
        for name in LimitRow._fields
        if place + name in form
    }
    return LimitRow(**typed)


def _limit(field: str, row: LimitRow) -> tuple[Limit, list[Problem]]:
    amount, problems = read_number(f"{field}.amount", row.amount)
    limit, wrong = (_rate if row.is_rate else _quota)(field, row, amount)
    return limit, [*problems, *wrong]


def _rate(field: str, row: LimitRow, amount: int) -> tuple[Limit, list[Problem]]:
    period, problems = read_number(f"{field}.period_seconds", row.period_seconds)
    burst, wrong = read_number(f"{field}.burst", row.burst, blank=-1)
    limit = Limit(
        name=row.name or _rate_name(period),
        kind=LimitKind.RATE,
        amount=amount,
        period_seconds=period,
        burst=None if burst < 0 else burst,
    )
    return limit, [*problems, *wrong]


def _quota(field: str, row: LimitRow, amount: int) -> tuple[Limit, list[Problem]]:
    offset, problems = read_number(f"{field}.offset_seconds", row.offset_seconds, blank=0)
    window = Window(row.window) if row.window in tuple(Window) else None
    limit = Limit(
        name=row.name or _ADVERBS.get(window or Window.DAY, ""),
        kind=LimitKind.QUOTA,
        amount=amount,
        window=window,
        zone=row.zone or "UTC",
        offset_seconds=offset,
    )
    return limit, problems


def _rate_name(period_seconds: int) -> str:
    if period_seconds in PERIODS:
        return f"per-{PERIODS[period_seconds]}"
    return f"per-{period_seconds}-seconds"
