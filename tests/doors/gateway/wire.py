"""Raw HTTP for both ends: a client that sends bytes, an upstream that may misbehave."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    head: bytes


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def headers_of(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:-2]
    return {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }


async def read_chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = int(await reader.readuntil(b"\r\n"), 16)
        piece = await reader.readexactly(size + 2)
        assert piece.endswith(b"\r\n")
        if not size:
            return body
        body += piece[:-2]


class Client:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 22))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def pause(self) -> None:
        """Read nothing more from the socket."""
        self._transport.pause_reading()

    def resume(self) -> None:
        self._transport.resume_reading()

    @property
    def _transport(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self.writer.transport)

    async def answer(self, *, is_head: bool = False) -> Answer:
        async with asyncio.timeout(10):
            head = await read_head(self.reader)
            headers = headers_of(head)
            status = int(head.split(b" ", 2)[1])
            if is_head or status in (204, 304) or status < 200:
                body = b""
            elif "content-length" in headers:
                body = await self.reader.readexactly(int(headers["content-length"]))
            elif headers.get("transfer-encoding") == "chunked":
                body = await read_chunked(self.reader)
            else:
                body = await self.reader.read()
            return Answer(status, headers, body, head)

    async def rest(self) -> bytes:
        """What else comes until the gateway ends the connection cleanly."""
        async with asyncio.timeout(10):
            return await self.reader.read()

    async def is_reset(self) -> bool:
        """Whether the connection is broken off rather than ended."""
        try:
            await self.rest()
        except ConnectionResetError:
            return True
        return False

    def reset(self) -> None:
        """Leave without a word, as a process does that is killed."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


class Received(NamedTuple):
    """A request as it reached the upstream."""

    line: str
    headers: dict[str, str]
    body: bytes
    head: bytes


class Link:
    """The upstream's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> bytes:
        return await read_head(self.reader)

    async def body(self, head: bytes) -> bytes:
        headers = headers_of(head)
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        if "transfer-encoding" in headers:
            return await read_chunked(self.reader)
        return b""

    async def request(self) -> Received:
        head = await self.head()
        body = await self.body(head)
        line = head.split(b"\r\n", 1)[0].decode("latin-1")
        return Received(line, headers_of(head), body, head)

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def end(self) -> None:
        self.writer.close()

    def abort(self) -> None:
        self.writer.transport.abort()


Play = Callable[[Link], Awaitable[None]]


class RawUpstream:
    """Answers 200 with what it got, unless `play` says otherwise."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self.play: Play = self.obedient
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=1 << 22, ssl=tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def obedient(self, link: Link) -> None:
        while True:
            request = await self.note(link)
            link.send(ok(request.body or b"hello"))

    async def note(self, link: Link) -> Received:
        request = await link.request()
        self.requests.append(request)
        return request

    def reply(self, data: bytes, *, end: bool = False) -> None:
        """From now on answer each request with these bytes."""

        async def play(link: Link) -> None:
            while True:
                await self.note(link)
                link.send(data)
                if end:
                    link.end()
                    return

        self.play = play

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self.play(Link(reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


def ok(body: bytes, *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (
        lines.encode("latin-1"),
        len(body),
        body,
    )
