"""Joining an application to a plan."""

from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import (
    Application,
    Approval,
    Plan,
    Subscription,
    SubscriptionState,
    Visibility,
)
from keyhouse.core.validation import Problem
from keyhouse.services.plans.opening import claim, counting_on, is_held_back
from keyhouse.services.plans.parties import WRITE_SUBSCRIPTIONS
from keyhouse.services.plans.queries import found_plan, newest
from keyhouse.services.refusals import Taken, refuse
from keyhouse.services.work import Work, told


class Joined(NamedTuple):
    """A plan and an application, and whether the actor may sell the plan."""

    plan: Plan
    application: Application
    sells: bool


def create_subscription(work: Work, *, plan: str, application: str) -> Subscription:
    """Subscribe an application to a plan.

    Who sells the plan may subscribe any application whose id they were told,
    and it is active at once. Others subscribe their own, to a plan of their
    own organization or to a public one; it is pending where the plan wants
    approval, and where the application's last one to one of these APIs was not
    active. A plan or application beyond that reads like one that is not there.
    """
    joined = _joined(work, plan, application)
    if joined.plan.retired_at is not None:
        raise Taken("plan", "is retired and takes no new subscriptions", "choose another")
    apis = [one.api_id for one in newest(work, joined.plan).access]
    waits = not joined.sells and (
        joined.plan.approval is Approval.MANUAL
        or is_held_back(work, joined.application.id, apis)
    )
    id = work.new_id(ids.SUBSCRIPTION)
    row = Subscription(
        id=id,
        provider_id=joined.plan.organization_id,
        consumer_id=joined.application.organization_id,
        plan_id=joined.plan.id,
        application_id=joined.application.id,
        counted_id=id,
        state=SubscriptionState.PENDING if waits else SubscriptionState.ACTIVE,
        state_since=work.now_us,
        created_by=work.actor.id,
        created_at=work.now_us,
        updated_at=work.now_us,
    )
    work.tx.insert(row)
    counted_ids = claim(work, row, apis, id)
    if counted_ids != row.counted_ids:
        row = work.tx.update(row, **counting_on(row, counted_ids))
    between = (row.provider_id, row.consumer_id)
    work.note("subscription.create", row.id, after=told(row), between=between)
    return row


def reached_offer(work: Work, id: str) -> tuple[Plan, bool] | None:
    """A plan that the actor may subscribe to, and whether they sell it."""
    plan = found_plan(work, id)
    if plan is None:
        return None
    if plan.organization_id == work.actor.organization_id:
        reach = work.actor.reach(WRITE_SUBSCRIPTIONS)
        return plan, reach.holds_project(plan.project_id)
    offered = plan.visibility is Visibility.PUBLIC and plan.retired_at is None
    return (plan, False) if offered else None


def unknown_plan() -> Problem:
    """What is told of a plan that is not there, and of a private one of others."""
    mend = "name a plan by its id; GET /v1/plans lists your own"
    return Problem("plan", "is not known", mend)


def _joined(work: Work, plan_id: str, application_id: str) -> Joined:
    reach = work.actor.reach(WRITE_SUBSCRIPTIONS)
    offer = reached_offer(work, plan_id)
    sells = offer is not None and offer[1]
    found = None
    if ids.is_id(application_id, ids.APPLICATION):
        found = work.tx.get(Application, application_id)
    home = work.actor.organization_id
    if found is not None and not sells:
        holds = found.organization_id == home and reach.holds_project(found.project_id)
        found = found if holds else None
    problems = [] if offer else [unknown_plan()]
    if found is None:
        mend = "name an application by its id; GET /v1/applications lists your own"
        problems.append(Problem("application", "is not known", mend))
    refuse(problems)
    assert offer is not None  # noqa: S101 - else it was refused
    assert found is not None  # noqa: S101 - else it was refused
    return Joined(offer[0], found, sells)
