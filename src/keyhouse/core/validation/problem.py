"""What a check tells, and what checks of numbers and lists have in common."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final, NamedTuple

ENTRIES_MAX: Final = 100
"""The most entries of a list: scopes, networks, referrers, endpoints, apps."""


class Problem(NamedTuple):
    """What is wrong with a field, and what to do about it."""

    field: str
    reason: str
    mend: str


def check_number(field: str, value: int, least: int, most: int) -> list[Problem]:
    """A whole number from `least` to `most`."""
    if isinstance(value, bool) or not least <= value <= most:
        return [Problem(field, "is out of range", f"give a number from {least} to {most}")]
    return []


def check_items(
    field: str, values: Sequence[str], check: Callable[[str, str], list[Problem]]
) -> list[Problem]:
    """Every item passes `check`, none is there twice, and they are not too many."""
    if len(values) > ENTRIES_MAX:
        return [Problem(field, f"has more than {ENTRIES_MAX} entries", "join some")]
    problems = [check(f"{field}.{index}", value) for index, value in enumerate(values)]
    twice = [
        Problem(f"{field}.{index}", "is there twice", "leave one out")
        for index, value in enumerate(values)
        if value in values[:index]
    ]
    return [*chain.from_iterable(problems), *twice]
