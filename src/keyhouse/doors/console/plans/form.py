"""From the form of a plan to what services take, and from a plan back to its form."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar, cast

from keyhouse.core.entities import Applies, Approval, Visibility
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.form import slug_from
from keyhouse.doors.console.keys.rotation_form import read_rotation, typed_rotation
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.keys.wish_form import read_access
from keyhouse.doors.console.plans.limit_form import read_plan_limits, typed_plan_limits
from keyhouse.doors.console.plans.route_form import BASE, read_routes, typed_routes
from keyhouse.services.plans import OpeningWish, PlanFields, PlanView

C = TypeVar("C", bound=StrEnum)

NEW = Typed(
    {"visibility": (Visibility.PRIVATE.value,), "approval": (Approval.AUTOMATIC.value,)}
)
"""The form of a new plan as it opens."""


class ReadPlan(NamedTuple):
    """What a form says of a plan, what in it could not be read, and where in it the

    places are that services name.
    """

    slug: str
    fields: PlanFields
    applies: Applies
    problems: list[Problem]
    places: Mapping[str, str]


def read_plan(typed: Typed) -> ReadPlan:
    """The wanted plan. A slug that is left empty follows the name.

    Limits of routes stay as they are where the form does not show any.
    """
    limits, problems = read_plan_limits(typed)
    rotation, wrong = read_rotation(typed)
    slug = typed.text("slug") or slug_from(typed.text("name"))
    fields: PlanFields = {
        "slug": slug,
        "name": typed.text("name") or slug,
        "description": typed.text("description"),
        "visibility": _one_of(Visibility, typed, "visibility", Visibility.PRIVATE),
        "approval": _one_of(Approval, typed, "approval", Approval.AUTOMATIC),
        "access": tuple(
            OpeningWish(one.name, one.scopes, one.roles) for one in read_access(typed)
        ),
        "limits": limits,
        "rotation": rotation,
    }
    routes = read_routes(typed)
    if typed.text(BASE):
        fields["routes"] = routes.wishes
        problems += routes.problems
    applies = _one_of(Applies, typed, "applies", Applies.NOW)
    return ReadPlan(slug, fields, applies, [*problems, *wrong], routes.places)


def told_otherwise(view: PlanView, fields: PlanFields) -> PlanFields:
    """What a form says otherwise than the plan is: it sends all, and wishes that alone.

    So what its quotas were promised to be up to the next window outlives other changes.
    """
    now = read_plan(Typed({**typed_of(view).fields, BASE: ("1",)})).fields
    told = {name: to for name, to in fields.items() if now.get(name) != to}
    return cast("PlanFields", told)


def typed_of(view: PlanView) -> Typed:
    """The form of a plan as it is now."""
    plan, version = view.plan, view.version
    slugs = {one.api_id: view.slugs[one.api_id] for one in version.access}
    fields: dict[str, tuple[str, ...]] = {
        "slug": (plan.slug,),
        "name": (plan.name,),
        "description": (plan.description,),
        "visibility": (plan.visibility.value,),
        "approval": (plan.approval.value,),
        "applies": (Applies.NOW.value,),
        "api": tuple(slugs.values()),
        **{f"scope.{slugs[one.api_id]}": one.scopes for one in version.access},
        **{f"role.{slugs[one.api_id]}": one.roles for one in version.access},
        **{name: (text,) for name, text in typed_plan_limits(version.limits).items()},
        **{name: (text,) for name, text in typed_routes(view).items()},
        **{name: (text,) for name, text in typed_rotation(plan.rotation).items()},
    }
    return Typed(fields)


def _one_of(kind: type[C], typed: Typed, name: str, default: C) -> C:
    value = typed.text(name)
    return kind(value) if value in tuple(kind) else default
