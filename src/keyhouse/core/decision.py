"""The answer to a verification."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from keyhouse.core.entities import LimitKind, Window
from keyhouse.core.limits import Left
from keyhouse.core.records import ApplicationRecord, KeyRecord, Line
from keyhouse.core.verdict import Verdict

WINDOW_SECONDS = {
    Window.HOUR: 3600,
    Window.DAY: 86_400,
    Window.WEEK: 7 * 86_400,
    Window.MONTH: 30 * 86_400,
}
"""The usual length of a window, as RateLimit-Policy tells it."""


class LimitState(NamedTuple):
    """One limit as it stands after the decision. `window_seconds` is the

    period of a rate and the window's length of a quota; `reset_seconds` says
    when all of it is back. Credits have neither.
    """

    name: str
    kind: LimitKind
    amount: int
    window_seconds: int | None
    remaining: int
    reset_seconds: int | None


@dataclass(slots=True, init=False)
class Decision:
    """What a verification came to.

    `line` is None where no key of ours was found. `left` tells the limits
    that were met, `line.rates` before `line.quotas`: all of them, the quotas
    alone where they refused, and none where the walk ended before. `retry_us`
    is how long a refusal by a limit lasts, None where there is none or where
    waiting is of no use. `lease_ids` are the leases that paid, `units` what
    the request cost.
    """

    verdict: Verdict
    at_us: int
    line: Line | None = None
    route_id: str = ""
    units: int = 0
    scopes_missing: tuple[str, ...] = ()
    left: Left = ()
    retry_us: int | None = None
    lease_ids: tuple[str, ...] = field(default=(), repr=False)

    # Written out: the one that a dataclass makes would not be compiled.
    def __init__(
        self,
        verdict: Verdict,
        at_us: int,
        line: Line | None = None,
        route_id: str = "",
        units: int = 0,
        scopes_missing: tuple[str, ...] = (),
        left: Left = (),
        retry_us: int | None = None,
        lease_ids: tuple[str, ...] = (),
    ) -> None:
        self.verdict = verdict
        self.at_us = at_us
        self.line = line
        self.route_id = route_id
        self.units = units
        self.scopes_missing = scopes_missing
        self.left = left
        self.retry_us = retry_us
        self.lease_ids = lease_ids

    @property
    def allowed(self) -> bool:
        """Whether the request may pass."""
        return self.verdict is Verdict.VALID

    @property
    def code(self) -> str:
        """The verdict's code, as `valid` or `rate_limited`."""
        return self.verdict.code

    @property
    def key(self) -> KeyRecord | None:
        """The key, where one was found."""
        return self.line.key if self.line else None

    @property
    def application(self) -> ApplicationRecord | None:
        """The application that the key identifies."""
        return self.line.application if self.line else None

    @property
    def customer(self) -> str | None:
        """Whom the provider knows the caller as: see `Line.caller_name`."""
        return self.line.caller_name if self.line else None

    @property
    def subject(self) -> str | None:
        """The user inside the application; None for a key alone, which stands for none."""
        return self.line.token.subject if self.line and self.line.token else None

    @property
    def scopes(self) -> frozenset[str]:
        """What the key may do on this API."""
        return self.line.grant.scopes if self.line and self.line.grant else frozenset()

    @property
    def limits(self) -> tuple[LimitState, ...]:
        """All limits that the request met, rates before quotas."""
        return limit_states(self)


LINES_MAX: Final = 16_384
"""For so many lines the terms of their limits are kept; a line is known by identity."""
_made = tuple.__new__  # half the time of a NamedTuple's own constructor


class Term(NamedTuple):
    """What stays of a limit, whatever is spent of it: the head of its LimitState."""

    name: str
    kind: LimitKind
    amount: int
    window_seconds: int | None


def limits_met(decision: Decision) -> tuple[int, int]:
    """How many rates and how many quotas `left` tells."""
    if not decision.left or decision.line is None:
        return 0, 0
    quotas = len(decision.line.quotas)
    return len(decision.left) // 2 - quotas, quotas


@lru_cache(LINES_MAX)
def limit_terms(line: Line, rates: int, quotas: int) -> tuple[Term, ...]:
    """The terms of the line's first `rates` rates, then of its first `quotas` quotas."""
    return (
        *(
            Term(
                use.limit.name,
                LimitKind.RATE,
                use.limit.amount,
                use.limit.period_us // 1_000_000,
            )
            for use in line.rates[:rates]
        ),
        *(
            Term(
                use.quota.name,
                LimitKind.QUOTA,
                use.quota.amount,
                WINDOW_SECONDS[use.quota.window] if use.quota.window else None,
            )
            for use in line.quotas[:quotas]
        ),
    )


def exhausted(line: Line, units: int, left: Left) -> Verdict:
    """Why quotas refused `units`: for want of credits before all else, as waiting

    does not mend that. `left` tells the quotas of the line.
    """
    if line.credits is not None and left[-2] < units:
        return Verdict.CREDITS_EXHAUSTED
    return Verdict.QUOTA_EXCEEDED


def limit_states(decision: Decision) -> tuple[LimitState, ...]:
    """The limits of a decision as they stand after it."""
    line = decision.line
    if line is None or not decision.left:
        return ()
    numbers = iter(decision.left)
    terms = limit_terms(line, *limits_met(decision))
    return tuple(
        [
            _made(LimitState, (*term, left, term.window_seconds and reset))
            for term, left, reset in zip(terms, numbers, numbers, strict=True)
        ]
    )
