"""How limits stand in a file: of keys and APIs, of plans, and of one subscriber."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from keyhouse.core.entities import Limit, LimitKind, Override, Per, PlanLimit, Window
from keyhouse.core.validation import Problem
from keyhouse.services.declare.forms import (
    TIME,
    Form,
    Plain,
    Problems,
    Wrong,
    demand_known,
    each,
)
from keyhouse.services.plans import OverrideWish

_FIELDS: Final = (
    "name",
    "rate",
    "period_seconds",
    "burst",
    "quota",
    "window",
    "zone",
    "offset_seconds",
)
_TEXTS: Final = ("name", "window", "zone")
PER: Final = "per"
ENDS_AT: Final = "ends_at"


def _reader(more: Sequence[str] = ()) -> Callable[[Plain, str], dict[str, Plain]]:
    """Reads a limit that may have these fields as well."""

    def read(value: Plain, place: str) -> dict[str, Plain]:
        given = dict(demand_known(value, place, (*_FIELDS, *more)))
        problems: Problems = []
        ends_at = None
        if ENDS_AT in given:
            try:
                ends_at = TIME.read(given.pop(ENDS_AT), f"{place}.{ENDS_AT}")
            except Wrong as wrong:
                problems += wrong.problems
        per = given.pop(PER, Per.SUBSCRIPTION.value)
        if per not in list(Per):
            mend = f"write {' or '.join(Per)}"
            problems.append(Problem(f"{place}.{PER}", "is none of the choices", mend))
        problems += _wrong_in(given, place)
        if problems:
            raise Wrong(*problems)
        limit = _limit(given)
        if not more:
            return _told(limit)
        told = _told_of_plan(PlanLimit(**asdict(limit), per=Per(per)))
        return told if ends_at is None else {**told, ENDS_AT: ends_at}

    return read


def _wrong_in(given: Mapping[str, Plain], place: str) -> Problems:
    problems: Problems = []
    for name, item in given.items():
        wanted = str if name in _TEXTS else int
        if type(item) is not wanted:
            told = "a text" if wanted is str else "a whole number"
            at = f"{place}.{name}"
            problems.append(Problem(at, "is of another type", f"write {told}"))
    if "name" not in given or ("rate" in given) == ("quota" in given):
        mend = "write a name, and either rate or quota"
        problems.append(Problem(place, "is no limit", mend))
    if "window" in given and given["window"] not in list(Window):
        mend = f"write {' or '.join(Window)}"
        problems.append(Problem(f"{place}.window", "is none of the choices", mend))
    return problems


def _limit(given: Mapping[str, Plain]) -> Limit:
    rate = "rate" in given
    return Limit(
        name=given["name"],
        kind=LimitKind.RATE if rate else LimitKind.QUOTA,
        amount=given["rate"] if rate else given["quota"],
        period_seconds=given.get("period_seconds"),
        burst=given.get("burst"),
        window=Window(given["window"]) if "window" in given else None,
        zone=given.get("zone", "UTC"),
        offset_seconds=given.get("offset_seconds", 0),
    )


def _told(limit: Limit) -> dict[str, Plain]:
    """Without what is as it is by default."""
    rate = limit.kind is LimitKind.RATE
    told = {
        "name": limit.name,
        "rate" if rate else "quota": limit.amount,
        "period_seconds": limit.period_seconds,
        "burst": limit.burst,
        "window": limit.window.value if limit.window else None,
        "zone": None if limit.zone == "UTC" else limit.zone,
        "offset_seconds": limit.offset_seconds or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _told_of_plan(limit: PlanLimit) -> dict[str, Plain]:
    told = _told(limit)
    return told if limit.per is Per.SUBSCRIPTION else {**told, PER: limit.per.value}


def _limit_of_plan(value: Mapping[str, Plain]) -> PlanLimit:
    per = Per(value.get(PER, Per.SUBSCRIPTION))
    return PlanLimit(**asdict(_limit(value)), per=per)


def _override(value: Mapping[str, Plain]) -> OverrideWish:
    return OverrideWish(_limit_of_plan(value), TIME.hold(value.get(ENDS_AT)))


def _told_override(held: Override) -> dict[str, Plain]:
    told = _told_of_plan(held.limit)
    return told if held.ends_at is None else {**told, ENDS_AT: TIME.tell(held.ends_at)}


def _list_of(
    read: Callable[[Plain, str], Plain],
    hold: Callable[[Any], Any],
    tell: Callable[[Any], Plain],
) -> Form:
    return Form(
        each(read),
        lambda value: tuple(map(hold, value)),
        lambda held: list(map(tell, held)),
    )


LIMITS: Final = _list_of(_reader(), _limit, _told)
PLAN_LIMITS: Final = _list_of(_reader((PER,)), _limit_of_plan, _told_of_plan)
OVERRIDES: Final = _list_of(_reader((PER, ENDS_AT)), _override, _told_override)
