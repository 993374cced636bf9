"""Keys that are not known, in words and bars."""

from keyhouse.doors.console import words
from keyhouse.doors.console.overview.bars import Bar, bars
from keyhouse.services.reports import Hour, Strangers


def tried(seen: Strangers) -> str:
    """How many attempts there were, and what became of them."""
    told = f"{words.plural(seen.requests, 'attempt')} in the last 24 hours"
    if seen.unlooked:
        told += f", {words.count(seen.unlooked)} of them turned away without a look-up"
    return f"{told}."


def spike(seen: Strangers) -> str:
    """Why a hand is needed: `tried 1,204 times in 24 hours, usually 3 times a day`."""
    wrong = words.count(seen.requests - seen.unlooked)
    told = f"were tried {wrong} times in 24 hours"
    if not seen.usual:
        return f"{told}, hardly ever before"
    return f"{told}, usually {words.plural(seen.usual, 'time')} a day"


def by_hour(seen: Strangers) -> list[Bar]:
    """A bar for each hour."""
    return bars([Hour(one.start_us, 0, 0, one.requests) for one in seen.hours])
