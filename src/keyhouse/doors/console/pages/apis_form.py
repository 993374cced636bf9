"""The form of an API: a new one, and one that is changed."""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from keyhouse.core.entities import Api
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.form import (
    ApiForm,
    api_fields,
    at_fields,
    read_api,
    show_api,
)
from keyhouse.doors.console.apis.limit_rows import LimitRow
from keyhouse.doors.console.keys import limits_form
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.pages.apis import own_api, own_api_to_write
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog
from keyhouse.services.catalog import WRITE_APIS
from keyhouse.services.refusals import Invalid, Taken, refuse
from keyhouse.services.work import Work

router = APIRouter()


@router.get("/{project}/{environment}/apis/new")
async def new(here: Here) -> Response:
    """The form of a new API."""
    demand(here, WRITE_APIS)
    return _page(here, ApiForm(), None)


@router.post("/{project}/{environment}/apis")
async def create(here: Here) -> Response:
    """Create it, or tell what stands in the way."""
    demand(here, WRITE_APIS)
    typed = await here.form()
    form = _read(typed)
    if "more" in typed:
        return _page(here, form, None)

    def act(work: Work) -> Api:
        fields, problems = api_fields(form)
        refuse(problems)
        slug, project = form.wanted_slug, here.project.id
        return catalog.create_api(work, slug=slug, project=project, fields=fields)

    return await _saved(here, form, None, act, "API created")


@router.get("/{project}/{environment}/apis/{api}/edit")
async def edit(here: Here, api: str) -> Response:
    """The form of one that there is."""
    demand(here, WRITE_APIS)
    row = await here.read(lambda look: own_api(look, here, api))
    return _page(here, show_api(row), row)


@router.post("/{project}/{environment}/apis/{api}")
async def change(here: Here, api: str) -> Response:
    """Change it, or tell what stands in the way."""
    demand(here, WRITE_APIS)
    row = await here.read(lambda look: own_api(look, here, api))
    typed = await here.form()
    form = _read(typed)._replace(slug=row.slug)
    if "more" in typed:
        return _page(here, form, row)

    def act(work: Work) -> Api:
        fields, problems = api_fields(form)
        refuse(problems)
        own = own_api_to_write(work, here, api)
        return catalog.change_api(work, own.id, fields)

    return await _saved(here, form, row, act, "Changes saved")


async def _saved(
    here: InProject,
    form: ApiForm,
    row: Api | None,
    act: Callable[[Work], Api],
    toast: str,
) -> Response:
    try:
        api = await here.write(act)
    except (Invalid, Taken) as error:
        return _page(here, form, row, error.problems)
    return see_other(here, here.url("apis", api.id), toast=toast)


def _read(typed: FormData) -> ApiForm:
    rows = limits_form.form_rows(Typed.of(typed.multi_items()))
    return read_api(typed)._replace(limits=rows)


def _page(
    here: InProject, form: ApiForm, row: Api | None, problems: Sequence[Problem] = ()
) -> Response:
    return render(
        here,
        "apis/form.html",
        422 if problems else 200,
        form=form,
        api=row,
        problems=at_fields(form, problems),
        rows=[*form.limits, LimitRow()],
        per=limits_form,
        gateway=urlsplit(here.config.gateway_url).netloc,
    )
