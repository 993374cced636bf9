"""APIs: the list, one of them, and switching it off or on."""

from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Access, Api, Route, UpstreamHeader
from keyhouse.doors.console.apis.attempt import METHODS
from keyhouse.doors.console.apis.listing import ApiLine, lines_of, listed
from keyhouse.doors.console.keys import words
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog, issue, reports
from keyhouse.services.issue import KeyFilter, KeyView
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn, Work

router = APIRouter()
ROUTES_SHOWN: Final = 500
KEYS_SHOWN: Final = 5


class Shown(NamedTuple):
    """One API with all that its page tells; `keys` are the newest that open it."""

    line: ApiLine
    routes: list[Route]
    headers: list[UpstreamHeader]
    keys: list[KeyView]
    can_be_deleted: bool
    calls_in_last_hour: int

    @property
    def limits(self) -> list[tuple[str, str]]:
        """Name and sentence of each of its limits."""
        return [(limit.name, words.limit(limit)) for limit in self.line.api.limits]

    @property
    def methods(self) -> list[tuple[str, str]]:
        """The choices of a call to try it."""
        return [(method, method) for method in METHODS]


@router.get("/{project}/{environment}/apis")
async def apis(here: Here) -> Response:
    """The APIs of the project."""
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(
        lambda look: listed(look, here.project.id, here.environment, cursor)
    )
    return render(here, "apis/list.html", listed=seen)


@router.get("/{project}/{environment}/apis/{api}")
async def one(here: Here, api: str) -> Response:
    """One API: where it leads, what it asks for, and a call to try it."""
    shown = await here.read(lambda look: shown_of(look, here, api))
    return render(here, "apis/one.html", shown=shown, tried=None)


@router.post("/{project}/{environment}/apis/{api}/disable")
async def disable(here: Here, api: str) -> Response:
    """Refuse all calls to it."""
    await here.write(lambda work: _switch(work, here, api, disabled=True))
    url = here.url("apis", api)
    back = Undo(here.url("apis", api, "enable"), {"csrf": here.csrf})
    return see_other(here, url, toast="API disabled: all its calls are refused", undo=back)


@router.post("/{project}/{environment}/apis/{api}/enable")
async def enable(here: Here, api: str) -> Response:
    """Let calls pass again."""
    await here.write(lambda work: _switch(work, here, api, disabled=False))
    return see_other(here, here.url("apis", api), toast="API enabled")


@router.post("/{project}/{environment}/apis/{api}/delete")
async def delete(here: Here, api: str) -> Response:
    """Delete one that no key was made for."""
    await here.write(lambda work: _delete(work, here, api))
    return see_other(here, here.url("apis"), toast="API deleted")


def own_api(look: Look, here: InProject, id: str) -> Api:
    """An API of this project; NotFound for another's."""
    api = catalog.get_api(look, id)
    if api.id != id or api.project_id != here.project.id:
        raise NotFound("api")
    return api


def shown_of(look: Look, here: InProject, id: str) -> Shown:
    """All that the page of an API tells."""
    api = own_api(look, here, id)
    (line,) = lines_of(look, [api], here.environment)
    routes: list[Route] = catalog.list_routes(look, api.id, Turn(limit=ROUTES_SHOWN)).rows
    wanted = KeyFilter(api=api.id, environment=here.environment)
    keys: list[KeyView] = issue.list_keys(look, Turn(limit=KEYS_SHOWN), wanted).rows
    routes.sort(key=lambda route: route.position)
    calls = reports.calls_in_last_hour(look, api=api.id)
    ever = look.tx.page(Access, after=None, limit=1, resource_id=api.id).rows
    headers = catalog.list_upstream_headers(look, api.id)
    return Shown(line, routes, headers, keys, not ever, calls)


def own_api_to_write(work: Work, here: InProject, id: str) -> Api:
    """An API of this project, locked; NotFound for another's."""
    api = work.own(Api, id)
    if api.project_id != here.project.id:
        raise NotFound("api")
    return api


def _switch(work: Work, here: InProject, id: str, *, disabled: bool) -> Api:
    api = own_api_to_write(work, here, id)
    return catalog.change_api(work, api.id, {"disabled": disabled})


def _delete(work: Work, here: InProject, id: str) -> None:
    catalog.delete_api(work, own_api_to_write(work, here, id).id)
