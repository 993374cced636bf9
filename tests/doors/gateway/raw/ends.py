"""Both ends of the wire: a caller that sends any bytes, an upstream that records all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import cast

from tests.doors.gateway.raw import strict

PATIENCE_SECONDS = 10.0
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawCaller(asyncio.Protocol):
    """Sends what it is told and keeps what comes, however the connection ends."""

    def __init__(self) -> None:
        self.got = bytearray()
        self.ended = False
        self.was_reset = False
        self._more = asyncio.Event()
        self._transport: asyncio.Transport

    @classmethod
    @contextlib.asynccontextmanager
    async def connected(cls, port: int) -> AsyncIterator["RawCaller"]:
        loop = asyncio.get_running_loop()
        _, caller = await loop.create_connection(cls, "127.0.0.1", port)
        try:
            yield caller
        finally:
            caller.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.got += data
        self._more.set()

    def eof_received(self) -> bool:
        self.ended = True
        self._more.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.was_reset = exc is not None
        self.ended = True
        self._more.set()

    def send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def end(self) -> None:
        """Send no more, but go on to read."""
        self._transport.write_eof()

    def close(self) -> None:
        self._transport.abort()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition that more bytes or the end may bring about."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._more.clear()
                await self._more.wait()


class Wire(asyncio.Protocol):
    """One connection to the recording upstream: all bytes that came, and its end."""

    def __init__(self, upstream: "Recorder") -> None:
        self.got = bytearray()
        self.ended = False
        self.answered = 0
        self.greeted = False
        self._upstream = upstream
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._upstream.wires.append(self)
        self._upstream.greet(self)

    def data_received(self, data: bytes) -> None:
        self.got += data
        self._upstream.look(self)

    def eof_received(self) -> None:
        self.ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True

    def send(self, data: bytes) -> None:
        self._transport.write(data)

    def end(self) -> None:
        self._transport.close()

    def half_close(self) -> None:
        self._transport.write_eof()

    def abort(self) -> None:
        self._transport.abort()


class Recorder:
    """Answers each whole request, strictly read, with what `reply` is."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.port = 0
        self.reply: Callable[[Wire, strict.Request], None] = self.plainly
        self.greet: Callable[[Wire], None] = lambda _: None
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def plainly(self, wire: Wire, request: strict.Request) -> None:
        head = request.method == b"HEAD"
        wire.send(PLAIN[:-2] if head else PLAIN)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Wire(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for wire in self.wires:
            with contextlib.suppress(RuntimeError):
                wire.abort()

    def look(self, wire: Wire) -> None:
        """Answer what has become whole; what is unfit is found at the end."""
        try:
            found, _ = strict.requests(bytes(wire.got))
        except strict.Unfit:
            wire.abort()
            return
        for request in found[wire.answered :]:
            wire.answered += 1
            self.reply(wire, request)

    def reached(self) -> tuple[list[strict.Request], list[bytes]]:
        """The whole requests that came, and what came of others."""
        whole: list[strict.Request] = []
        parts: list[bytes] = []
        for wire in self.wires:
            found, rest = strict.requests(bytes(wire.got))
            whole += found
            if rest:
                assert wire.ended, "a request hangs in the air"
                parts.append(rest)
        return whole, parts
