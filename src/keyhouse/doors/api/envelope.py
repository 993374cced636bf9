"""What goes around every request: its id, its bounds, who sends it.

Plain ASGI, outermost first: `Envelope`, `Gate`, `BoundedBody`. So a stranger
is refused before a byte of the body is read or a path is looked at.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.credentials import choose
from keyhouse.core.records import KeyRecord
from keyhouse.core.verdict import Verdict
from keyhouse.doors.api.problems import problem, refused, unavailable
from keyhouse.ports import Clock, StoreUnavailable
from keyhouse.services.meter import RequestIds

BODY_BYTES_MAX: Final = 1 << 20
GUARDED: Final = "/v1/"

_log = logging.getLogger("keyhouse.api")


class ManagementKey(Protocol):
    """A checked management key, as `services.verify` gives it."""

    @property
    def id(self) -> str:
        """The key's id."""

    @property
    def organization_id(self) -> str:
        """The tenant."""

    @property
    def key(self) -> KeyRecord:
        """The key with its grants."""


Authenticate = Callable[[bytes, int], Awaitable[ManagementKey | Verdict]]
"""Takes a secret and the caller's address; never raises for a bad secret."""


class Envelope:
    """Gives each request an id, each answer its headers, each fault an answer."""

    def __init__(self, app: ASGIApp, ids: RequestIds, clock: Clock) -> None:
        self._app = app
        self._ids = ids
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its id and its answer its headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._ids.make(self._clock.now_us())
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, request_id)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception:
            _log.exception("request %s failed", request_id)
            if started:
                raise
            detail = "The request failed and nothing was changed; tell us its request_id."
            await problem(request_id, 500, detail)(scope, receive, answer)


def _add_headers(message: Message, request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    headers["Keyhouse-Request-Id"] = request_id
    headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"


class Gate:
    """Lets nobody below `/v1/` without a valid management key."""

    def __init__(self, app: ASGIApp, authenticate: Authenticate) -> None:
        self._app = app
        self._authenticate = authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request of one who may, and refuse any other."""
        if scope["type"] == "http" and scope["path"].startswith(GUARDED):
            address = _address(scope)
            request_id = scope["state"]["request_id"]
            try:
                holder = await self._holder(scope, address)
            except StoreUnavailable:
                await unavailable(request_id)(scope, receive, send)
                return
            if isinstance(holder, Verdict):
                await refused(holder, request_id)(scope, receive, send)
                return
            scope["state"].update(management=holder, address=address)
        await self._app(scope, receive, send)

    async def _holder(self, scope: Scope, address: int) -> ManagementKey | Verdict:
        headers = Headers(scope=scope)
        chosen = choose(
            _joined(headers, "x-api-key"), _joined(headers, "authorization"), None
        )
        if chosen.secret is None:
            return chosen.refusal or Verdict.MISSING
        return await self._authenticate(chosen.secret, address)


def _joined(headers: Headers, name: str) -> bytes | None:
    values = headers.getlist(name)
    return ", ".join(values).encode("latin-1") if values else None


def _address(scope: Scope) -> int:
    client: Any = scope.get("client")
    try:
        return parse_address(client[0]) if client else UNKNOWN
    except ValueError:
        return UNKNOWN


class BoundedBody:
    """Reads the body before anything works on it, if it is not too long.

    It is then in `state.body`, from which an idempotency key is bound to it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request once its body is here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["state"]["request_id"]
        headers = Headers(scope=scope)
        try:
            body = await _read(headers, receive)
        except ClientDisconnect:
            return
        if body is None:
            detail = f"A body has at most {BODY_BYTES_MAX} bytes."
            closed = {"Connection": "close"}
            answer = problem(request_id, 413, detail, headers=closed)
            await answer(scope, receive, send)
            return
        if body and not _is_json(headers.get("content-type", "")):
            detail = "Send the body as Content-Type: application/json."
            await problem(request_id, 415, detail)(scope, receive, send)
            return
        scope["state"]["body"] = body
        await self._app(scope, _again(body, receive), send)


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


async def _read(headers: Headers, receive: Receive) -> bytes | None:
    """The whole body; None where it is too long, and then it is not read on.

    Raises ClientDisconnect where the caller goes before its end.
    """
    told = headers.get("content-length", "0")
    if not told.isdigit() or int(told) > BODY_BYTES_MAX:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, and then what comes after it."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
