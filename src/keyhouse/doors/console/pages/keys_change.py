"""Changing one part of a key: its name, access, restrictions, limits or end."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import KeyKind
from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys import (
    expiry_form,
    limits_form,
    owners,
    rotation_form,
    words,
)
from keyhouse.doors.console.keys.places import by_place
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.keys.wish_form import PARTS, read_changes, typed_of
from keyhouse.doors.console.pages.keys_new import choices_of
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import issue
from keyhouse.services.issue import KeyView, change_key, get_key
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken, refuse

router = APIRouter()
TITLES: Final = {
    "name": "Rename the key",
    "about": "Who answers for the key",
    "access": "What the key opens",
    "restrictions": "Where the key may be used",
    "limits": "How often the key may call",
    "expiry": "How long the key works",
    "rotation": "When the secret is to be replaced",
}


@router.get("/{project}/{environment}/keys/{key}/change/{part}")
async def ask(here: Here, key: str, part: str) -> Response:
    """The form of one part, as it is now."""
    view = await _changeable(here, key, part)
    return await _form(here, view, part, typed_of(view))


@router.post("/{project}/{environment}/keys/{key}/change/{part}")
async def change(here: Here, key: str, part: str) -> Response:
    """Change it; or the form again, with what is to be mended."""
    view = await _changeable(here, key, part)
    typed = Typed.of((await here.form()).multi_items())
    if typed.text("more"):
        return await _form(here, view, part, typed)
    changes, problems = read_changes(typed, part, here.now_us)
    try:
        refuse(problems)
        await here.write(lambda work: change_key(work, key, changes))
    except Invalid as error:
        return await _form(here, view, part, typed, list(error.problems))
    except Taken as error:
        return await _form(here, view, part, typed, [error.problem])
    return see_other(here, here.url("keys", key), toast="Key changed")


async def _changeable(here: InProject, key: str, part: str) -> KeyView:
    """The key, if it has such a part and the visitor may change it."""
    if not here.may(issue.WRITE):
        raise Forbidden(issue.WRITE)
    view = await here.read(lambda look: get_key(look, key))
    if part not in PARTS or part in _missing(view):
        raise NotFound("page")
    return view


def _missing(view: KeyView) -> tuple[str, ...]:
    """The parts that the key's kind has no form for."""
    if view.key.kind is not KeyKind.MANAGEMENT:
        return ()
    # What a management key opens is more than this form can tell. Limits do not
    # hold for one, so those that it has yet can only go.
    return ("access",) if view.key.limits else ("access", "limits")


async def _form(
    here: InProject,
    view: KeyView,
    part: str,
    typed: Typed,
    problems: list[Problem] | None = None,
) -> Response:
    choices, owner = await choices_of(here), view.key.owner_id
    named = await here.read(lambda look: owners.offered(look, choices.members, owner))
    return render(
        here,
        "keys/change.html",
        422 if problems else 200,
        view=view,
        part=part,
        heading=TITLES[part],
        typed=typed.first,
        ticked=typed,
        choices=choices,
        rows=limits_form.rows_shown(typed),
        per=limits_form,
        ends=expiry_form.choices(_kept(view)),
        owners=named,
        overlaps=rotation_form.usual_choices(typed.text("rotation_overlap")),
        problems=by_place(problems or []),
    )


def _kept(view: KeyView) -> str:
    ends_at = view.key.ends_at
    if ends_at is None:
        return "as now, until somebody revokes it"
    return f"as now, until {words.moment(ends_at)}"
