"""Users of applications: who calls an API most, and their tokens taken back."""

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Application
from keyhouse.core.validation import Problem
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.users.listing import listed
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog, tokens
from keyhouse.services.refusals import Invalid, NotFound, Taken
from keyhouse.services.tokens import RevokeWish
from keyhouse.services.work import Look

router = APIRouter()
_USERS: Final = "/{project}/{environment}/apis/{api}/users"
_TOKENS: Final = "/{project}/{environment}/applications/{application}/tokens"


@router.get(_USERS)
async def users(here: Here, api: str) -> Response:
    """The users that call an API most."""
    seen = await here.read(lambda look: listed(look, here.project.id, api))
    return render(here, "users/list.html", listed=seen)


@router.get(_TOKENS)
async def ask_revoke(here: Here, application: str) -> Response:
    """Whose tokens shall be refused."""
    demand(here, tokens.WRITE)
    row = await here.read(lambda look: _own(look, here, application))
    return _page(here, row, {"which": "user"})


@router.post(_TOKENS)
async def revoke(here: Here, application: str) -> Response:
    """Refuse the tokens of one user, or of all; back to the API that it was asked at."""
    demand(here, tokens.WRITE)
    row = await here.read(lambda look: _own(look, here, application))
    form = await here.form()
    typed = {name: str(form.get(name, "")).strip() for name in ("which", "user", "api")}
    every = typed["which"] == "all"
    wish = RevokeWish(row.id, all=True) if every else RevokeWish(row.id, user=typed["user"])
    try:
        await here.write(lambda work: tokens.revoke_tokens(work, wish))
    except (Invalid, Taken) as error:
        return _page(here, row, typed, error.problems)
    url = here.url("applications", row.id)
    if typed["api"]:
        url = here.url("apis", typed["api"], "users")
    whose = f"all users of {row.name}" if every else typed["user"]
    return see_other(here, url, f"Tokens of {whose} revoked")


def _own(look: Look, here: InProject, id: str) -> Application:
    row = catalog.get_application(look, id)
    if row.project_id != here.project.id:
        raise NotFound("application")
    return row


def _page(
    here: InProject,
    application: Application,
    typed: Mapping[str, str],
    problems: Sequence[Problem] = (),
) -> Response:
    return render(
        here,
        "users/revoke.html",
        422 if problems else 200,
        application=application,
        typed=typed,
        problems=by_field(problems),
    )
