"""The walk: state, environment, access, restrictions, scopes.

Budgets and rates come after it, in `services.verify`, because they are
spent: nothing is, unless all of this passes.
"""

from typing import NamedTuple

from keyhouse.core.paths import plain_path
from keyhouse.core.records import ApiRecord, GrantRecord, Line, RouteRecord
from keyhouse.core.request import Request
from keyhouse.core.scopes import covers
from keyhouse.core.verdict import Verdict


class Passed(NamedTuple):
    """The outcome of the walk: the verdict, the route met and what it costs."""

    verdict: Verdict
    route_id: str
    units: int
    scopes_missing: tuple[str, ...]


_VALID = Verdict.VALID
_ONE_UNIT = Passed(_VALID, "", 1, ())
_REFUSED = {verdict: Passed(verdict, "", 0, ()) for verdict in Verdict}


def decide(line: Line, request: Request, now_us: int) -> Passed:
    """Whether `request` may pass, before limits; `now_us` is the wall clock."""
    if line.state is not None:
        return _REFUSED[line.state]
    if not line.starts_us <= now_us < line.ends_us:
        early = now_us < line.starts_us
        return _REFUSED[Verdict.NOT_YET_VALID if early else Verdict.EXPIRED]
    key = line.key
    if request.environment is not None and request.environment != key.environment:
        return _REFUSED[Verdict.ENVIRONMENT_MISMATCH]
    grant = line.grant
    if grant is None:
        return _REFUSED[Verdict.API_NOT_ALLOWED]
    if key.networks is not None and not key.networks.admits(request.address):
        return _REFUSED[Verdict.IP_NOT_ALLOWED]
    if key.referrers is not None and not key.referrers.admit(
        request.referrer, request.origin
    ):
        return _REFUSED[Verdict.REFERRER_NOT_ALLOWED]
    api = line.api
    if key.endpoints is None and api.endpoints is None and not request.scopes:
        return _ONE_UNIT if request.cost is None else Passed(_VALID, "", request.cost, ())
    return _endpoint(line, grant, api, request)


def _endpoint(line: Line, grant: GrantRecord, api: ApiRecord, request: Request) -> Passed:
    path = plain_path(request.path) if request.path is not None else None
    method = request.method or ""
    allowed = line.key.endpoints
    if allowed is not None and (path is None or allowed.find(method, path) is None):
        return _REFUSED[Verdict.ENDPOINT_NOT_ALLOWED]
    if path is None and request.path is not None and api.endpoints is not None:
        return _REFUSED[Verdict.ENDPOINT_NOT_ALLOWED]
    route = _route(api, method, path)
    needed = (*route.scopes, *request.scopes) if route else request.scopes
    missing = tuple(scope for scope in needed if not covers(grant.scopes, scope))
    route_id = route.id if route else ""
    if missing:
        return Passed(Verdict.SCOPE_MISSING, route_id, 0, missing)
    usual = route.cost if route else 1
    return Passed(_VALID, route_id, usual if request.cost is None else request.cost, ())


def _route(api: ApiRecord, method: str, path: str | None) -> RouteRecord | None:
    if api.endpoints is None or path is None:
        return None
    index = api.endpoints.find(method, path)
    return None if index is None else api.routes[index]


