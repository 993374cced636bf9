"""Every how many days a secret is to be replaced, as a form has it."""

from typing import Final

from keyhouse.core.entities import RotationSchedule
from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.words import duration
from keyhouse.services.issue import Holder, Scheduled

ASK: Final = ""
OPEN: Final = "open"
OVERLAPS: Final = {
    "0": ("None", "The old secret is refused at once. For a secret that has leaked."),
    "3600": ("An hour", "Time to restart what uses it."),
    "86400": ("A day", "Time for a deployment."),
    "604800": ("A week", "Time for others to change it, too."),
}
"""How long an old secret can go on, in seconds, with the words for it."""
_WHOSE: Final = {
    Holder.KEY: "",
    Holder.APPLICATION: ", as its application says",
    Holder.PLAN: ", as a plan of its application says",
}
_DIGITS_MAX: Final = 9


def read_rotation(typed: Typed) -> tuple[RotationSchedule | None, list[Problem]]:
    """The schedule; None where no number of days was given."""
    days = typed.text("rotation_days")
    if not days:
        return None, []
    if not _is_number(days):
        mend = "write how many, as 90, or leave it empty"
        return None, [Problem("rotation_days", "is no number of days", mend)]
    overlap = typed.text("rotation_overlap")
    seconds = int(overlap) if _is_number(overlap) else None
    return RotationSchedule(every_days=int(days), overlap_seconds=seconds), []


def typed_rotation(schedule: RotationSchedule | None) -> dict[str, str]:
    """The fields of a schedule."""
    if schedule is None:
        return {"rotation_days": "", "rotation_overlap": ASK}
    overlap = schedule.overlap_seconds
    usual = ASK if overlap is None else str(overlap)
    return {"rotation_days": str(schedule.every_days), "rotation_overlap": usual}


def usual_choices(chosen: str) -> list[tuple[str, str]]:
    """The overlaps of a schedule; one that is none of the usual stays a choice."""
    known = [(seconds, words) for seconds, (words, _) in OVERLAPS.items()]
    if _is_number(chosen) and chosen not in OVERLAPS:
        known.append((chosen, duration(int(chosen))))
    return [(ASK, "A day, unless another is chosen"), *known]


def said(schedule: RotationSchedule) -> str:
    """`every 90 days, with an overlap of 7 days`."""
    every = (
        "every day" if schedule.every_days == 1 else f"every {schedule.every_days:,} days"
    )
    overlap = schedule.overlap_seconds
    if overlap is None:
        return every
    return (
        f"{every}, with {f'an overlap of {duration(overlap)}' if overlap else 'no overlap'}"
    )


def told(scheduled: Scheduled | None) -> str:
    """The schedule that holds for a key, and whose it is; '' where there is none."""
    return "" if scheduled is None else said(scheduled.schedule) + _WHOSE[scheduled.holder]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
