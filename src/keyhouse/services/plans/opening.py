"""By which subscription an application opens an API: there is one at a time."""

from collections.abc import Iterable
from typing import Final

from keyhouse.core.entities import (
    Api,
    AuditRow,
    Plan,
    PlanVersion,
    Subscription,
    SubscriptionApi,
    SubscriptionState,
    version_id,
)
from keyhouse.services.refusals import Taken
from keyhouse.services.work import Work

LIVE: Final = (
    SubscriptionState.PENDING,
    SubscriptionState.ACTIVE,
    SubscriptionState.SUSPENDED,
)
SUBSCRIPTIONS_MAX: Final = 1000
"""How many subscriptions one transaction may open another API for."""


def claim(work: Work, subscription: Subscription, api_ids: Iterable[str]) -> None:
    """Have the application open these APIs by this subscription.

    Raises Taken where another that has not ended opens one of them.
    """
    application_id = subscription.application_id
    # In the order of ids, so that of two who claim the same neither waits for
    # the other who waits for it.
    for api_id in sorted(api_ids):
        id = f"{application_id}/{api_id}"
        held = work.tx.get(SubscriptionApi, id)
        if held is None:
            row = SubscriptionApi(
                id=id,
                application_id=application_id,
                api_id=api_id,
                subscription_id=subscription.id,
            )
            work.tx.insert(row)
        elif held.subscription_id != subscription.id:
            if _is_open(work, held):
                raise _taken(work, held)
            work.tx.update(held, subscription_id=subscription.id)


def counted_before(work: Work, application_id: str, api_ids: Iterable[str]) -> str | None:
    """What use of these APIs was booked on by the subscription before, if any."""
    for row in _before(work, application_id, api_ids):
        return row.counted_id
    return None


def is_held_back(
    work: Work, application_id: str, api_ids: Iterable[str], but_id: str = ""
) -> bool:
    """Whether only the provider may open one of these APIs for the application.

    So it is where the last subscription to it, but the one of that id, waits or is
    suspended, or did so when it ended: else ending it would lift a suspension.
    """
    return any(
        _last_live_state(work, row) is not SubscriptionState.ACTIVE
        for row in _before(work, application_id, api_ids)
        if row.id != but_id
    )


def claim_for_all(work: Work, plan: Plan, api_ids: Iterable[str]) -> None:
    """Have all subscriptions of a plan open these APIs too. Raises Taken."""
    added = tuple(api_ids)
    if not added:
        return
    page = work.tx.page(
        Subscription, after=None, limit=SUBSCRIPTIONS_MAX, plan_id=plan.id, state=LIVE
    )
    if page.next_cursor is not None:
        reason = f"opens another API, and the plan has over {SUBSCRIPTIONS_MAX} subscribers"
        mend = "make a plan that opens it, and move subscriptions there"
        raise Taken("access", reason, mend)
    for subscription in page.rows:
        claim(work, subscription, added)


def _before(
    work: Work, application_id: str, api_ids: Iterable[str]
) -> Iterable[Subscription]:
    """The subscriptions by which the application opened these APIs last."""
    opened = tuple(f"{application_id}/{api_id}" for api_id in api_ids)
    for link in work.tx.find(SubscriptionApi, id=opened):
        yield from work.tx.find(Subscription, id=link.subscription_id)


def _last_live_state(work: Work, row: Subscription) -> SubscriptionState:
    """The state of a subscription; of one that has ended, the state before that."""
    if row.state in LIVE:
        return row.state
    # The row tells no more of it. The audit does, and is kept for ever.
    for ended in work.tx.find(AuditRow, subject=row.id, action="subscription.end"):
        return SubscriptionState(ended.before["state"])
    return SubscriptionState.ACTIVE


def _is_open(work: Work, held: SubscriptionApi) -> bool:
    """Whether a subscription has not ended, and its plan still opens the API."""
    # Read without locks: what has ended stays so, and whoever opens the API
    # again has to get past the row that is held here.
    live = work.tx.find(Subscription, id=held.subscription_id, state=LIVE)
    for subscription in live:
        (plan,) = work.tx.find(Plan, id=subscription.plan_id)
        newest = version_id(plan.id, plan.version)
        for version in work.tx.find(PlanVersion, id=newest):
            return any(one.api_id == held.api_id for one in version.access)
    return False


def _taken(work: Work, held: SubscriptionApi) -> Taken:
    api = work.tx.get(Api, held.api_id)
    reason = f"{held.application_id} has a subscription to {api.slug if api else 'it'}"
    mend = "move that subscription to the plan, or end it first"
    return Taken("application", reason, mend)
