"""The app on uvicorn, on a socket that is listening already."""

import asyncio
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from keyhouse.doors.api.connections import BoundedProtocol

GRACE_SECONDS: Final = 10
"""How long requests in flight may take once the end has been asked for."""
CONNECTIONS_MAX: Final = 1000


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to whoever calls `serve`, and says when it serves."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and tell."""
        await super().startup(sockets)
        self._tell()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


def _nobody() -> None:
    """Nobody waits to hear it."""


async def serve(
    app: ASGIApp,
    sock: socket.socket,
    stop: asyncio.Event,
    started: Callable[[], None] = _nobody,
    connections_max: int = CONNECTIONS_MAX,
) -> None:
    """Serve until `stop` is set, and then let requests in flight end.

    A connection beyond `connections_max`, and one whose request's head is not
    whole within `connections.HEAD_SECONDS_MAX`, is closed.
    Proxy headers are not believed, and uvicorn logs no accesses: the audit
    tells who did what. The socket is closed at the end.
    """
    config = uvicorn.Config(
        app,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
        http=BoundedProtocol,
        # One more than there are: uvicorn itself would refuse requests of them all.
        limit_concurrency=connections_max + 1,
    )
    server = _Server(config, started)

    async def watch() -> None:
        await stop.wait()
        server.should_exit = True

    watcher = asyncio.create_task(watch())
    try:
        await server.serve([sock])
    finally:
        watcher.cancel()
