"""Reservations settled by a call: once, from any node, before or after they are booked."""

from collections.abc import Callable  # noqa: TC003 - imports stand in one place
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.tables import settlement, usage_bucket
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.reservations import Reservation
from keyhouse.core.usage import Bucket, BucketKey, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.ports import LeaseWanted

DAY = Span(0, 86_400_000_000)
MINUTE_US = 60_000_000
AT = 7 * MINUTE_US + 5
BUDGETS = [Budget("org_1", "key", "key_1", "test", name) for name in ("a", "b")]
LIMIT = 100
USE = Use("org_1", "org_2", "api_1", "", "key_1", 1, "app_1", "test", "")
BUCKET = BucketKey(7, USE, Verdict.VALID.number)


@pytest.fixture
def reserved(database: Database) -> Reservation:
    """60 units of two budgets; not booked yet."""
    database.sink.open_spool("spl_1", "nod_1", "boot")
    wants = [LeaseWanted(one, DAY, LIMIT, 60, 80) for one in BUDGETS]
    leased = database.ledger.lease("spl_1", wants)
    ids = tuple(one.lease_id for one in leased)
    return Reservation("req_1", AT, "prj_1", 60, ids, USE)


def book(database: Database, reserved: Reservation) -> None:
    settled = dict.fromkeys(reserved.lease_ids, reserved.units)
    buckets = {BUCKET: Bucket(requests=1, units=reserved.units)}
    batch = UsageBatch("spl_1", 0, 1, buckets, settled)
    assert database.sink.book(batch)


def used(database: Database) -> list[tuple[int, int]]:
    return [database.ledger.used(one, DAY) for one in BUDGETS]


def units(database: Database) -> int:
    with database.engine.connect() as connection:
        found = connection.execute(sa.select(sa.func.sum(usage_bucket.c.units))).scalar()
        return int(found or 0)


def test_what_was_not_spent_is_used_by_none(
    database: Database, reserved: Reservation
) -> None:
    book(database, reserved)
    assert used(database) == [(60, 20)] * 2
    assert database.settlements.settle(reserved, 7, AT) == 7
    assert used(database) == [(7, 20)] * 2
    assert units(database) == 7


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_order_of_settling_booking_and_ending_does_not_matter(
    database: Database, reserved: Reservation, place: int
) -> None:
    """At no moment is more free than was not spent."""
    steps: list[Callable[[], None]] = [
        lambda: book(database, reserved),
        lambda: database.sink.close_spool("spl_1", return_leases=True),
    ]
    steps.insert(place, lambda: _settle(database, reserved, 7))
    for step in steps:
        step()
        assert all(sum(one) >= 7 for one in used(database))
    assert used(database) == [(7, 0)] * 2
    assert units(database) == 7


def _settle(database: Database, reserved: Reservation, units_: int) -> None:
    assert database.settlements.settle(reserved, units_, AT) == units_


def test_a_node_whose_machine_died_leaves_no_more_than_was_given_back(
    database: Database, reserved: Reservation
) -> None:
    """What it leased counts as spent, and with it what nobody knows of."""
    database.settlements.settle(reserved, 10, AT)
    database.sink.close_spool("spl_1", return_leases=False)
    assert used(database) == [(30, 0)] * 2


def test_only_the_first_telling_counts(database: Database, reserved: Reservation) -> None:
    book(database, reserved)
    assert database.settlements.settle(reserved, 7, AT) == 7
    assert database.settlements.settle(reserved, 7, AT) == 7
    assert database.settlements.settle(reserved, 50, AT) == 7
    assert database.settlements.settle(reserved, 0, AT) == 7
    assert used(database) == [(7, 20)] * 2
    assert units(database) == 7


def test_many_who_tell_at_once_give_back_once(
    database: Database, reserved: Reservation
) -> None:
    book(database, reserved)
    with ThreadPoolExecutor(6) as pool:
        told = list(
            pool.map(lambda n: database.settlements.settle(reserved, n, AT), range(6))
        )
    assert len(set(told)) == 1
    assert used(database) == [(told[0], 20)] * 2


def test_the_whole_of_it_is_remembered_and_moves_nothing(
    database: Database, reserved: Reservation
) -> None:
    book(database, reserved)
    assert database.settlements.settle(reserved, 60, AT) == 60
    assert database.settlements.settle(reserved, 0, AT) == 60
    assert used(database) == [(60, 20)] * 2


def test_what_is_given_back_can_be_leased_by_others(
    database: Database, reserved: Reservation
) -> None:
    book(database, reserved)
    database.settlements.settle(reserved, 0, AT)
    database.sink.open_spool("spl_2", "nod_2", "boot")
    want = LeaseWanted(BUDGETS[0], DAY, LIMIT, 80, LIMIT)
    assert database.ledger.lease("spl_2", [want])[0].granted == 80


def test_budgets_that_are_gone_are_no_hindrance(
    database: Database, reserved: Reservation
) -> None:
    book(database, reserved)
    database.sink.close_spool("spl_1", return_leases=True)
    database.upkeep.prune_budgets(1 << 60, 100)
    assert database.settlements.settle(reserved, 7, AT) == 7
    assert used(database) == [(0, 0)] * 2


def test_old_settlements_are_pruned(database: Database, reserved: Reservation) -> None:
    database.settlements.settle(reserved, 7, AT)
    database.settlements.settle(reserved._replace(request_id="req_2"), 7, AT + 1)
    assert database.upkeep.prune_settlements(AT + 1, 10) == 1
    with database.engine.connect() as connection:
        left = connection.execute(sa.select(settlement.c.request_id)).scalars()
        assert list(left) == ["req_2"]


def test_reports_never_tell_less_than_nothing(
    database: Database, reserved: Reservation
) -> None:
    """Settled before it is booked, more has come back than was used."""
    database.settlements.settle(reserved, 7, AT)
    assert database.reports.spent([(BUDGETS[0], DAY)]) == [0]
    with database.rows.reading() as tx:
        assert tx.spent(BUDGETS[0], DAY) == (0, 80)
        assert tx.spent_of([(one, DAY) for one in BUDGETS]) == [(0, 80)] * 2
