"""The lease book: spends quotas from what the node has leased of them.

A unit is spent only out of a lease that the store has committed, so the sum
over all nodes never passes the limit, whatever dies or stops. The book itself
makes no call to the store: it says what is to be asked, and is told answers.
"""

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from keyhouse.core.limits import MICROSECONDS, Left
from keyhouse.core.quotas import span_of
from keyhouse.core.records import QuotaUse
from keyhouse.ports import BudgetLedger, Leased, LeaseWanted
from keyhouse.services.budgets.holding import STEP_FIRST, Holding

IDLE_US: Final = 2_000_000
"""A lease unused for this long, at two looks in a row, is given back."""
AHEAD_US: Final = 1_000_000
"""A question ahead that had no answer in this time is put again."""
STEPS_MAX: Final = 4096
"""Of so many budgets that are held no more it is known how large their leases were."""
_LOOKED_AT: Final = 2048
_made: Final = tuple.__new__
# A NamedTuple's own constructor takes twice the time.


class Reserved(NamedTuple):
    """Spent: from which leases, and how each quota stands after it."""

    lease_ids: tuple[str, ...]
    left: Left


class Exhausted(NamedTuple):
    """Refused: nothing was spent. `retry_us` is None where waiting is of no

    use, because the cost is above a quota's whole amount.
    """

    left: Left
    retry_us: int | None


class Granted:
    """The store's answers to one `Short`. Installing it twice counts it once."""

    __slots__ = ("answers", "installed", "short")

    def __init__(self, short: "Short", answers: Sequence[Leased]) -> None:
        self.short = short
        self.answers = answers
        self.installed = False


@dataclass(frozen=True, slots=True, eq=False)
class Short:
    """The node holds too little: this is to be asked of the store.

    `work` blocks and may run on any thread. Its result belongs into
    `LeaseBook.install`, on the book's thread, even if nobody waits for it any
    more: what is granted and not installed is held until the spool is closed.
    Those of equal `need` may share one result. `asked_at` is how many answers the
    book had then.
    """

    need: Hashable
    wants: tuple[LeaseWanted, ...]
    tokens: tuple[str, ...]
    asked_at: int
    ledger: BudgetLedger = field(repr=False)
    spool_id: str

    def work(self) -> Granted:
        """Lease; raises StoreUnavailable, and then nothing need be installed."""
        return Granted(self, self.ledger.lease(self.spool_id, self.wants))


def lease_together(shorts: Sequence[Short]) -> list[Granted]:
    """What all of these ask, in one transaction of their store, as `Short.work` does."""
    first = shorts[0]
    wants = [want for short in shorts for want in short.wants]
    answers = iter(first.ledger.lease(first.spool_id, wants))
    return [Granted(short, list(islice(answers, len(short.wants)))) for short in shorts]


class LeaseBook:
    """All leases of one node. One thread calls it; nothing in it blocks."""

    def __init__(self, ledger: BudgetLedger, spool_id: str) -> None:
        self._ledger = ledger
        self._spool_id = spool_id
        self._holdings: dict[str, Holding] = {}
        self._by_lease: dict[str, Holding] = {}
        self._order: deque[Holding] = deque()
        self._owed: dict[str, int] = {}
        self._low: dict[str, Holding] = {}
        self._steps: dict[str, int] = {}
        self._answers = 0

    def __len__(self) -> int:
        """How many budgets the book knows."""
        return len(self._holdings)

    def reserve(
        self, uses: Sequence[QuotaUse], cost: int, now_us: int
    ) -> Reserved | Exhausted | Short:
        """Spend `cost` of every quota of `uses`, or of none.

        A cost of 0 reads what is left: it leases nothing and is no use of a lease.
        """
        if len(uses) == 1 and cost:
            token, quota, _ = uses[0]
            one = self._holdings.get(token)
            if (
                one is not None
                and one.quota is quota
                and one.start_us <= now_us < one.end_us
                and one.remaining >= cost
            ):
                return self._spent(one, cost, now_us)
        return self._reserve(uses, cost, now_us)

    def _spent(self, holding: Holding, cost: int, now_us: int) -> Reserved:
        """Spend of the only quota there is, from a holding that has enough."""
        holding.used_us = now_us
        remaining = holding.remaining = holding.remaining - cost
        if remaining < holding.low:
            self._low[holding.token] = holding
        left = (
            remaining + holding.left,
            -((now_us - holding.end_us) // MICROSECONDS),
        )
        return _made(Reserved, (holding.lease_ids, left))

    def _reserve(
        self, uses: Sequence[QuotaUse], cost: int, now_us: int
    ) -> Reserved | Exhausted | Short:
        holdings = []
        enough = True
        for use in uses:
            token, quota, _ = use
            holding = self._holdings.get(token)
            if (
                holding is None
                or holding.quota is not quota
                or not holding.start_us <= now_us < holding.end_us
            ):
                holding = self._holding(use, now_us)
            if holding.remaining < cost or not holding.heard:
                enough = False
            holdings.append(holding)
        if not enough:
            return self._short(holdings, cost, now_us)
        if not cost:
            return _made(Reserved, ((), _left(holdings, now_us)))
        leases: list[str] = []
        for holding in holdings:
            holding.used_us = now_us
            remaining = holding.remaining = holding.remaining - cost
            if remaining < holding.low:
                self._low[holding.token] = holding
            leases.append(holding.lease_id)
        left = _left(holdings, now_us)
        return _made(Reserved, (tuple(leases), left))

    def refund(self, lease_ids: Sequence[str], cost: int) -> None:
        """Undo a reservation, or a part of one: in no spool, or undone in it already.

        Units of a window that has ended go back to the store.
        """
        for lease_id in lease_ids:
            self._keep(lease_id, cost)

    def install(self, granted: Granted, now_us: int) -> None:
        """Take up what the store answered. What nobody holds by now goes back."""
        if granted.installed:
            return
        granted.installed = True
        for token, want, answer in zip(
            granted.short.tokens, granted.short.wants, granted.answers, strict=True
        ):
            holding = self._holdings.get(token)
            if holding is None or holding.span != want.span:
                self._owe(answer.lease_id, answer.granted)
                continue
            is_newer = granted.short.asked_at >= holding.heard_at
            holding.install(want, answer, now_us, is_newer=is_newer)
            self._answers += 1
            holding.heard_at = self._answers
            self._by_lease[answer.lease_id] = holding

    def wanting(self, now_us: int) -> Short | None:
        """What should be asked for ahead of need, None if nothing.

        A budget is told once and not again until it was answered or a second
        has passed.
        """
        if not self._low:
            return None
        wants = {}
        for token, holding in self._low.items():
            waiting = 0 <= now_us - holding.ahead_us < AHEAD_US
            if holding.remaining < holding.low and not waiting:
                holding.ahead_us = now_us
                wants[token] = _want(holding, 1)
        self._low = {}
        if not wants:
            return None
        return self._ask_for(tuple(wants), tuple(wants.values()))

    def idle(self, now_us: int) -> dict[str, int]:
        """Let go of leases that nobody uses: lease id to units to give back.

        The units are no longer in the book: whoever calls this owes them to
        `BudgetLedger.give_back`. Looks at a bounded number at a time.
        """
        order = self._order
        for _ in range(min(_LOOKED_AT, len(order))):
            holding = order.popleft()
            if self._holdings.get(holding.token) is not holding:
                continue
            if now_us >= holding.span.end_us or holding.is_left(now_us, IDLE_US):
                self._let_go(holding)
                if holding.is_done(now_us, IDLE_US):
                    self._forget(holding)
                    continue
            self._owe(holding.lease_id, holding.spare(now_us))
            order.append(holding)
        returns, self._owed = self._owed, {}
        return returns

    def drain(self) -> dict[str, int]:
        """Let go of everything, at a stop: lease id to units to give back."""
        for holding in list(self._holdings.values()):
            self._let_go(holding)
            self._forget(holding)
        self._order.clear()
        returns, self._owed = self._owed, {}
        return returns

    def _holding(self, use: QuotaUse, now_us: int) -> Holding:
        """The holding for this quota and window; one that is past is put aside."""
        span = span_of(use.quota, now_us)
        old = self._holdings.get(use.token)
        if old is not None:
            if old.span == span:
                old.count_by(use.quota, now_us)
                return old
            self._let_go(old)
            self._forget(old)
        new = Holding(use.token, use.quota, use.budget, span)
        new.used_us = now_us
        new.step = self._steps.pop(use.token, STEP_FIRST)
        self._holdings[use.token] = new
        self._order.append(new)
        return new

    def _short(self, holdings: list[Holding], cost: int, now_us: int) -> Exhausted | Short:
        if any(cost > one.quota.amount for one in holdings):
            return Exhausted(_left(holdings, now_us), None)
        refusing = [one for one in holdings if one.refuses(cost, now_us)]
        if refusing:
            end_us = max(one.span.end_us for one in refusing)
            return Exhausted(_left(holdings, now_us), end_us - now_us)
        lacking = [one for one in holdings if one.remaining < cost or not one.heard]
        for one in lacking:
            one.demand += cost
        return self._ask_for(
            tuple(one.token for one in lacking),
            tuple(_want(one, max(cost - one.held, 1) if cost else 0) for one in lacking),
        )

    def _ask_for(self, tokens: tuple[str, ...], wants: tuple[LeaseWanted, ...]) -> Short:
        asked = [(want.span, want.limit, want.up_to > 0) for want in wants]
        need = ("lease", *zip(tokens, asked, strict=True))
        return Short(need, wants, tokens, self._answers, self._ledger, self._spool_id)

    def _remember(self, holding: Holding) -> None:
        """Who was busy before a pause, or in the last window, mostly is so after it."""
        while len(self._steps) >= STEPS_MAX:
            del self._steps[next(iter(self._steps))]
        self._steps[holding.token] = max(holding.step // 2, STEP_FIRST)

    def _keep(self, lease_id: str, units: int) -> None:
        """Put units back where they may be spent again, here or by others."""
        holding = self._by_lease.get(lease_id)
        if holding is not None:
            holding.put_back(units)
        else:
            self._owe(lease_id, units)

    def _owe(self, lease_id: str, units: int) -> None:
        """Give units back to the store, by and by."""
        if units:
            self._owed[lease_id] = self._owed.get(lease_id, 0) + units

    def _let_go(self, holding: Holding) -> None:
        self._owe(holding.lease_id, holding.let_go())

    def _forget(self, holding: Holding) -> None:
        del self._holdings[holding.token]
        if holding.step > STEP_FIRST:
            self._remember(holding)
        if self._by_lease.get(holding.lease_id) is holding:
            del self._by_lease[holding.lease_id]
        self._low.pop(holding.token, None)


def _want(holding: Holding, at_least: int) -> LeaseWanted:
    """What to ask of the store; where nothing is needed, how much is left."""
    up_to = holding.up_to(at_least) if at_least else 0
    return LeaseWanted(holding.budget, holding.span, holding.quota.amount, at_least, up_to)


def _left(holdings: Sequence[Holding], now_us: int) -> Left:
    numbers: list[int] = []
    for one in holdings:
        # A window that ended before it began, as the clock was set: ended.
        ends_us = max(one.end_us - now_us, 0)
        units = one.remaining + one.left if one.heard else one.free
        numbers += (units, -(-ends_us // MICROSECONDS))
    return tuple(numbers)
