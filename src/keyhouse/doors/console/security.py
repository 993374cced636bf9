"""What goes around every page: an id, bounds, and headers that tie browsers down."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keyhouse.core.csrf import SAFE_METHODS
from keyhouse.ports import Clock
from keyhouse.services.meter import RequestIds

BODY_BYTES_MAX: Final = 1 << 20
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # Addresses hold ids, and those of mailed links a ticket: no other site hears of
    # them. (With `no-referrer` browsers send our own forms with a blank origin.)
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_STRICT_TRANSPORT: Final = "max-age=31536000"


OnFault = Callable[[Request, Exception], Awaitable[Response]]
"""Tells the log what went wrong and the visitor that something did."""


class Shield:
    """Refuses what another site sent and what is too long; marks every answer."""

    def __init__(
        self,
        app: ASGIApp,
        ids: RequestIds,
        clock: Clock,
        public_url: str,
        on_fault: OnFault,
    ) -> None:
        self._app = app
        self._ids = ids
        self._clock = clock
        self._public_url = urlsplit(public_url)
        self._on_fault = on_fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request of our own pages, with an id."""
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
                self._mark(MutableHeaders(scope=message), request_id)
            await send(message)

        app = self._refusal(scope["method"], Headers(scope=scope)) or self._app
        try:
            await app(scope, _Bounded(receive).receive, answer)
        except Exception as error:
            if started:
                raise
            fault = await self._on_fault(Request(scope), error)
            await fault(scope, receive, answer)

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        if method in SAFE_METHODS:
            return None
        if not self._is_ours(headers):
            return PlainTextResponse("This form came from another site.\n", 403)
        told = headers.get("content-length", "0")
        if not told.isdigit() or int(told) > BODY_BYTES_MAX:
            text = f"A form has at most {BODY_BYTES_MAX} bytes.\n"
            return PlainTextResponse(text, 413, headers={"Connection": "close"})
        return None

    def _is_ours(self, headers: Headers) -> bool:
        """Whether our own page sent it. Browsers tell; what tells nothing is none."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return True
        return urlsplit(origin).netloc in (self._public_url.netloc, headers.get("host"))

    def _mark(self, headers: MutableHeaders, request_id: str) -> None:
        headers["Keyhouse-Request-Id"] = request_id
        headers.setdefault("Cache-Control", "no-store")
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        if self._public_url.scheme == "https":
            headers.setdefault("Strict-Transport-Security", _STRICT_TRANSPORT)


class _Bounded:
    """A body that ends where it grows too long, though it told no length."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen = 0

    async def receive(self) -> Message:
        """The next part; a disconnect instead of one that is too much."""
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > BODY_BYTES_MAX:
            return {"type": "http.disconnect"}
        return message
