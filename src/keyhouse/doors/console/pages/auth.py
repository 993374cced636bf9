"""Logging in and out, signing up, and the links that are mailed."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from keyhouse.doors.console.cookies import end_session, start_session
from keyhouse.doors.console.forms import form_problems, safe_next
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Anyone, AnyoneHere, MeHere
from keyhouse.services.people import (
    BadTicket,
    SignedIn,
    SignUpClosed,
    TooManyAttempts,
    WrongLogin,
)
from keyhouse.services.refusals import Invalid

router = APIRouter()
_Context = dict[str, Any]


# -- logging in and out -------------------------------------------------------------


@router.get("/login")
async def login_form(here: AnyoneHere) -> Response:
    """Ask for email and password; who is logged in goes on."""
    wanted = safe_next(here.request.query_params.get("next", "/"))
    if here.signed is not None:
        return RedirectResponse(wanted, 303)
    return render(here, "auth/login.html", typed={}, wanted=wanted)


@router.post("/login")
async def log_in(here: AnyoneHere) -> Response:
    """Start a session."""
    form = await here.form()
    email, password = str(form.get("email", "")), str(form.get("password", ""))
    wanted = safe_next(str(form.get("next", "/")))
    try:
        opened = await here.ask(
            lambda: here.people.log_in(email, password, here.address, here.agent)
        )
    except (WrongLogin, TooManyAttempts) as error:
        status, headers = _refused(error)
        context: dict[str, Any] = {
            "typed": {"email": email},
            "wanted": wanted,
            "refusal": str(error),
        }
        return render(here, "auth/login.html", status, headers=headers, **context)
    return _logged_in(here, opened, wanted)


def _refused(error: WrongLogin | TooManyAttempts) -> tuple[int, dict[str, str]]:
    if isinstance(error, TooManyAttempts):
        return 429, {"Retry-After": str(error.retry_after_seconds)}
    return 422, {}


def _logged_in(here: Anyone, opened: SignedIn, url: str, toast: str = "") -> Response:
    answer = see_other(here, url, toast=toast or None)
    seconds = max(0, (opened.ends_at - here.now_us) // 1_000_000)
    secure = here.config.secure_cookies
    start_session(answer, opened.token, seconds, secure=secure)
    return answer


@router.post("/logout")
async def log_out(here: MeHere) -> Response:
    """End this session."""
    await here.ask(lambda: here.people.log_out(here.signed.session.id))
    answer = see_other(here, "/login", toast="Logged out")
    end_session(answer, secure=here.config.secure_cookies)
    return answer


# -- signing up -----------------------------------------------------------------------


@router.get("/signup")
async def sign_up_form(here: AnyoneHere) -> Response:
    """Ask for name, email and password, where people may sign up."""
    query = here.request.query_params
    invitation = query.get("invitation", "")
    typed = {"invitation": invitation, "email": query.get("email", "")}
    return render(here, "auth/sign_up.html", typed=typed, closed=_closed(here, invitation))


def _closed(here: Anyone, invitation: str) -> bool:
    """Whether nobody can sign up, or nobody who comes without an invitation."""
    admits = here.config.sign_up
    return admits == "closed" or (admits == "invited" and not invitation)


@router.post("/signup")
async def sign_up(here: AnyoneHere) -> Response:
    """Mail a link. Known and unknown addresses get the same answer."""
    form = await here.form()
    fields = ("name", "email", "password", "invitation")
    typed = {field: str(form.get(field, "")).strip() for field in fields}
    password = str(form.get("password", ""))
    try:
        await here.ask(
            lambda: here.people.sign_up(
                typed["name"],
                typed["email"],
                password,
                here.address,
                invitation=typed["invitation"] or None,
            )
        )
    except Invalid as error:
        context: dict[str, Any] = {
            "typed": typed,
            "problems": form_problems(error),
            "closed": False,
        }
        return render(here, "auth/sign_up.html", 422, **context)
    except SignUpClosed as error:
        closed = _closed(here, typed["invitation"])
        context = {"typed": typed, "closed": closed, "refusal": str(error)}
        return render(here, "auth/sign_up.html", 403, **context)
    except TooManyAttempts as error:
        return _too_many(here, error)
    return see_other(here, f"/sent?{urlencode({'to': typed['email']})}")


@router.get("/sent")
async def sent(here: AnyoneHere) -> Response:
    """Say that a mail is on its way."""
    query = here.request.query_params
    return render(here, "auth/sent.html", to=query.get("to", ""), why=query.get("why", ""))


@router.get("/confirm")
async def confirm_form(here: AnyoneHere) -> Response:
    """Ask for the password; the look alone, a mail scanner's, uses nothing up."""
    ticket = here.request.query_params.get("ticket", "")
    return render(here, "auth/confirm.html", ticket=ticket)


@router.post("/confirm")
async def confirm(here: AnyoneHere) -> Response:
    """Make the account, and log in."""
    form = await here.form()
    ticket, password = str(form.get("ticket", "")), str(form.get("password", ""))
    try:
        opened = await here.ask(
            lambda: here.people.confirm(ticket, password, here.address, here.agent)
        )
    except BadTicket as error:
        return render(here, "auth/bad_ticket.html", 410, reason=str(error), again="/signup")
    except Invalid as error:
        context: _Context = {"ticket": ticket, "problems": form_problems(error)}
        return render(here, "auth/confirm.html", 422, **context)
    except TooManyAttempts as error:
        context = {"ticket": ticket, "refusal": str(error)}
        _, headers = _refused(error)
        return render(here, "auth/confirm.html", 429, headers=headers, **context)
    return _logged_in(here, opened, "/", toast=f"Welcome, {opened.person.name}")


# -- a forgotten password ---------------------------------------------------------------


@router.get("/forgot")
async def forgot_form(here: AnyoneHere) -> Response:
    """Ask which account."""
    return render(here, "auth/forgot.html", typed={})


@router.post("/forgot")
async def forgot(here: AnyoneHere) -> Response:
    """Mail a link, where there is an account; the answer does not tell."""
    email = str((await here.form()).get("email", "")).strip()
    try:
        await here.ask(lambda: here.people.ask_reset(email, here.address))
    except Invalid as error:
        context: dict[str, Any] = {
            "typed": {"email": email},
            "problems": form_problems(error),
        }
        return render(here, "auth/forgot.html", 422, **context)
    except TooManyAttempts as error:
        return _too_many(here, error)
    return see_other(here, f"/sent?{urlencode({'to': email, 'why': 'reset'})}")


@router.get("/reset")
async def reset_form(here: AnyoneHere) -> Response:
    """Ask for a new password."""
    ticket = here.request.query_params.get("ticket", "")
    return render(here, "auth/reset.html", ticket=ticket)


@router.post("/reset")
async def reset(here: AnyoneHere) -> Response:
    """Set a new password; all sessions end."""
    form = await here.form()
    ticket, password = str(form.get("ticket", "")), str(form.get("password", ""))
    try:
        await here.ask(lambda: here.people.reset(ticket, password, here.address))
    except BadTicket as error:
        return render(here, "auth/bad_ticket.html", 410, reason=str(error), again="/forgot")
    except Invalid as error:
        context: _Context = {"ticket": ticket, "problems": form_problems(error)}
        return render(here, "auth/reset.html", 422, **context)
    except TooManyAttempts as error:
        return _too_many(here, error)
    answer = see_other(here, "/login", toast="The new password is set; log in with it")
    end_session(answer, secure=here.config.secure_cookies)
    return answer


def _too_many(here: Anyone, error: TooManyAttempts) -> Response:
    headers = {"Retry-After": str(error.retry_after_seconds)}
    return render(
        here,
        "failure.html",
        429,
        headers=headers,
        title="Too many tries",
        mend=f"Try again in {error.retry_after_seconds} seconds.",
        reason="",
        code=429,
    )
