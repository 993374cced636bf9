"""The routes of an API: what a method and path need, and what they cost."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Api, Route
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.limit_rows import LimitRow
from keyhouse.doors.console.apis.route_form import (
    METHODS,
    RouteForm,
    at_fields,
    read_route,
    route_fields,
    show_route,
)
from keyhouse.doors.console.keys import limits_form
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.pages.apis import own_api, own_api_to_write
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog
from keyhouse.services.catalog import WRITE_APIS
from keyhouse.services.refusals import Invalid, NotFound, Taken, refuse
from keyhouse.services.work import Look, Work

router = APIRouter()
_ROUTES = "/{project}/{environment}/apis/{api}/routes"


@router.get(f"{_ROUTES}/new")
async def new(here: Here, api: str) -> Response:
    """The form of a new route."""
    demand(here, WRITE_APIS)
    row = await here.read(lambda look: own_api(look, here, api))
    return _page(here, row, RouteForm(), None)


@router.post(_ROUTES)
async def create(here: Here, api: str) -> Response:
    """Add it, or tell what stands in the way."""
    demand(here, WRITE_APIS)
    row = await here.read(lambda look: own_api(look, here, api))
    form, more = await _typed(here)
    if more:
        return _page(here, row, form, None)

    def act(work: Work) -> Route:
        fields, problems = route_fields(form)
        refuse(problems)
        own = own_api_to_write(work, here, api)
        method, path = fields.get("method", ""), fields.get("path", "")
        return catalog.create_route(work, own.id, method=method, path=path, fields=fields)

    return await _saved(here, row, form, None, act)


@router.get(f"{_ROUTES}/{{route}}")
async def edit(here: Here, api: str, route: str) -> Response:
    """The form of one that there is."""
    demand(here, WRITE_APIS)
    row, held = await here.read(lambda look: _own_route(look, here, api, route))
    return _page(here, row, show_route(held), held)


@router.post(f"{_ROUTES}/{{route}}")
async def change(here: Here, api: str, route: str) -> Response:
    """Change it, or tell what stands in the way."""
    demand(here, WRITE_APIS)
    row, held = await here.read(lambda look: _own_route(look, here, api, route))
    form, more = await _typed(here)
    if more:
        return _page(here, row, form, held)

    def act(work: Work) -> Route:
        fields, problems = route_fields(form)
        refuse(problems)
        own = own_api_to_write(work, here, api)
        return catalog.change_route(work, own.id, route, fields)

    return await _saved(here, row, form, held, act)


@router.post(f"{_ROUTES}/{{route}}/delete")
async def delete(here: Here, api: str, route: str) -> Response:
    """Take it away: what it asked for is asked for no more."""

    def act(work: Work) -> None:
        catalog.delete_route(work, own_api_to_write(work, here, api).id, route)

    await here.write(act)
    return see_other(here, here.url("apis", api), toast="Route deleted")


def _own_route(look: Look, here: InProject, api: str, id: str) -> tuple[Api, Route]:
    row = own_api(look, here, api)
    found = [one for one in look.tx.find(Route, api_id=row.id) if one.id == id]
    if not found:
        raise NotFound("route")
    return row, found[0]


async def _typed(here: InProject) -> tuple[RouteForm, bool]:
    """The form that was sent, and whether another row of limits is asked for."""
    typed = await here.form()
    rows = limits_form.form_rows(Typed.of(typed.multi_items()))
    return read_route(typed)._replace(limits=rows), "more" in typed


async def _saved(
    here: InProject,
    api: Api,
    form: RouteForm,
    route: Route | None,
    act: Callable[[Work], Route],
) -> Response:
    try:
        await here.write(act)
    except (Invalid, Taken) as error:
        return _page(here, api, form, route, error.problems)
    toast = "Route saved" if route else "Route added"
    return see_other(here, here.url("apis", api.id), toast=toast)


def _page(
    here: InProject,
    api: Api,
    form: RouteForm,
    route: Route | None,
    problems: Sequence[Problem] = (),
) -> Response:
    return render(
        here,
        "apis/route.html",
        422 if problems else 200,
        api=api,
        form=form,
        route=route,
        methods=METHODS,
        rows=[*form.limits, LimitRow()],
        per=limits_form,
        problems=at_fields(form, problems),
    )
