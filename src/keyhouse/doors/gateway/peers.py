"""Who calls: the address of the socket, or what trusted proxies say it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from keyhouse.core.addresses import UNKNOWN, Networks, format_address, parse_address


@dataclass(frozen=True, slots=True)
class Seen:
    """A caller as decisions and the upstream are told of it.

    `forwarded` is the start of the X-Forwarded headers: it ends a line and goes
    on up to the value of the last of them, X-Forwarded-Host.
    """

    address: int
    tls: bool
    forwarded: bytes


_PROTOCOLS: Final = (b"http", b"https")


class Peers:
    """The rules on X-Forwarded-For, -Proto and -Host.

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
        address = _address(host)
        return Seen(address, False, _forwarded(_text(host), b"http"))

    def behind(self, proxy: Seen, chain: bytes | None, protocol: bytes | None) -> Seen:
        """What a trusted proxy tells: the right-most address that is not trusted.

        An entry that is no address ends the walk: what stands left of it was
        written by nobody we know.
        """
        address = proxy.address
        for entry in reversed(chain.split(b",") if chain else []):
            found = _address(_bare(entry.decode("latin-1").strip()))
            if found == UNKNOWN:
                break
            address = found
            if not self.trusts(found):
                break
        scheme = protocol.lower() if protocol else b"http"
        scheme = scheme if scheme in _PROTOCOLS else b"http"
        near = format_address(proxy.address).encode("ascii")
        told = b"%s, %s" % (chain, near) if chain else near
        return Seen(address, scheme == b"https", _forwarded(told, scheme))


def _forwarded(addresses: bytes, scheme: bytes) -> bytes:
    return b"\r\nX-Forwarded-For: %s\r\nX-Forwarded-Proto: %s\r\nX-Forwarded-Host: " % (
        addresses,
        scheme,
    )


def _text(host: str) -> bytes:
    return host.encode("latin-1", "replace") or b"unknown"


@lru_cache(maxsize=4096)
def _address(text: str) -> int:
    try:
        return parse_address(text)
    except ValueError:
        return UNKNOWN


def _bare(entry: str) -> str:
    """An address without its port: `192.0.2.1:80` and `[2001:db8::1]:80`."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
