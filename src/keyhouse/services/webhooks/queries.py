"""Reading endpoints and what was sent to them. No query tells a secret."""

from collections.abc import Mapping, Sequence
from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import Delivery, DeliveryState, Webhook
from keyhouse.core.validation import Problem
from keyhouse.ports import Page
from keyhouse.services.actor import Reach
from keyhouse.services.refusals import Invalid, NotFound
from keyhouse.services.work import Look, Turn, Work

READ: Final = "webhooks:read"
WRITE: Final = "webhooks:write"


def get_webhook(look: Look, id: str) -> Webhook:
    """An endpoint within reach."""
    return reached_webhook(look, READ, id)


def list_webhooks(look: Look, turn: Turn, *, project: str | None = None) -> Page:
    """The endpoints within reach, the newest first."""
    reach = look.actor.reach(READ)
    equals: dict[str, object] = {"organization_id": look.actor.organization_id}
    if not reach.whole:
        equals["project_id"] = tuple(reach.project_ids)
    if project is not None:
        equals["project_id"] = project if reach.holds_project(project) else ()
    return look.page(Webhook, turn, equals)


def list_deliveries(look: Look, id: str, turn: Turn, *, state: str | None = None) -> Page:
    """What was sent, or is to be sent, to an endpoint, the newest first."""
    webhook = reached_webhook(look, READ, id)
    if state is not None and state not in tuple(DeliveryState):
        mend = f"choose among {', '.join(DeliveryState)}"
        raise Invalid([Problem("state", "is no state of a delivery", mend)])
    equals = {} if state is None else {"state": state}
    return look.page(Delivery, turn, {"webhook_id": webhook.id, **equals})


def newest_deliveries(look: Look, webhooks: Sequence[Webhook]) -> Mapping[str, Delivery]:
    """Of each of these endpoints, all within reach, what came last, by its id."""
    named = [webhook.id for webhook in webhooks]
    found = look.tx.newest_each(Delivery, "webhook_id", named)
    return {row.webhook_id: row for row in found}


def get_delivery(look: Look, id: str, delivery: str) -> Delivery:
    """One delivery to an endpoint."""
    return own_delivery(look, reached_webhook(look, READ, id), delivery)


def own_delivery(at: Look | Work, webhook: Webhook, id: str) -> Delivery:
    """A delivery to that endpoint; NotFound for another's too."""
    row = at.tx.get(Delivery, id) if ids.is_id(id, ids.DELIVERY) else None
    if row is None or row.webhook_id != webhook.id:
        raise NotFound("delivery")
    return row


def reached_webhook(at: Look | Work, scope: str, id: str) -> Webhook:
    """An endpoint for which the actor holds `scope`.

    One that hears of the whole organization needs it for the whole.
    """
    reach = at.actor.reach(scope)
    webhook = at.own(Webhook, id)
    if not holds(reach, webhook.project_id):
        raise NotFound("webhook")
    return webhook


def holds(reach: Reach, project_id: str | None) -> bool:
    """Whether an endpoint of that project, or of none, is within reach."""
    if project_id is None:
        return reach.whole
    return reach.holds_project(project_id)
