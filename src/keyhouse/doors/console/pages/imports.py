"""Imports into a project: how far each is, what was wrong, and a small file at once."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import UNFINISHED_IMPORTS, KeyImport
from keyhouse.core.validation import Problem
from keyhouse.doors.console.imports.form import (
    FORMATS,
    MODES,
    Form,
    sent_form,
    usual_form,
    wish_of,
)
from keyhouse.doors.console.keys.places import by_place
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.makers import names_of_members
from keyhouse.doors.console.pages.keys_new import choices_of
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import imports as service
from keyhouse.services.refusals import Invalid, NotFound, Taken
from keyhouse.services.work import Look, Turn

router = APIRouter()
_ALL: Final = "/{project}/{environment}/imports"
_ONE: Final = f"{_ALL}/{{import_id}}"
_SHOWN: Final = 25
_FIRST: Final = 1


class Listed(NamedTuple):
    """A page of imports, the newest first, who made them, and the cursor behind it."""

    rows: list[KeyImport]
    names: Mapping[str, str]
    next_cursor: str | None

    @property
    def is_moving(self) -> bool:
        """Whether there will soon be more to tell."""
        return any(row.state in UNFINISHED_IMPORTS for row in self.rows)


@router.get(_ALL)
async def imports(here: Here) -> Response:
    """The imports into the project."""
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(lambda look: _listed(look, here.project.id, cursor))
    return render(here, "imports/list.html", listed=seen)


@router.get(f"{_ALL}/new")
async def new(here: Here) -> Response:
    """The form of a small file."""
    demand(here, service.WRITE)
    return await _page(here, usual_form(here.environment.value))


@router.post(_ALL)
async def create(here: Here) -> Response:
    """Import it at once, or tell why it cannot be read."""
    demand(here, service.WRITE)
    sent = await here.form()
    typed = Typed.of((name, value) for name, value in sent.multi_items() if name != "text")
    try:
        row = await _imported(here, await sent_form(sent))
    except (Invalid, Taken) as error:
        return await _page(here, typed, error.problems)
    finally:
        await sent.close()  # the file, which else stays open until somebody tidies up
    return see_other(here, here.url("imports", row.id))


@router.get(_ONE)
async def one(here: Here, import_id: str) -> Response:
    """One import: how far it is, and what was wrong with which line."""
    row, names = await here.read(
        lambda look: (_own(look, here.project.id, import_id), names_of_members(look))
    )
    is_moving = row.state in UNFINISHED_IMPORTS
    return render(here, "imports/one.html", row=row, names=names, is_moving=is_moving)


@router.post(f"{_ONE}/cancel")
async def cancel(here: Here, import_id: str) -> Response:
    """Have all be undone that came so far; what is done stays."""
    demand(here, service.WRITE)
    await here.read(lambda look: _own(look, here.project.id, import_id))
    toast = "Import cancelled: what came is taken back"
    try:
        await here.write(lambda work: service.cancel_import(work, import_id))
    except Taken:
        toast = "Too late to cancel: the import is done"
    return see_other(here, here.url("imports", import_id), toast)


async def _imported(here: InProject, form: Form) -> KeyImport:
    wish = wish_of(form.typed, here.project.id)
    zones = here.office.knows_zone
    part = await here.ask(
        lambda: service.read_part(wish.format, _FIRST, form.text, None, zones)
    )
    return await here.write(lambda work: service.import_at_once(work, wish, part))


def _listed(look: Look, project: str, cursor: str | None) -> Listed:
    page = service.list_imports(look, Turn(cursor, _SHOWN), project=project)
    return Listed(page.rows, names_of_members(look), page.next_cursor)


def _own(look: Look, project: str, id: str) -> KeyImport:
    """An import into that project; NotFound for another's."""
    row = service.get_import(look, id)
    if row.project_id != project:
        raise NotFound("import")
    return row


async def _page(
    here: InProject, typed: Typed, problems: Sequence[Problem] = ()
) -> Response:
    return render(
        here,
        "imports/form.html",
        422 if problems else 200,
        typed=typed.first,
        ticked=typed,
        choices=await choices_of(here),
        formats=FORMATS,
        modes=MODES,
        problems=by_place(list(problems)),
    )
