"""What a plan shall hold: names looked up, limits and scopes checked."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import Api, PlanAccess, PlanLimit, PlanRoute, Route
from keyhouse.core.validation import (
    Problem,
    check_held_roles,
    check_limits,
    check_scopes,
)
from keyhouse.services.catalog.queries import find_api, hold_apis
from keyhouse.services.plans.queries import WRITE_PLANS
from keyhouse.services.refusals import refuse
from keyhouse.services.work import Work

APIS_MAX: Final = 20
"""The most APIs of a plan: each has a row for each subscription."""
ROUTES_MAX: Final = 100
"""The most routes on which a plan has limits."""


class OpeningWish(NamedTuple):
    """An API that a plan shall open, by id or slug, with scopes and roles."""

    api: str
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class RouteWish(NamedTuple):
    """Limits on a route of one of these APIs, by its id or as `GET /path`."""

    api: str
    route: str
    limits: tuple[PlanLimit, ...]


def open_apis(work: Work, wishes: Sequence[OpeningWish]) -> tuple[PlanAccess, ...]:
    """What a plan shall open. An API beyond the actor's reach is not known.

    Raises Invalid.
    """
    if not 1 <= len(wishes) <= APIS_MAX:
        reason = "has too many APIs" if wishes else "is empty"
        mend = f"name 1 to {APIS_MAX} APIs that the plan opens"
        refuse([Problem("access", reason, mend)])
    hold_apis(work, [wish.api for wish in wishes])
    reach = work.actor.reach(WRITE_PLANS)
    problems: list[Problem] = []
    opened: dict[str, PlanAccess] = {}
    for index, wish in enumerate(wishes):
        place = f"access.{index}"
        api = find_api(work, wish.api)
        if api is None or not reach.holds_api(api):
            mend = "GET /v1/apis lists those that you can name"
            problems.append(Problem(f"{place}.api", "is not known", mend))
            continue
        if api.id in opened:
            problems.append(Problem(f"{place}.api", "is there twice", "join the two"))
        problems += check_scopes(f"{place}.scopes", wish.scopes, api.scopes)
        problems += check_held_roles(f"{place}.roles", wish.roles, api.roles)
        opened[api.id] = PlanAccess(api_id=api.id, scopes=wish.scopes, roles=wish.roles)
    refuse(problems)
    return tuple(opened.values())


def place_limits(
    work: Work, limits: Sequence[PlanLimit], field: str = "limits"
) -> tuple[PlanLimit, ...]:
    """The limits of a plan or of one subscriber, checked. Raises Invalid."""
    refuse(check_limits(field, limits, work.knows_zone))
    return tuple(limits)


def place_routes(
    work: Work, opened: Sequence[PlanAccess], wishes: Sequence[RouteWish]
) -> tuple[PlanRoute, ...]:
    """The routes on which a plan shall have limits. Raises Invalid."""
    if len(wishes) > ROUTES_MAX:
        mend = "join some routes with patterns"
        refuse([Problem("routes", f"are more than {ROUTES_MAX}", mend)])
    apis = work.tx.find(Api, id=tuple(one.api_id for one in opened))
    routes = work.tx.find(Route, api_id=tuple(api.id for api in apis))
    by_api = {
        name: [route for route in routes if route.api_id == api.id]
        for api in apis
        for name in (api.id, api.slug)
    }
    problems: list[Problem] = []
    placed: dict[str, PlanRoute] = {}
    for index, wish in enumerate(wishes):
        place = f"routes.{index}"
        found = _found(place, wish, by_api)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        if found.id in placed:
            problems.append(Problem(f"{place}.route", "is there twice", "join the two"))
        if not wish.limits:
            mend = "name its limits, or leave the route out"
            problems.append(Problem(f"{place}.limits", "are none", mend))
        problems += check_limits(f"{place}.limits", wish.limits, work.knows_zone)
        placed[found.id] = PlanRoute(
            api_id=found.api_id, route_id=found.id, limits=wish.limits
        )
    refuse(problems)
    return tuple(placed.values())


def kept_routes(
    work: Work, opened: Sequence[PlanAccess], routes: Sequence[PlanRoute]
) -> tuple[PlanRoute, ...]:
    """Those of a version before that are there yet, of APIs that are open yet."""
    apis = {one.api_id for one in opened}
    ids = tuple(one.route_id for one in routes)
    there = {route.id for route in work.tx.find(Route, id=ids)}
    return tuple(one for one in routes if one.api_id in apis and one.route_id in there)


def _found(
    place: str, wish: RouteWish, by_api: Mapping[str, Sequence[Route]]
) -> Route | Problem:
    """The route that a wish names, or why there is none."""
    if wish.api not in by_api:
        mend = "name one of the APIs that the plan opens"
        return Problem(f"{place}.api", "is not opened by the plan", mend)
    for route in by_api[wish.api]:
        if wish.route in (route.id, f"{route.method} {route.path}"):
            return route
    mend = "name a route of the API by its id, or as GET /path"
    return Problem(f"{place}.route", "is no route of the API", mend)
