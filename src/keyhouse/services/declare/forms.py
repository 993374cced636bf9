"""How a field's value stands in a file, and what it is to a service.

A form reads a file's value into a plain one (JSON, with defaults filled in),
gives services what they take, and tells what rows hold as a plain one again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final

from keyhouse.core.entities import Restrictions, RotationSchedule
from keyhouse.core.moments import format_time
from keyhouse.core.validation import Problem

Plain = Any
"""What JSON can hold."""
Problems = list[Problem]

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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


def refusal(place: str, reason: str, mend: str) -> Wrong:
    """A value that is not of its form, for one reason."""
    return Wrong(Problem(place, reason, mend))


def of(kind: type, mend: str) -> Callable[[Plain, str], Plain]:
    """Reads what is of exactly that type."""

    def read(value: Plain, place: str) -> Plain:
        if type(value) is not kind:
            raise refusal(place, "is of another type", mend)
        return value

    return read


def or_null(read: Callable[[Plain, str], Plain]) -> Callable[[Plain, str], Plain]:
    """Reads null, or what `read` does."""
    return lambda value, place: None if value is None else read(value, place)


def each(read: Callable[[Plain, str], Plain]) -> Callable[[Plain, str], list[Plain]]:
    """A list of what `read` takes; all that is wrong with it is told at once."""

    def read_all(value: Plain, place: str) -> list[Plain]:
        if not isinstance(value, list):
            raise refusal(place, "is no list", "write a list")
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
            raise refusal(place, "is no object", "write names with a value each")
        return {str(name): read(item, f"{place}.{name}") for name, item in value.items()}

    return read_all


def demand_known(value: Plain, place: str, known: Sequence[str]) -> dict[str, Plain]:
    """The object, if it has known names alone; the nearest is told with an unknown one.

    Raises Wrong.
    """
    if not isinstance(value, dict):
        raise refusal(place, "is no object", "write its fields, each with a value")
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
            raise refusal(place, "is none of the choices", f"write {' or '.join(kind)}")
        return value

    def hold(value: Plain) -> StrEnum | None:
        return None if value is None else kind(value)

    def tell(value: StrEnum | None) -> Plain:
        return None if value is None else value.value

    return Form(or_null(read) if null else read, hold, tell)


_PLACES: Final = tuple(one.name for one in fields(Restrictions))


def _read_restrictions(value: Plain, place: str) -> dict[str, Plain]:
    given = demand_known(value, place, _PLACES)
    read = each(of(str, "write a text"))
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
        raise refusal(place, "is no time from 1970 on", mend) from None


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
        raise refusal(place, "is no object", "write names with a value each")
    return value


_SCHEDULE_FIELDS: Final = ("every_days", "overlap_seconds")


def _read_schedule(value: Plain, place: str) -> dict[str, Plain]:
    given = demand_known(value, place, _SCHEDULE_FIELDS)
    if type(given.get("every_days")) is not int:
        raise refusal(f"{place}.every_days", "is no whole number", "write how many days")
    overlap = given.get("overlap_seconds")
    if overlap is not None and type(overlap) is not int:
        mend = "write how many seconds"
        raise refusal(f"{place}.overlap_seconds", "is no whole number", mend)
    return {name: item for name, item in given.items() if item is not None}


def _told_schedule(held: RotationSchedule) -> dict[str, Plain]:
    told = {"every_days": held.every_days, "overlap_seconds": held.overlap_seconds}
    return {name: item for name, item in told.items() if item is not None}


_read_text = of(str, "write a text, in quotes if it looks like a number")
_read_texts = each(_read_text)
TEXT: Final = Form(_read_text)
OPTIONAL_TEXT: Final = Form(or_null(_read_text))
FLAG: Final = Form(of(bool, "write true or false"), tell=lambda since: since is not None)
"""In rows, the time since when it is so."""
NUMBER: Final = Form(of(int, "write a whole number"))
TEXTS: Final = Form(_read_texts, tuple, list)
TEXT_MAP: Final = Form(_mapped(_read_text), dict, dict)
TEXTS_MAP: Final = Form(
    _mapped(_read_texts),
    lambda value: {name: tuple(items) for name, items in value.items()},
    lambda held: {name: list(items) for name, items in held.items()},
)
RESTRICTIONS: Final = Form(_read_restrictions, _held_restrictions, _told_restrictions)
TIME: Final = Form(
    or_null(_read_time),
    lambda value: None if value is None else _microseconds(value),
    lambda held: None if held is None else format_time(held),
)
JSON: Final = Form(_read_json, dict, dict)
SCHEDULE: Final = Form(
    or_null(_read_schedule),
    lambda value: None if value is None else RotationSchedule(**value),
    lambda held: None if held is None else _told_schedule(held),
)
