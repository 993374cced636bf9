"""The rows of limits in the form of a key.

A row says an amount *per* something: one choice tells both the kind of limit
and its length, `rate:60` for a minute that flows, `quota:day` for a day of the
calendar. What it leaves open are the fields of `console.apis.limit_rows`.
"""

import re
from collections.abc import Iterable
from typing import Final

from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.core.validation import LIMITS_MAX, Problem
from keyhouse.doors.console.apis.limit_rows import (
    PERIODS,
    LimitRow,
    limits_of,
    read_rows,
    rows_of,
)
from keyhouse.doors.console.keys.typed import Typed

RATES: Final = {f"rate:{seconds}": word for seconds, word in PERIODS.items()}
QUOTAS: Final = {f"quota:{window}": f"calendar {window}" for window in Window}
_PER: Final = re.compile(r"(limits\.\d{1,3}\.)per")


def read_limits(typed: Typed) -> tuple[tuple[Limit, ...], list[Problem]]:
    """The limits of a form, and what in them could not be read."""
    return limits_of(form_rows(typed))


def form_rows(typed: Typed) -> list[LimitRow]:
    """The rows of a form, in the words that were typed; blank ones are not there."""
    return read_rows(_told_apart(typed.first))


def typed_limits(limits: Iterable[Limit]) -> dict[str, str]:
    """The fields of a form that show these limits."""
    fields: dict[str, str] = {}
    for index, row in enumerate(rows_of(limits)):
        named = {f"limits.{index}.{name}": text for name, text in row._asdict().items()}
        fields |= {**named, f"limits.{index}.per": per(row)}
    return fields


def per(row: LimitRow) -> str:
    """The choice that tells a row's kind and length."""
    return f"{row.kind}:{row.period_seconds if row.is_rate else row.window}"


def _told_apart(form: dict[str, str]) -> dict[str, object]:
    """The form with each `per` told as a kind and its length."""
    told: dict[str, object] = dict(form)
    for name, value in form.items():
        row = _PER.fullmatch(name)
        if row is None:
            continue
        kind, _, length = value.partition(":")
        told[f"{row[1]}kind"] = kind
        told[row[1] + ("period_seconds" if kind == LimitKind.RATE else "window")] = length
    return told


def rows_shown(typed: Typed) -> list[LimitRow]:
    """The rows that a form shows: those filled in, and a blank one for the next.

    Who has said how fast is asked next how much.
    """
    filled = form_rows(typed)
    kind = LimitKind.QUOTA if filled and filled[-1].is_rate else LimitKind.RATE
    return [*filled, LimitRow(kind=kind.value)][:LIMITS_MAX]


def choices(row: LimitRow) -> list[tuple[str, str, dict[str, str]]]:
    """What a limit can be per, in groups: their names, what they mean, the choices."""
    rates = {value: f"per {word}" for value, word in RATES.items()}
    if row.is_rate and per(row) not in rates:
        rates[per(row)] = f"per {row.period_seconds} seconds"
    quotas = {value: f"per {word}" for value, word in QUOTAS.items()}
    return [("Rate", "comes back steadily", rates), ("Quota", "starts anew", quotas)]
