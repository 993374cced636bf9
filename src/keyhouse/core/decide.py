"""The walk: state, environment, access, restrictions, scopes.

Budgets and rates come after it, in `services.verify`, because they are
spent: nothing is, unless all of this passes.
"""

from typing import Final, NamedTuple

from keyhouse.core.paths import is_usual_path, plain_path
from keyhouse.core.records import ApiRecord, GrantRecord, KeyRecord, Line, RouteRecord
from keyhouse.core.request import Request
from keyhouse.core.scopes import Needs, meets, meets_all, unmet
from keyhouse.core.verdict import Verdict


class Passed(NamedTuple):
    """The outcome of the walk: the verdict, the route met and what it costs."""

    verdict: Verdict
    route_id: str
    units: int
    scopes_missing: tuple[str, ...]


_made: Final = tuple.__new__  # half the time of a NamedTuple's own constructor
_VALID: Final = Verdict.VALID
_ONE_UNIT: Final = Passed(_VALID, "", 1, ())
_REFUSED: Final = {verdict: Passed(verdict, "", 0, ()) for verdict in Verdict}


_NO_ROUTE: Final = RouteRecord("", (), Needs(), 1)


def decide(  # noqa: C901 - a walk: each check a line, in the order in which they count
    line: Line, request: Request, now_us: int
) -> Passed:
    """Whether `request` may pass, before limits; `now_us` is the wall clock."""
    key = line.key
    if request.key_id is not None and request.key_id != key.id:
        return _REFUSED[Verdict.UNKNOWN]
    if line.state is not None:
        return _REFUSED[line.state]
    if not line.starts_us <= now_us < line.ends_us:
        early = now_us < line.starts_us
        return _REFUSED[Verdict.NOT_YET_VALID if early else Verdict.EXPIRED]
    if request.environment is not None and request.environment != key.environment:
        return _REFUSED[Verdict.ENVIRONMENT_MISMATCH]
    grant = line.grant
    if grant is None:
        return _REFUSED[line.closed]
    # Before the restrictions: whoever they keep out, the secret is in a page.
    if request.browser and line.api.refuses_browsers and line.exposed_by_pages:
        return _REFUSED[Verdict.BROWSER_NOT_ALLOWED]
    if key.networks is not None and not key.networks.admits(request.address):
        return _REFUSED[Verdict.IP_NOT_ALLOWED]
    if key.referrers is not None or key.apps is not None:
        elsewhere = _page_and_app(key, request)
        if elsewhere is not None:
            return elsewhere
    api = line.api
    if key.endpoints is None and api.endpoints is None and not request.scopes:
        return _ONE_UNIT if request.cost is None else Passed(_VALID, "", request.cost, ())
    return _endpoint(line, grant, api, request)


def _page_and_app(key: KeyRecord, request: Request) -> Passed | None:
    """The refusal of a page or app that the key is not for."""
    pages, apps = key.referrers, key.apps
    if pages is not None and not pages.admit(request.referrer, request.origin):
        return _REFUSED[Verdict.REFERRER_NOT_ALLOWED]
    if apps is not None and not apps.admit(request.app):
        return _REFUSED[Verdict.APP_NOT_ALLOWED]
    return None


def _endpoint(line: Line, grant: GrantRecord, api: ApiRecord, request: Request) -> Passed:
    """Endpoint and scopes. A path with two readings passes no check of paths."""
    method, path = request.method or "", request.path
    if path is not None and not is_usual_path(path):
        path = plain_path(path)
        if path is None and api.endpoints is not None:
            return _REFUSED[Verdict.ENDPOINT_NOT_ALLOWED]
    allowed = line.key.endpoints
    if allowed is not None and (path is None or allowed.find(method, path) is None):
        return _REFUSED[Verdict.ENDPOINT_NOT_ALLOWED]
    route = _NO_ROUTE
    if api.endpoints is not None and path is not None:
        index = api.endpoints.find(method, path)
        route = _NO_ROUTE if index is None else api.routes[index]
    held = grant.scopes
    if not (meets(held, route.needs) and meets_all(held, request.scopes)):
        missing = unmet(held, (*route.scopes, *request.scopes))
        return Passed(Verdict.SCOPE_MISSING, route.id, 0, missing)
    cost = route.cost if request.cost is None else request.cost
    return _made(Passed, (_VALID, route.id, cost, ()))
