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
        "the rest uvloop and llhttp. Whole runs of nearly this code gave 1.52 to 1.67: the "
        "goal lies within what the machine varies by. More would take a "
        "tenth of a microsecond in ten more places, or one record in the spool for a call "
        "that ends in one read (0.5 µs)."
    ),
    goals.ADDED_P99: (
        "the thread that books usage works in pieces of a quarter of a millisecond, "
        "between which requests are served: alone on its core the gateway's p99 is mostly "
        "0.7 to 1.3 ms at this rate. Here nine other programs wake on the same core, and a "
        "thread of the kernel (DAMON) takes it for one to four milliseconds once a second; "
        "nginx, which does half as much for a request, has 1.0 to 3.0 ms, and Envoy 2.5 to "
        "14. Opening connections has no part in it: that lies in the second before. What "
        "makes up the rest of the difference is not known."
    ),
    goals.UNDER_CADDY: (
        "a second exchange for each request costs Caddy more than the first: asking a "
        "server that checks nothing and answers in one line, it comes to 0.43, which is "
        "the most that any forward-auth can on one core. The rest is ours, 50 of 245 µs "
        "(30 where nobody takes turns with us), and the seven headers that Caddy copies "
        "from the answer, at 5 µs each. A compiled authorize endpoint would take 10 off."
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
