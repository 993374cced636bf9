"""Checks of rate limits and quotas."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from keyhouse.core.entities import Limit, LimitKind
from keyhouse.core.limits import RATE_MAX
from keyhouse.core.quotas import OFFSET_SECONDS_MAX
from keyhouse.core.validation.problem import Problem, check_number

LIMITS_MAX: Final = 16
"""The most limits of one owner: each is worked on for each request."""
AMOUNT_MAX: Final = 999_999_999_999_999
"""The greatest integer that a structured field can tell (RFC 9651, 3.3.1)."""
REFILL_SECONDS_MAX: Final = 366 * 86_400
"""The longest period, and the longest that a burst may take to come back."""
_LIMIT_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*){0,2}")
KnowsZone = Callable[[str], bool]


def check_limits(
    field: str, limits: Sequence[Limit], knows_zone: KnowsZone
) -> list[Problem]:
    """The limits of an API or key; names are unique among them."""
    if len(limits) > LIMITS_MAX:
        return [Problem(field, f"has more than {LIMITS_MAX} limits", "join some")]
    problems: list[Problem] = []
    names: set[str] = set()
    for index, limit in enumerate(limits):
        place = f"{field}.{index}"
        if limit.name in names:
            problems.append(
                Problem(f"{place}.name", "is there twice", "rename one of them")
            )
        names.add(limit.name)
        problems += check_limit(place, limit, knows_zone)
    return problems


def check_limit(field: str, limit: Limit, knows_zone: KnowsZone) -> list[Problem]:
    """One limit: what every kind has, then what its own kind has."""
    problems = []
    if _LIMIT_NAME.fullmatch(limit.name) is None:
        mend = "use up to 63 of a-z, 0-9, -, _ and ., beginning with a letter"
        problems.append(Problem(f"{field}.name", "is no name of a limit", mend))
    problems += check_number(f"{field}.amount", limit.amount, 1, AMOUNT_MAX)
    if problems:
        return problems
    if limit.kind is LimitKind.RATE:
        return _rate(field, limit)
    return _quota(field, limit, knows_zone)


def _rate(field: str, limit: Limit) -> list[Problem]:
    if limit.window is not None or limit.offset_seconds or limit.zone != "UTC":
        reason = "belongs to quotas"
        return [Problem(f"{field}.window", reason, "give a rate period_seconds instead")]
    if limit.period_seconds is None:
        return [Problem(f"{field}.period_seconds", "is missing", "say amount per how long")]
    period, burst = limit.period_seconds, limit.burst
    problems = check_number(f"{field}.period_seconds", period, 1, REFILL_SECONDS_MAX)
    if burst is not None:
        problems += check_number(f"{field}.burst", burst, 1, AMOUNT_MAX)
    if problems:
        return problems
    if limit.amount > RATE_MAX * period:
        reason = f"is more than {RATE_MAX} a second"
        return [Problem(f"{field}.amount", reason, "lower it, or leave the limit out")]
    if (burst or 0) * period > REFILL_SECONDS_MAX * limit.amount:
        return [Problem(f"{field}.burst", "takes over a year to come back", "lower it")]
    return []


def _quota(field: str, limit: Limit, knows_zone: KnowsZone) -> list[Problem]:
    if limit.period_seconds is not None or limit.burst is not None:
        wrong = "burst" if limit.period_seconds is None else "period_seconds"
        return [Problem(f"{field}.{wrong}", "belongs to rates", "give a quota window")]
    if limit.window is None:
        mend = "choose hour, day, week or month"
        return [Problem(f"{field}.window", "is missing", mend)]
    offset_max = OFFSET_SECONDS_MAX[limit.window]
    return [
        *check_zone(f"{field}.zone", limit.zone, knows_zone),
        *check_number(f"{field}.offset_seconds", limit.offset_seconds, 0, offset_max),
    ]


def check_zone(field: str, value: str, knows_zone: KnowsZone) -> list[Problem]:
    """The IANA name of a time zone. `knows_zone` is asked for clean names only."""
    if len(value) > 64 or _ZONE.fullmatch(value) is None or not knows_zone(value):
        return [Problem(field, "is no time zone", "use an IANA name, as Europe/Berlin")]
    return []
