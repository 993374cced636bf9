"""A new key: its form, what it would be able to do, and its secret, once."""

from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Api, Application
from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys import (
    expiry_form,
    limits_form,
    owners,
    rotation_form,
)
from keyhouse.doors.console.keys.places import by_place
from keyhouse.doors.console.keys.reaching import reach_of_wish
from keyhouse.doors.console.keys.risks import risks
from keyhouse.doors.console.keys.sentences import sentence
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.keys.wish_form import ReadWish, read_wish
from keyhouse.doors.console.keys.words import limits
from keyhouse.doors.console.pages.keys_shown import show_secret
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services.catalog import list_apis, list_applications
from keyhouse.services.issue import WRITE, create_key
from keyhouse.services.refusals import Forbidden, Invalid, Taken, refuse
from keyhouse.services.work import Look, Turn

router = APIRouter()
CHOICES_MAX = 200


class Choices(NamedTuple):
    """What a key of the project can open, and who may call with it."""

    apis: list[Api]
    applications: list[Application]
    members: list[owners.Choice]


@router.get("/{project}/{environment}/keys/new")
async def new(here: Here) -> Response:
    """The form, with what its address says filled in."""
    _demand(here)
    choices = await choices_of(here)
    given = Typed.of(here.request.query_params.multi_items())
    return _form(here, _filled(here, given, choices), choices)


@router.post("/{project}/{environment}/keys/new/sentence")
async def tell(here: Here) -> Response:
    """What the key would be able to do, as far as the form is filled in."""
    _demand(here)
    typed = Typed.of((await here.form()).multi_items())
    choices = await choices_of(here)
    return render(here, "keys/sentence.html", **_told(_read(here, typed), choices))


@router.post("/{project}/{environment}/keys")
async def create(here: Here) -> Response:
    """The new key and its secret; or the form again, with what is to be mended."""
    _demand(here)
    typed = Typed.of((await here.form()).multi_items())
    if typed.text("more"):
        return _form(here, typed, await choices_of(here))
    read = _read(here, typed)
    try:
        refuse(read.problems)
        created = await here.write(lambda work: create_key(work, read.wish))
    except Invalid as error:
        return _form(here, typed, await choices_of(here), list(error.problems))
    except Taken as error:
        return _form(here, typed, await choices_of(here), [error.problem])
    return await show_secret(here, created)


async def choices_of(here: InProject) -> Choices:
    """The project's APIs and applications and the members, as far as a form shows them."""
    return await here.read(lambda look: _choices(look, here.project.id))


def _choices(look: Look, project: str) -> Choices:
    turn = Turn(limit=CHOICES_MAX)
    apis: list[Api] = list_apis(look, turn, project=project).rows
    applications: list[Application] = list_applications(look, turn, project=project).rows
    return Choices(
        sorted(apis, key=lambda api: api.slug),
        sorted(applications, key=lambda one: one.name.casefold()),
        owners.choices(look),
    )


def _demand(here: InProject) -> None:
    if not here.may(WRITE):
        raise Forbidden(WRITE)


def _filled(here: InProject, given: Typed, choices: Choices) -> Typed:
    """The form as it opens: an only API is ticked, and all that is usual chosen."""
    open_apis = [api.slug for api in choices.apis if api.disabled_at is None]
    first = choices.applications[0].id if choices.applications else "new"
    usual = {
        "environment": (here.environment.value,),
        "kind": ("server",),
        "expiry": ("never",),
        "application": (first,),
        **({"api": (open_apis[0],)} if len(open_apis) == 1 else {}),
    }
    return Typed({**usual, **given.fields})


def _read(here: InProject, typed: Typed) -> ReadWish:
    return read_wish(typed, here.project.id, here.environment, here.now_us)


def _told(read: ReadWish, choices: Choices) -> dict[str, Any]:
    reach = reach_of_wish(read.wish)
    apis = {api.slug: api for api in choices.apis}
    opened = [apis[slug] for slug in reach.access if slug in apis]
    return {
        "sentence": sentence(reach),
        "risks": risks(reach, read.wish.kind, apis),
        "limited": [(api.slug, limits(api.limits)) for api in opened if api.limits],
    }


def _form(
    here: InProject, typed: Typed, choices: Choices, problems: list[Problem] | None = None
) -> Response:
    return render(
        here,
        "keys/new.html",
        422 if problems else 200,
        typed=typed.first,
        ticked=typed,
        choices=choices,
        rows=limits_form.rows_shown(typed),
        per=limits_form,
        ends=expiry_form.choices(),
        owners=[owners.NOBODY, *choices.members],
        overlaps=rotation_form.usual_choices(typed.text("rotation_overlap")),
        problems=by_place(problems or []),
        **_told(_read(here, typed), choices),
    )
