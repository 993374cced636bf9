"""A person's own things: name, password, and where they are logged in."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.doors.console.cookies import end_session
from keyhouse.doors.console.devices import device_of
from keyhouse.doors.console.forms import form_problems
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Me, MeHere, at_home
from keyhouse.services.people import TooManyAttempts
from keyhouse.services.refusals import Invalid

router = APIRouter()


@router.get("/account")
async def account(here: MeHere) -> Response:
    """The account."""
    return await _page(here)


async def _page(here: Me, status: int = 200, **context: Any) -> Response:  # noqa: ANN401 # what the template shows
    sessions = await here.ask(lambda: here.people.sessions(here.person.id))
    context = {"typed": {"name": here.person.name}, "problems": {}, **context}
    return render(
        here,
        "account/account.html",
        status,
        at=await at_home(here),
        sessions=[(row, device_of(row.agent)) for row in sessions],
        **context,
    )


@router.post("/account/name")
async def change_name(here: MeHere) -> Response:
    """Call the person otherwise."""
    name = str((await here.form()).get("name", "")).strip()
    try:
        await here.ask(lambda: here.people.change_name(here.person.id, name))
    except Invalid as error:
        return await _page(here, 422, typed={"name": name}, problems=form_problems(error))
    return see_other(here, "/account", toast="Name saved")


@router.post("/account/password")
async def change_password(here: MeHere) -> Response:
    """Set another password; every other session ends."""
    form = await here.form()
    old, new = str(form.get("old", "")), str(form.get("new", ""))
    keep = here.signed.session.id
    try:
        await here.ask(lambda: here.people.change_password(here.person.id, old, new, keep))
    except Invalid as error:
        return await _page(here, 422, problems=form_problems(error))
    except TooManyAttempts as error:
        headers = {"Retry-After": str(error.retry_after_seconds)}
        return await _page(here, 429, refusal=str(error), headers=headers)
    return see_other(here, "/account", toast="Password changed; other sessions ended")


@router.post("/account/sessions/{id}/end")
async def end_one(here: MeHere, id: str) -> Response:
    """Log out one browser."""
    await here.ask(lambda: here.people.end_session(here.person.id, id))
    if id != here.signed.session.id:
        return see_other(here, "/account", toast="Session ended")
    answer = see_other(here, "/login")
    end_session(answer, secure=here.config.secure_cookies)
    return answer


@router.post("/account/sessions/end-others")
async def end_others(here: MeHere) -> Response:
    """Log out every browser but this."""
    keep = here.signed.session.id
    await here.ask(lambda: here.people.end_other_sessions(here.person.id, keep))
    return see_other(here, "/account", toast="All other sessions ended")
