"""Who calls: the address of the socket, or what trusted proxies say it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from keyhouse.core.addresses import Networks, format_address
from keyhouse.core.forwarded import came, known_address


@dataclass(frozen=True, slots=True)
class Seen:
    """A caller as decisions and the upstream are told of it.

    `forwarded` is the start of the X-Forwarded headers: it ends a line and goes
    on up to the value of the last of them, X-Forwarded-Host.
    """

    address: int
    tls: bool
    forwarded: bytes


class Peers:
    """The rules on Forwarded, X-Forwarded-For, -Proto and -Host.

    They are believed from a trusted proxy alone; anybody else's are dropped.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = Networks(trusted) if trusted else None

    def trusts(self, address: int) -> bool:
        """Whether this peer's word on others is believed."""
        return self._trusted is not None and self._trusted.admits(address)

    def direct(self, peername: object) -> Seen:
        """What a connection alone tells. Costs microseconds: once a connection."""
        host = peername[0] if isinstance(peername, tuple) and peername else ""
        address = known_address(host)
        return Seen(address, False, _forwarded(_text(host), b"http"))

    def behind(
        self,
        proxy: Seen,
        chain: bytes | None,
        protocol: bytes | None,
        forwarded: bytes | None = None,
    ) -> Seen:
        """What a trusted proxy tells: see `core.forwarded`.

        The upstream gets the chain as it came, unless Forwarded tells it: then
        what was made of both.
        """
        seen = came(
            proxy.address,
            self.trusts,
            chain=chain,
            protocol=protocol,
            forwarded=forwarded,
        )
        if forwarded:
            chain = (format_address(seen.address) or "unknown").encode("ascii")
        near = format_address(proxy.address).encode("ascii")
        told = b"%s, %s" % (chain, near) if chain else near
        scheme = b"https" if seen.tls else b"http"
        return Seen(seen.address, seen.tls, _forwarded(told, scheme))


def _forwarded(addresses: bytes, scheme: bytes) -> bytes:
    return b"\r\nX-Forwarded-For: %s\r\nX-Forwarded-Proto: %s\r\nX-Forwarded-Host: " % (
        addresses,
        scheme,
    )


def _text(host: str) -> bytes:
    return host.encode("latin-1", "replace") or b"unknown"
