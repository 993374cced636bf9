"""What the profile shows where a row falls short, written by hand.

RESULTS.md prints a note only beneath a row that does not hold, so one may
stay here when its row holds again.
"""

from collections.abc import Mapping
from typing import Final

from bench import goals

NOTES: Final[Mapping[str, str]] = {
    goals.TO_ENVOY: (
        "half of the gateway's time is the kernel's two reads and two writes, which Envoy "
        "pays as well; Python is 40 %, 8.4 µs for a request, uvloop and llhttp 2 % each. "
        "1.6 here would take Python's share down to a third of that. The ratio is a matter "
        "of the machine too: beside an Envoy that does 20,000/s the same code came to 1.7."
    ),
    goals.TO_NGINX: (
        "as for Envoy: what is left above the kernel's part is Python's 8.4 µs."
    ),
    goals.VERIFY_TO_LUA: (
        "17 µs of Python for a call whose head and question are known: the management key "
        "and the decision 4, the two records in the spool and their sums 4, the answer of "
        "700 bytes 1, the rest hands over from one to the next. nginx checks in C and has "
        "nothing to say. An answer that names less, on demand, and one record for both "
        "ends of a call would take a third off."
    ),
    goals.ADDED_P99: (
        "measured with the data folder in memory (tmpfs) p99 is 2.5 to 3 ms and stays "
        "there; on a disk it grows with the load from 3 to 10 ms. So most of it is the "
        "loop's thread waiting for the disk: likely where it first writes to a page of "
        "the mapped spool while the file system commits what the database has synced, "
        "twice a second. Touching the spool's next pages from the thread that books would "
        "take that off the loop. The rest is that thread itself, on the one core that "
        "both have here; neither shorter statements nor a lower priority made a "
        "difference. Envoy's own p99 was 5 ms in the same run."
    ),
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
