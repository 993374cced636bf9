"""The guard around a whole ASGI application: HTTP requests and WebSockets.

Nothing of a request or an answer is taken away or held back; to answers that
pass, headers are added. See the ASGI specification, version 3.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import unquote

from keyhouse.core import answers
from keyhouse.core.globs import glob_expression
from keyhouse.core.paths import plain_path
from keyhouse.doors.guard.answering import (
    App,
    HttpAnswer,
    Message,
    Receive,
    Send,
    encoded,
    with_headers,
)
from keyhouse.doors.guard.asking import Admission, Refused, Scope, admit, raw_path
from keyhouse.doors.guard.keyhouse import Keyhouse
from keyhouse.doors.guard.lifespan import opening
from keyhouse.doors.guard.questions import refuse_wrong

STATE: Final = "keyhouse"
"""Where in the scope's `state` the principal is."""
_DENIAL: Final = "websocket.http.response"
_POLICY_VIOLATION: Final = 1008


class KeyhouseMiddleware:
    """Lets requests through to `app` whose key opens the API with slug `api`.

    All need `scopes`, and spend `cost` units, None for what their route costs.
    `exclude` holds paths that need no key, as `/health` or `/docs/**`; a path
    with more than one reading is never one of them. What passes finds its
    `Principal` in `scope["state"]["keyhouse"]`. Keyhouse is opened and closed
    with the application's lifespan.

    Raises ValueError for scopes that are none, a negative cost and a path that
    begins without `/`.
    """

    def __init__(
        self,
        app: App,
        kh: Keyhouse,
        *,
        api: str,
        scopes: Iterable[str] = (),
        cost: int | None = None,
        exclude: Iterable[str] = (),
    ) -> None:
        self._scopes = tuple(scopes)
        refuse_wrong(self._scopes)
        if cost is not None and cost < 0:
            raise ValueError("cost: is at least 0")
        self._app = app
        self._kh = kh
        self._api = api
        self._cost = cost
        self._open = tuple(_matcher(path) for path in exclude)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, as a server tells it."""
        kind = scope["type"]
        if kind == "lifespan":
            await opening(self._kh, self._app, scope, receive, send)
        elif kind not in ("http", "websocket"):
            # What this is, nobody has said yet; so nobody is let in by it.
            raise ValueError(f"a connection of the unknown kind {kind!r}")
        elif self._open and self._is_open(scope):
            await self._app(scope, receive, send)
        else:
            await self._guard(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        """Whether the path needs no key: as it came, and as the application sees it."""
        raw = raw_path(scope)
        path = plain_path(raw)
        if path is None or unquote(raw) != scope["path"]:
            return False
        return any(matches(path) for matches in self._open)

    async def _guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        plane = self._kh.plane
        admission = await admit(plane, scope, self._api, self._scopes, self._cost)
        is_http = scope["type"] == "http"
        if not admission.allowed:
            refuse = _refuse_http if is_http else _refuse_websocket
            await refuse(scope, receive, send, admission)
            return
        # The server copies `state` for each connection (ASGI, lifespan state).
        scope.setdefault("state", {})[STATE] = admission.principal
        if is_http:
            answer = HttpAnswer(send)
            answer.add(admission)
            await answer.of(self._app, scope, receive)
        else:
            await self._talk(scope, receive, _SocketAnswer(send, admission))

    async def _talk(self, scope: Scope, receive: Receive, answer: "_SocketAnswer") -> None:
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            answer.admission.ended(answer.status or 500)
            raise
        finally:
            answer.admission.ended(answer.status)


class _SocketAnswer:
    """A WebSocket on its way; `status` is that of the handshake, 0 until it is told."""

    def __init__(self, send: Send, admission: Admission) -> None:
        self.status = 0
        self._send = send
        self.admission = admission

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self.status = 101
            message = with_headers(message, self.admission)
        elif kind == f"{_DENIAL}.start":
            self.status = message["status"]
            message = with_headers(message, self.admission)
        elif kind == "websocket.close" and not self.status:
            self.status = 403
        await self._send(message)


async def _refuse_http(
    _scope: Scope, _receive: Receive, send: Send, admission: Admission
) -> None:
    status, headers, body = _told(admission)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    admission.ended(status)


async def _refuse_websocket(
    scope: Scope, receive: Receive, send: Send, admission: Admission
) -> None:
    """Refuse the handshake: with the whole problem, where the server can tell it."""
    await receive()  # websocket.connect, before which nothing is to be sent
    status, headers, body = _told(admission)
    if _DENIAL in (scope.get("extensions") or {}):
        await send({"type": f"{_DENIAL}.start", "status": status, "headers": headers})
        await send({"type": f"{_DENIAL}.body", "body": body})
    else:
        status = 403  # what a server makes of a close before the handshake
        code = _POLICY_VIOLATION
        await send({"type": "websocket.close", "code": code, "reason": ""})
    admission.ended(status)


def _told(admission: Admission) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    refused = Refused(admission.decision, admission.request_id)
    body = json.dumps(refused.problem, separators=(",", ":")).encode("ascii")
    about = [
        ("Content-Type", answers.PROBLEM_TYPE),
        ("Content-Length", str(len(body))),
    ]
    return refused.status, encoded([*about, *refused.headers]), body


def _matcher(path: str) -> Callable[[str], object]:
    if not path.startswith("/"):
        raise ValueError(f"exclude: {path!r} does not begin with /")
    return re.compile(glob_expression(path)).match
