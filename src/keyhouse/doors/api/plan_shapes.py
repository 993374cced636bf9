"""Plans and subscriptions: from requests to what services take, from rows to answers."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from typing import Any

from keyhouse.core.entities import (
    Applies,
    Approval,
    Limit,
    LimitKind,
    Override,
    Per,
    PlanLimit,
    Subscription,
    SubscriptionState,
    Visibility,
)
from keyhouse.doors.api.plan_models import (
    MoveBody,
    OverrideOut,
    PlanAccessOut,
    PlanBody,
    PlanChange,
    PlanLimitBody,
    PlanOut,
    PlanQuotaOut,
    PlanRateOut,
    PlanRouteOut,
    PlanVersionOut,
    SubscriptionChange,
    SubscriptionOut,
    SubscriptionsQuery,
)
from keyhouse.doors.api.rotation_shapes import schedule, schedule_out
from keyhouse.doors.api.shapes import limits_out
from keyhouse.doors.api.times import format_optional, format_time
from keyhouse.doors.api.wishes import limits
from keyhouse.services.plans import (
    OpeningWish,
    OverrideWish,
    PlanFields,
    PlanView,
    RouteWish,
    Side,
    SubscriptionFilter,
)


def plan_fields(body: PlanChange | PlanBody) -> PlanFields:
    """What a request says of a plan; null clears what can be cleared."""
    came = body.model_fields_set
    given: PlanFields = {}
    if "slug" in came:
        given["slug"] = body.slug
    if "name" in came:
        given["name"] = body.name
    if "description" in came:
        given["description"] = body.description or ""
    if "visibility" in came:
        given["visibility"] = Visibility(body.visibility or Visibility.PRIVATE)
    if "approval" in came:
        given["approval"] = Approval(body.approval or Approval.AUTOMATIC)
    if "retired" in came:
        given["retired"] = body.retired
    if "rotation" in came:
        given["rotation"] = schedule(body.rotation)
    return given | _contents(body, came)


def _contents(body: PlanChange | PlanBody, came: AbstractSet[str]) -> PlanFields:
    """What a request says of what a version of a plan holds."""
    given: PlanFields = {}
    if "access" in came:
        given["access"] = tuple(
            OpeningWish(one.api, tuple(one.scopes), tuple(one.roles))
            for one in body.access or ()
        )
    if "limits" in came:
        given["limits"] = _plan_limits(body.limits or ())
    if "routes" in came:
        given["routes"] = tuple(
            RouteWish(one.api, one.route, _plan_limits(one.limits))
            for one in body.routes or ()
        )
    return given


def applies(body: PlanChange | MoveBody) -> Applies:
    """From when it holds."""
    return Applies(body.applies)


def overrides(body: SubscriptionChange) -> tuple[OverrideWish, ...] | None:
    """The limits that one subscriber shall have; None where nothing is said of them."""
    if "overrides" not in body.model_fields_set:
        return None
    given = body.overrides or ()
    made = _plan_limits(given)
    return tuple(
        OverrideWish(limit, one.ends_at) for limit, one in zip(made, given, strict=True)
    )


def wanted(query: SubscriptionsQuery) -> SubscriptionFilter:
    """Which subscriptions a query asks for."""
    return SubscriptionFilter(
        Side(query.side),
        query.plan,
        query.application,
        SubscriptionState(query.state) if query.state else None,
    )


def _plan_limits(bodies: Sequence[PlanLimitBody]) -> tuple[PlanLimit, ...]:
    made = limits(bodies)
    return tuple(
        PlanLimit(**_columns(limit), per=Per(body.per))
        for limit, body in zip(made, bodies, strict=True)
    )


def _columns(limit: Limit) -> dict[str, Any]:
    return {one.name: getattr(limit, one.name) for one in fields(limit)}


def plan_out(view: PlanView) -> PlanOut:
    """A plan's view, told."""
    row = view.plan
    return PlanOut(
        id=row.id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        provider=row.organization_id,
        project=row.project_id,
        visibility=row.visibility.value,
        approval=row.approval.value,
        version=row.version,
        access=_access_out(view),
        limits=_limits_out(view.version.limits),
        routes=_routes_out(view),
        rotation=schedule_out(row.rotation),
        retired_at=format_optional(row.retired_at),
        created_at=format_time(row.created_at),
        updated_at=format_time(row.updated_at),
    )


def version_out(view: PlanView) -> PlanVersionOut:
    """A version of a plan, told."""
    return PlanVersionOut(
        number=view.version.number,
        access=_access_out(view),
        limits=_limits_out(view.version.limits),
        routes=_routes_out(view),
        created_at=format_time(view.version.created_at),
    )


def subscription_out(row: Subscription) -> SubscriptionOut:
    """A subscription, told alike to both sides."""
    return SubscriptionOut(
        id=row.id,
        plan=row.plan_id,
        application=row.application_id,
        provider=row.provider_id,
        consumer=row.consumer_id,
        state=row.state.value,
        state_since=format_time(row.state_since),
        overrides=[_override_out(one) for one in row.overrides],
        created_at=format_time(row.created_at),
        updated_at=format_time(row.updated_at),
    )


def _access_out(view: PlanView) -> list[PlanAccessOut]:
    return [
        PlanAccessOut(
            api=one.api_id,
            slug=view.slugs.get(one.api_id),
            scopes=list(one.scopes),
            roles=list(one.roles),
        )
        for one in view.version.access
    ]


def _routes_out(view: PlanView) -> list[PlanRouteOut]:
    told = []
    for one in view.version.routes:
        route = view.routes.get(one.route_id)
        told.append(
            PlanRouteOut(
                api=one.api_id,
                route=one.route_id,
                method=route.method if route else None,
                path=route.path if route else None,
                limits=_limits_out(one.limits),
            )
        )
    return told


def _override_out(one: Override) -> OverrideOut:
    (limit,) = _limits_out([one.limit])
    return OverrideOut(limit=limit, ends_at=format_optional(one.ends_at))


def _limits_out(rows: Iterable[PlanLimit]) -> list[PlanRateOut | PlanQuotaOut]:
    return [_limit_out(one) for one in rows]


def _limit_out(one: PlanLimit) -> PlanRateOut | PlanQuotaOut:
    (told,) = limits_out([one])
    kind = PlanRateOut if one.kind is LimitKind.RATE else PlanQuotaOut
    return kind(**told.model_dump(), per=one.per.value)
