"""`/v1/plans` and `/v1/subscriptions`."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.core.entities import Subscription
from keyhouse.doors.api import models
from keyhouse.doors.api import plan_models as told
from keyhouse.doors.api import plan_shapes as shapes
from keyhouse.doors.api.calls import AnyCall, Call, PatchCall, PostCall, operation, turn
from keyhouse.services import plans
from keyhouse.services.work import Work

router = APIRouter(tags=["Plans"])
_reading = partial(operation, router, "GET", scope=plans.READ_PLANS)
_writing = partial(operation, router, scope=plans.WRITE_PLANS)
_looking = partial(
    operation,
    router,
    "GET",
    scope=plans.READ_SUBSCRIPTIONS,
    answer=told.SubscriptionOut,
)
_turning = partial(
    operation,
    router,
    scope=plans.WRITE_SUBSCRIPTIONS,
    answer=told.SubscriptionOut,
)


@_reading("/v1/plans", id="list_plans", answer=told.PlanOut, many=True)
def list_plans(call: AnyCall, query: Annotated[told.PlansQuery, Query()]) -> Response:
    """Your plans, the newest first."""
    return call.page(
        lambda look: plans.list_plans(
            look, turn(query), project=query.project, slug=query.slug
        ),
        shapes.plan_out,
    )


@_writing("POST", "/v1/plans", id="create_plan", answer=told.PlanOut, status=201)
def create_plan(call: PostCall, body: told.PlanBody) -> Response:
    """Create a plan: which APIs it opens, and how fast and how much."""
    fields = shapes.plan_fields(body)
    return call.made(
        lambda work: plans.create_plan(
            work, slug=body.slug, project=body.project, fields=fields
        ),
        shapes.plan_out,
    )


@_reading("/v1/plans/{id}", id="get_plan", answer=told.PlanOut)
def get_plan(call: AnyCall, id: str) -> Response:
    """One plan: yours, a public one, or one that you have subscribed to."""
    return call.one(lambda look: plans.get_plan(look, id), shapes.plan_out)


@_writing("PATCH", "/v1/plans/{id}", id="change_plan", answer=told.PlanOut)
def change_plan(call: PatchCall, id: str, body: told.PlanChange) -> Response:
    """Change a plan for all its subscriptions. What was used stays used."""
    fields, applies = shapes.plan_fields(body), shapes.applies(body)
    return call.changed(
        lambda work: plans.change_plan(work, id, fields, applies),
        shapes.plan_out,
        lambda look: plans.get_plan(look, id),
    )


@_writing("DELETE", "/v1/plans/{id}", id="delete_plan", answer=None, status=204)
def delete_plan(call: AnyCall, id: str) -> Response:
    """Delete a plan that nobody ever subscribed to; retire others."""
    return call.gone(lambda work: plans.delete_plan(work, id))


@_reading(
    "/v1/plans/{id}/versions",
    id="list_plan_versions",
    answer=told.PlanVersionOut,
    many=True,
)
def list_plan_versions(
    call: AnyCall, id: str, query: Annotated[models.ListQuery, Query()]
) -> Response:
    """All that a plan of yours ever held, the newest version first."""
    return call.page(
        lambda look: plans.list_versions(look, id, turn(query)), shapes.version_out
    )


@_looking("/v1/subscriptions", id="list_subscriptions", many=True)
def list_subscriptions(
    call: AnyCall, query: Annotated[told.SubscriptionsQuery, Query()]
) -> Response:
    """Subscriptions to your plans, or those of your applications, the newest first."""
    return call.page(
        lambda look: plans.list_subscriptions(look, turn(query), shapes.wanted(query)),
        shapes.subscription_out,
    )


@_turning("POST", "/v1/subscriptions", id="create_subscription", status=201)
def create_subscription(call: PostCall, body: told.SubscriptionBody) -> Response:
    """Subscribe an application to a plan, yours or a public one."""
    return call.made(
        lambda work: plans.create_subscription(
            work, plan=body.plan, application=body.application
        ),
        shapes.subscription_out,
    )


@_looking("/v1/subscriptions/{id}", id="get_subscription")
def get_subscription(call: AnyCall, id: str) -> Response:
    """One subscription, to its provider or its consumer."""
    return call.one(lambda look: plans.get_subscription(look, id), shapes.subscription_out)


@_turning("PATCH", "/v1/subscriptions/{id}", id="change_subscription")
def change_subscription(
    call: PatchCall, id: str, body: told.SubscriptionChange
) -> Response:
    """Give one subscriber limits of its own. For the provider."""
    overrides = shapes.overrides(body)
    return call.changed(
        lambda work: plans.change_subscription(work, id, overrides=overrides),
        shapes.subscription_out,
        lambda look: plans.get_subscription(look, id),
    )


@_turning("POST", "/v1/subscriptions/{id}/approve", id="approve_subscription")
def approve_subscription(call: PostCall, id: str) -> Response:
    """Let a pending subscription open what its plan does. For the provider."""
    return _done(call, id, plans.approve_subscription)


@_turning("POST", "/v1/subscriptions/{id}/suspend", id="suspend_subscription")
def suspend_subscription(call: PostCall, id: str) -> Response:
    """Refuse the application's keys there until it is resumed. For the provider."""
    return _done(call, id, plans.suspend_subscription)


@_turning("POST", "/v1/subscriptions/{id}/resume", id="resume_subscription")
def resume_subscription(call: PostCall, id: str) -> Response:
    """Undo a suspension. For the provider."""
    return _done(call, id, plans.resume_subscription)


@_turning("POST", "/v1/subscriptions/{id}/end", id="end_subscription")
def end_subscription(call: PostCall, id: str) -> Response:
    """End a subscription for good. For either side."""
    return _done(call, id, plans.end_subscription)


@_turning("POST", "/v1/subscriptions/{id}/move", id="move_subscription")
def move_subscription(call: PostCall, id: str, body: told.MoveBody) -> Response:
    """Move a subscription to another plan of its provider. What was used stays used."""
    applies = shapes.applies(body)
    return call.done(
        lambda work: plans.move_subscription(work, id, plan=body.plan, applies=applies),
        shapes.subscription_out,
    )


def _done(call: Call, id: str, act: Callable[[Work, str], Subscription]) -> Response:
    return call.done(lambda work: act(work, id), shapes.subscription_out)
