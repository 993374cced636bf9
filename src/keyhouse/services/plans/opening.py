"""By which subscription an application opens an API: there is one at a time."""

from collections.abc import Collection, Iterable, Sequence
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
"""How many subscriptions one transaction may open another API for, or count anew."""
_AT_ONCE: Final = 100


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
    counted_ids = tuple(dict.fromkeys(_counted_on(work, link) for link in held))
    counted_ids = counted_ids or (fresh_id,)
    for link in held:
        if link.subscription_id != subscription.id:
            if _is_open(work, link):
                raise _taken(work, link)
            work.tx.update(link, subscription_id=subscription.id)
    for api_id in (id for id in ordered if links[id] is None):
        row = SubscriptionApi(
            id=f"{application_id}/{api_id}",
            application_id=application_id,
            api_id=api_id,
            subscription_id=subscription.id,
            counted_id=counted_ids[0],
        )
        work.tx.insert(row)
    # What it opened before, and may open no more, counts on what it does till now.
    before = {"subscription_id": subscription.id, "counted_id": ""}
    for link in work.tx.find(SubscriptionApi, **before):
        _counted_on(work, link)
    return counted_ids


def counting_on(row: Subscription, counted_ids: Sequence[str]) -> dict[str, Any]:
    """What is to change of a subscription so that its use is booked on all of these.

    What it was booked on first stays the first, where it is among them.
    """
    first = row.counted_id if row.counted_id in counted_ids else counted_ids[0]
    others = tuple(id for id in counted_ids if id != first)
    return {"counted_id": first, "also_counted_ids": others}


def _counted_on(work: Work, link: SubscriptionApi) -> str:
    """What use of the API is booked on; from now on that stands there.

    A process of the version before leaves it empty: it books on what the
    subscription says, which may be another one soon.
    """
    if link.counted_id:
        return link.counted_id
    (opened_by,) = work.tx.find(Subscription, id=link.subscription_id)
    work.tx.update(link, counted_id=opened_by.counted_id)
    return opened_by.counted_id


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


def open_for_all(
    work: Work, plan: Plan, before: Collection[str], api_ids: Collection[str]
) -> None:
    """Have all subscriptions of a plan open these APIs in place of those before,

    and count on what these were used; of very many only the newest are counted
    anew. Raises Taken where one cannot open an API that is added.
    """
    if set(before) == set(api_ids):
        return
    page = work.tx.page(
        Subscription, after=None, limit=SUBSCRIPTIONS_MAX, plan_id=plan.id, state=LIVE
    )
    added = set(api_ids) - set(before)
    if added and page.next_cursor is not None:
        reason = f"opens another API, and the plan has over {SUBSCRIPTIONS_MAX} subscribers"
        mend = "make a plan that opens it, and move subscriptions there"
        raise Taken("access", reason, mend)
    for subscription in page.rows if added else ():
        claim(work, subscription, added, subscription.counted_id)
    for at in range(0, len(page.rows), _AT_ONCE):
        _count_anew(work, page.rows[at : at + _AT_ONCE], api_ids)


def _count_anew(
    work: Work, subscriptions: Sequence[Subscription], api_ids: Collection[str]
) -> None:
    """Have them count on what these APIs are, of those that each opens."""
    ids = tuple(one.id for one in subscriptions)
    counted: dict[str, dict[str, None]] = {id: {} for id in ids}
    for link in work.tx.find(SubscriptionApi, subscription_id=ids):
        counted_id = _counted_on(work, link)
        if link.api_id in api_ids:
            counted[link.subscription_id][counted_id] = None
    for one in subscriptions:
        counted_ids = tuple(counted[one.id])
        if not counted_ids or set(counted_ids) == set(one.counted_ids):
            continue
        # It may have been moved since: what is got stays as it is.
        now = work.tx.get(Subscription, one.id)
        if now is not None and now.plan_id == one.plan_id:
            work.tx.update(now, **counting_on(now, counted_ids))


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
