"""Rows of limits that say more than a key's: whom each counts for, and until when.

Beside the fields of `console.keys.limits_form`, row 0 may have `limits.0.counts`
and `limits.0.until`.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

from keyhouse.core.entities import Limit, Per, PlanLimit
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.limit_rows import limits_of
from keyhouse.doors.console.keys.limits_form import form_rows, typed_limits
from keyhouse.doors.console.keys.typed import Typed

COUNTS: Final = {
    Per.SUBSCRIPTION.value: "for all its keys together",
    Per.KEY.value: "for each key",
}
_FIELD: Final = re.compile(r"(limits|on)\.(\d{1,3})\.(\w+)")
"""Of a limit of the whole plan, or of one that is met on a route."""


def read_plan_limits(typed: Typed) -> tuple[tuple[PlanLimit, ...], list[Problem]]:
    """The limits of a form, and what in them could not be read."""
    limits, problems = limits_of(form_rows(typed))
    counted = beside(typed, "counts")
    return tuple(map(_plan_limit, limits, counted)), problems


def typed_plan_limits(limits: Iterable[PlanLimit]) -> dict[str, str]:
    """The fields of a form that show these limits."""
    shown = tuple(limits)
    counts = {f"limits.{at}.counts": one.per.value for at, one in enumerate(shown)}
    return {**typed_limits(shown), **counts}


def only_filled(typed: Typed) -> Typed:
    """The form without the rows whose number was left out or wiped: `no limit`."""
    return Typed(
        {
            field: values
            for field, values in typed.fields.items()
            if (found := _FIELD.fullmatch(field)) is None
            or typed.text(f"{found[1]}.{found[2]}.amount")
        }
    )


def beside(typed: Typed, name: str) -> list[str]:
    """What one field says in each row of a form that holds only filled ones, in order."""
    found = (_FIELD.fullmatch(field) for field in typed.fields)
    places = sorted(
        {
            int(one[2])
            for one in found
            if one and one[1] == "limits" and one[3] in ("per", "kind")
        }
    )
    return [typed.text(f"limits.{place}.{name}") for place in places]


def _plan_limit(limit: Limit, counts: str) -> PlanLimit:
    return PlanLimit(
        **asdict(limit), per=Per.KEY if counts == Per.KEY else Per.SUBSCRIPTION
    )
