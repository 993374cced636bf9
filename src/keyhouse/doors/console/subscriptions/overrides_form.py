"""One subscriber's own limits as rows of a form, each with its last day."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from keyhouse.core.entities import Override
from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys.expiry_form import read_day
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.plans.limit_form import (
    beside,
    read_plan_limits,
    typed_plan_limits,
)
from keyhouse.services.plans import OverrideWish

_DAY_US: Final = 86_400_000_000


def read_overrides(
    typed: Typed, now: Sequence[Override]
) -> tuple[list[OverrideWish], list[Problem]]:
    """The wanted limits, each up to the end of its last day in UTC.

    One that ends within a day keeps its moment, unless another day was typed.
    """
    limits, problems = read_plan_limits(typed)
    kept = {(one.limit.name, _day(one.ends_at)): one.ends_at for one in now}
    wishes = []
    for index, (limit, day) in enumerate(zip(limits, beside(typed, "until"), strict=True)):
        ends_at = kept.get((limit.name, day))
        if day and ends_at is None:
            start, wrong = read_day(f"limits.{index}.until", day)
            problems += wrong
            ends_at = None if start is None else start + _DAY_US
        wishes.append(OverrideWish(limit, ends_at))
    return wishes, problems


def typed_overrides(now: Sequence[Override]) -> Typed:
    """The form that shows these limits."""
    fields = typed_plan_limits(one.limit for one in now)
    days = {f"limits.{at}.until": _day(one.ends_at) for at, one in enumerate(now)}
    return Typed({name: (text,) for name, text in {**fields, **days}.items()})


def placed(problem: Problem) -> Problem:
    """A problem at the field of the form that it is of."""
    field = problem.field.replace("overrides", "limits", 1)
    return problem._replace(field=field.replace(".ends_at", ".until"))


def _day(ends_at: int | None) -> str:
    """The last day on which a limit holds, as a field of dates has it."""
    if ends_at is None:
        return ""
    return f"{datetime.fromtimestamp((ends_at - 1) // 1_000_000, UTC):%Y-%m-%d}"
