"""Reading plans."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import (
    Api,
    Plan,
    PlanVersion,
    Route,
    Subscription,
    Visibility,
    version_id,
)
from keyhouse.ports import Page
from keyhouse.services.catalog.queries import within_reach
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn, Work

READ_PLANS: Final = "plans:read"
WRITE_PLANS: Final = "plans:write"


class PlanView(NamedTuple):
    """A plan with what one of its versions holds, and what that names by id."""

    plan: Plan
    version: PlanVersion
    slugs: Mapping[str, str]
    routes: Mapping[str, Route]


def get_plan(look: Look, id: str) -> PlanView:
    """A plan within reach, or another organization's that may be subscribed to.

    One that is neither reads like one that is not there.
    """
    reach = look.actor.reach(READ_PLANS)
    plan = found_plan(look, id)
    if plan is None or not (
        (_is_own(look, plan) and reach.holds_project(plan.project_id))
        or _is_offered(look, plan)
    ):
        raise NotFound("plan")
    return view_of(look, plan)


def list_plans(
    look: Look, turn: Turn, *, project: str | None = None, slug: str | None = None
) -> Page:
    """The plans within reach as views, the newest first; none of others."""
    equals = within_reach(look, READ_PLANS, project, None)
    if slug is not None:
        equals["slug"] = slug
    page = look.page(Plan, turn, equals)
    return Page(views_of(look, page.rows), page.next_cursor)


def list_versions(look: Look, id: str, turn: Turn) -> Page:
    """All versions of a plan within reach as views, the newest first."""
    plan = reached_plan(look, READ_PLANS, id)
    page = look.page(PlanVersion, turn, {"plan_id": plan.id})
    views = _viewed(look, [(plan, version) for version in page.rows])
    return Page(views, page.next_cursor)


def reached_plan(at: Look | Work, scope: str, id: str) -> Plan:
    """A plan in whose project the actor holds `scope`."""
    reach = at.actor.reach(scope)
    plan = at.own(Plan, id)
    if not reach.holds_project(plan.project_id):
        raise NotFound("plan")
    return plan


def found_plan(at: Look | Work, id: str) -> Plan | None:
    """Anybody's plan with that id."""
    return at.tx.get(Plan, id) if ids.is_id(id, ids.PLAN) else None


def newest(at: Look | Work, plan: Plan) -> PlanVersion:
    """What a plan holds now."""
    version = at.tx.get(PlanVersion, version_id(plan.id, plan.version))
    if version is None:
        raise LookupError(f"{plan.id} has lost its version {plan.version}")
    return version


def view_of(at: Look | Work, plan: Plan) -> PlanView:
    """A plan as a view."""
    return _viewed(at, [(plan, newest(at, plan))])[0]


def views_of(at: Look | Work, plans: Sequence[Plan]) -> list[PlanView]:
    """Plans as views, in as many reads as one."""
    wanted = tuple(version_id(plan.id, plan.version) for plan in plans)
    versions = {row.plan_id: row for row in at.tx.find(PlanVersion, id=wanted)}
    return _viewed(at, [(plan, versions[plan.id]) for plan in plans])


def _viewed(at: Look | Work, rows: Sequence[tuple[Plan, PlanVersion]]) -> list[PlanView]:
    apis = {one.api_id for _, version in rows for one in version.access}
    routes = {one.route_id for _, version in rows for one in version.routes}
    slugs = {api.id: api.slug for api in at.tx.find(Api, id=tuple(apis))}
    known = {route.id: route for route in at.tx.find(Route, id=tuple(routes))}
    return [PlanView(plan, version, slugs, known) for plan, version in rows]


def _is_own(look: Look, plan: Plan) -> bool:
    return plan.organization_id == look.actor.organization_id


def _is_offered(look: Look, plan: Plan) -> bool:
    """Whether any organization may subscribe, or the actor's has."""
    if plan.visibility is Visibility.PUBLIC and plan.retired_at is None:
        return True
    home = look.actor.organization_id
    bought = look.tx.page(
        Subscription, after=None, limit=1, plan_id=plan.id, consumer_id=home
    )
    return bool(bought.rows)
