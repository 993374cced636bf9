"""What the data plane left for a worker to tell: alerts, and budgets near their end."""

from typing import Final

from keyhouse.core.counting import CREDITS, Subject
from keyhouse.core.entities import (
    Alert,
    BudgetMark,
    Subscription,
    SubscriptionApi,
    SubscriptionState,
)
from keyhouse.core.events import OF_ALERT, OF_CREDITS, OF_QUOTA, Kind
from keyhouse.core.moments import format_time
from keyhouse.core.quotas import FOREVER_US
from keyhouse.ports import Clock, Rows, Transaction, WritingTransaction
from keyhouse.services.events.announcing import Hearer, NewId, tell
from keyhouse.services.events.places import place_of_id
from keyhouse.services.jobs import Claim

AT_ONCE: Final = 50
"""Few enough that a gateway, which waits meanwhile, does not notice."""


def tell_noticed(claim: Claim, rows: Rows, clock: Clock, new_id: NewId) -> int:
    """Tell all that waits to be told, each once; returns how much."""
    told = 0
    while not claim.stopped() and _waits(rows):
        with rows.writing() as tx:
            claim.fence(tx)
            told += _alerts(tx, clock.now_us(), new_id) + _marks(tx, clock.now_us(), new_id)
    return told


def _waits(rows: Rows) -> bool:
    """A read alone, where there is nothing, which is nearly always."""
    with rows.reading() as tx:
        mark = tx.stretch(BudgetMark, after="", limit=1)
        return bool(mark or tx.stretch(Alert, after="", limit=1, announced_at=None))


def _alerts(tx: WritingTransaction, now_us: int, new_id: NewId) -> int:
    found = tx.stretch(Alert, after="", limit=AT_ONCE, announced_at=None)
    for alert in found:
        project = place_of_id(tx, alert.key_id).project_id
        data = {
            "key": alert.key_id,
            "alert": alert.id,
            "kind": alert.kind.value,
            "sample": alert.sample,
            "first_at": format_time(alert.first_at),
        }
        hearers = [Hearer(alert.organization_id, project)]
        tell(tx, OF_ALERT[alert.kind], hearers, now_us, data, new_id)
        tx.update(alert, announced_at=now_us)
    return len(found)


def _marks(tx: WritingTransaction, now_us: int, new_id: NewId) -> int:
    found = tx.stretch(BudgetMark, after="", limit=AT_ONCE)
    for mark in found:
        bought = _bought(tx, mark)
        kind, data = _told(mark, bought)
        tell(tx, kind, _concerned(tx, mark, bought), now_us, data, new_id)
        tx.remove(mark)
    return len(found)


def _bought(tx: Transaction, mark: BudgetMark) -> Subscription | None:
    """Whose quota it is, where a plan says so: the last one that is booked on there."""
    kind, _, _ = mark.subject_kind.partition("_")
    if kind != Subject.SUBSCRIPTION:
        return None
    counted_id, _, _ = mark.subject_id.partition("/")
    links = tx.find(SubscriptionApi, counted_id=counted_id)
    ids = {counted_id, *(link.subscription_id for link in links)}
    return max(
        tx.find(Subscription, id=tuple(ids)),
        key=lambda row: (row.state is not SubscriptionState.ENDED, row.id),
        default=None,
    )


def _told(mark: BudgetMark, bought: Subscription | None) -> tuple[Kind, dict[str, object]]:
    sums = {"amount": mark.amount, "used": mark.used}
    if mark.subject_kind == CREDITS:
        left = max(mark.amount - mark.used, 0)
        return OF_CREDITS[mark.level], {
            "customer": mark.subject_id,
            **sums,
            "left": left,
        }
    # A key's limit on an API or a route has both ids, with a slash between; so
    # has one of a subscription for each key, or on a route.
    kind, *whats = mark.subject_kind.split("_")
    subject, *counted_on = mark.subject_id.split("/")
    if bought is not None:
        subject = bought.id
    told: dict[str, object] = {
        "limit": mark.limit_name,
        "subject": {"kind": kind, "id": subject},
        "environment": mark.environment or None,
        **sums,
        "window_end": _end(mark),
    }
    told |= zip(whats, counted_on, strict=False)
    return OF_QUOTA[mark.level], told


def _end(mark: BudgetMark) -> str | None:
    return format_time(mark.window_end) if mark.window_end < FOREVER_US else None


def _concerned(
    tx: Transaction, mark: BudgetMark, bought: Subscription | None
) -> list[Hearer]:
    """The provider, and whose the subject is where that is another."""
    subject, *counted_on = mark.subject_id.split("/")
    own = place_of_id(tx, subject)
    places = {
        place.organization_id: place.project_id
        for place in (own, *(place_of_id(tx, id) for id in counted_on))
        if place.organization_id is not None
    }
    hearers = [Hearer(mark.provider_id, places.get(mark.provider_id))]
    consumer = own.organization_id
    if mark.subject_kind == "organization":
        consumer = subject
    if bought is not None:
        consumer = bought.consumer_id
    if consumer is not None and consumer != mark.provider_id:
        hearers.append(Hearer(consumer, places.get(consumer)))
    return hearers
