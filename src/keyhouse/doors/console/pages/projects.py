"""The projects of an organization."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Project
from keyhouse.core.validation import Problem
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import AtOrganization, OrganizationHere
from keyhouse.services import reports, tenants
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.tenants import WRITE_PROJECTS
from keyhouse.services.work import Look, Turn

router = APIRouter()
_ALL: Final = "/{organization}/projects"
_ONE: Final = f"{_ALL}/{{project}}"
_SHOWN: Final = 200


class Row(NamedTuple):
    """A project in the list."""

    project: Project
    calls_in_last_hour: int


class Listed(NamedTuple):
    """A page of projects by name, and the cursor behind it."""

    rows: list[Row]
    next_cursor: str | None


@router.get(_ALL)
async def projects(here: OrganizationHere) -> Response:
    """A page of them, the newest first; by name within it."""
    return await _list(here)


@router.get(f"{_ALL}/new")
async def new(here: OrganizationHere) -> Response:
    """The form of a new project."""
    demand(here, WRITE_PROJECTS)
    return _page(here, {"name": ""}, None)


@router.post(_ALL)
async def create(here: OrganizationHere) -> Response:
    """Create it, or tell what stands in the way."""
    demand(here, WRITE_PROJECTS)
    name = await _name(here)
    try:
        made = await here.write(lambda work: tenants.create_project(work, name=name))
    except Invalid as error:
        return _page(here, {"name": name}, None, error.problems)
    return see_other(here, f"/{made.id}/test/overview", "Project created")


@router.get(f"{_ONE}/edit")
async def edit(here: OrganizationHere, project: str) -> Response:
    """The form of one that there is."""
    demand(here, WRITE_PROJECTS)
    row = await here.read(lambda look: tenants.get_project(look, project))
    return _page(here, {"name": row.name}, row)


@router.post(f"{_ONE}/edit")
async def change(here: OrganizationHere, project: str) -> Response:
    """Rename it, or tell what stands in the way."""
    demand(here, WRITE_PROJECTS)
    row = await here.read(lambda look: tenants.get_project(look, project))
    name = await _name(here)
    try:
        await here.write(lambda work: tenants.change_project(work, project, {"name": name}))
    except Invalid as error:
        return _page(here, {"name": name}, row, error.problems)
    return see_other(here, here.organization_url("projects"), "Project renamed")


@router.post(f"{_ONE}/disable")
async def disable(here: OrganizationHere, project: str) -> Response:
    """Refuse all calls to its APIs and of its keys."""
    await _switch(here, project, disabled=True)
    back = Undo(here.organization_url("projects", project, "enable"), {"csrf": here.csrf})
    url = here.organization_url("projects")
    return see_other(here, url, "Project disabled: all its calls are refused", undo=back)


@router.post(f"{_ONE}/enable")
async def enable(here: OrganizationHere, project: str) -> Response:
    """Let calls pass again."""
    await _switch(here, project, disabled=False)
    return see_other(here, here.organization_url("projects"), "Project enabled")


@router.post(f"{_ONE}/delete")
async def delete(here: OrganizationHere, project: str) -> Response:
    """Delete an empty one."""
    try:
        await here.write(lambda work: tenants.delete_project(work, project))
    except Taken as error:
        return await _list(here, error.problem)
    return see_other(here, here.organization_url("projects"), "Project deleted")


async def _list(here: AtOrganization, problem: Problem | None = None) -> Response:
    cursor = here.request.query_params.get("cursor")
    listed = await here.read(lambda look: _listed(look, cursor))
    status = 409 if problem else 200
    return render(here, "projects/list.html", status, listed=listed, problem=problem)


async def _switch(here: AtOrganization, project: str, *, disabled: bool) -> None:
    await here.write(
        lambda work: tenants.change_project(work, project, {"disabled": disabled})
    )


async def _name(here: AtOrganization) -> str:
    return str((await here.form()).get("name", "")).strip()


def _listed(look: Look, cursor: str | None) -> Listed:
    page = tenants.list_projects(look, Turn(cursor, _SHOWN))
    known = sorted(page.rows, key=lambda project: project.name.casefold())
    calls = reports.calls_of_projects(look, [project.id for project in known])
    return Listed([Row(project, calls[project.id]) for project in known], page.next_cursor)


def _page(
    here: AtOrganization,
    typed: Mapping[str, str],
    row: Project | None,
    problems: Sequence[Problem] = (),
) -> Response:
    return render(
        here,
        "projects/form.html",
        422 if problems else 200,
        typed=typed,
        project=row,
        problems=by_field(problems),
    )
