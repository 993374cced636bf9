"""How long an old secret goes on, and from when: what a form says, and what is told."""

from typing import Final, NamedTuple

from keyhouse.core.entities import KeyKind, RotationSchedule
from keyhouse.doors.console.keys.rotation_form import OPEN, OVERLAPS
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.words import duration

USUAL: Final = 86_400
_DIGITS_MAX: Final = 9


class Replacing(NamedTuple):
    """The overlap in seconds, None without an end; and whether it waits for a use."""

    overlap_seconds: int | None = USUAL
    on_first_use: bool = False

    @property
    def chosen(self) -> str:
        """As the form's choices name it."""
        return OPEN if self.overlap_seconds is None else str(self.overlap_seconds)

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """The overlaps to choose from, with this one where it is not a usual one."""
        known = [(seconds, *words) for seconds, words in OVERLAPS.items()]
        if self.overlap_seconds is not None and self.chosen not in OVERLAPS:
            known.append((self.chosen, duration(self.overlap_seconds), ""))
        open_end = "Both work, and nothing ends by itself."
        return [*known, (OPEN, "Until somebody ends it", open_end)]

    @property
    def told(self) -> str:
        """What becomes of the old secret, in a sentence."""
        watch = "the key's page shows whether it is still used"
        if self.overlap_seconds is None:
            return f"The old secret goes on until somebody ends it; {watch}."
        if self.on_first_use:
            after = "then is refused"
            if self.overlap_seconds:
                after = f"{duration(self.overlap_seconds)} longer"
            used = "The old secret goes on until the new one is first used"
            return f"{used}, and {after}; {watch}."
        if self.overlap_seconds:
            return f"The old secret goes on for {duration(self.overlap_seconds)}; {watch}."
        return "The old secret is refused from now on."


def usual(schedule: RotationSchedule | None) -> Replacing:
    """What a form begins with: the overlap of the schedule, else a day."""
    seconds = None if schedule is None else schedule.overlap_seconds
    return Replacing(USUAL if seconds is None else seconds)


def read(typed: Typed, kind: KeyKind) -> Replacing:
    """What was chosen; what is no choice counts as a day.

    The use of management keys is not counted, so nothing can wait for it; nor
    does an overlap without end.
    """
    given = typed.text("overlap")
    if given == OPEN:
        return Replacing(None)
    known = given.isascii() and given.isdigit() and len(given) <= _DIGITS_MAX
    waits = typed.has("on_first_use", "1") and kind is not KeyKind.MANAGEMENT
    return Replacing(int(given) if known else USUAL, waits)
