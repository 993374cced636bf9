"""The console's cookies: the session, the place last seen, and a toast on its way."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from keyhouse.core.csrf import SESSION_COOKIE

PLACE: Final = "keyhouse_place"
THEME: Final = "keyhouse_theme"
_TOAST: Final = "keyhouse_toast"
_TOAST_SECONDS: Final = 60
_YEAR_SECONDS: Final = 365 * 86_400
_TEXT_MAX: Final = 2048


def session_token(request: Request) -> str:
    """The text of the session's cookie, '' where there is none."""
    return request.cookies.get(SESSION_COOKIE, "")


def start_session(answer: Response, token: str, seconds: int, *, secure: bool) -> None:
    """Give the browser its session: no script sees it, no other site sends it."""
    answer.set_cookie(
        SESSION_COOKIE, token, max_age=seconds, httponly=True, secure=secure, samesite="lax"
    )


def end_session(answer: Response, *, secure: bool) -> None:
    """Take the session's cookie from the browser."""
    answer.delete_cookie(SESSION_COOKIE, httponly=True, secure=secure, samesite="lax")


def remember_place(answer: Response, place: str, *, secure: bool) -> None:
    """Note the project and environment that `/` and the rail lead to."""
    answer.set_cookie(
        PLACE, place, max_age=_YEAR_SECONDS, httponly=True, secure=secure, samesite="lax"
    )


def theme(request: Request) -> str:
    """`light` or `dark` where somebody chose one, '' where the system decides."""
    chosen = request.cookies.get(THEME, "")
    return chosen if chosen in ("light", "dark") else ""


def send_toast(answer: Response, toast: dict[str, Any], *, secure: bool) -> None:
    """Have the next whole page show a toast."""
    text = urlsafe_b64encode(json.dumps(toast).encode()).decode("ascii")
    answer.set_cookie(
        _TOAST, text, max_age=_TOAST_SECONDS, httponly=True, secure=secure, samesite="lax"
    )


def take_toast(request: Request, answer: Response, *, secure: bool) -> None:
    """Forget the toast that was shown in this answer."""
    if _TOAST in request.cookies:
        answer.delete_cookie(_TOAST, httponly=True, secure=secure, samesite="lax")


def waiting_toast(request: Request) -> dict[str, Any] | None:
    """The toast that an earlier answer sent; None where there is none of ours."""
    text = request.cookies.get(_TOAST, "")
    try:
        toast = json.loads(urlsafe_b64decode(text[:_TEXT_MAX]))
    except ValueError:
        return None
    return toast if isinstance(toast, dict) else None
