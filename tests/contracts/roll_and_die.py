"""Books usage while children that roll it up are killed; run with a database's URL.

Prints how many requests it booked. A process of its own, as it forks.
"""

import os
import random
import signal
import sys
import time

from keyhouse.adapters.database import open_database
from keyhouse.core.grains import MINUTE_US, Grain
from keyhouse.core.usage import Bucket, BucketKey, UsageBatch, Use
from keyhouse.core.verdict import Verdict

NOW = 29_379_900
KILLED = 10
ROLLED = (Grain.MINUTE, Grain.QUARTER_HOUR, Grain.DAY)
USE = Use("org_a", "org_c", "api_1", "rte_1", "key_1", 1, "app_1", "test", "")


def roll(url: str) -> None:
    """Small steps for ever, deleting what is old between them."""
    database = open_database(url)
    while True:
        for grain in ROLLED:
            with database.rows.writing() as tx:
                tx.roll_up_usage(grain, NOW, 3)
            database.upkeep.prune_usage(grain, NOW * MINUTE_US, 3)
            # As the worker does: on SQLite nobody else would have a turn.
            time.sleep(0.01)


def rolling(url: str) -> int:
    """The process id of a child that rolls up."""
    child = os.fork()
    if not child:
        roll(url)
    return child


def book(url: str, number: int) -> int:
    database = open_database(url)
    database.sink.open_spool("spl_1", "nod_1", "boot")
    chance = random.Random(number)
    minutes = chance.sample(range(NOW - 100_000, NOW), 10)
    minutes += range(NOW - 200_000, NOW - 199_990)
    valid = Verdict.VALID.number
    keys = [
        BucketKey(minute, USE._replace(key_id=f"key_{minute % 7}"), valid)
        for minute in minutes
    ]
    batch = UsageBatch("spl_1", number, number + 1, {key: Bucket(1) for key in keys})
    assert database.sink.book(batch)
    assert not database.sink.book(batch)
    database.dispose()
    return len(keys)


def main(url: str) -> None:
    booked = 0
    for number in range(KILLED):
        child = rolling(url)
        booked += book(url, 2 * number)
        # From before its first step to after many; nothing waits for it to be there.
        time.sleep(number * 0.015)
        booked += book(url, 2 * number + 1)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print(booked)


if __name__ == "__main__":
    main(sys.argv[1])
