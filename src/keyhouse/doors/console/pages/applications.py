"""Applications: the programs that call, each with its keys."""

from collections.abc import Callable, Mapping, Sequence

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Application
from keyhouse.core.validation import Problem
from keyhouse.doors.console.applications.listing import (
    listed,
    own_application,
    shown_of,
)
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog
from keyhouse.services.catalog import WRITE_APPLICATIONS
from keyhouse.services.refusals import Invalid, NotFound, Taken
from keyhouse.services.work import Work

router = APIRouter()
_ALL = "/{project}/{environment}/applications"
_ONE = f"{_ALL}/{{application}}"


@router.get(_ALL)
async def applications(here: Here) -> Response:
    """The applications of the project."""
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(
        lambda look: listed(look, here.project.id, here.environment, cursor)
    )
    return render(here, "applications/list.html", listed=seen)


@router.get(f"{_ALL}/new")
async def new(here: Here) -> Response:
    """The form of a new application."""
    demand(here, WRITE_APPLICATIONS)
    return _page(here, {}, None)


@router.post(_ALL)
async def create(here: Here) -> Response:
    """Create it, or tell what stands in the way."""
    demand(here, WRITE_APPLICATIONS)
    typed = await _typed(here)

    def act(work: Work) -> Application:
        return catalog.create_application(
            work,
            name=typed["name"],
            external_id=typed["external_id"] or None,
            purpose=typed["purpose"],
            project=here.project.id,
        )

    return await _saved(here, typed, None, act, "Application created")


@router.get(_ONE)
async def one(here: Here, application: str) -> Response:
    """One application with its keys."""
    shown = await here.read(
        lambda look: shown_of(look, here.project.id, here.environment, application)
    )
    return render(here, "applications/one.html", shown=shown)


@router.get(f"{_ONE}/edit")
async def edit(here: Here, application: str) -> Response:
    """The form of one that there is."""
    demand(here, WRITE_APPLICATIONS)
    row = await here.read(lambda look: own_application(look, here.project.id, application))
    shown = {
        "name": row.name,
        "external_id": row.external_id or "",
        "purpose": row.purpose,
    }
    return _page(here, shown, row)


@router.post(_ONE)
async def change(here: Here, application: str) -> Response:
    """Change it, or tell what stands in the way."""
    demand(here, WRITE_APPLICATIONS)
    row = await here.read(lambda look: own_application(look, here.project.id, application))
    typed = await _typed(here)

    def act(work: Work) -> Application:
        return catalog.change_application(
            work,
            _own(work, here, application).id,
            {
                "name": typed["name"],
                "external_id": typed["external_id"] or None,
                "purpose": typed["purpose"],
            },
        )

    return await _saved(here, typed, row, act, "Changes saved")


@router.post(f"{_ONE}/disable")
async def disable(here: Here, application: str) -> Response:
    """Refuse all of its keys."""
    await here.write(lambda work: _switch(work, here, application, disabled=True))
    url = here.url("applications", application)
    back = Undo(f"{url}/enable", {"csrf": here.csrf})
    return see_other(here, url, "Application disabled: its keys are refused", undo=back)


@router.post(f"{_ONE}/enable")
async def enable(here: Here, application: str) -> Response:
    """Let its keys pass again."""
    await here.write(lambda work: _switch(work, here, application, disabled=False))
    return see_other(here, here.url("applications", application), "Application enabled")


@router.post(f"{_ONE}/delete")
async def delete(here: Here, application: str) -> Response:
    """Delete one that never had a key."""

    def act(work: Work) -> None:
        catalog.delete_application(work, _own(work, here, application).id)

    await here.write(act)
    return see_other(here, here.url("applications"), "Application deleted")


def _own(work: Work, here: InProject, id: str) -> Application:
    row = work.own(Application, id)
    if row.project_id != here.project.id:
        raise NotFound("application")
    return row


def _switch(work: Work, here: InProject, id: str, *, disabled: bool) -> Application:
    own = _own(work, here, id)
    return catalog.change_application(work, own.id, {"disabled": disabled})


async def _typed(here: InProject) -> dict[str, str]:
    form = await here.form()
    names = ("name", "external_id", "purpose")
    return {name: str(form.get(name, "")).strip() for name in names}


async def _saved(
    here: InProject,
    typed: Mapping[str, str],
    row: Application | None,
    act: Callable[[Work], Application],
    toast: str,
) -> Response:
    try:
        made = await here.write(act)
    except Invalid as error:
        return _page(here, typed, row, error.problems)
    except Taken as error:
        return _page(here, typed, row, [error.problem])
    return see_other(here, here.url("applications", made.id), toast)


def _page(
    here: InProject,
    typed: Mapping[str, str],
    row: Application | None,
    problems: Sequence[Problem] = (),
) -> Response:
    return render(
        here,
        "applications/form.html",
        422 if problems else 200,
        typed=typed,
        application=row,
        problems=by_field(problems),
    )
