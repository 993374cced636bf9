import random
from collections.abc import Mapping, Sequence
from datetime import UTC

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keyhouse.core.entities import Window
from keyhouse.core.quotas import Budget, Quota, Span, span_of
from keyhouse.core.records import QuotaUse
from keyhouse.ports import Leased, LeaseWanted
from keyhouse.services.budgets import (
    Exhausted,
    LeaseBook,
    Reserved,
    Short,
    lease_together,
)
from keyhouse.services.budgets.book import STEPS_MAX
from keyhouse.services.budgets.holding import STEP_FIRST

HOUR = 3_600_000_000
NOW = 1_760_000_400_000_000
SECOND = 1_000_000


class ExactLedger:
    """Every unit of it is free, or in exactly one lease."""

    def __init__(self) -> None:
        self.leases: dict[str, int] = {}
        self.taken: dict[tuple[Budget, Span], int] = {}
        self.of: dict[str, tuple[Budget, Span]] = {}
        self.calls = 0

    def lease(self, spool_id: str, wants: Sequence[LeaseWanted]) -> list[Leased]:
        self.calls += 1
        answers = []
        for want in wants:
            where = (want.budget, want.span)
            free = want.limit - self.taken.get(where, 0)
            granted = max(min(free, want.up_to), 0) if free >= want.at_least else 0
            lease_id = f"lse {spool_id} {want.budget.limit_name} {want.span.start_us}"
            self.taken[where] = self.taken.get(where, 0) + granted
            self.leases[lease_id] = self.leases.get(lease_id, 0) + granted
            self.of[lease_id] = where
            answers.append(Leased(lease_id, granted, free - granted))
        return answers

    def give_back(self, spool_id: str, returns: Mapping[str, int]) -> None:
        for lease_id, units in returns.items():
            assert self.leases[lease_id] >= units, "given back more than was leased"
            self.leases[lease_id] -= units
            self.taken[self.of[lease_id]] -= units

    def used(self, budget: Budget, span: Span) -> tuple[int, int]:
        return 0, self.taken.get((budget, span), 0)


def use(name: str = "daily", amount: int = 100, window: Window = Window.DAY) -> QuotaUse:
    budget = Budget("org_p", "key", "key_a", "live", name)
    return QuotaUse("|".join(budget), Quota(name, amount, window, UTC, 0), budget)


def spend(
    book: LeaseBook, uses: Sequence[QuotaUse], cost: int, now: int = NOW
) -> Reserved | Exhausted:
    """What a door does: ask, lease, ask again."""
    for _ in range(20):
        told = book.reserve(uses, cost, now)
        if not isinstance(told, Short):
            return told
        book.install(told.work(), now)
    raise AssertionError("neither spent nor refused")


def test_what_many_ask_is_one_call_and_each_has_its_own() -> None:
    """A call of the store for each of a thousand keys would keep all of them waiting."""
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl_1")
    uses = [use(f"limit {number}", 10 + number) for number in range(20)]
    shorts = [book.reserve((one,), 1, NOW) for one in uses]
    asked = [one for one in shorts if isinstance(one, Short)]
    assert len(asked) == 20
    for granted in lease_together(asked):
        book.install(granted, NOW)
    assert ledger.calls == 1
    for number, one in enumerate(uses):
        told = book.reserve((one,), 1, NOW)
        assert isinstance(told, Reserved)
        assert told.left[0] == 9 + number


def spend_all(book: LeaseBook, uses: Sequence[QuotaUse], cost: int, now: int = NOW) -> int:
    count = 0
    while isinstance(spend(book, uses, cost, now), Reserved):
        count += 1
    return count


def test_a_quota_gives_exactly_its_amount() -> None:
    for amount in (1, 5, 17, 1000):
        ledger = ExactLedger()
        assert spend_all(LeaseBook(ledger, "spl"), [use(amount=amount)], 1) == amount


def test_two_nodes_that_take_turns_give_exactly_the_amount_together() -> None:
    """Units that one holds and the other needs must not be refused for good."""
    ledger = ExactLedger()
    books = [LeaseBook(ledger, "one"), LeaseBook(ledger, "two")]
    spent, now, refused = 0, NOW, 0
    while refused < 3:
        turn = [spend(book, [use(amount=500)], 1, now) for book in books]
        spent += sum(isinstance(told, Reserved) for told in turn)
        if not any(isinstance(told, Reserved) for told in turn):
            refused += 1
            now += 2 * SECOND
            for book in books:
                ledger.give_back("", book.idle(now))
    assert spent == 500


def test_a_refusal_is_forgotten_as_soon_though_the_clock_was_set_back() -> None:
    """Else what others gave back cannot be spent for as long as the step was."""
    ledger = ExactLedger()
    one, two = LeaseBook(ledger, "one"), LeaseBook(ledger, "two")
    late = NOW + HOUR // 4
    assert spend_all(one, [use(amount=10)], 1, late) == 10
    assert isinstance(spend(two, [use(amount=10)], 1, late), Exhausted)
    lease_id = next(iter(ledger.leases))
    one.refund((lease_id,), 5)
    ledger.give_back("", one.drain())
    assert spend_all(two, [use(amount=10)], 1, NOW) == 5


def test_a_hot_quota_asks_the_store_seldom() -> None:
    """Each question is a transaction; at full speed they must become rare."""
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=10**9)]
    for number in range(100_000):
        assert isinstance(spend(book, uses, 1, NOW + number * 30), Reserved)
    assert ledger.calls <= 5


def test_who_was_busy_before_a_pause_gets_as_much_after_it() -> None:
    """Else each burst begins with a row of small leases, and calls wait for each."""
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=10**9)]
    for number in range(10_000):
        spend(book, uses, 1, NOW + number * 100)
    for seconds in (10, 11):
        ledger.give_back("spl", book.idle(NOW + seconds * SECOND))
    assert len(book) == 0
    asked = ledger.calls
    for number in range(10_000):
        spend(book, uses, 1, NOW + 20 * SECOND + number * 100)
    assert ledger.calls == asked + 1


@pytest.mark.parametrize("offset", range(0, 500, 50))
def test_at_an_even_pace_nobody_waits_for_a_lease_behind_the_first(offset: int) -> None:
    """Nor where the first is half as large, as after a pause, and looks come late."""
    book = LeaseBook(ledger := ExactLedger(), "spl")
    now = NOW
    for length in (600, 4000):
        waited = _at_an_even_pace(book, now, length, offset)
        assert all(ms < 1000 for ms in waited), waited
        now += 10_000_000
        for seconds in (-1, 0):
            ledger.give_back("spl", book.idle(now + seconds * SECOND))
        assert len(book) == 0
    assert waited == [0]


def _at_an_even_pace(
    book: LeaseBook, begin: int, milliseconds: int, offset: int
) -> list[int]:
    """Twenty units a millisecond, looked at each half second, answered in a tenth.

    When somebody had to wait for a lease.
    """
    uses, waited = [use(amount=10**9)], []
    ahead: Short | None = None
    for ms in range(milliseconds):
        now = begin + ms * 1000
        for _ in range(20):
            told = book.reserve(uses, 1, now)
            if isinstance(told, Short):
                waited.append(ms)
                spend(book, uses, 1, now)
        if ms % 500 == offset:
            ahead = book.wanting(now)
        if ms % 500 == (offset + 100) % 500 and ahead is not None:
            book.install(ahead.work(), now)
    return waited


def test_a_burst_is_no_pace() -> None:
    """A page that sends twenty calls at once must not lease a day's worth of them."""
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    for number in range(20):
        spend(book, [use(amount=10**9)], 1, NOW + number)
    assert sum(ledger.leases.values()) <= 16 * 33


def test_what_is_remembered_of_leases_that_went_back_is_bounded() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    for name in range(STEPS_MAX + 100):
        for number in range(40):
            spend(book, [use(str(name), amount=10**9)], 1, NOW + number)
    book.drain()
    assert len(book._steps) == STEPS_MAX


def test_a_refusal_tells_when_the_window_ends_and_what_is_left() -> None:
    book = LeaseBook(ExactLedger(), "spl")
    uses = [use(amount=3, window=Window.HOUR)]
    assert isinstance(spend(book, uses, 2), Reserved)
    told = spend(book, uses, 2)
    assert isinstance(told, Exhausted)
    assert told.left[0] == 1
    assert told.retry_us == HOUR - NOW % HOUR
    assert told.left[1] == -(-told.retry_us // 1_000_000)


def test_what_costs_more_than_the_quota_is_refused_without_asking() -> None:
    ledger = ExactLedger()
    told = spend(LeaseBook(ledger, "spl"), [use(amount=3)], 4)
    assert isinstance(told, Exhausted)
    assert told.retry_us is None
    assert ledger.calls == 0


def test_nothing_is_spent_of_one_quota_when_another_refuses() -> None:
    book = LeaseBook(ExactLedger(), "spl")
    wide, narrow = use("wide", 1000), use("narrow", 2)
    assert spend_all(book, [wide, narrow], 1) == 2
    told = spend(book, [wide], 0)
    assert told.left[0] == 998


def test_a_hammering_caller_does_not_hammer_the_store() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=1)]
    assert isinstance(spend(book, uses, 1), Reserved)
    for number in range(10_000):
        now = NOW + number * 1000
        assert isinstance(spend(book, uses, 1, now), Exhausted)
        if number % 500 == 0:
            assert book.idle(now) == {}
    assert ledger.calls <= 14


def test_a_new_window_begins_with_the_whole_quota_and_the_old_rest_goes_back() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=800, window=Window.HOUR)]
    spend(book, uses, 1)
    later = NOW + HOUR
    told = spend(book, uses, 1, later)
    assert told.left[0] == 799
    returns = book.idle(later)
    ((lease_id, units),) = returns.items()
    assert units == ledger.leases[lease_id] - 1
    ledger.give_back("spl", returns)


def test_a_refund_can_be_spent_again_and_one_of_a_past_window_goes_back() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=1, window=Window.HOUR)]
    first = spend(book, uses, 1)
    assert isinstance(first, Reserved)
    book.refund(first.lease_ids, 1)
    again = spend(book, uses, 1)
    assert isinstance(again, Reserved)
    spend(book, uses, 1, NOW + HOUR)
    book.refund(again.lease_ids, 1)
    assert book.idle(NOW + HOUR) == {again.lease_ids[0]: 1}


def test_one_answer_shared_by_many_waiters_counts_once() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=10)]
    shorts = [
        told for _ in range(5) if isinstance(told := book.reserve(uses, 1, NOW), Short)
    ]
    assert len({short.need for short in shorts}) == 1
    granted = shorts[0].work()
    for _ in shorts:
        book.install(granted, NOW)
    assert sum(ledger.leases.values()) == 1
    assert isinstance(book.reserve(uses, 1, NOW), Reserved)
    second = book.reserve(uses, 1, NOW)
    assert isinstance(second, Short)
    assert second.wants[0].up_to == 4, "those known to wait are leased for at once"


def test_a_cost_of_nothing_reads_what_is_left() -> None:
    book = LeaseBook(ExactLedger(), "spl")
    told = spend(book, [use(amount=3)], 0)
    assert isinstance(told, Reserved)
    assert told.lease_ids == ()
    assert told.left[0] == 3
    assert spend_all(book, [use(amount=3)], 1) == 3
    assert isinstance(spend(book, [use(amount=3)], 0), Reserved)


def test_who_only_reads_holds_nothing_back() -> None:
    """Or one who looks each second keeps a lease that others are refused for."""
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    for _ in range(60):
        spend(book, [use(amount=1000)], 1)
    assert sum(ledger.leases.values()) > 60
    for seconds in range(1, 6):
        told = spend(book, [use(amount=1000)], 0, NOW + seconds * SECOND)
        assert told.left[0] == 940
        ledger.give_back("spl", book.idle(NOW + seconds * SECOND))
    assert sum(ledger.leases.values()) == 60


def test_who_only_reads_leases_nothing() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    assert spend(book, [use(amount=1000)], 0).left[0] == 1000
    assert ledger.leases.popitem()[1] == 0
    for _ in range(STEP_FIRST - 1):
        spend(book, [use(amount=1000)], 1)
    assert book.wanting(NOW) is not None
    later = NOW + 3 * SECOND
    spend(book, [use(amount=1000)], 0, later)
    assert book.wanting(later) is None, "asked ahead for one who spends nothing"


def test_who_spends_does_not_get_the_answer_of_one_who_reads() -> None:
    book = LeaseBook(ExactLedger(), "spl")
    uses = [use(amount=1000)]
    reading, spending = book.reserve(uses, 0, NOW), book.reserve(uses, 1, NOW)
    assert isinstance(reading, Short)
    assert isinstance(spending, Short)
    assert reading.need != spending.need
    for short in (spending, reading):
        book.install(short.work(), NOW)
    for _ in range(STEP_FIRST):
        assert isinstance(book.reserve(uses, 1, NOW), Reserved)


def test_a_lowered_quota_holds_at_once_and_a_raised_one_opens_at_once() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    for _ in range(10):
        spend(book, [use(amount=1000)], 1)
    lowered = spend(book, [use(amount=5)], 1)
    assert isinstance(lowered, Exhausted)
    assert isinstance(spend(book, [use(amount=1000)], 1), Reserved)
    assert spend_all(book, [use(amount=12)], 1) == 1
    assert isinstance(spend(book, [use(amount=13)], 1), Reserved)
    assert isinstance(spend(book, [use(amount=13)], 1), Exhausted)


def test_what_others_spent_before_a_quota_was_lowered_is_counted_then() -> None:
    """A lease from before is worth only what the lower quota still has."""
    ledger = ExactLedger()
    one, two = LeaseBook(ledger, "one"), LeaseBook(ledger, "two")
    spent = [spend(book, [use(amount=1000)], 100) for book in (one, two)]
    one.refund(spent[0].lease_ids, 100)  # type: ignore[union-attr] # it was spent
    assert spend_all(one, [use(amount=150)], 1) == 50
    assert isinstance(spend(two, [use(amount=150)], 1), Exhausted)


def test_what_a_lowered_quota_has_no_use_for_goes_back_though_it_is_in_use() -> None:
    """Or others are refused by what nobody can spend."""
    ledger = ExactLedger()
    one, two = LeaseBook(ledger, "one"), LeaseBook(ledger, "two")
    spent = spend(one, [use(amount=10_000)], 500)
    one.refund(spent.lease_ids, 500)  # type: ignore[union-attr] # it was spent
    for step in range(10):
        now = NOW + step * SECOND // 2
        assert isinstance(spend(one, [use(amount=100)], 1, now), Reserved)
        ledger.give_back("one", one.idle(now))
    assert sum(ledger.leases.values()) == 100
    ledger.give_back("one", one.drain())
    assert spend_all(two, [use(amount=100)], 1, now) == 90


@pytest.mark.parametrize("amounts", [(200, 100), (100, 200), (20_000, 10_000)])
def test_lines_that_count_by_other_amounts_share_a_lease(amounts: tuple[int, int]) -> None:
    """As a user with two tokens. A question for each call would be one transaction each,

    and a lease that one of them may not touch is refused to it while most is left.
    """
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=amount) for amount in amounts]
    least, most = sorted(amounts)
    for number in range(least):
        told = spend(book, [uses[number % 2]], 1, NOW + number * 1000)
        assert isinstance(told, Reserved), number
        assert told.left[0] == amounts[number % 2] - number - 1
    assert ledger.calls < 40
    now = NOW + least * 1000
    narrow, wide = sorted(uses, key=lambda one: one.quota.amount)
    for number in range(most - least):
        refused = spend(book, [narrow], 1, now + number * 1000)
        assert isinstance(refused, Exhausted)
        assert refused.left[0] == 0
        assert isinstance(spend(book, [wide], 1, now + number * 1000), Reserved)
    for one in uses:
        assert isinstance(spend(book, [one], 1, now + most * 1000), Exhausted)
    assert ledger.calls < 100


def test_while_the_store_is_away_who_has_a_lease_goes_on_beside_one_who_has_none() -> None:
    """One line's question that is not answered is not every line's."""
    book = LeaseBook(ExactLedger(), "spl")
    wide, narrow = use(amount=1000), use(amount=500)
    spend(book, [wide], 1)
    for _ in range(5):
        assert isinstance(book.reserve([narrow], 1, NOW), Short)
        assert isinstance(book.reserve([wide], 1, NOW), Reserved)


def test_what_one_line_is_refused_another_is_not() -> None:
    book = LeaseBook(ledger := ExactLedger(), "spl")
    assert spend_all(book, [use(amount=10)], 1) == 10
    assert isinstance(spend(book, [use(amount=20)], 1), Reserved)
    asked = ledger.calls
    for _ in range(100):
        assert isinstance(spend(book, [use(amount=10)], 1), Exhausted)
        assert isinstance(spend(book, [use(amount=20)], 0), Reserved)
    assert ledger.calls == asked


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=2, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 6)), max_size=120),
)
@example([1, 2], [(1, 1), (1, 2), (0, -1), (0, 1)])
@example([1, 2], [(1, 2), (0, 1), (0, -1), (0, 1)])
def test_each_line_of_one_budget_is_exact(
    amounts: list[int], steps: list[tuple[int, int]]
) -> None:
    """Each passes just as long as what all have spent is within its own amount."""
    book, uses = LeaseBook(ExactLedger(), "spl"), [use(amount=one) for one in amounts]
    total = 0
    passed: list[tuple[Reserved, int]] = []
    for line, cost in steps:
        one = uses[line % len(uses)]
        if cost < 0:
            if passed:
                undone, units = passed.pop()
                book.refund(undone.lease_ids, units)
                total -= units
            continue
        told = spend(book, [one], cost)
        fits = not cost or total + cost <= one.quota.amount
        assert isinstance(told, Reserved if fits else Exhausted)
        if isinstance(told, Reserved):
            total += cost
            passed.append((told, cost))
        assert told.left[0] == max(one.quota.amount - total, 0)


@pytest.mark.parametrize("is_first", [True, False])
def test_an_answer_from_before_a_quota_was_lowered_is_not_spent(*, is_first: bool) -> None:
    """Whichever answer comes first, that of before or that of after."""
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    before = book.reserve([use(amount=1000)], 100, NOW)
    assert isinstance(before, Short)
    old = before.work()
    after = book.reserve([use(amount=5)], 1, NOW)
    assert isinstance(after, Short)
    new = after.work()
    for granted in (old, new) if is_first else (new, old):
        book.install(granted, NOW)
    assert spend_all(book, [use(amount=5)], 1, NOW + SECOND) == 5


def test_it_asks_ahead_once_half_is_left_and_not_twice() -> None:
    book = LeaseBook(ExactLedger(), "spl")
    uses = [use(amount=10**6)]
    for _ in range(STEP_FIRST // 2):
        spend(book, uses, 1)
        assert book.wanting(NOW) is None
    spend(book, uses, 1)
    ahead = book.wanting(NOW)
    assert ahead is not None
    spend(book, uses, 1)
    assert book.wanting(NOW) is None
    book.install(ahead.work(), NOW)
    told = book.reserve(uses, 16, NOW)
    assert isinstance(told, Reserved)


def test_an_idle_lease_goes_back_and_the_book_forgets_it() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=1000)]
    spend(book, uses, 1)
    assert book.idle(NOW + SECOND) == {}
    assert book.idle(NOW + 3 * SECOND) == {}
    ledger.give_back("spl", book.idle(NOW + 4 * SECOND))
    assert sum(ledger.leases.values()) == 1
    assert len(book) == 0


def test_who_comes_back_between_two_looks_finds_the_lease_where_it_was() -> None:
    """On its way to the store and back, a unit would be missing for a moment."""
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=1000)]
    spend(book, uses, 1)
    for seconds in (3, 6, 9):
        assert book.idle(NOW + seconds * SECOND) == {}
        asked = ledger.calls
        assert isinstance(spend(book, uses, 1, NOW + seconds * SECOND), Reserved)
        assert ledger.calls == asked


def test_a_stop_gives_everything_back() -> None:
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    for name in ("a", "b", "c"):
        spend(book, [use(name, 1000)], 1)
    ledger.give_back("spl", book.drain())
    assert sum(ledger.leases.values()) == 3


class TwoBooks(RuleBasedStateMachine):
    """Two nodes on one ledger, in any order of asking, dying answers included."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = ExactLedger()
        self.books = [LeaseBook(self.ledger, name) for name in ("one", "two")]
        self.uses = [use("a", 40, Window.HOUR), use("b", 300, Window.HOUR)]
        self.now = NOW
        self.spent: dict[str, int] = {}
        self.reserved: list[tuple[int, Reserved, int]] = []
        self.asked: list[tuple[int, Short]] = []

    @rule(
        which=st.integers(0, 1),
        cost=st.integers(0, 12),
        both=st.booleans(),
        less=st.sampled_from([0, 0, 5, 20]),
    )
    def ask(self, which: int, cost: int, both: bool, less: int) -> None:
        """By another line it is less of the first quota."""
        first, second = self.uses
        if less:
            first = use("a", first.quota.amount - less, Window.HOUR)
        self.told(which, (first, second)[: 1 + both], cost)

    def told(self, which: int, uses: Sequence[QuotaUse], cost: int) -> None:
        told = self.books[which].reserve(uses, cost, self.now)
        if isinstance(told, Reserved):
            self.reserved.append((which, told, cost))
            for lease_id in told.lease_ids:
                self.spent[lease_id] = self.spent.get(lease_id, 0) + cost
        elif isinstance(told, Short):
            self.asked.append((which, told))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), twice=st.booleans())
    def answer(self, data: st.DataObject, twice: bool) -> None:
        which, short = self.asked.pop(data.draw(st.integers(0, len(self.asked) - 1)))
        granted = short.work()
        for _ in range(1 + twice):
            self.books[which].install(granted, self.now)

    @precondition(lambda self: self.reserved)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        which, told, cost = self.reserved.pop(
            data.draw(st.integers(0, len(self.reserved) - 1))
        )
        self.books[which].refund(told.lease_ids, cost)
        for lease_id in told.lease_ids:
            self.spent[lease_id] -= cost

    @rule(which=st.integers(0, 1))
    def ahead(self, which: int) -> None:
        short = self.books[which].wanting(self.now)
        if short is not None:
            self.asked.append((which, short))

    @rule(which=st.integers(0, 1))
    def idle(self, which: int) -> None:
        self.ledger.give_back("", self.books[which].idle(self.now))

    @rule(seconds=st.sampled_from([0, 1, 3, 1800, -60]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule(amount=st.integers(30, 60))
    def change(self, amount: int) -> None:
        """Only ever raised, so that what must hold is the limit of now."""
        if amount > self.uses[0].quota.amount:
            self.uses[0] = use("a", amount, Window.HOUR)

    def spent_in_all(self) -> dict[tuple[Budget, Span], int]:
        """By budget and window; of no lease more than it holds."""
        total: dict[tuple[Budget, Span], int] = {}
        for lease_id, units in self.spent.items():
            assert 0 <= units <= self.ledger.leases[lease_id]
            where = self.ledger.of[lease_id]
            total[where] = total.get(where, 0) + units
        return total

    @invariant()
    def no_unit_is_spent_that_was_not_leased(self) -> None:
        limits = {one.budget: one.quota.amount for one in self.uses}
        total = self.spent_in_all()
        for (budget, _), units in total.items():
            assert units <= limits[budget]

    def teardown(self) -> None:
        """No unit is lost: after all gave back, one gets all the rest."""
        for which, short in self.asked:
            self.books[which].install(short.work(), self.now)
        for book in self.books:
            self.ledger.give_back("", book.drain())
        for lease_id, units in self.ledger.leases.items():
            assert units == self.spent.get(lease_id, 0)
        for one in self.uses:
            spent = sum(
                units
                for lease_id, units in self.spent.items()
                if self.ledger.of[lease_id] == (one.budget, span_of(one.quota, self.now))
            )
            rest = spend_all(LeaseBook(self.ledger, "three"), [one], 1, self.now)
            assert rest == max(one.quota.amount - spent, 0)


class Lowered(TwoBooks):
    """The same where a quota is lowered, again and again, for all lines at once."""

    def __init__(self) -> None:
        super().__init__()
        self.uses[0] = use("a", 200, Window.HOUR)
        self.before: dict[tuple[Budget, Span], int] = {}

    @rule(which=st.integers(0, 1), cost=st.integers(0, 12), both=st.booleans())
    def ask(self, which: int, cost: int, both: bool) -> None:
        self.told(which, self.uses[: 1 + both], cost)

    @rule(less=st.integers(1, 60))
    def change(self, less: int) -> None:
        amount = max(self.uses[0].quota.amount - less, 10)
        self.uses[0] = use("a", amount, Window.HOUR)

    @invariant()
    def no_unit_is_spent_that_was_not_leased(self) -> None:
        """Nor one above the amount, but for what was before it was lowered."""
        limits = {one.budget: one.quota.amount for one in self.uses}
        total = self.spent_in_all()
        for where, units in total.items():
            assert units <= max(limits[where[0]], self.before.get(where, 0))
        self.before = total


TestLowered = pytest.mark.filterwarnings("default")(Lowered.TestCase)
TestLowered.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestTwoBooks = pytest.mark.filterwarnings("default")(TwoBooks.TestCase)
TestTwoBooks.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def test_many_waiters_near_the_limit_are_served_in_few_questions() -> None:
    """A hundred requests at once must not queue up for the store one by one."""
    ledger = ExactLedger()
    book = LeaseBook(ledger, "spl")
    uses = [use(amount=60)]
    waiting, spent, rounds = 100, 0, 0
    while waiting:
        rounds += 1
        asks = []
        for _ in range(waiting):
            told = book.reserve(uses, 1, NOW)
            waiting -= not isinstance(told, Short)
            spent += isinstance(told, Reserved)
            if isinstance(told, Short):
                asks.append(told)
        if asks:
            book.install(random.Random(1).choice(asks).work(), NOW)
    assert spent == 60
    assert rounds < 8
