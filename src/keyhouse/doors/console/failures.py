"""What goes wrong becomes a page: the same frame, one sentence, one way on."""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import unquote, urlencode, urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match

from keyhouse.core.csrf import SAFE_METHODS
from keyhouse.doors.console.forms import safe_next
from keyhouse.doors.console.refusals import ForgedForm, Stranger
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.visits import Anyone
from keyhouse.ports import StoreUnavailable
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken

_log = logging.getLogger("keyhouse.console")
_Handler = Callable[[Request, Exception], Awaitable[Response]]

_WORDS = {
    400: ("This request cannot be read", "Go back and try again."),
    403: (
        "Your role does not allow this",
        "Ask an owner or admin of the organization for it.",
    ),
    404: (
        "There is no such page",
        "It may be another organization's, or be gone. Look at the address once more.",
    ),
    405: ("This page cannot be used like that", "Go back and try again."),
    409: ("This changed in the meantime", "Go back, load the page anew and try again."),
    422: ("This form has a value that cannot be kept", "Go back and look it over."),
    500: (
        "Something went wrong on our side",
        "Nothing was changed. Try again; if it stays, tell your operator the request.",
    ),
    503: (
        "The database does not answer",
        "Keys go on working. Nothing was changed here; try again in a moment.",
    ),
}
_STALE = (
    "This form is older than your session",
    (
        "You have logged in since it was loaded. Nothing was changed: go back and send it "
        "again, most browsers have kept what you typed. If it is refused once more, "
        "reload the page first."
    ),
)


def add_handlers(app: FastAPI) -> None:
    """Give each failure its page."""
    statuses: dict[type[Exception], int] = {
        NotFound: 404,
        Forbidden: 403,
        Invalid: 422,
        Taken: 409,
        RequestValidationError: 404,
        StoreUnavailable: 503,
        ClientDisconnect: 400,
    }
    for kind, status in statuses.items():
        app.add_exception_handler(kind, _page(status))
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Stranger, _to_login)
    app.add_exception_handler(ForgedForm, _forged)


def _page(status: int) -> _Handler:
    async def answer(request: Request, error: Exception) -> Response:
        return failure(request, status, _reason(error))

    return answer


def _reason(error: Exception) -> str:
    """What a refusal says itself, where it says more than the page would."""
    if isinstance(error, Invalid):
        problem = error.problems[0]
        return f"{problem.field}: {problem.reason}; {problem.mend}."
    if isinstance(error, Taken):
        problem = error.problem
        return f"{problem.field} {problem.reason}; {problem.mend}."
    return ""


def failure(
    request: Request, status: int, reason: str = "", words: tuple[str, str] | None = None
) -> Response:
    """A page that says what is wrong and shows nothing of anybody's.

    `words` are its title and what to do, where the status alone tells too little.
    """
    visitor = Anyone(request=request, desk=request.app.state.desk, signed=None, csrf="")
    known = status if status in _WORDS else 400 if status < 500 else 500
    title, mend = words or _WORDS[known]
    return render(
        visitor, "failure.html", status, title=title, mend=mend, reason=reason, code=status
    )


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return failure(request, status)


async def _to_login(request: Request, error: Exception) -> Response:
    del error
    wanted = _page_of(request)
    url = f"/login?{urlencode({'next': wanted})}" if wanted != "/" else "/login"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": url})
    return RedirectResponse(url, 303)


def _page_of(request: Request) -> str:
    """The page that somebody asks for, or at which they press; `/` if it is none of ours.

    A form that was told its mistakes stands at the address that it is sent to, and
    that may be no page to come back to.
    """
    headers = request.headers
    if request.method in SAFE_METHODS and "hx-request" not in headers:
        return _place(request.url.path, request.url.query)
    try:
        at = urlsplit(headers.get("hx-current-url") or headers.get("referer", ""))
    except ValueError:
        return "/"
    public = urlsplit(request.app.state.desk.config.public_url)
    own = (public.netloc, headers.get("host"))
    if at.netloc not in own or not _is_page(request, at.path):
        return "/"
    return safe_next(_place(at.path, at.query))


def _place(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _is_page(request: Request, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": unquote(path)}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


async def _forged(request: Request, error: Exception) -> Response:
    del error
    return failure(request, 403, words=_STALE)


async def fault(request: Request, error: Exception) -> Response:
    """Tell the log what went wrong, and the visitor that something did."""
    request_id = getattr(request.state, "request_id", "")
    _log.error("request %s failed", request_id, exc_info=error)
    return failure(request, 500)
