"""The walk: state, environment, access, restrictions, scopes.

Budgets and rates come after it, in `services.verify`, because they are
spent: nothing is, unless all of this passes.
"""

from typing import NamedTuple

from keyhouse.core.paths import plain_path
from keyhouse.core.records import ApiRecord, GrantRecord, Line, RouteRecord
from keyhouse.core.request import Request
from keyhouse.core.scopes import covers, covers_all
from keyhouse.core.verdict import Verdict


class Passed(NamedTuple):
    """The outcome of the walk: the verdict, the route met and what it costs."""

    verdict: Verdict
    route_id: str
    units: int
    scopes_missing: tuple[str, ...]


_made = tuple.__new__  # half the time of a NamedTuple's own constructor
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
    """Endpoint and scopes. A path with two readings passes no check of paths."""
    method = request.method or ""
    path = plain_path(request.path) if request.path is not None else None
    unclear = path is None and request.path is not None
    allowed = line.key.endpoints
    if allowed is not None and (path is None or allowed.find(method, path) is None):
        return _REFUSED[Verdict.ENDPOINT_NOT_ALLOWED]
    if unclear and api.endpoints is not None:
        return _REFUSED[Verdict.ENDPOINT_NOT_ALLOWED]
    route = _route(api, method, path)
    needed = request.scopes
    if route.scopes:
        needed = (*route.scopes, *needed) if needed else route.scopes
    if not covers_all(grant.scopes, needed):
        missing = tuple(dict.fromkeys(s for s in needed if not covers(grant.scopes, s)))
        return Passed(Verdict.SCOPE_MISSING, route.id, 0, missing)
    cost = route.cost if request.cost is None else request.cost
    return _made(Passed, (_VALID, route.id, cost, ()))


_NO_ROUTE = RouteRecord("", (), 1)


def _route(api: ApiRecord, method: str, path: str | None) -> RouteRecord:
    if api.endpoints is None or path is None:
        return _NO_ROUTE
    index = api.endpoints.find(method, path)
    return _NO_ROUTE if index is None else api.routes[index]
