"""Headers that the gateway adds for an API: set, replaced, deleted; never shown."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Api
from keyhouse.core.validation import Problem
from keyhouse.doors.console.pages.apis import own_api, own_api_to_write
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog
from keyhouse.services.catalog import WRITE_APIS
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Work

router = APIRouter()
_HEADERS = "/{project}/{environment}/apis/{api}/headers"


@router.get(f"{_HEADERS}/set")
async def form(here: Here, api: str) -> Response:
    """The form of a header; with `name` in the query, of one that is replaced."""
    demand(here, WRITE_APIS)
    row = await here.read(lambda look: own_api(look, here, api))
    return _page(here, row, here.request.query_params.get("name", ""))


@router.post(_HEADERS)
async def save(here: Here, api: str) -> Response:
    """Set it, or tell what stands in the way; the value is not told back."""
    demand(here, WRITE_APIS)
    row = await here.read(lambda look: own_api(look, here, api))
    typed = await here.form()
    name, value = (str(typed.get(one, "")).strip() for one in ("name", "value"))

    def act(work: Work) -> None:
        own = own_api_to_write(work, here, api)
        catalog.set_upstream_header(work, own.id, name, value)

    try:
        await here.write(act)
    except Invalid as error:
        return _page(here, row, name, error.problems)
    except Taken as error:
        return _page(here, row, name, [error.problem._replace(field="name")])
    return see_other(here, here.url("apis", row.id), toast=f"{name} is set")


@router.post(f"{_HEADERS}/delete")
async def delete(here: Here, api: str) -> Response:
    """Add it no more."""
    name = str((await here.form()).get("name", ""))

    def act(work: Work) -> None:
        own = own_api_to_write(work, here, api)
        catalog.delete_upstream_header(work, own.id, name)

    await here.write(act)
    return see_other(here, here.url("apis", api), toast=f"{name} is deleted")


def _page(
    here: InProject, api: Api, name: str, problems: Sequence[Problem] = ()
) -> Response:
    return render(
        here,
        "apis/header.html",
        422 if problems else 200,
        api=api,
        name=name,
        problems={problem.field: problem for problem in problems},
    )
