"""How fast and how much, as owners of limits keep it."""

from dataclasses import dataclass
from enum import StrEnum


class LimitKind(StrEnum):
    """How fast, or how much."""

    RATE = "rate"
    QUOTA = "quota"


class Window(StrEnum):
    """The calendar window of a quota."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One named rate limit or quota, kept as JSON in its owner's `limits`.

    A rate allows `amount` units each `period_seconds`, and `burst` at once
    (`amount` where it is None). A quota allows `amount` units each calendar
    `window` in `zone` (an IANA name), whose start is moved by `offset_seconds`.
    """

    name: str
    kind: LimitKind
    amount: int
    period_seconds: int | None = None
    burst: int | None = None
    window: Window | None = None
    zone: str = "UTC"
    offset_seconds: int = 0
