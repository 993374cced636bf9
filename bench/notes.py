"""What the profile shows where a row falls short, written by hand.

RESULTS.md prints a note only beneath a row that does not hold, so one may
stay here when its row holds again.
"""

from collections.abc import Mapping
from typing import Final

from bench import goals

NOTES: Final[Mapping[str, str]] = {
    goals.UNDER_CADDY: (
        "nearly all of it is Caddy's own: a second exchange for each request costs it "
        "more than the first. The row in which it asks a server that answers without "
        "checking anything is the most that any forward-auth can come to on one core."
    ),
    goals.GUARD_TO_DRF: (
        "a quarter of the guard's time is the decision and a fifth the record in the "
        "spool; the rest makes a request out of `verify`'s arguments and goes through two "
        "coroutines, which only wait where a key is not in the cache. The library counts "
        "nothing; it asks SQLite for each request."
    ),
    goals.HELD: (
        "as Python allocates them: the strings of the key's rows (0.36 kB), what is "
        "compiled of key and application (0.6 kB), the cache's own dictionaries (0.5 kB), "
        "and what metering knows it by (0.13 kB)."
    ),
}
