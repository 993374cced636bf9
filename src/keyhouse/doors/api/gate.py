"""Who sends a request: the holder of a management key, or a person logged in.

Nobody else gets below `/v1/`. A key in a header goes before a cookie, which a
browser adds by itself.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, Protocol

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from keyhouse.core.addresses import UNKNOWN, format_address, parse_address
from keyhouse.core.credentials import choose
from keyhouse.core.csrf import CSRF_HEADER, SAFE_METHODS, SESSION_COOKIE, csrf_fits
from keyhouse.core.records import KeyRecord
from keyhouse.core.verdict import Verdict
from keyhouse.doors.api.problems import forged, logged_out, refused, unavailable
from keyhouse.ports import StoreUnavailable
from keyhouse.services.actor import Actor

GUARDED: Final = "/v1/"
METRICS_PATH: Final = "/metrics"
REVOKE_PATH: Final = "/v1/secrets/revoke"
"""Open to all: what is sent is the secret itself."""
ORGANIZATION_HEADER: Final = "Keyhouse-Organization"


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

    @property
    def secret_id(self) -> str:
        """The id of the secret that came."""


class Visitor(NamedTuple):
    """A person logged in, by which session, and what they are where they asked.

    `actor` is None where they are no member of the organization they named.
    """

    person_id: str
    session_id: str
    actor: Actor | None


Authenticate = Callable[[bytes, int, str | None], Awaitable[ManagementKey | Verdict]]
"""Takes a secret, the caller's address and the id that came with the secret, if one

did; never raises for a bad secret.
"""

AuthenticateSession = Callable[[str, str | None, str, str], Awaitable[Visitor | None]]
"""Takes a cookie's text, an organization's id, the caller's address and the id of

the request; None where there is no such session (any more).
"""


class Gate:
    """Lets nobody below `/v1/` without a valid management key or session.

    Whoever passes is `state.actor`, and by a session `state.visitor` as well.
    """

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Authenticate,
        authenticate_session: AuthenticateSession,
    ) -> None:
        self._app = app
        self._authenticate = authenticate
        self._authenticate_session = authenticate_session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request of one who may, and refuse any other."""
        if _guarded(scope):
            try:
                refusal = await self._admit(scope)
            except StoreUnavailable:
                refusal = unavailable(scope["state"]["request_id"])
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        chosen = choose(
            _joined(headers, "x-api-key"), _joined(headers, "authorization"), None
        )
        if chosen.secret is not None:
            return await self._admit_key(scope, chosen.secret, chosen.key_id)
        refusal = chosen.refusal or Verdict.MISSING
        session = _session(headers) if refusal is Verdict.MISSING else None
        if session is not None:
            return await self._admit_session(scope, headers, session)
        return refused(refusal, scope["state"]["request_id"])

    async def _admit_key(
        self, scope: Scope, secret: bytes, key_id: str | None
    ) -> Response | None:
        address, request_id = address_of(scope), scope["state"]["request_id"]
        holder = await self._authenticate(secret, address, key_id)
        if isinstance(holder, Verdict):
            return refused(holder, request_id)
        scope["state"].update(
            visitor=None,
            actor=Actor(
                holder.id,
                holder.organization_id,
                holder.key.grants,
                format_address(address),
                request_id,
                holder.secret_id,
            ),
        )
        return None

    async def _admit_session(
        self, scope: Scope, headers: Headers, token: str
    ) -> Response | None:
        request_id = scope["state"]["request_id"]
        unsafe = scope["method"] not in SAFE_METHODS
        if unsafe and not csrf_fits(token, headers.get(CSRF_HEADER)):
            return forged(request_id)
        organization = headers.get(ORGANIZATION_HEADER)
        address = format_address(address_of(scope))
        visitor = await self._authenticate_session(token, organization, address, request_id)
        if visitor is None:
            return logged_out(request_id)
        scope["state"].update(visitor=visitor, actor=visitor.actor)
        return None


def _guarded(scope: Scope) -> bool:
    if scope["type"] != "http":
        return False
    if scope["path"] == METRICS_PATH:
        return True
    if not scope["path"].startswith(GUARDED):
        return False
    return (scope["method"], scope["path"]) != ("POST", REVOKE_PATH)


def _session(headers: Headers) -> str | None:
    """The text of the session's cookie."""
    cookies = cookie_parser("; ".join(headers.getlist("cookie")))
    return cookies.get(SESSION_COOKIE) or None


def _joined(headers: Headers, name: str) -> bytes | None:
    values = headers.getlist(name)
    return ", ".join(values).encode("latin-1") if values else None


def address_of(scope: Scope) -> int:
    """The caller's address, UNKNOWN where there is none."""
    client: Any = scope.get("client")
    try:
        return parse_address(client[0]) if client else UNKNOWN
    except ValueError:
        return UNKNOWN
