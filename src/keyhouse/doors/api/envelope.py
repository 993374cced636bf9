"""What goes around every request: its id and its bounds.

Plain ASGI, outermost first: `Envelope`, `Gate`, `BoundedBody`. So a stranger
is refused before a byte of the body is read or a path is looked at.
"""

import logging
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keyhouse.core.validation import Problem
from keyhouse.doors.api.problems import problem
from keyhouse.ports import Clock
from keyhouse.services.meter import RequestIds

BODY_BYTES_MAX: Final = 1 << 20

_log = logging.getLogger("keyhouse.api")


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
            error = Problem("body", f"is over {BODY_BYTES_MAX} bytes", "send less at once")
            closed = {"Connection": "close"}
            answer = problem(request_id, 413, detail, errors=[error], headers=closed)
            await answer(scope, receive, send)
            return
        if body and not _is_json(headers.get("content-type", "")):
            detail = "Send the body as Content-Type: application/json."
            error = Problem("Content-Type", "is not JSON", "send application/json")
            await problem(request_id, 415, detail, errors=[error])(scope, receive, send)
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
