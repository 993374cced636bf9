"""A budget that comes near its end is told of once: by whoever moves it."""

from collections.abc import Callable
from itertools import count

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.counting import credits_budget
from keyhouse.core.entities import BudgetMark, MarkLevel
from keyhouse.core.quotas import FOREVER, Budget, Span
from keyhouse.core.usage import UsageBatch
from keyhouse.ports import LeaseWanted

QUOTA = Budget("org_p", "key", "key_1", "test", "daily")
BALANCE = credits_budget("org_p", "cus_1")
DAY = Span(0, 86_400_000_000)
NEXT_DAY = Span(86_400_000_000, 2 * 86_400_000_000)
MONTH = Span(0, 31 * 86_400_000_000)
NEAR, REACHED = MarkLevel.NEAR, MarkLevel.REACHED

Spend = Callable[..., int]


@pytest.fixture
def spend(database: Database) -> Spend:
    """What a node does: leases units of a budget and books them. How many it got."""
    ends = count(1)
    database.sink.open_spool("spl_1", "nod_1", "boot")

    def spend(
        units: int,
        limit: int = 100,
        of: Budget = QUOTA,
        span: Span = DAY,
        at_least: int = 1,
    ) -> int:
        want = LeaseWanted(of, span, limit, at_least, units)
        [leased] = database.ledger.lease("spl_1", [want])
        end = next(ends)
        settled = {leased.lease_id: leased.granted}
        batch = UsageBatch("spl_1", end - 1, end, settled=settled)
        assert database.sink.book(batch)
        return leased.granted

    return spend


def marks(database: Database) -> list[tuple[MarkLevel, int, int]]:
    """All that waits to be told; none waits any more."""
    with database.rows.writing() as tx:
        found = tx.stretch(BudgetMark, after="", limit=10)
        for one in found:
            tx.remove(one)
    return [(one.level, one.amount, one.used) for one in found]


def test_each_level_is_marked_once_in_a_window(database: Database, spend: Spend) -> None:
    spend(79)
    assert marks(database) == []
    spend(1)
    assert marks(database) == [(NEAR, 100, 80)]
    spend(10)
    assert marks(database) == []
    spend(10)
    assert marks(database) == [(REACHED, 100, 100)]
    spend(1)
    assert marks(database) == []


def test_the_next_window_is_marked_again(database: Database, spend: Spend) -> None:
    spend(85)
    spend(85, span=NEXT_DAY)
    assert marks(database) == [(NEAR, 100, 85)] * 2


def test_one_leap_to_the_end_is_one_mark(database: Database, spend: Spend) -> None:
    spend(100)
    assert marks(database) == [(REACHED, 100, 100)]


def test_a_mark_names_its_budget(database: Database, spend: Spend) -> None:
    spend(90)
    with database.rows.reading() as tx:
        (mark,) = tx.stretch(BudgetMark, after="", limit=10)
    assert (
        Budget(
            mark.provider_id,
            mark.subject_kind,
            mark.subject_id,
            mark.environment,
            mark.limit_name,
        )
        == QUOTA
    )
    assert Span(mark.window_start, mark.window_end) == DAY


def window_of_the_mark(database: Database) -> Span:
    with database.rows.reading() as tx:
        (mark,) = tx.stretch(BudgetMark, after="", limit=10)
    return Span(mark.window_start, mark.window_end)


@pytest.mark.parametrize("limit", [100, 200])
def test_a_mark_tells_the_window_that_the_quota_has_now(
    database: Database, spend: Spend, limit: int
) -> None:
    """From a day to a month on the first: the budget is the same, its end is not."""
    spend(10)
    spend(limit - 20, limit=limit, span=MONTH)
    assert window_of_the_mark(database) == MONTH


def test_a_refusal_marks_the_window_that_the_quota_has_now(
    database: Database, spend: Spend
) -> None:
    spend(70)
    assert spend(40, at_least=40, span=MONTH) == 0
    assert window_of_the_mark(database) == MONTH


def test_what_is_leased_and_not_booked_is_not_used(database: Database) -> None:
    database.sink.open_spool("spl_1", "nod_1", "boot")
    database.ledger.lease("spl_1", [LeaseWanted(QUOTA, DAY, 100, 1, 95)])
    assert marks(database) == []
    database.sink.close_spool("spl_1", return_leases=True)
    assert marks(database) == []


def test_what_a_dead_node_held_counts_as_used(database: Database) -> None:
    database.sink.open_spool("spl_1", "nod_1", "boot")
    database.ledger.lease("spl_1", [LeaseWanted(QUOTA, DAY, 100, 1, 95)])
    database.sink.close_spool("spl_1", return_leases=False)
    assert marks(database) == [(NEAR, 100, 95)]


def test_a_call_that_costs_more_than_is_left_has_reached_it(
    database: Database, spend: Spend
) -> None:
    """Of 100 by threes one unit is never spent, and all further calls are refused."""
    spend(99, at_least=3)
    assert marks(database) == [(NEAR, 100, 99)]
    assert spend(3, at_least=3) == 0
    assert marks(database) == [(REACHED, 100, 99)]
    spend(3, at_least=3)
    assert marks(database) == []


def test_a_call_that_no_window_admits_reaches_nothing(
    database: Database, spend: Spend
) -> None:
    assert spend(200, at_least=101) == 0
    assert marks(database) == []


def test_a_larger_amount_may_be_reached_anew(database: Database, spend: Spend) -> None:
    spend(100)
    marks(database)
    spend(1, limit=1000)
    assert marks(database) == []
    spend(700, limit=1000)
    assert marks(database) == [(NEAR, 1000, 801)]


def test_credits_count_from_when_some_came_last(database: Database, spend: Spend) -> None:
    """All that ever came says nothing: of 10,000 credits 9,000 may be long gone."""
    balance = {"of": BALANCE, "span": FOREVER}
    spend(80, limit=100, **balance)
    assert marks(database) == [(NEAR, 100, 80)]
    spend(20, limit=100, **balance)
    assert marks(database) == [(REACHED, 100, 100)]
    spend(79, limit=200, **balance)
    assert marks(database) == []
    # A node that has not heard of the new credits yet changes nothing.
    spend(0, limit=100, at_least=0, **balance)
    spend(1, limit=200, **balance)
    assert marks(database) == [(NEAR, 200, 180)]


def test_credits_taken_by_hand_count_too(database: Database) -> None:
    with database.rows.writing() as tx:
        assert tx.spend(BALANCE, FOREVER, 100, 80)
    assert marks(database) == [(NEAR, 100, 80)]


def test_a_mark_is_undone_with_its_transaction(database: Database) -> None:
    def spend_and_fail() -> None:
        with database.rows.writing() as tx:
            assert tx.spend(BALANCE, FOREVER, 100, 100)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        spend_and_fail()
    assert marks(database) == []
