"""Writing the routes of an API."""

from typing import Final, TypedDict

from keyhouse.core import ids
from keyhouse.core.entities import Api, CostFrom, Limit, Route
from keyhouse.core.validation import Problem, check_limits, check_number, check_route
from keyhouse.services.catalog.queries import WRITE_APIS, own_route, reached_api
from keyhouse.services.refusals import Taken, refuse
from keyhouse.services.work import Work

ROUTES_MAX: Final = 500
"""More would make the one matcher of an API's routes slow to compile and to run."""
POSITION_MAX: Final = 1_000_000
_STEP: Final = 10


class RouteFields(TypedDict, total=False):
    """What may be said of a route; in a change, only what is there is changed."""

    position: int
    method: str
    path: str
    scopes: tuple[str, ...]
    cost: int
    cost_from: CostFrom
    limits: tuple[Limit, ...]


def create_route(
    work: Work, api_name: str, *, method: str, path: str, fields: RouteFields
) -> Route:
    """A new route of an API, the last unless `position` says otherwise."""
    api = reached_api(work, WRITE_APIS, api_name)
    others = work.tx.find(Route, api_id=api.id)
    if len(others) >= ROUTES_MAX:
        raise Taken("routes", f"are {ROUTES_MAX} already", "join some with patterns")
    last = max((route.position for route in others), default=0)
    route = Route(
        id=work.new_id(ids.ROUTE),
        organization_id=api.organization_id,
        api_id=api.id,
        position=fields.get("position", min(last + _STEP, POSITION_MAX)),
        method=method,
        path=path,
        scopes=fields.get("scopes", ()),
        cost=fields.get("cost", 1),
        cost_from=fields.get("cost_from", CostFrom.ROUTE),
        limits=fields.get("limits", ()),
        created_at=work.now_us,
        updated_at=work.now_us,
    )
    refuse(_check(work, api, route))
    return work.add("route.create", route)


def change_route(work: Work, api_name: str, id: str, fields: RouteFields) -> Route:
    """Change a route of an API."""
    api = reached_api(work, WRITE_APIS, api_name)
    route = own_route(work, api, id)
    refuse(_check(work, api, _changed(route, fields)))
    return work.change("route.change", route, **fields)


def delete_route(work: Work, api_name: str, id: str) -> None:
    """Delete a route of an API."""
    api = reached_api(work, WRITE_APIS, api_name)
    work.drop("route.delete", own_route(work, api, id))


def _changed(route: Route, fields: RouteFields) -> Route:
    return Route(
        id=route.id,
        organization_id=route.organization_id,
        api_id=route.api_id,
        position=fields.get("position", route.position),
        method=fields.get("method", route.method),
        path=fields.get("path", route.path),
        scopes=fields.get("scopes", route.scopes),
        cost=fields.get("cost", route.cost),
        cost_from=fields.get("cost_from", route.cost_from),
        limits=fields.get("limits", route.limits),
        created_at=route.created_at,
        updated_at=route.updated_at,
    )


def _check(work: Work, api: Api, route: Route) -> list[Problem]:
    return [
        *check_route(route.method, route.path, route.scopes, route.cost, api.scopes),
        *check_number("position", route.position, 0, POSITION_MAX),
        *check_limits("limits", route.limits, work.knows_zone),
    ]
