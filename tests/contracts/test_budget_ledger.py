"""Quotas: never more is granted than there is, and every unit is accounted for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.usage import UsageBatch
from keyhouse.ports import Leased, LeaseWanted

DAY = Span(0, 86_400_000_000)
NEXT_DAY = Span(86_400_000_000, 172_800_000_000)
BUDGET = Budget("org_1", "key", "key_1", "test", "daily")


def want(
    at_least: int = 1,
    up_to: int = 10,
    *,
    limit: int = 100,
    budget: Budget = BUDGET,
    span: Span = DAY,
) -> LeaseWanted:
    return LeaseWanted(budget, span, limit, at_least, up_to)


@pytest.fixture
def opened(database: Database) -> Callable[[str], str]:
    def open_spool(spool_id: str) -> str:
        database.sink.open_spool(spool_id, "nod_1", "boot")
        return spool_id

    return open_spool


@pytest.fixture
def spool(opened: Callable[[str], str]) -> str:
    return opened("spl_1")


def lease(database: Database, spool: str, wanted: LeaseWanted) -> Leased:
    return database.ledger.lease(spool, [wanted])[0]


def settle(database: Database, spool: str, settled: dict[str, int]) -> bool:
    start = database.sink.booked_to(spool) or 0
    return database.sink.book(UsageBatch(spool, start, start + 1, settled=settled))


def test_nothing_was_used_of_an_unknown_budget(database: Database) -> None:
    assert database.ledger.used(BUDGET, DAY) == (0, 0)


def test_a_grant_is_as_much_as_was_liked(database: Database, spool: str) -> None:
    granted = lease(database, spool, want(1, 30))
    assert (granted.granted, granted.left) == (30, 70)
    assert granted.lease_id.startswith("lse_")
    assert database.ledger.used(BUDGET, DAY) == (0, 30)


def test_near_the_limit_a_grant_is_what_is_left(database: Database, spool: str) -> None:
    lease(database, spool, want(1, 95))
    granted = lease(database, spool, want(1, 30))
    assert (granted.granted, granted.left) == (5, 0)


def test_less_than_is_needed_is_not_granted(database: Database, spool: str) -> None:
    lease(database, spool, want(1, 95))
    refused = lease(database, spool, want(6, 30))
    assert (refused.granted, refused.left) == (0, 5)
    assert database.ledger.used(BUDGET, DAY) == (0, 95)


def test_an_asker_has_one_lease_on_a_budget_and_window(
    database: Database, spool: str, opened: Callable[[str], str]
) -> None:
    first = lease(database, spool, want())
    assert lease(database, spool, want()).lease_id == first.lease_id
    assert lease(database, spool, want(span=NEXT_DAY)).lease_id != first.lease_id
    assert lease(database, opened("spl_2"), want()).lease_id != first.lease_id


def test_a_question_without_need_is_answered(database: Database, spool: str) -> None:
    """A request of cost 0 only wants to know how much is left."""
    assert lease(database, spool, want(0, 0))[1:] == (0, 100)


def test_windows_environments_and_names_count_apart(database: Database, spool: str) -> None:
    others = [
        want(budget=BUDGET._replace(environment="live")),
        want(budget=BUDGET._replace(limit_name="day|ly")),
        want(budget=BUDGET._replace(provider_id="org_2")),
        want(budget=BUDGET._replace(subject_id="key_2")),
        want(span=NEXT_DAY),
    ]
    lease(database, spool, want(1, 100))
    answers = database.ledger.lease(spool, [want(), *others])
    assert [answer.granted for answer in answers] == [0, 10, 10, 10, 10, 10]


def test_the_same_budget_twice_in_one_question_is_counted_twice(
    database: Database, spool: str
) -> None:
    answers = database.ledger.lease(spool, [want(1, 60), want(1, 60)])
    assert [answer.granted for answer in answers] == [60, 40]
    assert database.ledger.used(BUDGET, DAY) == (0, 100)


def test_a_lowered_limit_grants_nothing_and_tells_what_is_taken_beyond_it(
    database: Database, spool: str
) -> None:
    """Who holds a lease must know how much of it the lower limit has no room for."""
    lease(database, spool, want(1, 50))
    assert lease(database, spool, want(1, 10, limit=20))[1:] == (0, -30)
    assert lease(database, spool, want(0, 0, limit=20))[1:] == (0, -30)


def test_many_budgets_are_leased_at_once(database: Database, spool: str) -> None:
    budgets = [BUDGET._replace(subject_id=f"key_{n}") for n in range(1200)]
    answers = database.ledger.lease(spool, [want(budget=one) for one in budgets])
    assert {answer.granted for answer in answers} == {10}
    assert len({answer.lease_id for answer in answers}) == 1200


def test_leases_of_many_askers_at_once_never_pass_the_limit(
    database: Database, opened: Callable[[str], str]
) -> None:
    """Two budgets asked for in opposite order by eight nodes: exact, no deadlock."""
    limit = 500
    other = BUDGET._replace(limit_name="another")
    spools = [opened(f"spl_{number}") for number in range(8)]

    def ask(spool: str) -> tuple[int, int]:
        mine = [want(3, 7, limit=limit), want(3, 7, limit=limit, budget=other)]
        first = second = 0
        for turn in range(15):
            order = mine if turn % 2 else mine[::-1]
            answers = database.ledger.lease(spool, order)
            one, two = answers if turn % 2 else answers[::-1]
            first, second = first + one.granted, second + two.granted
        return first, second

    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(ask, spools))
    for place, budget in enumerate((BUDGET, other)):
        total = sum(one[place] for one in sums)
        assert database.ledger.used(budget, DAY) == (0, total)
        assert limit - 3 < total <= limit


def test_what_is_given_back_can_be_leased_by_another(
    database: Database, spool: str, opened: Callable[[str], str]
) -> None:
    mine = lease(database, spool, want(1, 100))
    database.ledger.give_back(spool, {mine.lease_id: 40})
    assert database.ledger.used(BUDGET, DAY) == (0, 60)
    assert lease(database, opened("spl_2"), want(1, 100)).granted == 40


@pytest.mark.parametrize("units", [11, -1])
def test_more_than_is_held_is_not_given_back(
    database: Database, spool: str, units: int
) -> None:
    mine = lease(database, spool, want())
    other = lease(database, spool, want(span=NEXT_DAY))
    with pytest.raises(ValueError, match="hold"):
        database.ledger.give_back(spool, {other.lease_id: 5, mine.lease_id: units})
    assert database.ledger.used(BUDGET, NEXT_DAY) == (0, 10)


def test_what_is_settled_is_not_given_back(database: Database, spool: str) -> None:
    mine = lease(database, spool, want())
    settle(database, spool, {mine.lease_id: 6})
    with pytest.raises(ValueError, match="hold"):
        database.ledger.give_back(spool, {mine.lease_id: 5})
    database.ledger.give_back(spool, {mine.lease_id: 4})
    assert database.ledger.used(BUDGET, DAY) == (6, 0)


def test_a_lease_of_another_spool_is_not_given_back(
    database: Database, spool: str, opened: Callable[[str], str]
) -> None:
    mine = lease(database, spool, want())
    with pytest.raises(ValueError, match="hold"):
        database.ledger.give_back(opened("spl_2"), {mine.lease_id: 1})


def test_settling_turns_leased_into_used(database: Database, spool: str) -> None:
    mine = lease(database, spool, want(1, 30))
    assert settle(database, spool, {mine.lease_id: 12})
    assert database.ledger.used(BUDGET, DAY) == (12, 18)
    assert settle(database, spool, {mine.lease_id: 18})
    assert database.ledger.used(BUDGET, DAY) == (30, 0)
    assert lease(database, spool, want(1, 100)).granted == 70


def test_what_was_spent_beyond_a_lease_counts_all_the_same(
    database: Database, spool: str, opened: Callable[[str], str]
) -> None:
    mine = lease(database, spool, want(1, 10))
    other = lease(database, opened("spl_2"), want(1, 10))
    settle(database, spool, {mine.lease_id: 25})
    assert database.ledger.used(BUDGET, DAY) == (25, 10)
    settle(database, spool, {mine.lease_id: 1})
    assert database.ledger.used(BUDGET, DAY) == (26, 10)
    settle(database, "spl_2", {other.lease_id: 10, "lse_unknown": 3})
    assert database.ledger.used(BUDGET, DAY) == (36, 0)


def test_closing_returns_what_is_left(database: Database, spool: str) -> None:
    mine = lease(database, spool, want(1, 30))
    settle(database, spool, {mine.lease_id: 12})
    database.sink.close_spool(spool, return_leases=True)
    assert database.ledger.used(BUDGET, DAY) == (12, 0)


def test_closing_without_return_counts_what_is_left_as_spent(
    database: Database, spool: str
) -> None:
    """After a loss of power nobody knows what was spent, so all of it was."""
    mine = lease(database, spool, want(1, 30))
    settle(database, spool, {mine.lease_id: 12})
    database.sink.close_spool(spool, return_leases=False)
    assert database.ledger.used(BUDGET, DAY) == (30, 0)


def test_closing_twice_returns_once(database: Database, spool: str) -> None:
    lease(database, spool, want(1, 30))
    database.sink.close_spool(spool, return_leases=True)
    database.sink.close_spool(spool, return_leases=False)
    assert database.ledger.used(BUDGET, DAY) == (0, 0)


def test_a_closed_or_unknown_spool_leases_nothing(database: Database, spool: str) -> None:
    """A process that was declared dead and wakes must not spend again."""
    mine = lease(database, spool, want())
    database.sink.close_spool(spool, return_leases=True)
    for id in (spool, "spl_unknown"):
        with pytest.raises(ValueError, match="spool"):
            database.ledger.lease(id, [want()])
        with pytest.raises(ValueError, match="spool"):
            database.ledger.give_back(id, {mine.lease_id: 1})
    assert database.ledger.used(BUDGET, DAY) == (0, 0)


def test_leasing_and_booking_at_once_lose_nothing(
    database: Database, opened: Callable[[str], str]
) -> None:
    spools = [opened(f"spl_{number}") for number in range(4)]

    def work(spool: str) -> int:
        spent = 0
        for _ in range(10):
            answer = lease(database, spool, want(1, 5, limit=120))
            settle(database, spool, {answer.lease_id: answer.granted})
            spent += answer.granted
        return spent

    with ThreadPoolExecutor(4) as pool:
        spent = sum(pool.map(work, spools))
    assert spent == 120
    assert database.ledger.used(BUDGET, DAY) == (120, 0)
    for spool in spools:
        database.sink.close_spool(spool, return_leases=False)
    assert database.ledger.used(BUDGET, DAY) == (120, 0)


def test_past_budgets_are_pruned_and_present_ones_stay(
    database: Database, spool: str, opened: Callable[[str], str]
) -> None:
    lease(database, spool, want())
    lease(database, spool, want(span=NEXT_DAY))
    lease(database, opened("spl_2"), want())
    database.sink.close_spool("spl_2", return_leases=True)
    far = 1 << 60
    assert database.upkeep.prune_budgets(DAY.end_us + 1, 10) == 1
    assert database.ledger.used(BUDGET, DAY) == (0, 0)
    assert database.ledger.used(BUDGET, NEXT_DAY) == (0, 10)
    assert database.upkeep.prune_budgets(far, 10) == 1
    assert database.sink.booked_to("spl_2") is None
    assert database.sink.booked_to(spool) == 0


def test_what_comes_back_is_the_leases_again(database: Database, spool: str) -> None:
    """A batch may refund more than it spends: the spending was booked before."""
    held = lease(database, spool, want(1, 30))
    assert settle(database, spool, {held.lease_id: 25})
    assert settle(database, spool, {held.lease_id: -20})
    assert database.ledger.used(BUDGET, DAY) == (5, 25)
    database.ledger.give_back(spool, {held.lease_id: 25})
    assert database.ledger.used(BUDGET, DAY) == (5, 0)


def test_what_comes_back_behind_the_leases_end_is_free(
    database: Database, spool: str
) -> None:
    held = lease(database, spool, want(1, 30))
    assert settle(database, spool, {held.lease_id: 25})
    assert settle(database, spool, {held.lease_id: -20})
    database.sink.close_spool(spool, return_leases=True)
    assert database.ledger.used(BUDGET, DAY) == (5, 0)


def test_what_was_spent_beyond_a_lease_comes_back_first(
    database: Database, spool: str
) -> None:
    held = lease(database, spool, want(1, 10))
    assert settle(database, spool, {held.lease_id: 15})
    assert database.ledger.used(BUDGET, DAY) == (15, 0)
    assert settle(database, spool, {held.lease_id: -8})
    assert database.ledger.used(BUDGET, DAY) == (7, 3)
