"""A subscription as its two sides see it."""

from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Application, Plan, Subscription, SubscriptionState
from keyhouse.services.refusals import Forbidden, NotFound
from keyhouse.services.work import Look, Work, plain

READ_SUBSCRIPTIONS = "subscriptions:read"
WRITE_SUBSCRIPTIONS = "subscriptions:write"


class Seen(NamedTuple):
    """A subscription within reach: as the plan's side, the application's, or both."""

    subscription: Subscription
    as_provider: bool
    as_consumer: bool


def reached_subscription(at: Look | Work, scope: str, id: str) -> Seen:
    """A subscription to a plan, or of an application, for which `scope` is held.

    Raises NotFound for any other.
    """
    reach = at.actor.reach(scope)
    row = at.tx.get(Subscription, id) if ids.is_id(id, ids.SUBSCRIPTION) else None
    if row is None:
        raise NotFound("subscription")
    home = at.actor.organization_id
    sold = bought = False
    if row.provider_id == home:
        sold = reach.whole or any(
            reach.holds_project(plan.project_id)
            for plan in at.tx.find(Plan, id=row.plan_id)
        )
    if row.consumer_id == home:
        bought = reach.whole or any(
            reach.holds_project(one.project_id)
            for one in at.tx.find(Application, id=row.application_id)
        )
    if not (sold or bought):
        raise NotFound("subscription")
    return Seen(row, sold, bought)


def sold_subscription(work: Work, id: str) -> Subscription:
    """A subscription of which the actor is the provider.

    Raises Forbidden for its consumer, who may read it.
    """
    seen = reached_subscription(work, WRITE_SUBSCRIPTIONS, id)
    if not seen.as_provider:
        raise Forbidden(WRITE_SUBSCRIPTIONS, " for the project of the plan")
    return seen.subscription


def turned(
    work: Work, action: str, row: Subscription, state: SubscriptionState
) -> Subscription:
    """The subscription in another state from now on."""
    return rewritten(work, action, row, state=state, state_since=work.now_us)


def rewritten(
    work: Work, action: str, row: Subscription, **changes: object
) -> Subscription:
    """Write what differs and note it for both sides; nothing where nothing does."""
    real = {name: to for name, to in changes.items() if getattr(row, name) != to}
    if not real:
        return row
    before = {name: plain(getattr(row, name)) for name in real}
    new = work.tx.update(row, **real, updated_at=work.now_us)
    after = {name: plain(value) for name, value in real.items()}
    work.note(action, row.id, before, after, between=(row.provider_id, row.consumer_id))
    return new
