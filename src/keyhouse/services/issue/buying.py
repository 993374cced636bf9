"""APIs of other organizations that an application opens by a subscription."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from keyhouse.core.entities import (
    Api,
    Plan,
    PlanVersion,
    Subscription,
    SubscriptionApi,
    SubscriptionState,
    version_id,
)
from keyhouse.core.scope_roles import resolved
from keyhouse.services.work import Work


class Bought(NamedTuple):
    """A foreign API, and the most that keys of its subscriber may hold there.

    `scopes` are those of `roles` too.
    """

    api: Api
    scopes: frozenset[str]
    roles: tuple[str, ...]
    subscription_id: str


def find_bought(
    work: Work, application_id: str, names: Collection[str]
) -> Mapping[str, Bought]:
    """The APIs with these ids or slugs that active subscriptions open, by what they

    were named. No other is there: what was not bought reads like what does not exist.
    """
    links = work.tx.find(SubscriptionApi, application_id=application_id)
    by_api = {link.api_id: link.subscription_id for link in links}
    wanted = [
        (name, api)
        for api in work.tx.find(Api, id=tuple(by_api))
        for name in (api.id, api.slug)
        if name in names
    ]
    versions = _versions(work, {by_api[api.id] for _, api in wanted})
    found: dict[str, Bought] = {}
    for name, api in wanted:
        subscription_id = by_api[api.id]
        version = versions.get(subscription_id)
        for one in version.access if version is not None else ():
            if one.api_id == api.id:
                scopes = resolved(one.scopes, one.roles, api.roles)
                found[name] = Bought(api, scopes, one.roles, subscription_id)
    return found


def _versions(work: Work, subscription_ids: Collection[str]) -> dict[str, PlanVersion]:
    """What each of these subscriptions opens, where it is active."""
    # Held, so that none can end, nor move, before the key is written; all who hold
    # several do so in this order.
    held = [work.tx.get(Subscription, id) for id in sorted(subscription_ids)]
    active = [
        one for one in held if one is not None and one.state is SubscriptionState.ACTIVE
    ]
    plans = work.tx.find(Plan, id=tuple({one.plan_id for one in active}))
    newest = tuple(version_id(plan.id, plan.version) for plan in plans)
    by_plan = {one.plan_id: one for one in work.tx.find(PlanVersion, id=newest)}
    return {one.id: by_plan[one.plan_id] for one in active if one.plan_id in by_plan}
