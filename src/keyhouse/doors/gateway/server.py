"""The gateway as a whole: takes connections, and ends without dropping any."""

import asyncio
import contextlib
import socket

from keyhouse.core.metrics import Readings
from keyhouse.doors.gateway.caller import Caller
from keyhouse.doors.gateway.config import GatewayConfig
from keyhouse.doors.gateway.gate import Gate
from keyhouse.doors.gateway.plane import Plane

BACKLOG = 2048


class GatewayServer:
    """Serves one listening socket on the running loop, which is uvloop's.

    The socket stays the caller's own: draining leaves it open, so that what
    knocks meanwhile waits in the kernel's queue for whoever serves it next.
    """

    def __init__(self, config: GatewayConfig, plane: Plane) -> None:
        self._config = config
        self._plane = plane
        self._gate: Gate | None = None
        self._listener: asyncio.Server | None = None
        self._socket: socket.socket | None = None
        self._opening: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """Callers that are connected now."""
        return 0 if self._gate is None else len(self._gate.callers)

    def add_to(self, readings: Readings) -> None:
        """Tell how many connections there are now. On any thread."""
        gate = self._gate
        if gate is None:
            return
        used, unused = gate.pool.count()
        readings["connections"] = {(): len(gate.callers)}
        readings["tunnels"] = {(): len(gate.tunnels)}
        readings["upstream_connections"] = {("used",): used, ("unused",): unused}
        readings["upstream_dials_failed_total"] = {(): gate.pool.dials_failed}

    async def start(self, sock: socket.socket) -> None:
        """Serve `sock`, which is bound; it may be listening already."""
        self._socket = sock
        loop = asyncio.get_running_loop()
        self._gate = Gate(self._config, self._plane, loop, self._crowded)
        self._gate.watch.start()
        self._gate.vigil.start()
        await self._open()

    async def drain(self, seconds: float, last_word_seconds: float = 0) -> None:
        """Take no more connections, finish what is in hand, then close.

        Who keeps a connection has `last_word_seconds` to send a last request on
        it, and is told with its answer that it ends: one that was on its way would
        be lost otherwise. What is not finished after `seconds` is broken off.
        """
        gate = self._gate
        if gate is None:
            return
        gate.draining = True
        gate.waiters.end()
        await self._stop_listening()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(last_word_seconds):
                await gate.nobody()
        gate.ending = True
        for caller in tuple(gate.callers):
            caller.drain()
        for tunnel in tuple(gate.tunnels):
            tunnel.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await gate.nobody()
        for caller in tuple(gate.callers):
            caller.abort()
        await gate.pool.close()
        await gate.watch.empty()
        gate.watch.stop()
        gate.vigil.stop()
        gate.newcomers.stop()

    async def _open(self) -> None:
        gate, sock = self._gate, self._socket
        if gate is None or sock is None or gate.draining:
            return
        self._listener = await gate.loop.create_server(
            lambda: Caller(gate), sock=sock.dup(), backlog=BACKLOG
        )

    async def _stop_listening(self) -> None:
        if self._opening is not None:
            await self._opening
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _crowded(self, full: bool) -> None:
        """Stop and start taking connections; those who wait do so in the kernel."""
        gate = self._gate
        if gate is None or gate.draining:
            return
        if full and self._listener is not None:
            self._listener.close()
            self._listener = None
        elif not full and self._listener is None and self._opening is None:
            self._opening = gate.loop.create_task(self._open())
            self._opening.add_done_callback(self._opened)

    def _opened(self, opening: "asyncio.Task[None]") -> None:
        self._opening = None
        opening.result()
