"""APIs of other organizations that keys in a file may open."""

from keyhouse.core.entities import Api, Subscription, SubscriptionApi
from keyhouse.services.work import Look, Work


def find_bought_api(at: Look | Work, text: str) -> Api | None:
    """The API with that id or slug, if the organization has or had a subscription to it.

    Keys go on to name what is over; it is for commands to open it for no others.
    Any other API reads like one that is not there.
    """
    if not text.isprintable():
        return None
    found = at.tx.find(Api, slug=text) or at.tx.find(Api, id=text)
    for api in found:
        if _is_bought(at, api):
            return api
    return None


def _is_bought(at: Look | Work, api: Api) -> bool:
    held = at.tx.find(
        Subscription,
        consumer_id=at.actor.organization_id,
        provider_id=api.organization_id,
    )
    ids = tuple(one.id for one in held)
    return bool(at.tx.find(SubscriptionApi, api_id=api.id, subscription_id=ids))
