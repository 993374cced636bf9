"""Where the names of upstreams lead: looked up once for all who ask, on threads of its own.

The loop's own way has four threads for all names, so that a single one whose DNS
hangs would shut every other out.
"""

import asyncio
import contextlib
import socket
import threading
from functools import partial
from typing import Final

AT_ONCE_MAX: Final = 32
"""Names that are looked up at one time, and so may hang before others have to wait."""
WAIT_SECONDS_MAX: Final = 2.0
"""For one of them to come to its end. Then a name is given up: soon, so that what waits

for it does not pile up.
"""
FRESH_SECONDS: Final = 5.0
"""How long an answer is used. A busy API opens many connections in that time, and one

that moves is followed before anybody wonders.
"""


class Names:
    """The names of all upstreams. One event loop only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._free = asyncio.Semaphore(AT_ONCE_MAX)
        self._asked: dict[str, asyncio.Task[list[str]]] = {}
        self._known: dict[str, list[str]] = {}

    async def addresses(self, name: str) -> list[str]:
        """Where it leads, in a list of the asker's own.

        Raises OSError or ValueError where that can't be found out. It may take as
        long as the system's resolver takes; who leaves meanwhile disturbs no other.
        """
        known = self._known.get(name)
        if known is None:
            asked = self._asked.get(name)
            if asked is None:
                asked = self._asked[name] = self._loop.create_task(self._look_up(name))
                asked.add_done_callback(partial(self._end, name))
            known = await asyncio.shield(asked)
        return known.copy()

    def forget(self, name: str) -> None:
        """None of its addresses answers: the next to ask has it looked up anew."""
        self._known.pop(name, None)

    async def close(self) -> None:
        """Wait for no answer any more."""
        asked = tuple(self._asked.values())
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    async def _look_up(self, name: str) -> list[str]:
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await self._free.acquire()
        except TimeoutError:
            raise OSError("too many names are being looked up, and hang") from None
        found: asyncio.Future[list[str]] = self._loop.create_future()
        # One that hangs must not keep the process from ending, as a pool's would.
        thread = threading.Thread(target=self._run, args=(name, found), daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._free.release()
            raise OSError("there is no thread to look its name up") from error
        return await found

    def _run(self, name: str, found: asyncio.Future[list[str]]) -> None:
        """On a thread: ask the system, and hand over what it says."""
        addresses, failure = [], None
        try:
            addresses = _looked_up(name)
        except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it is
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody asks
            self._loop.call_soon_threadsafe(self._tell, found, addresses, failure)

    def _tell(
        self,
        found: asyncio.Future[list[str]],
        addresses: list[str],
        failure: Exception | None,
    ) -> None:
        self._free.release()
        if found.done():
            return
        if failure is None:
            found.set_result(addresses)
        else:
            found.set_exception(failure)

    def _end(self, name: str, asked: asyncio.Task[list[str]]) -> None:
        del self._asked[name]
        if asked.cancelled() or asked.exception() is not None:
            return
        self._known[name] = asked.result()
        self._loop.call_later(FRESH_SECONDS, self.forget, name)


def _looked_up(name: str) -> list[str]:
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
