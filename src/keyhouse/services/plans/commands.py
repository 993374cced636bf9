"""Writing plans. What a plan holds is written as a new version of it."""

from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from keyhouse.core import ids
from keyhouse.core.entities import (
    Applies,
    Approval,
    Carried,
    Plan,
    PlanLimit,
    PlanVersion,
    RotationSchedule,
    Subscription,
    Visibility,
    version_id,
)
from keyhouse.core.plans import carried_over, placed, placed_at
from keyhouse.core.validation import (
    Problem,
    check_name,
    check_schedule,
    check_slug,
    check_text,
)
from keyhouse.services.catalog.queries import home_project
from keyhouse.services.plans.contents import (
    OpeningWish,
    RouteWish,
    kept_routes,
    open_apis,
    place_limits,
    place_routes,
)
from keyhouse.services.plans.opening import open_for_all
from keyhouse.services.plans.queries import (
    WRITE_PLANS,
    PlanView,
    newest,
    reached_plan,
    view_of,
)
from keyhouse.services.refusals import Taken, refuse
from keyhouse.services.work import Work, plain


class PlanFields(TypedDict, total=False):
    """What may be said of a plan; in a change, only what is there is changed.

    A list replaces all that the plan holds of it.
    """

    slug: str
    name: str
    description: str
    visibility: Visibility
    approval: Approval
    retired: bool
    rotation: RotationSchedule | None
    access: tuple[OpeningWish, ...]
    limits: tuple[PlanLimit, ...]
    routes: tuple[RouteWish, ...]


_CONTENTS = ("access", "limits", "routes")


def create_plan(
    work: Work, *, slug: str, project: str | None, fields: PlanFields
) -> PlanView:
    """A new plan in a project. Its name is its slug unless one is given."""
    home = home_project(work, WRITE_PLANS, project)
    fields = {**fields, "slug": slug}
    refuse(_check(fields))
    plan = Plan(
        id=work.new_id(ids.PLAN),
        organization_id=work.actor.organization_id,
        project_id=home.id,
        slug=slug,
        name=fields.get("name", slug),
        description=fields.get("description", ""),
        visibility=fields.get("visibility", Visibility.PRIVATE),
        approval=fields.get("approval", Approval.AUTOMATIC),
        version=1,
        retired_at=work.now_us if fields.get("retired") else None,
        created_at=work.now_us,
        updated_at=work.now_us,
        rotation=fields.get("rotation"),
    )
    access = open_apis(work, fields.get("access", ()))
    version = PlanVersion(
        id=version_id(plan.id, 1),
        organization_id=plan.organization_id,
        plan_id=plan.id,
        number=1,
        access=access,
        limits=place_limits(work, fields.get("limits", ())),
        routes=place_routes(work, access, fields.get("routes", ())),
        created_by=work.actor.id,
        created_at=work.now_us,
    )
    work.add("plan.create", plan)
    work.tx.insert(version)
    work.note("plan.version", plan.id, after=_told(version))
    return view_of(work, plan)


def change_plan(
    work: Work, id: str, fields: PlanFields, applies: Applies = Applies.NOW
) -> PlanView:
    """Change a plan, for all its subscriptions.

    What it opens and its rates are what they are at once. Its quotas are so too or,
    with `next_window`, each keeps its old amount up to the end of its window. What
    was promised so before is kept where the change does not name the quotas.
    """
    plan = reached_plan(work, WRITE_PLANS, id)
    refuse(_check(fields))
    changes: dict[str, Any] = {
        name: value for name, value in fields.items() if name not in (*_CONTENTS, "retired")
    }
    if "retired" in fields:
        since = plan.retired_at or work.now_us
        changes["retired_at"] = since if fields["retired"] else None
    changed = work.change("plan.change", plan, **changes)
    if any(name in fields for name in _CONTENTS):
        changed = _renewed(work, changed, fields, applies)
    return view_of(work, changed)


def delete_plan(work: Work, id: str) -> None:
    """Delete a plan that nobody ever subscribed to."""
    plan = reached_plan(work, WRITE_PLANS, id)
    if work.tx.page(Subscription, after=None, limit=1, plan_id=plan.id).rows:
        mend = "retire it instead: it then takes no new ones"
        raise Taken("plan", "has or had subscriptions", mend)
    for version in work.tx.find(PlanVersion, plan_id=plan.id):
        work.tx.remove(version)
    work.drop("plan.delete", plan)


def _renewed(work: Work, plan: Plan, fields: PlanFields, applies: Applies) -> Plan:
    """The plan with a new version, or as it is where that would say nothing new."""
    old = newest(work, plan)
    new = _next_version(work, plan, old, fields, applies)
    same = (old.access, old.limits, old.routes) == (new.access, new.limits, new.routes)
    if same and new.carried == _in_time(work, old.carried):
        return plan
    before, opened = ({one.api_id for one in of.access} for of in (old, new))
    open_for_all(work, plan, before, opened)
    work.tx.insert(new)
    renewed = work.tx.update(plan, version=new.number, updated_at=work.now_us)
    after = {**_told(new), "applies": applies.value}
    work.note("plan.version", plan.id, _told(old), after)
    return renewed


def _next_version(
    work: Work, plan: Plan, old: PlanVersion, fields: PlanFields, applies: Applies
) -> PlanVersion:
    access, limits = old.access, old.limits
    if "access" in fields:
        access = open_apis(work, fields["access"])
    if "limits" in fields:
        limits = place_limits(work, fields["limits"])
    if "routes" in fields:
        routes = place_routes(work, access, fields["routes"])
    else:
        routes = kept_routes(work, access, old.routes)
    if applies is Applies.NEXT_WINDOW:
        before, now_us = placed_at(work.now_us, old), work.now_us
        carried = carried_over(before, placed(limits, routes), now_us, ZoneInfo)
    else:
        carried = tuple(
            one
            for one in _in_time(work, old.carried)
            if ("routes" if one.route_id else "limits") not in fields
        )
    return PlanVersion(
        id=version_id(plan.id, plan.version + 1),
        organization_id=plan.organization_id,
        plan_id=plan.id,
        number=plan.version + 1,
        access=access,
        limits=limits,
        routes=routes,
        carried=carried,
        created_by=work.actor.id,
        created_at=work.now_us,
    )


def _in_time(work: Work, carried: tuple[Carried, ...]) -> tuple[Carried, ...]:
    """What holds yet of what was carried over."""
    return tuple(one for one in carried if work.now_us < one.until)


def _told(version: PlanVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "access": plain(version.access),
        "limits": plain(version.limits),
        "routes": plain(version.routes),
    }


def _check(fields: PlanFields) -> list[Problem]:
    problems: list[Problem] = []
    if "slug" in fields:
        problems += check_slug("slug", fields["slug"])
    if "name" in fields:
        problems += check_name("name", fields["name"])
    if "description" in fields:
        problems += check_text("description", fields["description"])
    problems += check_schedule("rotation", fields.get("rotation"))
    return problems
