"""From what happened to rows that are sent: one event, a delivery for each endpoint."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import AuditRow, Delivery, DeliveryState, Event, Webhook
from keyhouse.core.events import BY_ACTION, Kind, told_of, wants
from keyhouse.ports import WritingTransaction
from keyhouse.services.events.places import place_of

NewId = Callable[[str], str]


class Hearer(NamedTuple):
    """An organization that something concerns, and which of its projects, if one."""

    organization_id: str
    project_id: str | None = None


def announce(tx: WritingTransaction, row: AuditRow, new_id: NewId) -> None:
    """Tell what an audit row says to the organizations that it concerns.

    Costs one read where nobody listens. Who did it is told to nobody but their
    own organization, and an endpoint is told nothing of itself: nobody could
    check its first event before its secret was shown.
    """
    kind = BY_ACTION.get(row.action)
    if kind is None:
        return
    for organization in dict.fromkeys(
        (row.organization_id, row.provider_id, row.consumer_id)
    ):
        found = _listening(tx, organization, kind)
        listening = [one for one in found if one.id != row.subject]
        if not listening:
            continue
        place = place_of(tx, row)
        own = place.organization_id in (None, organization)
        data = {
            kind.thing: row.subject,
            "organization": organization,
            "project": place.project_id if own else None,
            "actor": row.actor if organization == row.organization_id else None,
            **place.parents,
            **told_of(kind, row.before, row.after),
        }
        _send(tx, listening, kind, row.at, data, new_id)


def tell(
    tx: WritingTransaction,
    kind: Kind,
    hearers: Iterable[Hearer],
    at_us: int,
    data: dict[str, Any],
    new_id: NewId,
) -> None:
    """Tell organizations of something that no audit row is about."""
    for organization, project in dict.fromkeys(hearers):
        listening = _listening(tx, organization, kind)
        if listening:
            told = {**data, "organization": organization, "project": project, "actor": None}
            _send(tx, listening, kind, at_us, told, new_id)


def deliver(
    tx: WritingTransaction, event: Event, webhook: Webhook, now_us: int, new_id: NewId
) -> Delivery:
    """Have an event sent to an endpoint."""
    row = Delivery(
        id=new_id(ids.DELIVERY),
        organization_id=webhook.organization_id,
        webhook_id=webhook.id,
        event_id=event.id,
        kind=event.kind,
        at=now_us,
        state=DeliveryState.PENDING,
        next_at=now_us,
    )
    tx.insert(row)
    return row


def _listening(tx: WritingTransaction, organization: str, kind: Kind) -> list[Webhook]:
    found = tx.find(Webhook, organization_id=organization, disabled_at=None)
    return [one for one in found if wants(one.events, kind)]


def _send(
    tx: WritingTransaction,
    listening: Iterable[Webhook],
    kind: Kind,
    at_us: int,
    data: dict[str, Any],
    new_id: NewId,
) -> None:
    project = data["project"]
    chosen = [one for one in listening if one.project_id in (None, project)]
    if not chosen:
        return
    event = Event(
        id=new_id(ids.EVENT),
        organization_id=data["organization"],
        kind=kind.name,
        at=at_us,
        data=data,
    )
    tx.insert(event)
    for webhook in chosen:
        deliver(tx, event, webhook, at_us, new_id)
