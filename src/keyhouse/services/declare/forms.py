"""How a field's value stands in a file, and what it is to a service.

A form reads a file's value into a plain one (JSON, with defaults filled in),
gives services what they take, and tells what rows hold as a plain one again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final

from keyhouse.core.entities import Limit, LimitKind, Restrictions, Window
from keyhouse.core.moments import format_time
from keyhouse.core.validation import Problem

Plain = Any
"""What JSON can hold."""
Problems = list[Problem]

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LIMIT_FIELDS: Final = (
    "name",
    "rate",
    "period_seconds",
    "burst",
    "quota",
    "window",
    "zone",
    "offset_seconds",
)


class Wrong(Exception):
    """The value is not of its form."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Form:
    """`read` takes a value and its place, and raises Wrong; `hold` gives what a

    service takes; `tell` makes a plain value of a row's; `key` is what two
    values are compared by.
    """

    read: Callable[[Plain, str], Plain]
    hold: Callable[[Plain], Any] = lambda value: value
    tell: Callable[[Any], Plain] = lambda value: value
    key: Callable[[Plain], Any] = lambda value: value


def _wrong(place: str, reason: str, mend: str) -> Wrong:
    return Wrong(Problem(place, reason, mend))


def _of(kind: type, mend: str) -> Callable[[Plain, str], Plain]:
    def read(value: Plain, place: str) -> Plain:
        if type(value) is not kind:
            raise _wrong(place, "is of another type", mend)
        return value

    return read


def _or_null(read: Callable[[Plain, str], Plain]) -> Callable[[Plain, str], Plain]:
    return lambda value, place: None if value is None else read(value, place)


def _each(read: Callable[[Plain, str], Plain]) -> Callable[[Plain, str], list[Plain]]:
    """A list of what `read` takes; all that is wrong with it is told at once."""

    def read_all(value: Plain, place: str) -> list[Plain]:
        if not isinstance(value, list):
            raise _wrong(place, "is no list", "write a list")
        found: list[Plain] = []
        problems: Problems = []
        for index, item in enumerate(value):
            try:
                found.append(read(item, f"{place}[{index}]"))
            except Wrong as wrong:
                problems += wrong.problems
        if problems:
            raise Wrong(*problems)
        return found

    return read_all


def _mapped(read: Callable[[Plain, str], Plain]) -> Callable[[Plain, str], Plain]:
    def read_all(value: Plain, place: str) -> dict[str, Plain]:
        if not isinstance(value, dict):
            raise _wrong(place, "is no object", "write names with a value each")
        return {str(name): read(item, f"{place}.{name}") for name, item in value.items()}

    return read_all


def demand_known(value: Plain, place: str, known: Sequence[str]) -> dict[str, Plain]:
    """The object, if it has known names alone; the nearest is told with an unknown one.

    Raises Wrong.
    """
    if not isinstance(value, dict):
        raise _wrong(place, "is no object", "write its fields, each with a value")
    problems = []
    for name in value:
        if name in known:
            continue
        near = get_close_matches(str(name), known, 1)
        mend = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        at = f"{place}.{name}" if place else str(name)
        problems.append(Problem(at, "is not known", mend))
    if problems:
        raise Wrong(*problems)
    return value


def choice(kind: type[StrEnum], *, null: bool = False) -> Form:
    """One of an enumeration's values."""

    def read(value: Plain, place: str) -> Plain:
        if value not in [one.value for one in kind]:
            raise _wrong(place, "is none of the choices", f"write {' or '.join(kind)}")
        return value

    def hold(value: Plain) -> StrEnum | None:
        return None if value is None else kind(value)

    def tell(value: StrEnum | None) -> Plain:
        return None if value is None else value.value

    return Form(_or_null(read) if null else read, hold, tell)


def _read_limit(value: Plain, place: str) -> dict[str, Plain]:
    given = demand_known(value, place, _LIMIT_FIELDS)
    problems: Problems = []
    for name, item in given.items():
        wanted = str if name in ("name", "window", "zone") else int
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
    if problems:
        raise Wrong(*problems)
    return _told_limit(_limit(given))


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


def _told_limit(limit: Limit) -> dict[str, Plain]:
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


_PLACES: Final = tuple(one.name for one in fields(Restrictions))


def _read_restrictions(value: Plain, place: str) -> dict[str, Plain]:
    given = demand_known(value, place, _PLACES)
    read = _each(_of(str, "write a text"))
    lists = {name: read(item, f"{place}.{name}") for name, item in given.items()}
    return {name: lists[name] for name in _PLACES if lists.get(name)}


def _told_restrictions(held: Restrictions) -> dict[str, Plain]:
    return {name: list(getattr(held, name)) for name in _PLACES if getattr(held, name)}


def _held_restrictions(value: Plain) -> Restrictions:
    return Restrictions(**{name: tuple(items) for name, items in value.items()})


def _read_time(value: Plain, place: str) -> str:
    """RFC 3339, in UTC from then on."""
    try:
        return format_time(_microseconds(value))
    except (ValueError, OverflowError):
        mend = "write it in quotes, as '2030-01-01T00:00:00Z'"
        raise _wrong(place, "is no time from 1970 on", mend) from None


def _microseconds(text: Plain) -> int:
    if not isinstance(text, str) or _TIME.fullmatch(text) is None:
        raise ValueError(text)
    given = datetime.fromisoformat(text.upper())
    found = (given - _EPOCH) // timedelta(microseconds=1)
    if found < 0:
        raise ValueError(text)
    return found


def _read_json(value: Plain, place: str) -> Plain:
    if not isinstance(value, dict):
        raise _wrong(place, "is no object", "write names with a value each")
    return value


_read_text = _of(str, "write a text, in quotes if it looks like a number")
_read_texts = _each(_read_text)
TEXT: Final = Form(_read_text)
OPTIONAL_TEXT: Final = Form(_or_null(_read_text))
FLAG: Final = Form(_of(bool, "write true or false"), tell=lambda since: since is not None)
"""In rows, the time since when it is so."""
NUMBER: Final = Form(_of(int, "write a whole number"))
TEXTS: Final = Form(_read_texts, tuple, list)
TEXT_MAP: Final = Form(_mapped(_read_text), dict, dict)
TEXTS_MAP: Final = Form(
    _mapped(_read_texts),
    lambda value: {name: tuple(items) for name, items in value.items()},
    lambda held: {name: list(items) for name, items in held.items()},
)
LIMITS: Final = Form(
    _each(_read_limit),
    lambda value: tuple(map(_limit, value)),
    lambda held: list(map(_told_limit, held)),
)
RESTRICTIONS: Final = Form(_read_restrictions, _held_restrictions, _told_restrictions)
TIME: Final = Form(
    _or_null(_read_time),
    lambda value: None if value is None else _microseconds(value),
    lambda held: None if held is None else format_time(held),
)
JSON: Final = Form(_read_json, dict, dict)
