"""APIs of other organizations that an application opens by a subscription."""

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


def find_bought(work: Work, application_id: str, name: str) -> Bought | None:
    """The API with that id or slug that an active subscription opens.

    None for any other: what was not bought reads like what is not there.
    """
    links = work.tx.find(SubscriptionApi, application_id=application_id)
    by_api = {link.api_id: link.subscription_id for link in links}
    for api in work.tx.find(Api, id=tuple(by_api)):
        if name in (api.id, api.slug):
            return _bought(work, api, by_api[api.id])
    return None


def _bought(work: Work, api: Api, subscription_id: str) -> Bought | None:
    # Held, so that it cannot end, nor move, before the key is written.
    subscription = work.tx.get(Subscription, subscription_id)
    if subscription is None or subscription.state is not SubscriptionState.ACTIVE:
        return None
    for plan in work.tx.find(Plan, id=subscription.plan_id):
        newest = version_id(plan.id, plan.version)
        for version in work.tx.find(PlanVersion, id=newest):
            for one in version.access:
                if one.api_id == api.id:
                    scopes = resolved(one.scopes, one.roles, api.roles)
                    return Bought(api, scopes, one.roles, subscription.id)
    return None
