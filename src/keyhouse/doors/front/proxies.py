"""Who really asks, where a proxy stands in between.

Audit, sessions and the throttle of guesses go by it: without it, one who guesses
behind the same proxy would make everybody wait.
"""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from keyhouse.core.addresses import Networks, format_address, parse_address

_HEADER: Final = "x-forwarded-for"


class BehindProxies:
    """Believes X-Forwarded-For from trusted networks, and from nobody else."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._app = app
        self._trusted = Networks(trusted) if trusted else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the address of who asks in `client`."""
        client = scope.get("client")
        if self._trusted is not None and client and scope["type"] == "http":
            told = ",".join(Headers(scope=scope).getlist(_HEADER))
            scope = {**scope, "client": (self._seen(client[0], told), client[1])}
        await self._app(scope, receive, send)

    def _seen(self, peer: str, told: str) -> str:
        """The right-most address that is not a trusted proxy's.

        An entry that is no address ends the walk: what stands left of it was
        written by nobody we know.
        """
        seen = peer
        for entry in (*reversed(told.split(",")), ""):
            if not self._trusts(seen):
                break
            found = _address(entry)
            if found is None:
                break
            seen = found
        return seen

    def _trusts(self, address: str) -> bool:
        known = _address(address)
        trusted = self._trusted
        return (
            trusted is not None
            and known is not None
            and trusted.admits(parse_address(known))
        )


def _address(entry: str) -> str | None:
    """An address without its port, as `192.0.2.1:80` or `[2001:db8::1]:80`."""
    text = entry.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return format_address(parse_address(text))
    except ValueError:
        return None
