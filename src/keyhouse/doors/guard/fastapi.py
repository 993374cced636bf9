"""The guard as a FastAPI dependency."""

import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from types import TracebackType
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from keyhouse.core import answers
from keyhouse.core.addresses import UNKNOWN
from keyhouse.core.apps import APP_HEADERS, app_of
from keyhouse.core.credentials import choose
from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request as Asked
from keyhouse.core.secret import without_secret
from keyhouse.core.verdict import Verdict
from keyhouse.doors.guard.keyhouse import Keyhouse, Plane, address_number, refuse_wrong
from keyhouse.doors.guard.principal import Principal, principal_of

_HANDLERS = "starlette.exception_handlers"
_DEFAULT_HEADER = b"x-api-key"


class Refusal(HTTPException):
    """A request that may not pass, answered as application/problem+json."""

    def __init__(self, problem: dict[str, object], headers: dict[str, str]) -> None:
        status = problem["status"]
        super().__init__(int(str(status)), detail=problem, headers=headers)


def refuse(decision: Decision, request_id: str) -> Refusal:
    """The refusal that tells of a decision."""
    headers = dict(answers.refusal_headers(decision))
    headers["Keyhouse-Request-Id"] = request_id
    headers["Cache-Control"] = "no-store"
    return Refusal(answers.problem(decision.verdict, request_id, decision), headers)


async def _answer(_request: Request, refusal: Exception) -> Response:
    """A refusal's own answer, where FastAPI's would wrap it in `detail`."""
    if not isinstance(refusal, Refusal):
        raise refusal
    return JSONResponse(
        refusal.detail, refusal.status_code, refusal.headers, answers.PROBLEM_TYPE
    )


class KeyGuard:
    """Guards an API's routes: `Depends(guard("forecast:read", cost=2))`."""

    def __init__(self, kh: Keyhouse, *, api: str, key_header: str = "X-API-Key") -> None:
        self.kh = kh
        self.api = api
        self.dependencies: list[Guarded] = []
        self.schemes = (
            APIKeyHeader(name=key_header, scheme_name="KeyhouseKey", auto_error=False),
            HTTPBearer(scheme_name="KeyhouseBearer", auto_error=False),
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
        request.scope.get(_HANDLERS, ({}, {}))[0].setdefault(Refusal, _answer)
        plane = self.guard.kh.plane
        asked, refusal = await self._asked(request)
        refusal = plane.refusal(asked) or refusal
        if refusal is None:
            decision = await plane.verify(asked)
        else:
            decision = Decision(refusal, time.time_ns() // 1000)
        request_id, decision = plane.served(
            decision,
            api=self.guard.api,
            method=request.method,
            path=without_secret(request.url.path, asked.secret),
            address=asked.address,
        )
        if not decision.allowed:
            raise refuse(decision, request_id)
        response.headers["Keyhouse-Request-Id"] = request_id
        response.headers.update(dict(answers.limit_headers(decision)))
        return Admitted(plane, decision, request_id, response)

    async def _asked(self, request: Request) -> tuple[Asked, Verdict | None]:
        """The request as it is decided on, and the refusal of its credentials."""
        api = await self.guard.kh.plane.api(self.guard.api)
        known = api if isinstance(api, ApiRecord) else None
        chosen = choose(
            _header(request, known.key_header if known else _DEFAULT_HEADER),
            _header(request, b"authorization"),
            _parameter(request, known.query_parameter if known else None),
        )
        refusal = api if isinstance(api, Verdict) else chosen.refusal
        peer = request.client
        return Asked(
            secret=chosen.secret,
            api=self.guard.api,
            address=_address(peer.host) if peer else UNKNOWN,
            method=request.method,
            path=_path(request),
            referrer=request.headers.get("referer", ""),
            origin=request.headers.get("origin", ""),
            app=_app(request),
            tls=request.url.scheme == "https",
            scopes=self.scopes,
            cost=self.cost,
            key_id=chosen.key_id,
            browser=_is_browser(request),
        ), refusal


class Admitted:
    """A counted request, while its handler runs; notes how that ended."""

    def __init__(
        self, plane: Plane, decision: Decision, request_id: str, response: Response
    ) -> None:
        self._plane = plane
        self._decision = decision
        self._request_id = request_id
        self._response = response
        self._began_ns = time.monotonic_ns()

    def __enter__(self) -> Principal:
        return principal_of(self._decision, self._request_id)

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if error is None:
            status = self._response.status_code or int(HTTPStatus.OK)
        elif isinstance(error, HTTPException):
            status = error.status_code
        else:
            status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._plane.completed(
            self._request_id,
            self._decision,
            status=status,
            latency_us=(time.monotonic_ns() - self._began_ns) // 1000,
        )


def _guarded(guard: KeyGuard, scopes: tuple[str, ...], cost: int | None) -> Guarded:
    """A `Guarded` whose signature names the guard's own security schemes.

    FastAPI reads the schemes from the signature; that is what puts the
    Authorize button into the documentation.
    """
    key_scheme, bearer_scheme = guard.schemes

    class WithSchemes(Guarded):
        async def __call__(
            self,
            request: Request,
            response: Response,
            _key: Annotated[str | None, Security(key_scheme)] = None,
            _bearer: Annotated[
                HTTPAuthorizationCredentials | None, Security(bearer_scheme)
            ] = None,
        ) -> AsyncIterator[Principal]:
            with await self.admit(request, response) as principal:
                yield principal

    return WithSchemes(guard, scopes, cost)


def _header(request: Request, name: bytes) -> bytes | None:
    """A header's value; several are joined, and so are no key (RFC 9110, 5.3)."""
    values = [value for key, value in request.scope["headers"] if key == name]
    return b", ".join(values) if values else None


def _app(request: Request) -> str:
    """The app that the headers name; one that came twice is none."""
    told = {name: request.headers.getlist(name) for name in APP_HEADERS}
    return app_of({name: ", ".join(values) for name, values in told.items()})


def _is_browser(request: Request) -> bool:
    """Whether a browser sent it, by headers that pages cannot set."""
    names = {name for name, value in request.scope["headers"] if name != b"origin" or value}
    return b"origin" in names or any(name.startswith(b"sec-fetch-") for name in names)


def _parameter(request: Request, name: bytes | None) -> bytes | None:
    if name is None:
        return None
    pairs = parse_qsl(request.scope["query_string"], keep_blank_values=True)
    values = [value for key, value in pairs if key == name]
    return b", ".join(values) if values else None


def _path(request: Request) -> str:
    """The path as it came, before unescaping: see `core.paths`."""
    raw: Any = request.scope.get("raw_path")
    if not isinstance(raw, bytes):
        return str(request.scope["path"])
    return raw.partition(b"?")[0].decode("latin-1")


def _address(text: str) -> int:
    try:
        return address_number(text)
    except ValueError:
        return UNKNOWN
