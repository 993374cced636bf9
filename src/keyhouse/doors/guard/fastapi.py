"""The guard as a FastAPI dependency."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from types import TracebackType
from typing import Annotated, Any

from fastapi import HTTPException, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import (
    APIKeyHeader,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBearer,
)

from keyhouse.core import answers
from keyhouse.core.decision import Decision
from keyhouse.doors.guard.answering import ANSWER, HttpAnswer
from keyhouse.doors.guard.asking import Admission, Refused, admit
from keyhouse.doors.guard.keyhouse import Keyhouse
from keyhouse.doors.guard.principal import Principal
from keyhouse.doors.guard.questions import refuse_wrong

_HANDLERS = "starlette.exception_handlers"


class Refusal(HTTPException):
    """A request that may not pass, answered as application/problem+json."""

    def __init__(self, problem: dict[str, object], headers: dict[str, str]) -> None:
        status = problem["status"]
        super().__init__(int(str(status)), detail=problem, headers=headers)


def refuse(decision: Decision, request_id: str) -> Refusal:
    """The refusal that tells of a decision."""
    told = Refused(decision, request_id)
    return Refusal(told.problem, dict(told.headers))


async def _answer(_request: Request, refusal: Exception) -> Response:
    """A refusal's own answer, where FastAPI's would wrap it in `detail`."""
    if not isinstance(refusal, Refusal):
        raise refusal
    return JSONResponse(
        refusal.detail, refusal.status_code, refusal.headers, answers.PROBLEM_TYPE
    )


def answer_refusals(request: Request) -> None:
    """Have refusals of this application answered so, unless it answers them itself."""
    request.scope.get(_HANDLERS, ({}, {}))[0].setdefault(Refusal, _answer)


class KeyIdAndSecret(HTTPBasic):
    """HTTP Basic as documentation shows it.

    FastAPI's own refuses what it cannot read, and that may be the program's.
    """

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        """Nothing: the guard reads the header by itself."""


class KeyGuard:
    """Guards an API's routes: `Depends(guard("forecast:read", cost=2))`."""

    def __init__(self, kh: Keyhouse, *, api: str, key_header: str = "X-API-Key") -> None:
        self.kh = kh
        self.api = api
        self.dependencies: list[Guarded] = []
        self.schemes = (
            APIKeyHeader(name=key_header, scheme_name="KeyhouseKey", auto_error=False),
            HTTPBearer(scheme_name="KeyhouseBearer", auto_error=False),
            KeyIdAndSecret(
                scheme_name="KeyhouseBasic",
                description="The key's id as user, its secret as password.",
            ),
        )

    def __call__(self, *scopes: str, cost: int | None = None) -> "Guarded":
        """A dependency that needs all of `scopes` and spends `cost` units.

        `"a:read|a:admin"` is met by either. Raises ValueError for what is none.
        """
        refuse_wrong(scopes)
        if cost is not None and cost < 0:
            raise ValueError("cost: is at least 0")
        guarded = _guarded(self, scopes, cost)
        self.dependencies.append(guarded)
        return guarded


class Guarded:
    """One dependency. What it gives a handler is a `Principal`."""

    def __init__(self, guard: KeyGuard, scopes: tuple[str, ...], cost: int | None) -> None:
        self.guard = guard
        self.scopes = scopes
        self.cost = cost

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - FastAPI reads a subclass
        """What FastAPI calls; see `_guarded`."""
        raise NotImplementedError

    async def admit(self, request: Request, response: Response) -> "Admitted":
        """Verify and count. Raises `Refusal` for a request that may not pass."""
        answer_refusals(request)
        guard = self.guard
        admission = await admit(
            guard.kh.plane, request.scope, guard.api, self.scopes, self.cost
        )
        answer: HttpAnswer | None = request.scope.get(ANSWER)
        if not admission.allowed:
            if answer is not None:
                answer.refuse()
            admission.ended(admission.decision.verdict.status)
            raise refuse(admission.decision, admission.request_id)
        if answer is None:
            response.headers.update(dict(admission.headers()))
        else:
            answer.add(admission)
        return Admitted(admission, None if answer else response)


class Admitted:
    """A request that passed, while its handler runs.

    Where nobody watches the answers it notes how that ended, as far as it sees it:
    `response` is the one that FastAPI makes of what the handler returns.
    """

    def __init__(self, admission: Admission, response: Response | None) -> None:
        self._admission = admission
        self._response = response

    def __enter__(self) -> Principal:
        return self._admission.principal

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._response is None:
            return
        if error is None:
            status = self._response.status_code or int(HTTPStatus.OK)
        elif isinstance(error, HTTPException):
            status = error.status_code
        elif isinstance(error, RequestValidationError):
            status = int(HTTPStatus.UNPROCESSABLE_ENTITY)
        else:
            status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._admission.ended(status)


def _guarded(guard: KeyGuard, scopes: tuple[str, ...], cost: int | None) -> Guarded:
    """A `Guarded` whose signature names the guard's own security schemes.

    FastAPI reads the schemes from the signature; that is what puts the
    Authorize button into the documentation.
    """
    key_scheme, bearer_scheme, basic_scheme = guard.schemes

    class WithSchemes(Guarded):
        async def __call__(
            self,
            request: Request,
            response: Response,
            _key: Annotated[str | None, Security(key_scheme)] = None,
            _bearer: Annotated[
                HTTPAuthorizationCredentials | None, Security(bearer_scheme)
            ] = None,
            _basic: Annotated[None, Security(basic_scheme)] = None,
        ) -> AsyncIterator[Principal]:
            with await self.admit(request, response) as principal:
                yield principal

    return WithSchemes(guard, scopes, cost)
