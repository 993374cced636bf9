"""How long things are measured."""

from typing import Final, NamedTuple


class Pace(NamedTuple):
    """Rounds of seconds, after warming up. `is_full` runs what takes its time."""

    rounds: int
    seconds: int
    warm_seconds: int
    is_full: bool


QUICK: Final = Pace(rounds=2, seconds=1, warm_seconds=1, is_full=False)
FULL: Final = Pace(rounds=5, seconds=2, warm_seconds=1, is_full=True)
