"""When a key's secret is to be replaced, and when to say so."""

from typing import Final

from keyhouse.core.entities import RotationSchedule, SecretRow

DAY_US: Final = 86_400 * 1_000_000
EVERY_DAYS_MAX: Final = 3650
OVERLAP_SECONDS_MAX: Final = 366 * 86_400
"""The longest overlap that has an end; one without ends by hand."""
DAYS_BEFORE: Final = (14, 7, 1)
"""How many days before something is due its owner is reminded."""
ON_THE_DAY: Final = 0


def schedule_of(*holders: RotationSchedule | None) -> RotationSchedule | None:
    """The schedule that holds, of those given from the narrowest to the widest."""
    return next((one for one in holders if one is not None), None)


def due_us(schedule: RotationSchedule | None, newest: SecretRow | None) -> int | None:
    """When a key is to get a new secret: so long after the start of its newest."""
    if schedule is None or newest is None:
        return None
    return newest.starts_at + schedule.every_days * DAY_US


def newest_of(secrets: list[SecretRow], now_us: int) -> SecretRow | None:
    """The newest of a key's secrets that is not over."""
    living = [one for one in secrets if not is_over(one, now_us)]
    return max(living, key=lambda one: one.version, default=None)


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
