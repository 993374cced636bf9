"""What one node holds of one quota in one window."""

from dataclasses import dataclass, field
from typing import Final

from keyhouse.core.quotas import Budget, Quota, Span

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


@dataclass(slots=True, eq=False)
class Holding:
    """A lease as its holder sees it.

    `remaining` may be spent without asking. `left` is what was last heard to
    be there for anyone beside it; before the first answer, `heard` is False
    and it is a guess. `demand` is what was asked for since the last answer and
    could not be spent; `low` is where to ask ahead. `had` is what remained when
    something was granted last.
    """

    token: str
    quota: Quota
    budget: Budget
    span: Span
    left: int
    lease_id: str = ""
    lease_ids: tuple[str, ...] = ("",)
    remaining: int = 0
    low: int = -1
    heard: bool = False
    used_us: int = 0
    demand: int = 0
    waited: int = 0
    step: int = STEP_FIRST
    granted_us: int = 0
    had: int = 0
    ahead_us: int = 0
    refused_until_us: int = 0
    refused_for_us: int = 0
    idle_since_us: int = -1
    start_us: int = field(init=False)
    end_us: int = field(init=False)

    def __post_init__(self) -> None:
        self.start_us, self.end_us = self.span

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
            0 < self.refused_until_us - now_us <= self.refused_for_us
            and cost > self.remaining + self.left
        )

    def hear(self, lease_id: str, left: int) -> None:
        """Take up what the store says is left, which is all that a reading asks."""
        self.lease_id, self.left, self.heard = lease_id, left, True
        self.lease_ids = (lease_id,)

    def install(self, lease_id: str, granted: int, left: int, now_us: int) -> None:
        """Take up the store's answer to who wanted some."""
        self.hear(lease_id, left)
        self.waited = max(self.demand - self.remaining - granted, 0)
        self.demand = 0
        if granted:
            self._pace(granted, now_us)
            self.remaining += granted
            self.had = self.remaining
            self.low = self.remaining // 2 if left else -1
            self.used_us = now_us
            self.refused_until_us = self.refused_for_us = 0
            return
        self.low = -1
        self.refused_for_us = min(self.refused_for_us * 2 or RETRY_FIRST_US, RETRY_MAX_US)
        self.refused_until_us = now_us + self.refused_for_us

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

    def _pace(self, granted: int, now_us: int) -> None:
        """Make the step last, where the last grant did not; halve it when that did long."""
        lasted_us = now_us - self.granted_us
        if self.granted_us and 0 <= lasted_us < FAST_US:
            if granted >= min(self.step, self.left // SHARE):
                spent = max(self.had - self.remaining, 0)
                lasting = spent * LASTS_US // max(lasted_us, 1)
                most = min(self.step * GROWTH_MAX, STEP_MAX)
                self.step = min(max(self.step * 2, lasting), most)
        elif self.granted_us and lasted_us > FAST_US * 5:
            self.step = max(self.step // 2, STEP_FIRST)
        self.granted_us = now_us
