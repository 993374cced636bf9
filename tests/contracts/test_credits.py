"""Credits taken by the control plane, while nodes spend the same balance."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.counting import credits_budget
from keyhouse.core.quotas import FOREVER
from keyhouse.core.usage import UsageBatch
from keyhouse.ports import LeaseWanted

BALANCE = credits_budget("org_1", "cus_1")


class Rollback(Exception):
    """Leaves a transaction without committing it."""


@pytest.fixture
def opened(database: Database) -> Callable[[str], str]:
    def open_spool(spool_id: str) -> str:
        database.sink.open_spool(spool_id, "nod_1", "boot")
        return spool_id

    return open_spool


@pytest.fixture
def spool(opened: Callable[[str], str]) -> str:
    return opened("spl_1")


def lease(database: Database, spool: str, limit: int, units: int) -> tuple[str, int]:
    """What a node may spend now, and the lease that pays."""
    want = LeaseWanted(BALANCE, FOREVER, limit, 1, units)
    [answer] = database.ledger.lease(spool, [want])
    return answer.lease_id, answer.granted


def take(database: Database, limit: int, units: int) -> bool:
    with database.rows.writing() as tx:
        return tx.spend(BALANCE, FOREVER, limit, units)


def test_what_is_taken_is_gone_for_nodes(database: Database, spool: str) -> None:
    assert take(database, 100, 30)
    assert database.ledger.used(BALANCE, FOREVER) == (30, 0)
    assert lease(database, spool, 100, 1000)[1] == 70
    assert lease(database, spool, 100, 1)[1] == 0


def test_what_nodes_hold_is_not_taken(database: Database, spool: str) -> None:
    """They may be spending it at this moment."""
    held, _ = lease(database, spool, 100, 60)
    assert not take(database, 100, 41)
    assert take(database, 100, 40)
    assert not take(database, 100, 1)
    database.ledger.give_back(spool, {held: 60})
    assert take(database, 100, 60)
    assert database.ledger.used(BALANCE, FOREVER) == (100, 0)


def test_a_take_that_is_rolled_back_took_nothing(database: Database) -> None:
    with suppress(Rollback), database.rows.writing() as tx:
        assert tx.spend(BALANCE, FOREVER, 100, 30)
        assert tx.spent(BALANCE, FOREVER) == (30, 0)
        raise Rollback
    with database.rows.reading() as tx:
        assert tx.spent(BALANCE, FOREVER) == (0, 0)


def test_a_reading_transaction_takes_nothing(database: Database) -> None:
    with database.rows.reading() as tx, pytest.raises(TypeError, match="only reads"):
        tx.spend(BALANCE, FOREVER, 100, 1)


def test_a_balance_is_never_pruned(database: Database, spool: str) -> None:
    """Its window never ends: pruned, it would be whole again."""
    assert take(database, 100, 30)
    assert database.upkeep.prune_budgets(1 << 61, 1000) == 0
    assert database.ledger.used(BALANCE, FOREVER) == (30, 0)


def test_nodes_and_people_at_once_never_take_more_than_there_is(
    database: Database, opened: Callable[[str], str]
) -> None:
    limit = 300

    def spend(spool: str) -> int:
        spent, at = 0, 0
        for _ in range(20):
            lease_id, units = lease(database, spool, limit, 7)
            batch = UsageBatch(spool, at, at + 1, settled={lease_id: units})
            assert database.sink.book(batch)
            spent, at = spent + units, at + 1
        return spent

    def person(_: int) -> int:
        return sum(5 for _ in range(12) if take(database, limit, 5))

    spools = [opened(f"spl_{number}") for number in range(2)]
    with ThreadPoolExecutor(4) as pool:
        spending = [pool.submit(spend, spool) for spool in spools]
        taking = [pool.submit(person, number) for number in range(2)]
        gone = sum(one.result() for one in (*spending, *taking))
    assert gone <= limit
    assert database.ledger.used(BALANCE, FOREVER) == (gone, 0)
    assert take(database, limit, limit - gone) or gone == limit
    assert not take(database, limit, 1)
