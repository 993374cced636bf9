"""What all connections of one gateway share."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from keyhouse.doors.gateway.by_host import HostNames
from keyhouse.doors.gateway.config import LINGER_SECONDS, GatewayConfig
from keyhouse.doors.gateway.faces import Faces
from keyhouse.doors.gateway.newcomers import Newcomers
from keyhouse.doors.gateway.peers import Peers
from keyhouse.doors.gateway.plane import Plane
from keyhouse.doors.gateway.pool import Pool, tls_context
from keyhouse.doors.gateway.timers import Watch
from keyhouse.doors.gateway.verify_memory import VerifyBodies, VerifyHeads
from keyhouse.doors.gateway.vigil import Vigil
from keyhouse.doors.gateway.waiters import Waiters

if TYPE_CHECKING:
    from keyhouse.doors.gateway.caller import Caller
    from keyhouse.doors.gateway.tunnel import Tunnel


class Gate:
    """`crowded` is called with whether there are as many callers as may be.

    A patience is what is added to the watch's `now` for a deadline. `draining` says
    that each answer is its connection's last, `ending` that none waits for a request.
    """

    def __init__(
        self,
        config: GatewayConfig,
        plane: Plane,
        loop: asyncio.AbstractEventLoop,
        crowded: Callable[[bool], None],
    ) -> None:
        self.config = config
        self.plane = plane
        self.loop = loop
        self.draining = self.ending = False
        self.callers: set[Caller] = set()
        self.newcomers = Newcomers(loop, self._is_full)
        self.tunnels: set[Tunnel] = set()
        self.watch = Watch(
            loop,
            min(
                config.head_seconds_max,
                config.idle_seconds_max,
                config.upstream_seconds_max,
                LINGER_SECONDS,
            ),
        )
        tick = self.watch.tick
        self.idle_patience = config.idle_seconds_max + tick
        self.upstream_patience = config.upstream_seconds_max + tick
        self.pool_patience = config.upstream_idle_seconds_max + tick
        self.peers = Peers(config.trusted_proxies)
        self.hosts = plane.verifier.hosts
        self.host_names = HostNames(config.own_hosts)
        self.pool = Pool(self)
        self.faces = Faces(self.pool, config.admits_private, plane)
        self.verify_heads = VerifyHeads()
        self.verify_bodies = VerifyBodies()
        self.waiters = Waiters(loop, plane.recent)
        self.vigil = Vigil(self)
        self._crowded = crowded
        self._nobody: asyncio.Future[None] | None = None
        self._tls: ssl.SSLContext | None = None

    @property
    def tls(self) -> ssl.SSLContext:
        """How https upstreams are spoken to; made when the first one is."""
        if self._tls is None:
            self._tls = tls_context()
        return self._tls

    def arrived(self, caller: "Caller") -> None:
        """One caller more."""
        self.callers.add(caller)
        self.newcomers.add(caller)
        self.watch.members.add(caller)
        if self._is_full():
            self._crowded(True)
            self.newcomers.make_room()

    def left(self, caller: "Caller") -> None:
        """One caller less."""
        self.callers.discard(caller)
        self.newcomers.leave(caller)
        self.watch.leave(caller)
        if not self.callers and self._nobody is not None and not self._nobody.done():
            self._nobody.set_result(None)
        if not self._is_full():
            self._crowded(False)

    def _is_full(self) -> bool:
        return len(self.callers) >= self.config.connections_max

    async def nobody(self) -> None:
        """Wait until all callers have left."""
        if self.callers:
            self._nobody = self.loop.create_future()
            await self._nobody
