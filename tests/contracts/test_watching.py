"""`ports.UsageWatch`: sums over all organizations, whatever has been rolled up."""

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.grains import DAY_MINUTES, Grain
from keyhouse.core.usage import Bucket, BucketKey, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.ports import KeyUse

DAY = 20_000 * DAY_MINUTES
START = DAY + 12 * 60
VALID, LIMITED, REVOKED = (
    one.number for one in (Verdict.VALID, Verdict.RATE_LIMITED, Verdict.REVOKED)
)


class Booked:
    """A database in which usage is booked, and rolled up when asked for."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._booked = 0
        database.sink.open_spool("spl_1", "nod_1", "boot")

    def book(
        self, key: str, minute: int, requests: int, *, verdict: int = VALID, api: str = "a"
    ) -> None:
        use = Use(f"org_{api}", "org_c", f"api_{api}", "", key, 1, "app_1", "live", "")
        batch = UsageBatch("spl_1", self._booked, self._booked + 1)
        batch.buckets[BucketKey(minute, use, verdict)] = Bucket(requests=requests)
        assert self.database.sink.book(batch)
        self._booked += 1

    def roll(self, grain: Grain, before: int) -> None:
        with self.database.rows.writing() as tx:
            tx.roll_up_usage(grain, before, 1000)


@pytest.fixture
def booked(database: Database) -> Booked:
    return Booked(database)


def test_keys_are_told_in_pages_with_what_their_good_secrets_asked(booked: Booked) -> None:
    for key, requests in (("key_1", 5), ("key_2", 2), ("key_3", 9), ("", 50)):
        booked.book(key, START, requests)
    booked.book("key_1", START + 14, 3, verdict=LIMITED)
    booked.book("key_1", START + 15, 100)
    booked.book("key_2", START, 100, verdict=REVOKED)
    booked.book("key_3", START, 1, api="b")
    booked.roll(Grain.MINUTE, START + 30)
    watch = booked.database.watch
    first = watch.busy_keys(START, 3, after="", limit=1)
    assert first == [KeyUse("key_1", "org_a", 8)]
    assert watch.busy_keys(START, 3, after="key_1", limit=9) == [KeyUse("key_3", "", 10)]
    assert watch.busy_keys(START + 15, 3, after="", limit=9) == [
        KeyUse("key_1", "org_a", 100)
    ]


@pytest.mark.parametrize("rolled", [(), (Grain.QUARTER_HOUR,)])
def test_the_busiest_quarter_and_day_are_of_that_time_alone(
    booked: Booked, rolled: tuple[Grain, ...]
) -> None:
    """Whether the quarters of an hour went into their days already, or not yet."""
    for minute, requests in ((0, 4), (7, 3), (15, 6), (30, 900)):
        booked.book("key_1", START + minute, requests)
    booked.book("key_1", START + DAY_MINUTES, 40)
    booked.book("key_2", START, 1)
    later = START + 2 * DAY_MINUTES
    for grain in (Grain.MINUTE, *rolled):
        booked.roll(grain, later)
    watch, both = booked.database.watch, ("key_1", "key_2", "key_3")
    quarters = watch.busiest_quarters(both, START, START + 30)
    assert quarters == {"key_1": 7, "key_2": 1}
    assert watch.busiest_quarters(both, START + 15, START + 16) == {"key_1": 6}
    days = watch.busiest_days(both, DAY, DAY + 2 * DAY_MINUTES)
    known = {"key_1": 913, "key_2": 1} if rolled else {}
    assert days == known
    assert watch.busiest_days(both, DAY + 1, DAY + 2 * DAY_MINUTES) == (
        {"key_1": 40} if rolled else {}
    )
    assert watch.first_days(both) == dict.fromkeys(known, DAY)
