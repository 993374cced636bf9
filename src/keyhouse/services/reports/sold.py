"""How a subscription stands: what is left of what all its keys share."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from keyhouse.core.counting import Subject, named, shared_uses
from keyhouse.core.entities import (
    Environment,
    Per,
    Plan,
    PlanLimit,
)
from keyhouse.core.plans import compile_subscribed, placed_at
from keyhouse.core.quotas import span_of
from keyhouse.core.records import QuotaUse, RateUse
from keyhouse.services.plans.parties import READ_SUBSCRIPTIONS, reached_subscription
from keyhouse.services.plans.queries import newest
from keyhouse.services.reports.left import LimitLeft
from keyhouse.services.work import Look


class SubscriptionLimits(NamedTuple):
    """The limits in force: those that all keys share, and those for each of them.

    Those of single routes are not among them.
    """

    shared: list[LimitLeft]
    each: list[PlanLimit]


def subscription_limits(
    look: Look, id: str, environment: Environment
) -> SubscriptionLimits:
    """The limits of a subscription within reach, of either side, as they stand now.

    They are told of one that opens nothing, too: use stays booked.
    """
    row = reached_subscription(look, READ_SUBSCRIPTIONS, id).subscription
    plan = look.tx.get(Plan, row.plan_id)
    if plan is None:
        raise LookupError(f"{row.id} has lost its plan")
    version = newest(look, plan)
    own = {
        name: limit
        for (route_id, name), limit in placed_at(look.now_us, version, row).items()
        if not route_id
    }
    force = compile_subscribed(row, plan, version, ZoneInfo).in_force(look.now_us)
    uses = shared_uses(row.provider_id, force, environment)
    shared = [
        *(_rate(own[named(use.limit.name)[1]], use) for use in uses.rates),
        *_quotas(look, own, uses.quotas),
    ]
    return SubscriptionLimits(shared, [one for one in own.values() if one.per is Per.KEY])


def _rate(limit: PlanLimit, use: RateUse) -> LimitLeft:
    subject = Subject.SUBSCRIPTION
    return LimitLeft(subject, None, None, limit, use.counter, None, None, None)


def _quotas(
    look: Look, own: Mapping[str, PlanLimit], uses: tuple[QuotaUse, ...]
) -> list[LimitLeft]:
    spans = [span_of(use.quota, look.now_us) for use in uses]
    wanted = [(use.budget, span) for use, span in zip(uses, spans, strict=True)]
    spent = look.reports.spent(wanted) if wanted else []
    return [
        LimitLeft(
            Subject.SUBSCRIPTION,
            None,
            None,
            own[named(use.quota.name)[1]],
            use.token,
            used,
            max(use.quota.amount - used, 0),
            span.end_us,
        )
        for use, span, used in zip(uses, spans, spent, strict=True)
    ]
