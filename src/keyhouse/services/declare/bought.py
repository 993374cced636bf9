"""APIs of other organizations that keys in a file may open."""

from keyhouse.core.entities import Api, Plan, PlanVersion, Subscription, version_id
from keyhouse.services.plans.opening import LIVE
from keyhouse.services.work import Look, Work


def find_bought_api(at: Look | Work, text: str) -> Api | None:
    """The API with that id or slug, if a live subscription of the organization's opens it.

    Any other reads like one that is not there.
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
        state=LIVE,
    )
    plans = at.tx.find(Plan, id=tuple({one.plan_id for one in held})) if held else []
    newest = tuple(version_id(plan.id, plan.version) for plan in plans)
    return any(
        one.api_id == api.id
        for version in at.tx.find(PlanVersion, id=newest)
        for one in version.access
    )
