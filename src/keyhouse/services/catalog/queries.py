"""Reading APIs, routes and applications."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import Api, Application, Project, Route
from keyhouse.core.validation import Problem
from keyhouse.ports import Page
from keyhouse.services.actor import Reach
from keyhouse.services.refusals import Forbidden, Invalid, NotFound
from keyhouse.services.work import Look, Turn, Work

READ_APIS = "apis:read"
WRITE_APIS = "apis:write"
READ_APPLICATIONS = "applications:read"
WRITE_APPLICATIONS = "applications:write"
_NAMES_AT_ONCE: Final = 1000
"""A statement takes so many values on any database."""


def get_api(look: Look, name: str) -> Api:
    """The API with that id or slug, within reach."""
    return reached_api(look, READ_APIS, name)


def list_apis(look: Look, turn: Turn, *, project: str | None = None) -> Page:
    """The APIs within reach, the newest first."""
    reach = look.actor.reach(READ_APIS)
    equals: dict[str, object] = {"organization_id": look.actor.organization_id}
    if project is not None:
        equals["project_id"] = project
    if not reach.whole:
        equals["id"] = _reached_ids(look, reach)
    return look.page(Api, turn, equals)


def list_routes(look: Look, api: str, turn: Turn) -> Page:
    """The routes of an API, the newest first; `position` tells their order."""
    return look.page(Route, turn, {"api_id": reached_api(look, READ_APIS, api).id})


def get_route(look: Look, api: str, id: str) -> Route:
    """A route of an API within reach."""
    return own_route(look, reached_api(look, READ_APIS, api), id)


def own_route(at: Look | Work, api: Api, id: str) -> Route:
    """The route of that API; NotFound for another API's too."""
    route = at.tx.get(Route, id) if ids.is_id(id, ids.ROUTE) else None
    if route is None or route.api_id != api.id:
        raise NotFound("route")
    return route


def get_application(look: Look, id: str) -> Application:
    """An application within reach."""
    return reached_application(look, READ_APPLICATIONS, id)


def list_applications(
    look: Look, turn: Turn, *, project: str | None = None, external_id: str | None = None
) -> Page:
    """The applications within reach, the newest first."""
    equals = within_reach(look, READ_APPLICATIONS, project, external_id)
    return look.page(Application, turn, equals)


def within_reach(
    look: Look, scope: str, project: str | None, external_id: str | None
) -> dict[str, object]:
    """What those rows are equal in that the actor may list, of one project or of all."""
    reach = look.actor.reach(scope)
    equals: dict[str, object] = {"organization_id": look.actor.organization_id}
    if not reach.whole:
        equals["project_id"] = tuple(reach.project_ids)
    if project is not None:
        equals["project_id"] = project if reach.holds_project(project) else ()
    if external_id is not None:
        equals["external_id"] = external_id
    return equals


def reached_api(at: Look | Work, scope: str, name: str) -> Api:
    """An API, by id or slug, for which the actor holds `scope`."""
    reach = at.actor.reach(scope)
    api = find_api(at, name)
    if api is None or not reach.holds_api(api):
        raise NotFound("api")
    return api


def find_api(at: Look | Work, name: str) -> Api | None:
    """The organization's API with that id or slug; None for a foreign one too.

    One that is found to be changed stays as it is until the change is done.
    """
    id = name
    if not ids.is_id(name, ids.API):
        found = at.tx.find(Api, slug=name) if name.isprintable() else []
        if not found:
            return None
        id = found[0].id
    api = at.tx.get(Api, id)
    same = api is not None and api.organization_id == at.actor.organization_id
    return api if same else None


def hold_apis(work: Work, names: Sequence[str]) -> Mapping[str, Api]:
    """The organization's APIs with these ids or slugs, by what they were named.

    They cannot be deleted until what opens them is written. They are held in the
    order of their ids: of two who name the same, neither waits for the other who
    waits for it. However many names there are, those of no API cost next to nothing.
    """
    named = dict.fromkeys(one for one in names if one.isprintable())
    by_name = dict(_named_apis(work, list(named)))
    held = {id: work.tx.get(Api, id) for id in sorted({a.id for a in by_name.values()})}
    return {
        name: api
        for name, seen in by_name.items()
        if (api := held[seen.id]) is not None
        and api.organization_id == work.actor.organization_id
    }


def _named_apis(work: Work, names: Sequence[str]) -> Iterator[tuple[str, Api]]:
    """As they are seen; none is held."""
    home = work.actor.organization_id
    for begin in range(0, len(names), _NAMES_AT_ONCE):
        some = names[begin : begin + _NAMES_AT_ONCE]
        own = tuple(one for one in some if ids.is_id(one, ids.API))
        for api in work.tx.find(Api, id=own, organization_id=home):
            yield api.id, api
        slugs = tuple(one for one in some if not ids.is_id(one, ids.API))
        for api in work.tx.find(Api, slug=slugs, organization_id=home):
            yield api.slug, api


def reached_application(at: Look | Work, scope: str, id: str) -> Application:
    """An application in whose project the actor holds `scope`."""
    reach = at.actor.reach(scope)
    application = at.own(Application, id)
    if not reach.holds_project(application.project_id):
        raise NotFound("application")
    return application


def home_project(work: Work, scope: str, id: str | None) -> Project:
    """The project that something new goes into: the named one, or the only one.

    Raises Invalid where it is not to be seen, or none is named and there is a
    choice, and Forbidden where `scope` is held for no project at all.
    """
    reach = work.actor.reach(scope)
    if not reach.whole and not reach.project_ids:
        raise Forbidden(scope, " for a project")
    if id is not None:
        try:
            project = work.own(Project, id)
        except NotFound:
            raise _no_project() from None
        if not reach.holds_project(project.id):
            raise _no_project()
        return project
    organization = work.actor.organization_id
    page = work.tx.page(Project, after=None, limit=100, organization_id=organization)
    seen: list[Project] = [p for p in page.rows if reach.holds_project(p.id)]
    if len(seen) != 1:
        mend = "name a project; GET /v1/projects lists them"
        reason = "is needed, for there is more than one" if seen else "is needed"
        raise Invalid([Problem("project", reason, mend)])
    return seen[0]


def _no_project() -> Invalid:
    mend = "name a project of yours; GET /v1/projects lists them"
    return Invalid([Problem("project", "is not known", mend)])


def _reached_ids(look: Look, reach: Reach) -> tuple[str, ...]:
    """Ids of all APIs within reach of a key that is bound to some."""
    inside = look.tx.find(Api, project_id=tuple(reach.project_ids))
    return (*reach.api_ids, *(api.id for api in inside))
