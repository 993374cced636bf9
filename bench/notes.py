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
        "at this rate the gateway uses more than half of the core, so that what a stall "
        "holds up takes as long again to make good. What stalls it, by the kernel's own "
        "account (perf sched, three seconds): DAMON, a thread of the kernel, for 0.9 ms "
        "twice a second; the thread that books usage for 0.7 ms twice a second; and turns "
        "of 2 to 4 ms of whatever ran when the machine below took the core, up to twice a "
        "second. So one second has 0.5 ms, the next 4.7; nginx, which uses a "
        "quarter of the core, has 1.0 to 3.5 by the same measure, and Envoy 2.3 to 14. To "
        "stop the nine other programs, to give the booking thread less of the core or the "
        "loop shorter turns (EEVDF slices) changed nothing beyond the noise. It would take "
        "half of the CPU a request, or a machine that is our own."
    ),
    goals.UNDER_CADDY: (
        "a second exchange for each request costs Caddy more than the first: asking a "
        "server that checks nothing and answers in one line, it comes to 0.43 to 0.49, "
        "which is the most that any forward-auth can on one core. The rest is ours, 36 of "
        "162 µs (22 where nobody takes turns with us, of that half the kernel's), and the "
        "seven headers that Caddy copies from the answer, at 5 µs each. 0.7 leaves 22 µs "
        "for the question and its answer together; what Caddy spends on it is 60 alone."
    ),
    goals.GUARD_TO_DRF: (
        "of the guard's 1.65 µs a third is the decision (0.54, of that 0.18 the hash of "
        "the secret), a quarter counts it (0.45: the record in the spool and the sums "
        "of usage, which outlive a kill), 0.2 makes a request of `verify`'s fifteen "
        "arguments, 0.15 is its coroutine, and the rest is calls in between. Much less "
        "would take a guard that remembers secrets in the clear, or counts in memory "
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
