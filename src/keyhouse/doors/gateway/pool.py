"""Connections to upstreams: dialled, kept while unused, handed out again."""

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from keyhouse.core.addresses import is_public, parse_address
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.names import Names
from keyhouse.doors.gateway.upstream import Upstream

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.gate import Gate

ADDRESS_SECONDS_MAX: Final = 5.0
"""For one of several addresses: a SYN that is lost is sent again after 1 and 3 s."""

_log = logging.getLogger(__name__)


class Forbidden(Exception):
    """The upstream's name leads to an address where upstreams may not be."""


@dataclass(frozen=True, slots=True)
class Target:
    """A base URL: where to connect, and what stands before and behind the rest

    of the caller's target in a request line there; `behind` ends with Host.
    """

    origin: "Origin"
    before: bytes
    behind: bytes


class Pool:
    """The upstreams of all APIs, by organization, host and port. One event loop only.

    Organizations share no connections, so that none takes another's share of them.
    """

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self.dials_failed = 0
        self.names = Names(gate.loop)
        self._origins: dict[tuple[str, str, int, bool, bool], Origin] = {}

    def target(self, url: str, *, owner: str, private: bool) -> Target | None:
        """Where a base URL of an organization leads, None when it is none.

        Its host is in ASCII. With `private` it may lead to a private address.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or not host or not host.isascii():
            return None
        tls = parts.scheme == "https"
        where = (owner, host, port or (443 if tls else 80), tls, private)
        origin = self._origins.get(where)
        if origin is None:
            origin = self._origins[where] = Origin(self._gate, *where)
        name = f"[{host}]" if ":" in host else host
        named = f"{name}:{port}" if port else name
        prefix = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        return Target(
            origin,
            b" " + prefix.encode("ascii"),
            b" HTTP/1.1\r\nHost: %b\r\n" % named.encode("ascii"),
        )

    def count(self) -> tuple[int, int]:
        """How many connections are at work, and how many are kept unused."""
        origins = tuple(self._origins.values())
        unused = sum(len(origin.idle) for origin in origins)
        return sum(origin.count for origin in origins) - unused, unused

    async def close(self) -> None:
        """End all connections, used or not."""
        for origin in self._origins.values():
            await origin.close()
        await self.names.close()


class Origin:
    """One organization's host and port. Who finds no connection free waits in a line."""

    __slots__ = (
        "_dials",
        "_gate",
        "_host",
        "_last",
        "_open",
        "_owner",
        "_port",
        "_private",
        "_tls",
        "_waiting",
        "idle",
    )

    def __init__(
        self, gate: "Gate", owner: str, host: str, port: int, tls: bool, private: bool
    ) -> None:
        self._gate = gate
        self._owner = owner
        self._private = private
        self._host = host
        self._port = port
        self._tls = tls
        self._open: set[Upstream] = set()
        self._dials: set[asyncio.Task[None]] = set()
        self._last = ""
        self._waiting: deque[Exchange] = deque()
        self.idle: list[Upstream] = []

    @property
    def count(self) -> int:
        """How many connections there are, used or not."""
        return len(self._open)

    def want(self, exchange: "Exchange") -> None:
        """Have `exchange` begun on the next connection that is free."""
        self._waiting.append(exchange)
        self._dial_if_wanted()

    def release(self, upstream: Upstream) -> None:
        """The connection is as good as new: use it again."""
        waiting = self._waiting
        while waiting:
            exchange = waiting.popleft()
            if not exchange.over:
                upstream.begin(exchange)
                return
        gate = self._gate
        if gate.draining or len(self.idle) >= gate.config.upstream_idle_max:
            upstream.close()
            return
        upstream.deadline = gate.watch.now + gate.pool_patience
        self.idle.append(upstream)

    def opened(self, upstream: Upstream) -> None:
        """A connection was made."""
        self._open.add(upstream)

    def closed(self, upstream: Upstream) -> None:
        """A connection is gone, or must not be used again."""
        with contextlib.suppress(ValueError):
            self.idle.remove(upstream)
        self._open.discard(upstream)
        self._dial_if_wanted()

    async def close(self) -> None:
        """End what there is, and begin nothing new."""
        for dial in tuple(self._dials):
            dial.cancel()
        await asyncio.gather(*self._dials, return_exceptions=True)
        for upstream in tuple(self._open):
            upstream.close()

    def _dial_if_wanted(self) -> None:
        waiting = self._waiting
        while waiting and waiting[0].over:
            waiting.popleft()
        most = self._gate.config.upstream_connections_max
        if len(waiting) > len(self._dials) and len(self._open) + len(self._dials) < most:
            dial = self._gate.loop.create_task(self._dial())
            self._dials.add(dial)
            dial.add_done_callback(self._dialled)

    def _dialled(self, dial: "asyncio.Task[None]") -> None:
        self._dials.discard(dial)
        self._dial_if_wanted()

    async def _dial(self) -> None:
        problem = refuse.UPSTREAM_UNREACHABLE
        try:
            async with asyncio.timeout(self._gate.config.upstream_seconds_max):
                upstream = await self._connected()
        except TimeoutError:
            problem = refuse.UPSTREAM_TIMEOUT
            _log.warning("connecting to %s:%d took too long", self._host, self._port)
        except (OSError, ValueError, Forbidden) as error:
            _log.warning("no connection to %s:%d: %s", self._host, self._port, error)
        else:
            self.release(upstream)
            return
        self._gate.pool.dials_failed += 1
        while self._waiting:
            exchange = self._waiting.popleft()
            if not exchange.over:
                exchange.fail(problem)
                return

    async def _connected(self) -> Upstream:
        """The first of the name's addresses that answers, from the last that did on.

        One that lets packets vanish takes no more than its share of the time.
        """
        loop = self._gate.loop
        ends = loop.time() + self._gate.config.upstream_seconds_max
        addresses = await self._addresses()
        addresses.sort(key=lambda address: address != self._last)
        failure: OSError = OSError("the name has no address")
        while addresses:
            share = (ends - loop.time()) / len(addresses)
            address = addresses.pop(0)
            # The last one has all that is left, which is watched over outside.
            seconds = min(ADDRESS_SECONDS_MAX, share) if addresses else None
            try:
                async with asyncio.timeout(seconds):
                    upstream = await self._connected_to(address)
            except OSError as error:
                failure = error
            else:
                self._last = address
                return upstream
        self._gate.pool.names.forget(self._owner, self._host)
        raise failure

    async def _connected_to(self, address: str) -> Upstream:
        context = self._gate.tls if self._tls else None
        _, upstream = await self._gate.loop.create_connection(
            lambda: Upstream(self._gate, self),
            address,
            self._port,
            ssl=context,
            server_hostname=self._host if context else None,
        )
        return upstream

    async def _addresses(self) -> list[str]:
        """Where the host leads, judged for each connection.

        The connection goes to the very address that was judged, so that a name
        which leads elsewhere a moment later gains nothing.
        """
        addresses = [self._host]
        if not _is_address(self._host):
            addresses = await self._gate.pool.names.addresses(self._owner, self._host)
        if self._private:
            return addresses
        public = [address for address in addresses if is_public(address)]
        if not public:
            raise Forbidden("its address is private: see gateway.upstream_private")
        return public


def _is_address(host: str) -> bool:
    """Whether it is an address as it stands; of other spellings the system knows."""
    try:
        parse_address(host)
    except ValueError:
        return False
    return "%" not in host


def tls_context() -> ssl.SSLContext:
    """How https upstreams are spoken to: certificates are checked."""
    return ssl.create_default_context()
