"""Checks of overlaps and of schedules of rotation."""

from keyhouse.core.entities import RotationSchedule
from keyhouse.core.rotation import EVERY_DAYS_MAX, OVERLAP_SECONDS_MAX
from keyhouse.core.validation.problem import Problem

_DAY_SECONDS = 86_400


def check_overlap(field: str, seconds: int | None) -> list[Problem]:
    """How long a replaced secret goes on; None is until somebody ends it."""
    if seconds is None or 0 <= seconds <= OVERLAP_SECONDS_MAX:
        return []
    mend = f"choose 0 to {OVERLAP_SECONDS_MAX} seconds, or null for no end"
    reason = "is negative" if seconds < 0 else "is longer than 366 days"
    return [Problem(field, reason, mend)]


def check_schedule(field: str, schedule: RotationSchedule | None) -> list[Problem]:
    """How often a secret is to be replaced; an overlap is over before the next."""
    if schedule is None:
        return []
    problems = check_overlap(f"{field}.overlap_seconds", schedule.overlap_seconds)
    if not 1 <= schedule.every_days <= EVERY_DAYS_MAX:
        mend = f"choose 1 to {EVERY_DAYS_MAX} days"
        problems.append(Problem(f"{field}.every_days", "is out of bounds", mend))
    elif (schedule.overlap_seconds or 0) > schedule.every_days * _DAY_SECONDS:
        reason = "is longer than the time between two rotations"
        mend = "choose a shorter one, or more days"
        problems.append(Problem(f"{field}.overlap_seconds", reason, mend))
    return problems
