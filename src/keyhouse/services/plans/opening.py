"""By which subscription an application opens an API: there is one at a time."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

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


def claim(
    work: Work, subscription: Subscription, api_ids: Iterable[str], fresh_id: str
) -> tuple[str, ...]:
    """Have the application open these APIs by this subscription.

    Returns what use of them is booked on: of each what it ever was. One that the
    application opens for the first time goes with the others, or with `fresh_id`
    where it opened none of them before.
    Raises Taken where another that has not ended opens one of them.
    """
    application_id = subscription.application_id
    # In the order of ids, so that of two who claim the same neither waits for
    # the other who waits for it; first those that are there, then the new ones.
    ordered = sorted(api_ids)
    links = {id: work.tx.get(SubscriptionApi, f"{application_id}/{id}") for id in ordered}
    held = [link for link in links.values() if link is not None]
    for link in held:
        if link.subscription_id != subscription.id:
            if _is_open(work, link):
                raise _taken(work, link)
            work.tx.update(link, subscription_id=subscription.id)
    counted_ids = tuple(dict.fromkeys(map(_counted_on, held))) or (fresh_id,)
    for api_id in (id for id in ordered if links[id] is None):
        row = SubscriptionApi(
            id=f"{application_id}/{api_id}",
            application_id=application_id,
            api_id=api_id,
            subscription_id=subscription.id,
            counted_id=counted_ids[0],
        )
        work.tx.insert(row)
    return counted_ids


def counting_on(row: Subscription, counted_ids: Sequence[str]) -> dict[str, Any]:
    """What is to change of a subscription so that its use is booked on all of these.

    What it was booked on first stays the first, where it is among them.
    """
    first = row.counted_id if row.counted_id in counted_ids else counted_ids[0]
    others = tuple(id for id in counted_ids if id != first)
    return {"counted_id": first, "also_counted_ids": others}


def _counted_on(link: SubscriptionApi) -> str:
    # Empty where a process of the version before wrote it: it knew one id alone.
    return link.counted_id or link.subscription_id


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
        more = claim(work, subscription, added, subscription.counted_id)
        counted_ids = tuple(dict.fromkeys((*subscription.counted_ids, *more)))
        if counted_ids != subscription.counted_ids:
            work.tx.update(subscription, **counting_on(subscription, counted_ids))


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
