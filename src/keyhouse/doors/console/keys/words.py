"""Small parts of sentences: lists, counts, scopes, limits, days."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.doors.console import words as plain
from keyhouse.doors.console.apis.limit_rows import PERIODS

_EACH: Final = {
    Window.HOUR: "each hour of the clock",
    Window.DAY: "a day",
    Window.WEEK: "a week",
    Window.MONTH: "a month",
}
_MANY: Final = 3


def listed(items: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def shortened(items: Sequence[str], noun: str, word: str = "or") -> str:
    """The first few items, and how many of `noun` there are beyond."""
    if len(items) <= _MANY:
        return listed(items, word)
    beyond = len(items) - _MANY + 1
    return f"{', '.join(items[: _MANY - 1])} {word} {counted(beyond, f'other {noun}')}"


def app(text: str) -> str:
    """What people call an app: `com.example.weather (Android)`."""
    system, _, name = text.partition(":")
    return f"{name.partition(':')[0]} ({'iOS' if system == 'ios' else 'Android'})"


def counted(number: int, noun: str) -> str:
    """`1 request`, `1,200 requests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def scopes(held: Sequence[str]) -> str:
    """`forecast: read and write`; `everything` for `*`."""
    if "*" in held:
        return "everything"
    actions: dict[str, list[str]] = {}
    for scope in held:
        resource, _, action = scope.partition(":")
        actions.setdefault(resource, []).append(action)
    return "; ".join(
        f"{'all resources' if resource == '*' else resource}: "
        f"{'everything' if '*' in named else listed(named)}"
        for resource, named in actions.items()
    )


def limit(one: Limit) -> str:
    """`600 times a minute, 20 at once`; `50,000 a day (Europe/Berlin)`."""
    if one.kind is LimitKind.RATE:
        burst = "" if one.burst is None else f", {one.burst:,} at once"
        return f"{times(one.amount)} {_period(one.period_seconds or 1)}{burst}"
    if one.window is None:
        return f"{one.amount:,} credits"
    each = _EACH[one.window]
    zone = "" if one.zone == "UTC" else f" ({one.zone})"
    return f"{one.amount:,} {each}{zone}"


def limits(many: Iterable[Limit]) -> str:
    """All limits, the quickest first as they stand."""
    return ", ".join(limit(one) for one in many)


def times(number: int) -> str:
    """`once`, `600 times`."""
    return "once" if number == 1 else f"{number:,} times"


def day(at_us: int) -> str:
    """`31 January 2027`, in UTC."""
    return plain.day(at_us)


def moment(at_us: int) -> str:
    """`31 January 2027, 14:05 UTC`; a midnight is told as the day that ends there."""
    at = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    if (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"the end of {day(at_us - 1)} (UTC)"
    return f"{day(at_us)}, {at:%H:%M} UTC"


def _period(seconds: int) -> str:
    if seconds == 3600:
        return "an hour"
    if seconds in PERIODS:
        return f"a {PERIODS[seconds]}"
    return f"every {seconds:,} seconds"
