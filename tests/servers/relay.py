"""A relay between a process and a server, as the network between two machines.

It listens on 127.0.0.1 and needs no privilege. While it is cut nothing passes,
in either direction, and nobody is told: as where a cable was pulled.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

_PIECE = 1 << 16


class Relay:
    """To the unix socket at `path`. All its calls are made on its loop."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def cut(self) -> None:
        """Let nothing pass any more; connections stay, and new ones get no answer."""
        self._open.clear()

    def heal(self) -> None:
        """Undo `cut`: what was sent meanwhile arrives."""
        self._open.set()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncGenerator["Relay"]:
        """Listens on a free port until the block ends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._open.wait()
            there, further = await asyncio.open_unix_connection(self._path)
            with contextlib.closing(further):
                ways = (self._pass(reader, further), self._pass(there, writer))
                await asyncio.wait(
                    [asyncio.create_task(way) for way in ways],
                    return_when=asyncio.FIRST_COMPLETED,
                )
        self._tasks.discard(task)
        writer.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(_PIECE):
                await self._open.wait()
                writer.write(piece)
                await writer.drain()
