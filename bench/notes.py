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
        "which Envoy pays as well; compiled Python is 4.6 µs, flat over fifty functions, "
        "the rest uvloop and llhttp. Three whole runs of nearly this code gave 1.52, 1.58 "
        "and 1.62: the goal lies within what the machine varies by. More would take a "
        "tenth of a microsecond in ten more places, or one record in the spool for a call "
        "that ends in one read (0.5 µs)."
    ),
    goals.ADDED_P99: (
        "the thread that books usage works in pieces of a quarter of a millisecond, "
        "between which requests are served: alone on its core the gateway's p99 is mostly "
        "0.7 to 1.3 ms at this rate. Here nine other programs wake on the same core, and a "
        "thread of the kernel (DAMON) takes it for one to four milliseconds once a second; "
        "nginx, which does half as much for a request, has 1.0 to 2.2 ms. For the rest of "
        "the difference no thread is in the loop's way, says perf sched: it seems to lie "
        "in the first requests of the connections with which each run begins."
    ),
    goals.UNDER_CADDY: (
        "nearly all of it is Caddy's own: a second exchange for each request costs it "
        "more than the first. The row in which it asks a server that answers without "
        "checking anything is the most that any forward-auth can come to on one core."
    ),
    goals.GUARD_TO_DRF: (
        "of the guard's 2.2 µs four tenths are the decision, of that nearly half the hash "
        "of the secret; a third counts it: the record in the spool and the sums of usage, "
        "which outlive a kill; the rest is `verify`'s fifteen arguments and one coroutine. "
        "100 would take a guard that remembers secrets in the clear, or counts in memory "
        "only. The library counts nothing; it asks SQLite for each request."
    ),
    goals.HELD: (
        "as Python allocates them: the strings of the key's rows (0.2 kB), what is "
        "compiled of key, secret and line (0.55 kB), and the cache's own tables, which "
        "are at their emptiest at this number of keys: with 20,000 it comes to 1.15 kB "
        "uncompiled. Compiled objects take 16 bytes more each. One table in place of two "
        "for digests would take 80 off."
    ),
}
