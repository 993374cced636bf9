"""Refusals as `application/problem+json` (RFC 9457): one place for all of them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route

from keyhouse.core.answers import PROBLEM_TYPE, challenge
from keyhouse.core.answers import problem as verdict_problem
from keyhouse.core.csrf import CSRF_HEADER
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import Verdict
from keyhouse.ports import StoreUnavailable
from keyhouse.services.refusals import (
    Forbidden,
    Invalid,
    Mismatch,
    NotFound,
    Refusal,
    Taken,
)

TITLES: Final = {
    400: ("unreadable", "The request cannot be read"),
    401: ("session_ended", "Not logged in"),
    403: ("scope_missing", "Scope missing"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "Method not allowed"),
    409: ("conflict", "Conflict"),
    412: ("changed_meanwhile", "Changed meanwhile"),
    413: ("too_large", "Request too large"),
    415: ("unsupported_media_type", "Not JSON"),
    422: ("invalid", "Some fields are not valid"),
    429: ("too_many", "Too many requests"),
    500: ("internal", "Our fault"),
    503: ("unavailable", "Temporarily unavailable"),
}

_MENDS: Final = {
    "missing": "add the field",
    "extra_forbidden": "leave it out; the OpenAPI document names all fields",
    "string_type": "send a string",
    "int_type": "send a whole number",
    "int_parsing": "send a whole number",
    "bool_type": "send true or false",
    "list_type": "send a list",
    "dict_type": "send an object",
    "model_attributes_type": "send an object",
}
_ANY_MEND: Final = "send what the OpenAPI document describes"
_AMOUNT: Final = re.compile(
    r"((?:routes\.\d+\.)?limits\.\d+|overrides\.\d+)\.amount", re.ASCII
)


class NotMember(Refusal):
    """The person logged in is no member of the organization that was named."""


class Stale(Refusal):
    """What is to be changed is no longer as the caller has seen it."""


class TooMany(Refusal):
    """Strangers of one network, or of all, asked too often."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} seconds")
        self.seconds = seconds


class SessionNeeded(Refusal):
    """It is about a person logged in, and a management key was sent."""


class EchoResponse(JSONResponse):
    """JSON in which a text that was sent may come back: half a character, escaped again."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - as the base has it
        """A lone surrogate is no UTF-8; Python escapes it as JSON does."""
        text = json.dumps(
            content, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        return text.encode("utf-8", "backslashreplace")


class ProblemResponse(EchoResponse):
    """A problem."""

    media_type = PROBLEM_TYPE


def problem(
    request_id: str,
    status: int,
    detail: str,
    *,
    code: str | None = None,
    title: str | None = None,
    errors: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> ProblemResponse:
    """The answer that tells of a problem; `errors` name the fields."""
    usual, usual_title = TITLES[status]
    code = code or usual
    body: dict[str, Any] = {
        "type": f"urn:keyhouse:problem:{code}",
        "title": title or usual_title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        **more,
    }
    if errors:
        body["errors"] = [error._asdict() for error in errors]
    return ProblemResponse(body, status, headers=dict(headers or {}))


def refused(verdict: Verdict, request_id: str) -> ProblemResponse:
    """The answer to one whose key is missing or not valid here."""
    told = challenge(verdict)
    headers = {"WWW-Authenticate": told} if told else {}
    if verdict is Verdict.UNAVAILABLE:
        headers["Retry-After"] = "1"
    body = verdict_problem(verdict, request_id)
    return ProblemResponse(body, verdict.status, headers=headers)


def logged_out(request_id: str) -> ProblemResponse:
    """The answer to a cookie that belongs to no session, or to none any more."""
    detail = "The session has ended; log in again, or send a management key."
    headers = {"WWW-Authenticate": challenge(Verdict.MISSING) or ""}
    return problem(request_id, 401, detail, headers=headers)


def forged(request_id: str) -> ProblemResponse:
    """The answer to a write with a cookie alone, which any site could have sent."""
    return problem(
        request_id,
        403,
        f"Beside the session's cookie, a write needs its token in {CSRF_HEADER}.",
        code="csrf_missing",
        title="Cannot tell who asks",
    )


def unavailable(request_id: str) -> ProblemResponse:
    """The answer while the database cannot be reached."""
    return problem(request_id, 503, StoreUnavailable.public, headers={"Retry-After": "1"})


def add_handlers(app: FastAPI) -> None:
    """Make the app answer every refusal and error of its framework as a problem."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(StoreUnavailable, _store)
    app.add_exception_handler(RequestValidationError, _shape)
    app.add_exception_handler(HTTPException, _http)


async def _store(request: Request, _: Exception) -> ProblemResponse:
    return unavailable(request.state.request_id)


async def _refusal(request: Request, refusal: Exception) -> ProblemResponse:
    request_id = request.state.request_id
    match refusal:
        case NotFound():
            return problem(request_id, 404, f"There is no such {refusal.what}.")
        case Invalid():
            errors = [_as_sent(request, one) for one in refusal.problems]
            return _invalid(request_id, errors)
        case Taken():
            told = refusal.problem
            detail = f"{told.field}: {told.reason}; {told.mend}."
            return problem(request_id, 409, detail, errors=[told])
        case Mismatch():
            mend = "use a new key for another request"
            error = Problem("Idempotency-Key", "came before with another request", mend)
            return problem(
                request_id,
                422,
                "The idempotency key came before with another request.",
                code="idempotency_mismatch",
                errors=[error],
            )
        case Stale():
            mend = "GET it again, and send the ETag of that answer"
            error = Problem("If-Match", "does not fit what there is now", mend)
            detail = f"{error.field}: {error.reason}; {mend}."
            return problem(request_id, 412, detail, errors=[error])
        case TooMany():
            detail = "There were too many requests of late; send it again later."
            headers = {"Retry-After": str(refusal.seconds)}
            return problem(request_id, 429, detail, headers=headers)
        case Forbidden():
            return _forbidden(request_id, refusal)
        case NotMember():
            detail = "Keyhouse-Organization names no organization of yours."
            title = "Not a member"
            return problem(request_id, 403, detail, code="not_a_member", title=title)
        case SessionNeeded():
            detail = "This is for a person logged in; a management key has no sessions."
            title = "Session needed"
            return problem(request_id, 403, detail, code="session_needed", title=title)
    raise refusal


def _forbidden(request_id: str, refusal: Forbidden) -> ProblemResponse:
    told = f'Bearer realm="keyhouse", error="insufficient_scope", scope="{refusal.scope}"'
    return problem(
        request_id,
        403,
        f"{refusal}."[0].upper() + f"{refusal}."[1:],
        headers={"WWW-Authenticate": told},
        scopes_missing=[refusal.scope],
    )


def _invalid(request_id: str, errors: Sequence[Problem]) -> ProblemResponse:
    first = errors[0]
    detail = f"{first.field}: {first.reason}; {first.mend}."
    return problem(request_id, 422, detail, errors=errors)


def _as_sent(request: Request, error: Problem) -> Problem:
    """A limit's amount under the name that the caller gave it."""
    match = _AMOUNT.fullmatch(error.field)
    if match is None:
        return error
    sent = json.loads(request.state.body)
    for step in match[1].split("."):
        sent = sent[int(step) if step.isdigit() else step]
    name = "rate" if sent.get("rate") is not None else "quota"
    return error._replace(field=f"{match[1]}.{name}")


async def _shape(request: Request, error: Exception) -> ProblemResponse:
    """What the models refuse; a body that is no JSON is a 400."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    request_id = request.state.request_id
    if any(one["type"] == "json_invalid" for one in found):
        mend = "send one JSON object in UTF-8"
        unread = Problem("body", "is not JSON", mend)
        return problem(request_id, 400, f"The body is not JSON; {mend}.", errors=[unread])
    return _invalid(request_id, [_model_error(one) for one in found])


def _model_error(error: Mapping[str, Any]) -> Problem:
    where = [str(part) for part in error["loc"][1:] if not str(part).startswith("~")]
    field = ".".join(where) or str(error["loc"][0])
    reason = str(error["msg"]).removeprefix("Value error, ")
    return Problem(field, _lowered(reason), _MENDS.get(error["type"], _ANY_MEND))


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


async def _http(request: Request, error: Exception) -> ProblemResponse:
    """Errors that the framework raises itself."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    request_id = request.state.request_id
    if status == 405:
        allowed = ", ".join(sorted(_methods(request)))
        detail = f"This address takes {allowed}."
        return problem(request_id, 405, detail, headers={"Allow": allowed})
    if status == 404:
        detail = "There is nothing at this address; /openapi.json tells of all there is."
        return problem(request_id, 404, detail)
    unread = Problem("body", "cannot be read", "send one JSON object in UTF-8")
    return problem(request_id, 400, "The body cannot be read as JSON.", errors=[unread])


def _methods(request: Request) -> set[str]:
    """All methods of the address: each is a route of its own."""
    return {
        name
        for route in request.app.routes
        if isinstance(route, Route) and route.path_regex.match(request.url.path)
        for name in route.methods or ()
    }
