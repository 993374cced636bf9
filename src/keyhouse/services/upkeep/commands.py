"""One round of upkeep."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from keyhouse.ports import Clock, StoreUnavailable, Upkeep
from keyhouse.services.upkeep.usage import UsageRetention

_Prune = Callable[[int, int], int]
DAY_US: Final = 86_400 * 1_000_000
ROWS_AT_ONCE: Final = 500
"""Few enough that a gateway, which waits meanwhile, does not notice."""
IDEMPOTENCY_DAYS: Final = 1
SETTLEMENT_DAYS: Final = 1
"""Far longer than `core.reservations.RESERVED_SECONDS`: none is settled twice."""
NODE_DAYS: Final = 2
"""After its last word; longer than any may answer without the database, which is the

most that `cache.stale_seconds_max` takes: till then changes wait for it.
"""
LOGIN_DAYS: Final = 1
"""After the end of a session or mailed link; it opens nothing from its end on."""
BUDGET_DAYS: Final = 35
"""After its window's end: longer than any spool is left lying before it is booked."""
CHANGES_KEPT: Final = 10_000
"""A node that is further behind forgets all that it holds, which is right but slow."""


class Retention(NamedTuple):
    """For how long the request log, usage and sent events are kept."""

    requests_days: int
    usage: UsageRetention = UsageRetention()
    events_days: int = 30


def keep_up(
    upkeep: Upkeep, clock: Clock, retention: Retention, stopped: Callable[[], bool]
) -> int:
    """Remove what is past its time, in small transactions; returns how many rows.

    Ends early once `stopped` says so; the next round takes up the rest. Two
    at once would remove the same rows, and so need no fence between them.
    What fails for one kind of rows is raised once all others had their turn;
    StoreUnavailable at once.
    """
    removed, failed = 0, []
    for prune in _prunings(upkeep, clock.now_us(), retention, stopped):
        try:
            removed += prune()
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - raised at the end
            failed.append(error)
    if failed:
        raise ExceptionGroup("rows past their time could not be removed", failed)
    return removed


def _prunings(
    upkeep: Upkeep, now_us: int, retention: Retention, stopped: Callable[[], bool]
) -> Iterator[Callable[[], int]]:
    """What removes old rows of one kind each."""
    yield partial(upkeep.prune_nodes, now_us - NODE_DAYS * DAY_US)
    yield partial(upkeep.prune_logins, now_us - LOGIN_DAYS * DAY_US)
    yield partial(_in_parts, upkeep.prune_changes, CHANGES_KEPT, stopped)
    for prune, days in _by_age(upkeep, retention):
        yield partial(_in_parts, prune, now_us - round(days * DAY_US), stopped)


def _by_age(upkeep: Upkeep, retention: Retention) -> Iterator[tuple[_Prune, float]]:
    """What deletes old rows, and after how many days."""
    usage = retention.usage
    yield upkeep.prune_idempotency, IDEMPOTENCY_DAYS
    yield upkeep.prune_settlements, SETTLEMENT_DAYS
    yield upkeep.prune_requests, retention.requests_days
    for grain, days in usage.by_grain():
        yield partial(upkeep.prune_usage, grain), days
    yield upkeep.prune_observations, usage.observed_days
    yield upkeep.prune_alerts, usage.observed_days
    yield upkeep.prune_networks, usage.observed_days
    yield upkeep.prune_budgets, BUDGET_DAYS
    yield upkeep.prune_deliveries, retention.events_days
    yield upkeep.prune_events, retention.events_days
    yield upkeep.prune_revocations, 0


def _in_parts(prune: _Prune, bound: int, stopped: Callable[[], bool]) -> int:
    """Prune to that bound, a time or a number kept, a part at a time."""
    removed = 0
    while not stopped():
        gone = prune(bound, ROWS_AT_ONCE)
        removed += gone
        if gone < ROWS_AT_ONCE:
            break
    return removed
