"""Answers GET /metrics, one request a connection.

It has to answer when all else is away, so it stands on nothing but a socket.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

PATH: Final = b"/metrics"
HEAD_BYTES_MAX: Final = 8192
HEAD_SECONDS_MAX: Final = 5.0
SEND_SECONDS_MAX: Final = 10.0
AT_ONCE_MAX: Final = 16
_END: Final = b"\r\n\r\n"
_log = logging.getLogger(__name__)


class MetricsListener:
    """Serves one socket on the running loop; `render` is called on a thread."""

    def __init__(
        self, sock: socket.socket, render: Callable[[], bytes], content_type: str
    ) -> None:
        self._socket = sock
        self._render = render
        self._type = content_type.encode("ascii")
        self._server: asyncio.Server | None = None
        self._answering = 0

    async def start(self) -> None:
        """Begin to answer."""
        self._server = await asyncio.start_server(
            self._serve, sock=self._socket, limit=HEAD_BYTES_MAX
        )

    async def close(self) -> None:
        """Answer no more; the socket is closed."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._answering >= AT_ONCE_MAX:
            writer.transport.abort()
            return
        self._answering += 1
        try:
            async with asyncio.timeout(HEAD_SECONDS_MAX):
                head = await reader.readuntil(_END)
            writer.write(await self._answer(head))
            async with asyncio.timeout(SEND_SECONDS_MAX):
                await writer.drain()
            writer.close()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            # A TimeoutError is an OSError, an IncompleteReadError an EOFError.
            writer.transport.abort()
        finally:
            self._answering -= 1

    async def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path != PATH:
            return _plain(b"404 Not Found", b"What is measured is at /metrics.\n")
        if method not in (b"GET", b"HEAD"):
            told = b"Ask with GET.\n"
            return _plain(b"405 Method Not Allowed", told, b"Allow: GET, HEAD\r\n")
        try:
            body = await asyncio.to_thread(self._render)
        except Exception:  # noqa: BLE001 - whoever asks hears of it, and the log why
            _log.exception("the metrics cannot be told")
            return _plain(b"500 Internal Server Error", b"See the log.\n")
        whole = _whole(b"200 OK", self._type, body)
        return whole[: len(whole) - len(body)] if method == b"HEAD" else whole


def _plain(status: bytes, body: bytes, more: bytes = b"") -> bytes:
    return _whole(status, b"text/plain; charset=utf-8", body, more)


def _whole(status: bytes, kind: bytes, body: bytes, more: bytes = b"") -> bytes:
    return (
        b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n"
        b"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        b"Connection: close\r\n%b\r\n%b" % (status, kind, len(body), more, body)
    )
