"""Which limits of a plan hold, and when, as rows have it.

A limit is found by its place: the route ('' for all) and its name. What is
carried over from before a change is worked out when the change is written, so
that reading a plan needs no more than its newest version.
"""

from collections.abc import Iterable, Mapping

from keyhouse.core.compilation import ZoneLoader, compile_limit
from keyhouse.core.counting import Subject
from keyhouse.core.entities import (
    Carried,
    LimitKind,
    Override,
    Per,
    Plan,
    PlanLimit,
    PlanRoute,
    PlanVersion,
    Subscription,
    SubscriptionState,
)
from keyhouse.core.plan_records import (
    Opened,
    PlanRecord,
    Subscribed,
    SubscriptionRecord,
    Term,
)
from keyhouse.core.quotas import FOREVER_US, Quota, span_of

Place = tuple[str, str]
Placed = Mapping[Place, PlanLimit]


def placed(limits: Iterable[PlanLimit], routes: Iterable[PlanRoute]) -> Placed:
    """Limits by their place."""
    own = {("", limit.name): limit for limit in limits}
    of_routes = {
        (route.route_id, limit.name): limit for route in routes for limit in route.limits
    }
    return {**own, **of_routes}


def placed_at(
    now_us: int, version: PlanVersion, subscription: Subscription | None = None
) -> Placed:
    """The limits that hold at a time: the plan's, or those of one subscriber."""
    held = dict(placed(version.limits, version.routes))
    _carry(held, version.carried, now_us)
    if subscription is not None:
        _carry(held, subscription.carried, now_us)
        for one in in_time(subscription.overrides, now_us):
            held["", one.limit.name] = one.limit
    return held


def in_time(overrides: Iterable[Override], now_us: int) -> Iterable[Override]:
    """The overrides that have not ended."""
    return (one for one in overrides if one.ends_at is None or now_us < one.ends_at)


def carried_over(
    old: Placed, new: Placed, now_us: int, zones: ZoneLoader
) -> tuple[Carried, ...]:
    """What holds of the old quotas after a change, each up to the end of its window.

    A quota that is new begins with the next of its windows. Rates have none:
    what the new ones say holds at once.
    """
    carried = []
    for place in sorted({**old, **new}):
        before, after = old.get(place), new.get(place)
        if before == after:
            continue
        kept = before if before is not None and _is_quota(before) else None
        turning = kept or (after if after is not None and _is_quota(after) else None)
        if turning is None:
            continue
        quota = compile_limit(turning, zones, Subject.SUBSCRIPTION)
        if isinstance(quota, Quota):
            until = span_of(quota, now_us).end_us
            route_id, name = place
            carried.append(Carried(route_id=route_id, name=name, limit=kept, until=until))
    return tuple(carried)


def compile_plan(row: Plan, version: PlanVersion, zones: ZoneLoader) -> PlanRecord:
    """The record of a plan, of its newest version."""
    own = (
        _term(route_id, limit.name, limit, None, zones)
        for (route_id, _), limit in placed(version.limits, version.routes).items()
    )
    return PlanRecord(
        row.id,
        row.organization_id,
        {one.api_id: Opened(frozenset(one.scopes), one.roles) for one in version.access},
        (*own, *_carried_terms(version.carried, zones)),
    )


def compile_subscription(row: Subscription, zones: ZoneLoader) -> SubscriptionRecord:
    """The record of a subscription."""
    overrides = (
        _term("", one.limit.name, one.limit, one.ends_at, zones) for one in row.overrides
    )
    return SubscriptionRecord(
        row.id,
        row.counted_ids,
        row.plan_id,
        row.state is SubscriptionState.ACTIVE,
        (*_carried_terms(row.carried, zones), *overrides),
    )


def compile_subscribed(
    subscription: Subscription, plan: Plan, version: PlanVersion, zones: ZoneLoader
) -> Subscribed:
    """Both records."""
    record = compile_subscription(subscription, zones)
    return Subscribed(record, compile_plan(plan, version, zones))


def _carried_terms(rows: Iterable[Carried], zones: ZoneLoader) -> Iterable[Term]:
    return [_term(one.route_id, one.name, one.limit, one.until, zones) for one in rows]


def _term(
    route_id: str,
    name: str,
    limit: PlanLimit | None,
    until: int | None,
    zones: ZoneLoader,
) -> Term:
    subject = Subject.SUBSCRIPTION_ROUTE if route_id else Subject.SUBSCRIPTION
    compiled = None if limit is None else compile_limit(limit, zones, subject)
    per_key = limit is not None and limit.per is Per.KEY
    return Term(route_id, name, compiled, per_key, FOREVER_US if until is None else until)


def _carry(held: dict[Place, PlanLimit], carried: Iterable[Carried], now_us: int) -> None:
    for one in carried:
        if now_us >= one.until:
            continue
        if one.limit is None:
            held.pop((one.route_id, one.name), None)
        else:
            held[one.route_id, one.name] = one.limit


def _is_quota(limit: PlanLimit) -> bool:
    return limit.kind is LimitKind.QUOTA
