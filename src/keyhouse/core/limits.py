"""How fast: the generic cell rate algorithm (GCRA) in integer microseconds.

A counter is one number, its theoretical arrival time `tat`. Each unit moves
it forward by the emission interval; a request may pass while it stays within
`burst` intervals of now (ITU-T I.371; also the token bucket seen from the
other side). Intervals are rounded up, so that rounding never allows more
than the limit says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

MICROSECONDS: Final = 1_000_000
RATE_MAX: Final = MICROSECONDS
"""The most units a second that an interval of whole microseconds can tell."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate limit, compiled. `interval_us` is the time that one unit takes."""

    name: str
    amount: int
    period_us: int
    burst: int
    interval_us: int
    tolerance_us: int


Left = tuple[int, ...]
"""How limits stand after a request, two numbers for each of them in order:

units left, and whole seconds, rounded up, until all of it is back.
"""


class Taken(NamedTuple):
    """A counter after a take, or as it is when the take was refused.

    `remaining` is how many units could pass at once, `reset_us` how long
    until all of the burst is back, `retry_us` how long until this take would
    pass: 0 when it did, None when it never can.
    """

    allowed: bool
    tat_us: int
    remaining: int
    reset_us: int
    retry_us: int | None


def rate_limit(name: str, amount: int, period_seconds: int, burst: int | None) -> RateLimit:
    """Compile a rate limit of `amount` units a period; burst None is `amount`.

    Raises ValueError for an amount, period or burst below 1 and for more than
    RATE_MAX units a second.
    """
    burst = amount if burst is None else burst
    period_us = period_seconds * MICROSECONDS
    if amount < 1 or period_seconds < 1 or burst < 1:
        raise ValueError("amount, period and burst of a rate limit are at least 1")
    if amount > RATE_MAX * period_seconds:
        raise ValueError(f"a rate limit is at most {RATE_MAX} units a second")
    interval_us = -(-period_us // amount)
    return RateLimit(name, amount, period_us, burst, interval_us, interval_us * burst)


def take(limit: RateLimit, tat_us: int, cost: int, now_us: int) -> Taken:
    """Spend `cost` units of the counter, or say how long to wait.

    A cost of 0 spends nothing and passes always: it reads the counter.
    """
    tats = {"": tat_us}
    left = spend(tats, (("", limit),), cost, now_us) if cost else None
    if left is None:
        return _unspent(limit, tat_us, cost, now_us)
    return Taken(True, tats[""], left[0], tats[""] - now_us, 0)


def stood(limit: RateLimit, tat_us: int, cost: int, now_us: int) -> Taken:
    """A counter as it stands when a request for `cost` was refused, by it or by others.

    One that would have let it pass tells its state alone.
    """
    taken = _unspent(limit, tat_us, cost, now_us)
    short = taken.retry_us is None or taken.retry_us > 0
    return taken if short else _unspent(limit, tat_us, 0, now_us)


def shared(limit: RateLimit, nodes: int) -> RateLimit:
    """What one of `nodes` may let pass where each counts for itself: its share."""
    if nodes <= 1:
        return limit
    burst = max(limit.burst // nodes, 1)
    interval_us = limit.interval_us * nodes
    return RateLimit(
        limit.name, limit.amount, limit.period_us, burst, interval_us, interval_us * burst
    )


def left_of(taken: Iterable[Taken]) -> Left:
    """The same counters in the short form."""
    numbers: list[int] = []
    for one in taken:
        numbers += (one.remaining, -(-one.reset_us // MICROSECONDS))
    return tuple(numbers)


def spend(
    tats: dict[str, int],
    uses: Sequence[tuple[str, RateLimit]],
    cost: int,
    now_us: int,
) -> Left | None:
    """Spend `cost`, at least 1, of all of the named counters in `tats`.

    None where one of them refuses, and then `tats` is as it was. One call for
    all that a request takes, and no object for each: both are what costs.
    """
    left: list[int] = []
    before: list[int] = []
    for name, limit in uses:
        tat_us = tats.get(name, 0)
        interval_us = limit.interval_us
        # Differences first: arithmetic on them is quicker than on times.
        ahead_us = cost * interval_us
        if tat_us > now_us:
            ahead_us += tat_us - now_us
        room_us = limit.tolerance_us - ahead_us
        if room_us < 0:
            _put_back(tats, uses, before)
            return None
        before.append(tat_us)
        tats[name] = now_us + ahead_us
        left.append(room_us // interval_us)
        left.append(-(-ahead_us // MICROSECONDS))
    return tuple(left)


def _put_back(
    tats: dict[str, int], uses: Sequence[tuple[str, RateLimit]], before: list[int]
) -> None:
    for (name, _), tat_us in reversed(list(zip(uses, before, strict=False))):
        if tat_us:
            tats[name] = tat_us
        else:
            tats.pop(name, None)


def _unspent(limit: RateLimit, tat_us: int, cost: int, now_us: int) -> Taken:
    """A counter that cannot give `cost`; one that is only read gives its state."""
    base_us = max(tat_us, now_us)
    ahead_us = base_us - now_us
    remaining = max((limit.tolerance_us - ahead_us) // limit.interval_us, 0)
    if not cost:
        return Taken(True, base_us, remaining, ahead_us, 0)
    short_us = base_us + cost * limit.interval_us - now_us - limit.tolerance_us
    retry_us = None if cost > limit.burst else short_us
    return Taken(False, base_us, remaining, ahead_us, retry_us)
