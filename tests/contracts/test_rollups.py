"""Usage adds up to the same whatever has been rolled up, and whenever that was cut off.

Random histories are compared with an oracle that keeps every minute in a list.
"""

import os
import random
import subprocess
import sys
from contextlib import suppress
from dataclasses import astuple
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.tables import usage_rollup, usage_total
from keyhouse.core.grains import MINUTE_US, Grain, even_cuts, floor_to
from keyhouse.core.ids import request_head
from keyhouse.core.latency import LATENCY_SLOTS
from keyhouse.core.steps import Step, steps_between
from keyhouse.core.usage import (
    Bucket,
    BucketKey,
    LogRow,
    UsageBatch,
    Use,
)
from keyhouse.core.verdict import BY_CODE, Verdict
from keyhouse.ports import SecretUse, UsageRow, UsageWanted

HISTORIES = int(os.environ.get("KEYHOUSE_SOAK_ROLLUPS", "2"))
DEEDS = 45
ROLLED = (Grain.MINUTE, Grain.QUARTER_HOUR, Grain.DAY)
DAY = 1440
NOW = 29_379_900
"""Late on the evening of a 10th of November, in minutes since 1970."""
KEPT_MINUTES = 3 * DAY
KEPT_QUARTERS = 45 * DAY
KEPT_DAYS = 120 * DAY
LONG_AGO = NOW - 130 * DAY
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns")
FIELDS = {"key": "key_id", "api": "api_id", "environment": "environment"}
FIELDS |= {"application": "application_id", "route": "route_id"}


class Died(Exception):
    """Stands for the death of the process."""


class History:
    """One installation's usage, and all of it again in a list."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.random = random.Random(seed)
        self.now = NOW
        self.booked = 0
        self.batches: list[UsageBatch] = []
        self.truth: list[tuple[BucketKey, Bucket]] = []
        database.sink.open_spool("spl_1", "nod_1", "boot")

    def run(self) -> None:
        deeds = (self.book, self.book, self.repeat, self.roll, self.die, self.prune)
        self.book()
        for _ in range(DEEDS):
            self.now += self.random.choice((0, 1, 14, 60, DAY, 9 * DAY))
            self.random.choice(deeds)()
            self.ask()

    def book(self) -> None:
        """What a node brings is of now, or as late as it was away."""
        pick = self.random.choice
        batch = UsageBatch("spl_1", self.booked, self.booked + 1)
        for _ in range(self.random.randint(1, 6)):
            late = pick((0, 1, 20, 200, DAY, 4 * DAY, 50 * DAY, 130 * DAY))
            minute = self.now - self.random.randint(0, late)
            use = Use(
                pick(("org_a", "org_b")),
                pick(("org_a", "org_c", "")),
                pick(("api_1", "api_2")),
                pick(("rte_1", "")),
                pick(("key_1", "key_2", "")),
                pick((1, 2)),
                pick(("app_1", "app_2")),
                pick(("live", "test")),
                "",
            )
            verdict = pick((Verdict.VALID, Verdict.UNKNOWN)).number
            batch.buckets[BucketKey(minute, use, verdict)] = self._bucket()
        self.booked += 1
        self.batches.append(batch)
        self.truth += batch.buckets.items()
        assert self.database.sink.book(batch)

    def _bucket(self) -> Bucket:
        """Units may be less than none: more came back than that minute had."""
        return Bucket(
            requests=self.random.randint(0, 9),
            units=self.random.randint(-5, 9),
            errors=self.random.randint(0, 9),
            bytes_in=self.random.randint(0, 9),
            bytes_out=self.random.randint(0, 9),
            latency=[self.random.randint(0, 3) for _ in range(LATENCY_SLOTS)],
        )

    def repeat(self) -> None:
        """A node that did not hear the answer books again."""
        if self.batches:
            assert not self.database.sink.book(self.random.choice(self.batches))

    def roll(self) -> None:
        grain = self.random.choice(ROLLED)
        for _ in range(self.random.randint(1, 5)):
            with self.database.rows.writing() as tx:
                before = floor_to(grain, self.now)
                tx.roll_up_usage(grain, before, self.random.choice((1, 3, 100)))

    def die(self) -> None:
        with suppress(Died), self.database.rows.writing() as tx:
            for grain in ROLLED:
                tx.roll_up_usage(grain, self.now, 5)
            raise Died

    def prune(self) -> None:
        at_once = self.random.choice((1, 100))
        for grain, kept in (
            (Grain.MINUTE, KEPT_MINUTES),
            (Grain.QUARTER_HOUR, KEPT_QUARTERS),
            (Grain.DAY, KEPT_DAYS),
        ):
            before = (self.now - kept) * MINUTE_US
            self.database.upkeep.prune_usage(grain, before, at_once)

    def ask(self) -> None:
        """Anything that is within what each grain is kept for, and everything."""
        self._ask(floor_to(Grain.MONTH, LONG_AGO), self.now + 1, Step.MONTH, "UTC")
        for kept, exact, steps in (
            (KEPT_MINUTES, Grain.MINUTE, tuple(Step)),
            (KEPT_QUARTERS, Grain.QUARTER_HOUR, (Step.HOUR, Step.DAY, Step.MONTH)),
            (KEPT_DAYS, Grain.DAY, (Step.DAY, Step.MONTH)),
        ):
            edges = sorted(self.now + 1 - self.random.randint(0, kept) for _ in range(2))
            if self.random.random() < 0.5:
                edges[1] = self.now + 1
            since, until = (floor_to(exact, edge) for edge in edges)
            zone = "UTC" if exact is Grain.DAY else self.random.choice(ZONES)
            if since >= self.now - kept:
                self._ask(since, until, self.random.choice(steps), zone)

    def _ask(self, since: int, until: int, step: Step, zone: str) -> None:
        among = [*FIELDS] if self.random.random() < 0.5 else ["api", "environment"]
        groups = self.random.sample(among, self.random.randint(0, 2))
        equals = {}
        if self.random.random() < 0.5:
            name = self.random.choice(among)
            equals[name] = getattr(self.random.choice(self.truth)[0].use, FIELDS[name])
        organization = self.random.choice(("org_a", "org_b", "org_c"))
        own = None if zone == "UTC" and self.random.random() < 0.5 else ZoneInfo(zone)
        cuts = steps_between(step, since * MINUTE_US, until * MINUTE_US, own)
        wanted = UsageWanted(organization, cuts, groups, equals)
        told = {
            (_label(row.start_us, step, zone), *row.group.values(), row.verdict): row
            for row in self.database.reports.usage(wanted)
        }
        expected = self._sums(since, until, step, zone, wanted)
        assert {place: _counts(row) for place, row in told.items()} == expected

    def _sums(
        self, since: int, until: int, step: Step, zone: str, wanted: UsageWanted
    ) -> dict[tuple[str, ...], list[int]]:
        sums: dict[tuple[str, ...], list[int]] = {}
        for (minute, use, verdict), bucket in self.truth:
            seen = wanted.organization_id in (use.provider_id, use.consumer_id)
            fits = all(getattr(use, FIELDS[n]) == v for n, v in wanted.equals.items())
            if not (since <= minute < until and seen and fits):
                continue
            groups = [getattr(use, FIELDS[name]) for name in wanted.group_by]
            code = next(code for code, of in BY_CODE.items() if of.number == verdict)
            place = (_label(minute * MINUTE_US, step, zone), *groups, code)
            *counts, latency = astuple(bucket)
            before = sums.get(place, [0] * (5 + LATENCY_SLOTS))
            sums[place] = [a + b for a, b in zip(before, [*counts, *latency], strict=True)]
        return sums


def _label(at_us: int, step: Step, zone: str) -> str:
    """What clocks in the zone show, cut to the step."""
    moment = datetime.fromtimestamp(at_us // 1_000_000, ZoneInfo(zone))
    length = {Step.MINUTE: 16, Step.HOUR: 13, Step.DAY: 10, Step.MONTH: 7}[step]
    shown = moment.isoformat()[:length]
    return f"{shown}{moment.strftime('%z')}" if step is Step.HOUR else shown


def _counts(row: UsageRow) -> list[int]:
    sums = [row.requests, row.units, row.errors, row.bytes_in, row.bytes_out]
    return [*sums, *row.latency]


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_every_report_adds_up_whatever_was_rolled_up(database: Database, seed: int) -> None:
    """Late and repeated batches, roll-ups cut off at any moment, old rows deleted."""
    History(database, seed).run()


@pytest.fixture
def booked(database: Database) -> Database:
    """A batch of three minutes of two days, half a year ago."""
    database.sink.open_spool("spl_1", "nod_1", "boot")
    database.sink.book(UsageBatch("spl_1", 0, 1, {_key(at): Bucket(1) for at in TIMES}))
    return database


TIMES = (NOW - 180 * DAY, NOW - 180 * DAY + 1, NOW - 179 * DAY)


def _key(minute: int) -> BucketKey:
    use = Use("org_a", "org_c", "api_1", "rte_1", "key_1", 3, "app_1", "test", "")
    return BucketKey(minute, use, Verdict.VALID.number)


def _rolled(database: Database, grain: Grain, rows_max: int = 100) -> int:
    with database.rows.writing() as tx:
        return tx.roll_up_usage(grain, NOW, rows_max)


def test_each_step_is_bounded_and_ends(booked: Database) -> None:
    """A year that waits must not keep gateways out of the database."""
    assert [_rolled(booked, Grain.MINUTE, 2) for _ in range(3)] == [2, 1, 0]
    # Of each row with keys both organizations have one without.
    assert [_rolled(booked, Grain.QUARTER_HOUR, 4) for _ in range(3)] == [4, 2, 0]
    assert _rolled(booked, Grain.DAY) == 6
    with booked.rows.reading() as tx:
        assert not any(tx.usage_waits(grain, NOW) for grain in ROLLED)


def test_what_began_later_waits(booked: Database) -> None:
    with booked.rows.reading() as tx:
        assert not tx.usage_waits(Grain.MINUTE, TIMES[0])
        assert tx.usage_waits(Grain.MINUTE, TIMES[0] + 1)
    with booked.rows.writing() as tx:
        assert tx.roll_up_usage(Grain.MINUTE, TIMES[1], 100) == 1


def test_a_reading_transaction_rolls_nothing_up(booked: Database) -> None:
    with booked.rows.reading() as tx, pytest.raises(TypeError, match="only reads"):
        tx.roll_up_usage(Grain.MINUTE, NOW, 1)


def _asked(database: Database, since: int, until: int, seconds: int) -> list[int]:
    cuts = even_cuts(since * MINUTE_US, until * MINUTE_US, seconds)
    rows = database.reports.usage(UsageWanted("org_c", cuts, (), {}))
    return [row.requests for row in rows]


def test_nothing_goes_that_no_coarser_grain_has(booked: Database) -> None:
    """A worker that was away for long deletes no usage that it has yet to roll up."""
    for grain in (*ROLLED, None):
        for old in ROLLED:
            booked.upkeep.prune_usage(old, NOW * MINUTE_US, 100)
        assert _asked(booked, 0, NOW, DAY * 90_000 * 60) == [3]
        if grain is not None:
            assert _rolled(booked, grain) > 0


def test_only_whole_rows_of_the_coarser_grain_go(booked: Database) -> None:
    """Half of a quarter of an hour would be told by nothing."""
    _rolled(booked, Grain.MINUTE)
    quarter = floor_to(Grain.QUARTER_HOUR, TIMES[0]) + 15
    before = (quarter - 1) * MINUTE_US
    assert booked.upkeep.prune_usage(Grain.MINUTE, before, 100) == 0
    assert booked.upkeep.prune_usage(Grain.MINUTE, before + MINUTE_US, 4) == 4
    assert booked.upkeep.prune_usage(Grain.MINUTE, before + MINUTE_US, 4) == 2
    # The minutes are told at the beginning of their quarter of an hour from then on.
    start = floor_to(Grain.QUARTER_HOUR, TIMES[0])
    assert _asked(booked, start, start + 1, 60) == [2]
    assert _asked(booked, start + 1, start + 15, 60) == []


def test_secrets_are_told_apart_up_to_the_quarter_of_an_hour(booked: Database) -> None:
    """Days and months need no row for each secret of a key."""
    for grain in ROLLED:
        _rolled(booked, grain)
    with booked.engine.connect() as connection:
        columns = (usage_rollup.c.grain, usage_rollup.c.secret_version)
        found = {(a, b) for a, b in connection.execute(sa.select(*columns))}
    assert found == {(1, 3), (2, 3), (3, 0), (4, 0)}


def test_reports_without_keys_read_rows_without_keys(database: Database) -> None:
    """A chart of a project costs the same whether it has ten keys or 100,000."""
    database.sink.open_spool("spl_1", "nod_1", "boot")
    uses = [_key(NOW - DAY).use._replace(key_id=f"key_{n}") for n in range(50)]
    number = Verdict.VALID.number
    buckets = {BucketKey(NOW - DAY, use, number): Bucket(1) for use in uses}
    database.sink.book(UsageBatch("spl_1", 0, 1, buckets))
    for grain in ROLLED:
        _rolled(database, grain)
    with database.engine.begin() as connection:
        assert connection.execute(sa.delete(usage_rollup)).rowcount > 50
    cuts = even_cuts((NOW - 90 * DAY) * MINUTE_US, NOW * MINUTE_US, 86_400)
    wanted = UsageWanted("org_c", cuts, ("api",), {"environment": "test"})
    (row,) = database.reports.tallies(wanted)
    assert row.requests == 50
    with database.engine.begin() as connection:
        gone = connection.execute(sa.delete(usage_total)).rowcount
    assert gone == 2 * len(Grain)


def test_usage_is_the_same_after_many_deaths_of_what_rolls_it_up(
    database: Database, database_url: str
) -> None:
    """kill -9 at any point of any step, again and again, while usage is booked."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.contracts.roll_and_die", database_url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    booked = int(ran.stdout)
    since = floor_to(Grain.MONTH, NOW - 200_000)
    for grain in (None, *ROLLED):
        while grain is not None and _rolled(database, grain):
            pass
        cuts = steps_between(Step.MONTH, since * MINUTE_US, NOW * MINUTE_US, None)
        for group_by in ("key",), ():
            rows = database.reports.tallies(UsageWanted("org_c", cuts, group_by, {}))
            assert sum(row.requests for row in rows) == booked


def test_who_called_with_an_old_secret_is_found_after_its_minutes_are_gone(
    database: Database,
) -> None:
    """Days after a rotation its owner looks for the program that was forgotten."""
    database.sink.open_spool("spl_1", "nod_1", "boot")
    lines = []
    for age in (5 * DAY, 5 * DAY + 3, 6 * DAY, 20):
        key, verdict = _key(NOW - age), Verdict.VALID.number
        head = request_head(key.minute * MINUTE_US // 1000)
        lines.append(
            LogRow(
                f"{head}{'0' * 11}{age:04}",
                key.minute * MINUTE_US,
                key.use,
                verdict,
                *("GET", "/a", 1, 200, 5),
            )
        )
    buckets = {_key(line.at_us // MINUTE_US): Bucket(1) for line in lines}
    database.sink.book(UsageBatch("spl_1", 0, 1, buckets, log=lines))

    def found() -> SecretUse:
        return database.reports.secret_use("key_1", [3], NOW * MINUTE_US, 9)[3]

    before = found()
    assert (before.requests_hour, before.requests_day, len(before.lines)) == (1, 1, 4)
    for grain in ROLLED:
        _rolled(database, grain)
    assert found() == before
    old = (NOW - KEPT_MINUTES) * MINUTE_US
    assert database.upkeep.prune_usage(Grain.MINUTE, old, 100) > 0
    assert found() == before
