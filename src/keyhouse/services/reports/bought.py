"""What applications have subscribed to, and the limits of it that hold now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from keyhouse.core.entities import (
    Plan,
    PlanLimit,
    PlanVersion,
    Subscription,
    SubscriptionApi,
    version_id,
)
from keyhouse.core.plan_records import InForce
from keyhouse.core.plans import Placed, compile_subscribed, placed_at
from keyhouse.services.work import Look


@dataclass(frozen=True, slots=True)
class Bought:
    """An active subscription's limits, as rows and compiled."""

    placed: Placed
    force: InForce

    def on(self, route_id: str) -> Mapping[str, PlanLimit]:
        """The limits of a route by name; of '' those that count on all."""
        return {
            name: limit for (place, name), limit in self.placed.items() if place == route_id
        }


def read_bought(
    look: Look, application_ids: Sequence[str]
) -> Mapping[tuple[str, str], Bought]:
    """By application and API what opens it now, in as many reads as of one."""
    find = look.tx.find
    links = find(SubscriptionApi, application_id=tuple(application_ids))
    ids = tuple({link.subscription_id for link in links})
    rows = {row.id: row for row in find(Subscription, id=ids)}
    plans = {
        plan.id: plan
        for plan in find(Plan, id=tuple({row.plan_id for row in rows.values()}))
    }
    newest = tuple(version_id(plan.id, plan.version) for plan in plans.values())
    versions = {one.plan_id: one for one in find(PlanVersion, id=newest)}
    found: dict[tuple[str, str], Bought] = {}
    for link in links:
        row = rows[link.subscription_id]
        plan, version = plans[row.plan_id], versions[row.plan_id]
        subscribed = compile_subscribed(row, plan, version, ZoneInfo)
        if subscribed.opened(link.api_id) is not None:
            found[link.application_id, link.api_id] = Bought(
                placed_at(look.now_us, version, row), subscribed.in_force(look.now_us)
            )
    return found
