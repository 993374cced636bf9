"""Plans, which a provider sells, and the subscriptions of applications to them."""

from keyhouse.services.plans.changing import (
    OverrideWish,
    change_subscription,
    move_subscription,
)
from keyhouse.services.plans.commands import (
    PlanFields,
    change_plan,
    create_plan,
    delete_plan,
)
from keyhouse.services.plans.contents import OpeningWish, RouteWish
from keyhouse.services.plans.parties import READ_SUBSCRIPTIONS, WRITE_SUBSCRIPTIONS
from keyhouse.services.plans.queries import (
    READ_PLANS,
    WRITE_PLANS,
    PlanView,
    get_plan,
    list_plans,
    list_versions,
)
from keyhouse.services.plans.states import (
    approve_subscription,
    end_subscription,
    resume_subscription,
    suspend_subscription,
)
from keyhouse.services.plans.subscribing import create_subscription
from keyhouse.services.plans.subscriptions import (
    Side,
    SubscriptionFilter,
    count_subscribers,
    get_subscription,
    list_subscriptions,
)

__all__ = [
    "READ_PLANS",
    "READ_SUBSCRIPTIONS",
    "WRITE_PLANS",
    "WRITE_SUBSCRIPTIONS",
    "OpeningWish",
    "OverrideWish",
    "PlanFields",
    "PlanView",
    "RouteWish",
    "Side",
    "SubscriptionFilter",
    "approve_subscription",
    "change_plan",
    "change_subscription",
    "count_subscribers",
    "create_plan",
    "create_subscription",
    "delete_plan",
    "end_subscription",
    "get_plan",
    "get_subscription",
    "list_plans",
    "list_subscriptions",
    "list_versions",
    "move_subscription",
    "resume_subscription",
    "suspend_subscription",
]
