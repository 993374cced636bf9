"""A new organization of one's own."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.validation import Problem
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Me, MeHere
from keyhouse.services.refusals import Invalid

router = APIRouter()


@router.get("/organizations/new")
async def new(here: MeHere) -> Response:
    """The form."""
    return _page(here, {"name": ""})


@router.post("/organizations/new")
async def create(here: MeHere) -> Response:
    """Create it with a first project, or tell what stands in the way."""
    name = str((await here.form()).get("name", "")).strip()
    me, address = here.person.id, here.address
    try:
        made = await here.ask(lambda: here.people.create_organization(me, name, address))
    except Invalid as error:
        return _page(here, {"name": name}, error.problems)
    return see_other(here, f"/{made.id}/projects", "Organization created")


def _page(here: Me, typed: Mapping[str, str], problems: Sequence[Problem] = ()) -> Response:
    return render(
        here,
        "organizations/new.html",
        422 if problems else 200,
        typed=typed,
        problems=by_field(problems),
    )
