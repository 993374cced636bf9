"""When a key's secret is to be replaced, and when to say so."""

from collections.abc import Iterable
from typing import Final

from keyhouse.core.entities import RotationSchedule, SecretRow, SubscriptionState

DAY_US: Final = 86_400 * 1_000_000
EVERY_DAYS_MAX: Final = 3650
OVERLAP_SECONDS_MAX: Final = 366 * 86_400
"""The longest overlap that has an end; one without ends by hand."""
DAYS_BEFORE: Final = (14, 7, 1)
"""How many days before something is due its owner is reminded."""
ON_THE_DAY: Final = 0
GRANTED: Final = (SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED)
"""Subscriptions whose plan has a say in when keys get new secrets: a secret grows

old while its subscription is suspended as well.
"""


def strictest(schedules: Iterable[RotationSchedule]) -> RotationSchedule | None:
    """The one that is due first; of several, the one with the shorter overlap.

    One that names no overlap leaves the most to whoever rotates, so it comes last.
    """
    return min(schedules, key=_strictness, default=None)


def _strictness(schedule: RotationSchedule) -> tuple[int, int]:
    overlap = schedule.overlap_seconds
    return schedule.every_days, OVERLAP_SECONDS_MAX + 1 if overlap is None else overlap


def due_us(schedule: RotationSchedule | None, newest: SecretRow | None) -> int | None:
    """When a key is to get a new secret: so long after the start of its newest."""
    if schedule is None or newest is None:
        return None
    return newest.starts_at + schedule.every_days * DAY_US


def newest_of(secrets: list[SecretRow], now_us: int) -> SecretRow | None:
    """The newest of a key's secrets that is not over."""
    living = [one for one in secrets if not is_over(one, now_us)]
    return max(living, key=lambda one: one.version, default=None)


def hint_of(secrets: list[SecretRow], now_us: int) -> str:
    """The hint that a key is known by: of its newest secret that is not over.

    Where all are over it is that of the newest, '' where there is none.
    """
    newest = max(secrets, key=lambda one: one.version, default=None)
    shown = newest_of(secrets, now_us) or newest
    return "" if shown is None else shown.hint


def is_over(secret: SecretRow, now_us: int) -> bool:
    """Whether a secret is refused for good."""
    ended = secret.ends_at is not None and now_us >= secret.ends_at
    return ended or secret.revoked_at is not None


def stage_of(
    due_at: int, began_at: int, now_us: int, days: tuple[int, ...] = DAYS_BEFORE
) -> int | None:
    """Which reminder is the one to have gone out by now; None before the first.

    Told as days before. One whose day was before it all began is none: who
    makes a key for three days need not hear that it ends in less than seven.
    """
    past = [one for one in days if began_at < due_at - one * DAY_US <= now_us]
    return min(past, default=None)
