"""Plans, as their newest versions hold them. A change of that is a new version."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import (
    Approval,
    Plan,
    PlanVersion,
    Route,
    Subscription,
    Visibility,
    version_id,
)
from keyhouse.core.validation import Problem
from keyhouse.services import plans
from keyhouse.services.declare.forms import (
    FLAG,
    TEXT,
    TEXTS,
    Form,
    Plain,
    Problems,
    Wrong,
    choice,
    demand_known,
    each,
)
from keyhouse.services.declare.kinds import Field, Held, Kind, Made, State, Swap
from keyhouse.services.declare.kinds_of_projects import PROJECT, ROTATION
from keyhouse.services.declare.limit_forms import PLAN_LIMITS
from keyhouse.services.declare.rows import done, left, rest
from keyhouse.services.plans import OpeningWish, RouteWish
from keyhouse.services.work import Look, Work


def _demand(value: Plain, place: str, needed: Sequence[str], known: Sequence[str]) -> Plain:
    given = demand_known(value, place, (*needed, *known))
    missing = [name for name in needed if name not in given]
    if missing:
        told = "an entry here needs it"
        raise Wrong(*(Problem(f"{place}.{name}", "is missing", told) for name in missing))
    return given


def _parts(given: Plain, place: str, forms: Mapping[str, Form]) -> dict[str, Plain]:
    """The fields that are there, each read by its form; what is empty is left out."""
    found: dict[str, Plain] = {}
    problems: Problems = []
    for name, form in forms.items():
        if name in given:
            try:
                found[name] = form.read(given[name], f"{place}.{name}")
            except Wrong as wrong:
                problems += wrong.problems
    if problems:
        raise Wrong(*problems)
    return {name: value for name, value in found.items() if value != []}


def _read_opening(value: Plain, place: str) -> dict[str, Plain]:
    given = _demand(value, place, ("api",), ("scopes", "roles"))
    return _parts(given, place, {"api": TEXT, "scopes": TEXTS, "roles": TEXTS})


def _read_route(value: Plain, place: str) -> dict[str, Plain]:
    given = _demand(value, place, ("api", "route", "limits"), ())
    forms = {"api": TEXT, "route": TEXT, "limits": PLAN_LIMITS}
    return {"limits": [], **_parts(given, place, forms)}


def _opening(value: Mapping[str, Plain]) -> OpeningWish:
    held = (tuple(value.get(part, ())) for part in ("scopes", "roles"))
    return OpeningWish(value["api"], *held)


def _route(value: Mapping[str, Plain]) -> RouteWish:
    return RouteWish(value["api"], value["route"], PLAN_LIMITS.hold(value["limits"]))


def _unordered(value: Plain) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in value)


ACCESS: Final = Form(
    each(_read_opening), lambda value: tuple(map(_opening, value)), key=_unordered
)
ROUTES: Final = Form(
    each(_read_route), lambda value: tuple(map(_route, value)), key=_unordered
)


def _swapped(field: str) -> Any:  # noqa: ANN401 - Field.nested
    def swapped(value: Plain, swap: Swap) -> Plain:
        return [
            {**one, "api": swap("apis", one["api"], f"{field}[{index}].api")}
            for index, one in enumerate(value)
        ]

    return swapped


def _find(at: Look | Work, state: State) -> Sequence[str]:
    found = at.tx.find(Plan, project_id=state["project"], slug=state["slug"])
    return [row.id for row in found]


def _contents(at: Look | Work, rows: Sequence[Plan]) -> list[State]:
    """What the newest version of each holds; routes that are gone are left out."""
    newest = tuple(version_id(row.id, row.version) for row in rows)
    versions = {one.plan_id: one for one in at.tx.find(PlanVersion, id=newest)}
    api_ids = {one.api_id for version in versions.values() for one in version.routes}
    names = _route_names(at, api_ids)
    return [_content(versions[row.id], names) for row in rows]


def _content(version: PlanVersion, names: Mapping[str, str]) -> State:
    access = []
    for one in version.access:
        lists = {"scopes": list(one.scopes), "roles": list(one.roles)}
        told = {part: items for part, items in lists.items() if items}
        access.append({"api": one.api_id, **told})
    routes = [
        {
            "api": one.api_id,
            "route": names[one.route_id],
            "limits": PLAN_LIMITS.tell(one.limits),
        }
        for one in version.routes
        if one.route_id in names
    ]
    return {"access": access, "limits": PLAN_LIMITS.tell(version.limits), "routes": routes}


def _route_names(at: Look | Work, api_ids: AbstractSet[str]) -> dict[str, str]:
    """By id what a file calls each route; one that another is called before, by its id."""
    names: dict[str, str] = {}
    taken: dict[str, set[str]] = defaultdict(set)
    for route in at.tx.find(Route, api_id=tuple(api_ids)) if api_ids else ():
        name = f"{route.method} {route.path}"
        names[route.id] = route.id if name in taken[route.api_id] else name
        taken[route.api_id].add(name)
    return names


def _settle(look: Look, state: State) -> State:
    """Routes that are named by their ids are called as an export would."""
    if not any(ids.is_id(one["route"], ids.ROUTE) for one in state["routes"]):
        return state
    names = _route_names(look, {one["api"] for one in state["routes"]})
    routes = [
        {**one, "route": names.get(one["route"], one["route"])} for one in state["routes"]
    ]
    return {**state, "routes": routes}


def _make(work: Work, held: Held) -> Made:
    fields: Any = rest(held, "slug", "project")
    made = plans.create_plan(
        work, slug=held["slug"], project=held["project"], fields=fields
    )
    return Made(made.plan.id)


PLANS: Final = Kind(
    section="plans",
    one="plan",
    prefix=ids.PLAN,
    entity=Plan,
    fields=(
        Field(name="slug", form=TEXT, needed=True),
        PROJECT,
        Field(name="name", form=TEXT, default=lambda state: state["slug"]),
        Field(name="description", form=TEXT, default=""),
        Field(name="visibility", form=choice(Visibility), default="private"),
        Field(name="approval", form=choice(Approval), default="automatic"),
        Field(
            name="access", form=ACCESS, needed=True, apart=True, nested=_swapped("access")
        ),
        Field(name="limits", form=PLAN_LIMITS, default=[], apart=True),
        Field(
            name="routes", form=ROUTES, default=[], apart=True, nested=_swapped("routes")
        ),
        ROTATION,
        # A retired plan takes no subscriptions, not even those of the same file.
        Field(name="retired", form=FLAG, default=False, column="retired_at", late=True),
    ),
    read_scope=plans.READ_PLANS,
    write_scope=plans.WRITE_PLANS,
    title=lambda state: state["slug"],
    identity=("project", "slug"),
    find=_find,
    settle=_settle,
    make=_make,
    change=lambda work, row, held: done(plans.change_plan(work, row.id, {**held})),  # type: ignore[typeddict-item] # by the table
    remove=lambda work, row: plans.delete_plan(work, row.id),
    tell_more=_contents,
    # One that a step moves to another plan is not of this one any more.
    stays=lambda at, row, loose: left(at, Subscription, "id", loose, plan_id=row.id),
    off="retired",
    known_as=lambda state: (state["slug"],),
)
