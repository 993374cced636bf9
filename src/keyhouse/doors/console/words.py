"""How times, spans and counts read."""

from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
_UNITS: Final = (
    (365 * _DAY, "year", "y"),
    (30 * _DAY, "month", "mo"),
    (7 * _DAY, "week", "w"),
    (_DAY, "day", "d"),
    (_HOUR, "hour", "h"),
    (_MINUTE, "minute", "min"),
    (1, "second", "s"),
)
_JUST_NOW_SECONDS: Final = 5


def plural(number: int, one: str, many: str = "") -> str:
    """`1 key`, `2 keys`, `1,200 keys`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def count(number: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}"


def duration(seconds: int) -> str:
    """`90` reads `2 minutes`, `86400` reads `1 day`: the largest unit, rounded."""
    for size, name, _ in _UNITS:
        if seconds >= size:
            return plural(round(seconds / size), name)
    return "0 seconds"


def micros(microseconds: int | None) -> str:
    """A latency: `840 µs`, `12 ms`, `1.4 s`; a dash where nothing was measured."""
    if microseconds is None:
        return "–"  # noqa: RUF001 # a dash it is
    if microseconds < 1000:
        return f"{microseconds} µs"
    if microseconds < 10_000:
        return f"{microseconds / 1000:.1f} ms"
    if microseconds < 1_000_000:
        return f"{microseconds // 1000} ms"
    return f"{microseconds / 1_000_000:.1f} s"


def ago(at_us: int | None, now_us: int) -> str:
    """`3 hours ago`, `in 2 days`, `just now`; `never` for None."""
    if at_us is None:
        return "never"
    seconds = (now_us - at_us) // 1_000_000
    if abs(seconds) < _JUST_NOW_SECONDS:
        return "just now"
    return f"{duration(seconds)} ago" if seconds > 0 else f"in {duration(-seconds)}"


def exact(at_us: int) -> str:
    """A moment in full, in UTC."""
    return f"{_moment(at_us):%-d %B %Y, %H:%M:%S} UTC"


def day(at_us: int) -> str:
    """`31 January 2027`, in UTC."""
    return f"{_moment(at_us):%-d %B %Y}"


def when(at_us: int | None, now_us: int, never: str = "never") -> Markup:
    """A `<time>`: relative for the eye, exact on hover and for machines."""
    if at_us is None:
        return Markup('<span class="faint">{}</span>').format(never)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        _moment(at_us).isoformat(), exact(at_us), ago(at_us, now_us)
    )


def at(at_us: int, now_us: int) -> Markup:
    """A `<time>` as it stands in a sentence: exact, and relative on hover."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        _moment(at_us).isoformat(), ago(at_us, now_us), exact(at_us)
    )


def _moment(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1_000_000, UTC)
