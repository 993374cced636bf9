"""What the profile shows where a row falls short, written by hand.

RESULTS.md prints a note only beneath a row that does not hold, so one may
stay here when its row holds again.
"""

from collections.abc import Mapping
from typing import Final

from bench import goals

NOTES: Final[Mapping[str, str]] = {
    goals.TO_ENVOY: (
        "13 of the 20 µs that a request takes are the kernel's two reads and two writes, "
        "which Envoy pays as well; compiled Python is 4.7 µs, flat over fifty functions, "
        "the rest uvloop and llhttp. 1.6 would take a tenth of a microsecond in ten more "
        "places, or one record in the spool for a call that ends in one read (0.5 µs). The "
        "ratio is a matter of the machine too: Envoy does 20,000/s on some, 34,000 here."
    ),
    goals.ADDED_P99: (
        "twice a second the thread that books usage takes some milliseconds of the one "
        "core that both have here, and requests that come meanwhile wait for their turn. "
        "On a disk it is little more than in memory (tmpfs: 2.5 to 3 ms); neither shorter "
        "statements nor a lower priority made a difference. Booking in a process of its "
        "own would leave the loop alone where there is a second core. Envoy's own p99 was "
        "5.5 ms in the same run, nginx's 1.5."
    ),
    goals.UNDER_CADDY: (
        "nearly all of it is Caddy's own: a second exchange for each request costs it "
        "more than the first. The row in which it asks a server that answers without "
        "checking anything is the most that any forward-auth can come to on one core."
    ),
    goals.GUARD_TO_DRF: (
        "a third of the guard's 2.3 µs is the decision, half of that the hash of the "
        "secret; a fifth the record in the spool; the rest makes a request out of "
        "`verify`'s arguments and goes through two coroutines, which only wait where a "
        "key is not in the cache: asking without the second would save 0.3 µs. The "
        "library counts nothing; it asks SQLite for each request."
    ),
    goals.HELD: (
        "as Python allocates them: the strings of the key's rows (0.2 kB), what is "
        "compiled of key, secret and line (0.55 kB), and the cache's own tables, which "
        "are at their emptiest at this number of keys: with 20,000 it comes to 1.15 kB "
        "uncompiled. Compiled objects take 16 bytes more each. One table in place of two "
        "for digests would take 80 off."
    ),
}
