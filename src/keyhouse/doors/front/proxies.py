"""Who really asks, where a proxy stands in between.

Audit, sessions and the throttle of guesses go by it: without it, one who guesses
behind the same proxy would make everybody wait.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from keyhouse.core.addresses import Networks, format_address
from keyhouse.core.forwarded import came, known_address


class BehindProxies:
    """Believes X-Forwarded-For and Forwarded from trusted networks, and nobody else's.

    Who a trusted proxy does not name is nobody: the address is ''.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._app = app
        self._trusted = Networks(trusted) if trusted else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the address of who asks in `client`."""
        client, trusted = scope.get("client"), self._trusted
        if trusted is not None and client and scope["type"] == "http":
            peer = known_address(client[0])
            if trusted.admits(peer):
                seen = _seen(peer, trusted, Headers(scope=scope))
                scope = {**scope, "client": (seen, client[1])}
        await self._app(scope, receive, send)


def _seen(peer: int, trusted: Networks, headers: Headers) -> str:
    told = came(
        peer,
        trusted.admits,
        chain=_joined(headers, "x-forwarded-for"),
        protocol=None,
        forwarded=_joined(headers, "forwarded"),
    )
    return format_address(told.address)


def _joined(headers: Headers, name: str) -> bytes | None:
    return ", ".join(headers.getlist(name)).encode("latin-1") or None
