"""A request as ASGI tells it, asked about as every door asks."""

import time
from typing import Any, Final
from urllib.parse import parse_qsl

from keyhouse.core import answers
from keyhouse.core.addresses import UNKNOWN
from keyhouse.core.apps import APP_HEADERS, app_of
from keyhouse.core.credentials import choose
from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request
from keyhouse.core.secret import without_secret
from keyhouse.core.verdict import Verdict
from keyhouse.doors.guard.keyhouse import Plane
from keyhouse.doors.guard.principal import Principal, principal_of
from keyhouse.doors.guard.questions import address_number

Scope = Any
"""An ASGI connection scope: of a kind that every framework types in its own way."""
REQUEST_ID: Final = "Keyhouse-Request-Id"
_DEFAULT_HEADER: Final = b"x-api-key"
_TLS_SCHEMES: Final = ("https", "wss")


class Admission:
    """A counted request: the decision, and later, told once, how it ended."""

    __slots__ = ("_began_ns", "_ended", "_plane", "decision", "request_id")

    def __init__(self, plane: Plane, request_id: str, decision: Decision) -> None:
        self.request_id = request_id
        self.decision = decision
        self._plane = plane
        self._began_ns = time.monotonic_ns()
        self._ended = False

    @property
    def allowed(self) -> bool:
        """Whether the request may pass."""
        return self.decision.allowed

    @property
    def principal(self) -> Principal:
        """Who calls; ValueError for a request that may not pass."""
        return principal_of(self.decision, self.request_id)

    @property
    def ends(self) -> bool:
        """Whether an end of key or secret may have to be told."""
        return self.decision.line is not None and self.decision.line.notice is not None

    def headers(self) -> list[tuple[str, str]]:
        """The headers that go with the answer to a request that passed."""
        return [(REQUEST_ID, self.request_id), *answers.passed_headers(self.decision)]

    def ended(self, status: int) -> None:
        """Note how it ended, 0 where no answer was given. Only the first time counts."""
        if self._ended:
            return
        self._ended = True
        latency_us = (time.monotonic_ns() - self._began_ns) // 1000
        self._plane.completed(
            self.request_id, self.decision, status=status, latency_us=latency_us
        )


class Refused:
    """How a refusal is told: the problem and all headers besides its content type."""

    __slots__ = ("headers", "problem", "status")

    def __init__(self, decision: Decision, request_id: str) -> None:
        self.status = decision.verdict.status
        self.problem = answers.problem(decision.verdict, request_id, decision)
        self.headers = [
            *answers.refusal_headers(decision),
            (REQUEST_ID, request_id),
            ("Cache-Control", "no-store"),
        ]


async def admit(
    plane: Plane, scope: Scope, api: str, scopes: tuple[str, ...], cost: int | None
) -> Admission:
    """Decide on a request or a WebSocket's handshake, and count it."""
    asked, refusal = await _asked(plane, scope, api, scopes, cost)
    path = without_secret(str(scope["path"]), asked.secret)
    path = without_secret(path, asked.token)
    admitted = plane.admit(asked, refusal, path)
    if not isinstance(admitted, tuple):
        admitted = await admitted
    return Admission(plane, *admitted)


async def _asked(
    plane: Plane, scope: Scope, slug: str, scopes: tuple[str, ...], cost: int | None
) -> tuple[Request, Verdict | None]:
    """The request as it is decided on, and the refusal of its credentials."""
    api = await plane.api(slug)
    known = api if isinstance(api, ApiRecord) else None
    chosen = choose(
        header(scope, known.key_header if known else _DEFAULT_HEADER),
        header(scope, b"authorization"),
        _parameter(scope, known.query_parameter if known else None),
    )
    refusal = api if isinstance(api, Verdict) else chosen.refusal
    peer = scope.get("client")
    return Request(
        secret=chosen.secret,
        api=slug,
        address=_address(peer[0]) if peer else UNKNOWN,
        # A WebSocket begins as a GET (RFC 6455, 4.1).
        method=scope.get("method", "GET"),
        path=raw_path(scope),
        referrer=_text(scope, b"referer"),
        origin=_text(scope, b"origin"),
        app=_app(scope),
        tls=scope.get("scheme") in _TLS_SCHEMES,
        scopes=scopes,
        cost=cost,
        key_id=chosen.key_id,
        browser=_is_browser(scope),
        token=chosen.token,
    ), refusal


def header(scope: Scope, name: bytes) -> bytes | None:
    """A header's value; several are joined, and so are no key (RFC 9110, 5.3)."""
    values = [value for key, value in scope["headers"] if key == name]
    return b", ".join(values) if values else None


def raw_path(scope: Scope) -> str:
    """The path as it came, before unescaping: see `core.paths`."""
    raw: Any = scope.get("raw_path")
    if not isinstance(raw, bytes):
        return str(scope["path"])
    return raw.partition(b"?")[0].decode("latin-1")


def _text(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def _app(scope: Scope) -> str:
    """The app that the headers name; one that came twice is none."""
    told = {name: header(scope, name.lower().encode("ascii")) for name in APP_HEADERS}
    return app_of({name: (one or b"").decode("latin-1") for name, one in told.items()})


def _is_browser(scope: Scope) -> bool:
    """Whether a browser sent it, by headers that pages cannot set.

    Node.js's own `fetch` sends `Sec-Fetch-Mode` too, which browsers never send alone.
    """
    names = {name for name, value in scope["headers"] if name != b"origin" or value}
    names.discard(b"sec-fetch-mode")
    return b"origin" in names or any(name.startswith(b"sec-fetch-") for name in names)


def _parameter(scope: Scope, name: bytes | None) -> bytes | None:
    if name is None:
        return None
    query: bytes = scope.get("query_string", b"")
    pairs = parse_qsl(query, keep_blank_values=True)
    values = [value for key, value in pairs if key == name]
    return b", ".join(values) if values else None


def _address(text: str) -> int:
    try:
        return address_number(text)
    except ValueError:
        return UNKNOWN
