"""A key that goes over to another application."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Application
from keyhouse.core.validation import Problem
from keyhouse.doors.console.pages.keys_asked import asked
from keyhouse.doors.console.rendering import see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import issue
from keyhouse.services.catalog import list_applications
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Look, Turn

router = APIRouter()
_PATH: Final = "/{project}/{environment}/keys/{key}/transfer"
CHOICES_MAX: Final = 200


@router.get(_PATH)
async def ask(here: Here, key: str) -> Response:
    """Which application shall have it."""
    return await _form(here, key)


@router.post(_PATH)
async def transfer(here: Here, key: str) -> Response:
    """Give it over, and follow it; where none is named it stays with its own."""
    view = await here.read(lambda look: issue.get_key(look, key))
    named = str((await here.form()).get("application", "")).strip()
    wanted = named or view.key.application_id
    try:
        moved = await here.write(lambda work: issue.transfer_key(work, key, wanted))
    except Invalid as error:
        return await _form(here, key, wanted, error.problems[0])
    except Taken as error:
        return await _form(here, key, wanted, error.problem)
    environment = moved.key.environment or here.environment
    url = f"/{moved.key.project_id}/{environment}/keys/{moved.key.id}"
    return see_other(here, url, toast="Key transferred")


async def _form(
    here: InProject, key: str, wanted: str = "", problem: Problem | None = None
) -> Response:
    view = await here.read(lambda look: issue.get_key(look, key))
    choices = await here.read(lambda look: _choices(look, here, view.key.application_id))
    own = view.key.application_id
    return await asked(
        here,
        key,
        "keys/transfer.html",
        problem,
        choices=choices,
        application=next((words for id, words in choices if id == own), ""),
        typed={"application": wanted or own},
        problems={} if problem is None else {problem.field: problem},
    )


def _choices(look: Look, here: InProject, own: str) -> list[tuple[str, str]]:
    """Applications of the key's project, then of the others; each by its name."""
    rows: list[Application] = list_applications(look, Turn(limit=CHOICES_MAX)).rows
    if all(one.id != own for one in rows):
        rows.append(look.own(Application, own))
    projects = {project.id: project.name for project in here.projects}
    near = [one for one in rows if one.project_id == here.project.id]
    far = [one for one in rows if one.project_id != here.project.id]
    return [
        *((one.id, one.name) for one in sorted(near, key=_by_name)),
        *(
            (one.id, f"{one.name}, in {projects.get(one.project_id, 'another project')}")
            for one in sorted(far, key=_by_name)
        ),
    ]


def _by_name(one: Application) -> str:
    return one.name.casefold()
