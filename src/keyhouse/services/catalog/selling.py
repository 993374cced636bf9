"""What is sold of the catalog: deleting is not for that."""

from keyhouse.core.entities import (
    Api,
    Application,
    Plan,
    PlanVersion,
    Subscription,
    SubscriptionApi,
    version_id,
)
from keyhouse.services.work import Work


def is_sold(work: Work, api: Api) -> bool:
    """Whether a plan opens an API, or it was ever subscribed to."""
    if work.tx.page(SubscriptionApi, after=None, limit=1, api_id=api.id).rows:
        return True
    plans = work.tx.find(Plan, organization_id=api.organization_id)
    newest = tuple(version_id(plan.id, plan.version) for plan in plans)
    return any(
        one.api_id == api.id
        for version in work.tx.find(PlanVersion, id=newest)
        for one in version.access
    )


def has_subscribed(work: Work, application: Application) -> bool:
    """Whether an application ever had a subscription."""
    found = work.tx.page(Subscription, after=None, limit=1, application_id=application.id)
    return bool(found.rows)
