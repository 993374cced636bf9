"""What one node holds of one quota in one window."""

from dataclasses import dataclass, field
from typing import Final

from keyhouse.core.quotas import Budget, Quota, Span
from keyhouse.ports import Leased, LeaseWanted

STEP_FIRST: Final = 16
STEP_MAX: Final = 1 << 18
FAST_US: Final = 2_000_000
"""A grant eaten within this makes the next one larger."""
LASTS_US: Final = 4_000_000
"""So long a grant is to last at the pace that was seen.

More is asked for when half of what is held is left, which is looked at twice a
second: what is left by then must last until the answer has come, and one that is
half as large, as after a pause, must do so as well.
"""
GROWTH_MAX: Final = 32
"""By how much one grant may be larger than the one before: a burst is no pace."""
SHARE: Final = 8
"""A grant takes at most this part of what was last heard to be left."""
RETRY_FIRST_US: Final = 100_000
RETRY_MAX_US: Final = 1_600_000
"""How long a quota heard to be exhausted is taken to be so, at first and at most.

Another node gives back what it leaves idle, so the store is asked again, but
not for each call of one who hammers.
"""
RECENT_US: Final = 2_000_000
"""An amount that nobody has counted by for so long is taken to be in force no more."""


@dataclass(slots=True, eq=False)
class Holding:
    """A lease as its holder sees it, counting by the amount of `quota`.

    `remaining` may be spent without asking. `taken` is what was last heard to be
    used and leased by all, and `left` what the amount has beside it; before the
    first answer, `heard` is False and they are a guess.

    Lines may count on one budget by several amounts, and spend of one lease, as a
    store has one for each spool and budget. What all have taken beyond the amount is
    `withheld` of what is held: only a larger amount may spend it. For an amount that
    the store was not asked by since it came into force, all is withheld and `heard`
    is False: it may be a larger one that was lowered, and others may have spent what
    that had for them. `proven` tells which amounts were asked by, and when each was
    counted by last.

    `demand` is what was asked for since the last answer and could not be spent; `low`
    is where to ask ahead. `had` is what was held when something was granted last.
    `heard_at` is which of the book's answers came last.
    """

    token: str
    quota: Quota
    budget: Budget
    span: Span
    lease_id: str = ""
    lease_ids: tuple[str, ...] = ("",)
    remaining: int = 0
    withheld: int = 0
    taken: int = 0
    low: int = -1
    heard: bool = False
    heard_at: int = 0
    used_us: int = 0
    demand: int = 0
    waited: int = 0
    step: int = STEP_FIRST
    granted_us: int = 0
    had: int = 0
    ahead_us: int = 0
    refused_amount: int = 0
    refused_until_us: int = 0
    refused_for_us: int = 0
    idle_since_us: int = -1
    left: int = field(init=False)
    proven: dict[int, int] = field(init=False)
    start_us: int = field(init=False)
    end_us: int = field(init=False)

    def __post_init__(self) -> None:
        self.start_us, self.end_us = self.span
        self.left, self.proven = self.quota.amount, {}

    @property
    def held(self) -> int:
        """All that is held, whatever amount may spend it."""
        return self.remaining + self.withheld

    @property
    def free(self) -> int:
        """What is left by the amount, as far as is known, held or not."""
        return max(self.quota.amount - self.taken + self.held, 0)

    def count_by(self, quota: Quota, now_us: int) -> None:
        """Go on by another quota in the same window: another line's, or a changed one."""
        before, self.quota = self.quota.amount, quota
        if quota.amount == before:
            return
        if self.heard:
            self.proven[before] = max(self.proven.get(before, 0), self.used_us)
        self.proven = {
            amount: at_us
            for amount, at_us in self.proven.items()
            if 0 <= now_us - at_us < RECENT_US
        }
        self._weigh()
        if self.heard:
            self.proven[quota.amount] = now_us

    def up_to(self, at_least: int) -> int:
        """How much to lease: by pace, and ever less towards the limit, so that

        the last units go to whoever asks for them first. What requests are
        known to wait for is no hoard, and is asked for whole.
        """
        return max(at_least, self.waited, min(self.step, self.left // SHARE))

    def refuses(self, cost: int, now_us: int) -> bool:
        """Whether the store said, shortly ago, that there is not so much.

        Ago: who said it later than now had another clock.
        """
        return (
            self.quota.amount <= self.refused_amount
            and 0 < self.refused_until_us - now_us <= self.refused_for_us
            and cost > self.free
        )

    def install(
        self, want: LeaseWanted, answer: Leased, now_us: int, *, is_newer: bool
    ) -> None:
        """Take up the store's answer. `is_newer`: it was asked for behind the last one.

        Answers may come in another order than the store gave them: then what is
        taken is held for the most that was heard.
        """
        taken = want.limit - answer.left
        self.taken = taken if is_newer else max(taken, self.taken)
        self.lease_id, self.lease_ids = answer.lease_id, (answer.lease_id,)
        self.proven[want.limit] = now_us
        self._weigh()
        if answer.granted:
            self._pace(answer.granted, now_us)
            self.had = self.held + answer.granted
            self.used_us = now_us
            if want.limit <= self.refused_amount:
                self.refused_until_us = self.refused_for_us = 0
            self.remaining += answer.granted
            self._weigh()
        elif want.up_to:
            self._refused(want.limit, now_us)
        if want.up_to:
            self.waited = max(self.demand - self.remaining, 0)
            self.demand = 0

    def put_back(self, units: int) -> None:
        """Hold so many more, which were taken before."""
        self.remaining += units
        if self.taken > self.quota.amount or not self.heard:
            self._weigh()

    def let_go(self) -> int:
        """Hold nothing any more; returns what was held."""
        units = self.held
        self.remaining = self.withheld = 0
        self.taken -= units
        self._weigh()
        self.low = -1
        return units

    def spare(self, now_us: int) -> int:
        """Let go of what is withheld for a larger amount that nobody counts by any more."""
        amount = self.quota.amount
        if not self.withheld or not self.heard:
            return 0
        for other, at_us in self.proven.items():
            if other > amount and 0 <= now_us - at_us < RECENT_US:
                return 0
        units, self.withheld = self.withheld, 0
        self.taken -= units
        return units

    def is_idle(self, now_us: int, idle_us: int) -> bool:
        """Whether nothing was spent of it for so long."""
        return not 0 <= now_us - self.used_us < idle_us

    def is_left(self, now_us: int, idle_us: int) -> bool:
        """Whether it is idle, and was so when this was asked before.

        Units on their way back are nobody's for a moment; so they do not leave
        while the wall clock says at one look that time has passed.
        """
        before, self.idle_since_us = self.idle_since_us, -1
        if self.is_idle(now_us, idle_us):
            self.idle_since_us = self.used_us
        return before == self.used_us == self.idle_since_us

    def is_done(self, now_us: int, idle_us: int) -> bool:
        """Whether nothing is lost by forgetting an idle one.

        A refusal is remembered while it is asked about.
        """
        return now_us - self.refused_until_us >= idle_us or now_us >= self.end_us

    def _weigh(self) -> None:
        """See what of it the amount may spend, by what is known to be taken."""
        amount, held = self.quota.amount, self.held
        over = self.taken - amount
        self.left = max(-over, 0)
        # What is leased by a smaller amount, a larger one may spend.
        proven = self.proven
        self.heard = bool(proven) and (amount in proven or amount > max(proven))
        self.withheld = min(max(over, 0), held) if self.heard else held
        self.remaining = held - self.withheld
        self.low = self.had // 2 if self.left else -1

    def _refused(self, amount: int, now_us: int) -> None:
        self.low = -1
        self.refused_amount = amount
        self.refused_for_us = min(self.refused_for_us * 2 or RETRY_FIRST_US, RETRY_MAX_US)
        self.refused_until_us = now_us + self.refused_for_us

    def _pace(self, granted: int, now_us: int) -> None:
        """Make the step last, where the last grant did not; halve it when that did long."""
        lasted_us = now_us - self.granted_us
        if self.granted_us and 0 <= lasted_us < FAST_US:
            if granted >= min(self.step, self.left // SHARE):
                spent = max(self.had - self.held, 0)
                lasting = spent * LASTS_US // max(lasted_us, 1)
                most = min(self.step * GROWTH_MAX, STEP_MAX)
                self.step = min(max(self.step * 2, lasting), most)
        elif self.granted_us and lasted_us > FAST_US * 5:
            self.step = max(self.step // 2, STEP_FIRST)
        self.granted_us = now_us
