"""What is past its time goes, and nothing else."""

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import IdempotencyRow
from keyhouse.core.usage import LogRow, UsageBatch, Use
from keyhouse.ports import Node
from keyhouse.services.upkeep import Retention, UsageRetention, keep_up
from keyhouse.services.upkeep.commands import DAY_US, ROWS_AT_ONCE
from keyhouse.services.work import Office
from keyhouse.settings import STALE_SECONDS_MAX

USE = Use("org_p", "org_c", "api_1", "", "key_1", 1, "app_1", "test", "")


def _never() -> bool:
    return False


def _log(database: Database, rows: list[tuple[str, int]]) -> None:
    database.sink.open_spool("spl_1", "nod_1", "boot")
    lines = [LogRow(f"req_{name}", at, USE, 0, "GET", "/", 1, 200, 1) for name, at in rows]
    database.sink.book(UsageBatch("spl_1", 0, 64, log=lines))


def _kept(database: Database) -> list[str]:
    page = database.reports.requests("org_p", after=None, limit=100, equals={})
    return [row.request_id for row in page.rows]


def test_old_lines_go_and_young_ones_stay(office: Office, database: Database) -> None:
    now = office.clock.now_us()
    old = [(f"{number:04}", now - 31 * DAY_US) for number in range(ROWS_AT_ONCE + 5)]
    _log(database, [*old, ("young", now - 29 * DAY_US)])
    removed = keep_up(database.upkeep, office.clock, Retention(30), _never)
    assert removed == len(old)
    assert _kept(database) == ["req_young"]


def test_a_stop_ends_the_round_early(office: Office, database: Database) -> None:
    """A stop of the process must not wait for a year's log to be deleted."""
    _log(database, [("old", 1)])
    keep_up(database.upkeep, office.clock, Retention(30), lambda: True)
    assert _kept(database) == ["req_old"]


def test_the_longest_that_may_be_set_keeps_all(office: Office, database: Database) -> None:
    _log(database, [("old", 1)])
    longest = UsageRetention(36_500 * 24, 36_500, 36_500, 1000, 36_500)
    keep_up(database.upkeep, office.clock, Retention(36_500, longest, 36_500), _never)
    assert _kept(database) == ["req_old"]


def test_rows_of_one_kind_that_cannot_go_keep_no_others(
    office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise ValueError("no such time")

    _log(database, [("old", 1)])
    monkeypatch.setattr(database.upkeep, "prune_idempotency", broken)
    monkeypatch.setattr(database.upkeep, "prune_logins", broken)
    with pytest.raises(ExceptionGroup) as raised:
        keep_up(database.upkeep, office.clock, Retention(30), _never)
    assert [str(one) for one in raised.value.exceptions] == ["no such time"] * 2
    assert _kept(database) == []


def test_idempotency_keys_are_remembered_for_a_day(
    office: Office, database: Database
) -> None:
    now = office.clock.now_us()
    for name, age_hours in (("young", 23), ("old", 25)):
        row = IdempotencyRow(
            id=f"org_1/key_1/{name}",
            organization_id="org_1",
            fingerprint="",
            status=201,
            answer={},
            created_at=now - age_hours * 3600 * 1_000_000,
        )
        with database.rows.writing() as tx:
            tx.insert(row)
    keep_up(database.upkeep, office.clock, Retention(30), _never)
    with database.rows.reading() as tx:
        assert [row.id for row in tx.find(IdempotencyRow)] == ["org_1/key_1/young"]


def test_a_node_stays_for_as_long_as_it_may_answer_without_the_database(
    office: Office, database: Database
) -> None:
    """Else a revocation is told to be in force while a node cut off does not know it."""
    now, longest_us = office.clock.now_us(), STALE_SECONDS_MAX * 1_000_000
    for name, silent_us in (("cut", longest_us + 60_000_000), ("dead", 3 * longest_us)):
        node = Node(f"nod_{name}", "boot", "gateway", 1, 0, now - silent_us, longest_us)
        database.nodes.announce(node)
    keep_up(database.upkeep, office.clock, Retention(30), _never)
    left = database.nodes.standing(1).behind
    assert [node.id for node in left] == ["nod_cut"]
