"""Limits of single routes as rows of a form, beside those of a whole plan.

Row 0 has the fields of `console.plans.limit_form`, as `on.0.amount`, and its
route as `on.0.route`: the API's slug and the route's id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from keyhouse.core.entities import Api, PlanLimit, Route
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.limit_rows import LimitRow
from keyhouse.doors.console.keys import limits_form
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.plans.limit_form import (
    beside,
    read_plan_limits,
    typed_plan_limits,
)
from keyhouse.services.plans import PlanView, RouteWish
from keyhouse.services.work import Look

BASE: Final = "on"
"""Begins the names of these fields; alone it says that the form has them."""
_LIMITS: Final = "limits"
Choices = tuple[str, list[tuple[str, str]]]
"""An API's slug, and its routes: the value of each, and what it is called."""


class ReadRoutes(NamedTuple):
    """The wanted limits by route, what could not be read, and where in the form the

    places are that services name.
    """

    wishes: tuple[RouteWish, ...]
    problems: list[Problem]
    places: Mapping[str, str]


class Shown(NamedTuple):
    """What a form shows: rows, what each says beside its limit, and the choices."""

    rows: list[LimitRow]
    routes: list[str]
    counts: list[str]
    options: list[Choices]
    is_open: bool


def read_routes(typed: Typed) -> ReadRoutes:
    """What the rows come to; several of one route are joined, in their order."""
    own = _as_limits(typed)
    limits, found = read_plan_limits(own)
    problems = [_moved(problem) for problem in found]
    by_route: dict[tuple[str, str], list[tuple[int, PlanLimit]]] = {}
    for index, (limit, chosen) in enumerate(zip(limits, beside(own, "route"), strict=True)):
        slug, _, route = chosen.partition(" ")
        if not route:
            mend = "choose the route that it is met on"
            problems.append(Problem(f"{BASE}.{index}.route", "is not chosen", mend))
        by_route.setdefault((slug, route), []).append((index, limit))
    wishes, places = [], {"routes": BASE}
    for number, ((slug, route), held) in enumerate(by_route.items()):
        wishes.append(RouteWish(slug, route, tuple(limit for _, limit in held)))
        first, _ = held[0]
        for name in ("api", "route"):
            places[f"routes.{number}.{name}"] = f"{BASE}.{first}.route"
        for place, (index, _) in enumerate(held):
            places[f"routes.{number}.limits.{place}"] = f"{BASE}.{index}"
    return ReadRoutes(tuple(wishes), problems, places)


def typed_routes(view: PlanView) -> dict[str, str]:
    """The fields that show the limits of a plan's routes; gone ones are left out."""
    held = [
        (f"{view.slugs[one.api_id]} {one.route_id}", limit)
        for one in view.version.routes
        if one.route_id in view.routes and one.api_id in view.slugs
        for limit in one.limits
    ]
    fields = typed_plan_limits(limit for _, limit in held)
    named = {f"{BASE}{name.removeprefix(_LIMITS)}": text for name, text in fields.items()}
    chosen = {f"{BASE}.{index}.route": route for index, (route, _) in enumerate(held)}
    return {**named, **chosen}


def shown(typed: Typed, options: list[Choices], problems: Iterable[Problem]) -> Shown:
    """The rows of a form that holds only filled ones, and a blank one for the next."""
    own = _as_limits(typed)
    wrong = any(one.field.partition(".")[0] == BASE for one in problems)
    rows, routes = limits_form.rows_shown(own), beside(own, "route")
    return Shown(rows, routes, beside(own, "counts"), options, bool(routes) or wrong)


def options_of(look: Look, apis: Sequence[Api]) -> list[Choices]:
    """The routes of these APIs, by slug: their values and what they are called."""
    routes = look.tx.find(Route, api_id=tuple(api.id for api in apis)) if apis else []
    found = []
    for api in apis:
        own = sorted(
            (one for one in routes if one.api_id == api.id), key=lambda one: one.position
        )
        told = [(f"{api.slug} {one.id}", f"{one.method} {one.path}") for one in own]
        if told:
            found.append((api.slug, told))
    return found


def placed(problems: Iterable[Problem], places: Mapping[str, str]) -> list[Problem]:
    """Problems that services name, at the fields of the form that they are of."""
    return [one._replace(field=_place(one.field, places)) for one in problems]


def _place(field: str, places: Mapping[str, str]) -> str:
    for start, place in places.items():
        if field == start:
            return place
        if start.count(".") > 1 and field.startswith(f"{start}."):
            return place + field.removeprefix(start)
    return field


def _moved(problem: Problem) -> Problem:
    return problem._replace(field=f"{BASE}{problem.field.removeprefix(_LIMITS)}")


def _as_limits(typed: Typed) -> Typed:
    """These rows alone, called as those of a plan are."""
    head = f"{BASE}."
    own = {
        f"{_LIMITS}.{name.removeprefix(head)}": values
        for name, values in typed.fields.items()
        if name.startswith(head)
    }
    return replace(typed, fields=own)
