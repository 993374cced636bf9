"""The app on uvicorn, on a socket that is listening already."""

import asyncio
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

GRACE_SECONDS: Final = 10
"""How long requests in flight may take once the end has been asked for."""


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
) -> None:
    """Serve until `stop` is set, and then let requests in flight end.

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
        h11_max_incomplete_event_size=65_536,
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
