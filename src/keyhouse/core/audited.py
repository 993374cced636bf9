"""What an audit row holds, as it is told: times as in all other answers.

The row itself keeps them as the tables do, in microseconds.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from keyhouse.core.moments import format_time

_TIMES: Final = frozenset(("until", "state_since", "failing_since"))
"""Beside all that end with `_at`."""
_OF_OTHERS: Final = "metadata"
"""Its names and numbers are the owner's, whatever they look like."""


def told_fields(
    fields: Mapping[str, Any], tell: Callable[[int], str] = format_time
) -> dict[str, Any]:
    """`before` or `after` of an audit row, with each time in it as `tell` writes it."""
    return {name: told_field(name, value, tell) for name, value in fields.items()}


def told_field(
    name: str, value: object, tell: Callable[[int], str] = format_time
) -> object:
    """One field of them; what is within others as well."""
    if name == _OF_OTHERS:
        return value
    if isinstance(value, Mapping):
        return told_fields(value, tell)
    if isinstance(value, list):
        return [told_field("", one, tell) for one in value]
    is_time = name.endswith("_at") or name in _TIMES
    return tell(value) if is_time and isinstance(value, int) else value
