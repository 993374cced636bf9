"""Where the names of upstreams lead: looked up once for all who ask, on threads of its own.

The loop's own way has four threads for all names, so that a single one whose DNS
hangs would shut every other out.
"""

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from functools import partial
from typing import Final

AT_ONCE_MAX: Final = 64
"""Names that are looked up at one time, and so may hang before others have to wait."""
SHARE: Final = 4
"""Whoever has as many under way as a quarter of those that are free waits for one of
its own to end: names that hang shut out their owner long before anybody else, and a
few owners of such names leave room for all others.
"""
WAIT_SECONDS_MAX: Final = 2.0
"""How long a name waits to be looked up. Then it is given up: soon, so that what waits
for it does not pile up.
"""
FRESH_SECONDS: Final = 5.0
"""How long an answer is used. A busy API opens many connections in that time, and one
that moves is followed before anybody wonders.
"""

Name = tuple[str, str]
"""Whose it is, an organization's id, and the name: no two wait for each other."""


class Names:
    """The names of all upstreams. One event loop only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._under_way: Counter[str] = Counter()
        self._free = AT_ONCE_MAX
        self._waiting: dict[asyncio.Future[None], str] = {}
        self._asked: dict[Name, asyncio.Task[list[str]]] = {}
        self._known: dict[Name, list[str]] = {}

    async def addresses(self, owner: str, host: str) -> list[str]:
        """Where an owner's name leads, in a list of the asker's own.

        Raises OSError or ValueError where that can't be found out. It may take as
        long as the system's resolver takes; who leaves meanwhile disturbs no other.
        """
        name = (owner, host)
        known = self._known.get(name)
        if known is None:
            asked = self._asked.get(name)
            if asked is None:
                asked = self._asked[name] = self._loop.create_task(self._look_up(name))
                asked.add_done_callback(partial(self._end, name))
            known = await asyncio.shield(asked)
        return known.copy()

    def forget(self, owner: str, host: str) -> None:
        """None of its addresses answers: the next to ask has it looked up anew."""
        self._known.pop((owner, host), None)

    async def close(self) -> None:
        """Wait for no answer any more."""
        asked = tuple(self._asked.values())
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    async def _look_up(self, name: Name) -> list[str]:
        owner, host = name
        await self._take(owner)
        found: asyncio.Future[list[str]] = self._loop.create_future()
        # One that hangs must not keep the process from ending, as a pool's would.
        run = partial(self._run, owner, host, found)
        try:
            threading.Thread(target=run, daemon=True).start()
        except RuntimeError as error:
            self._give_back(owner)
            raise OSError("there is no thread to look its name up") from error
        return await found

    async def _take(self, owner: str) -> None:
        """One of the threads for the owner. Raises OSError where it takes too long."""
        if self._admits(owner):
            self._begin(owner)
            return
        turn: asyncio.Future[None] = self._loop.create_future()
        self._waiting[turn] = owner
        taken = False
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await turn
                taken = True
        except TimeoutError:
            raise OSError("too many names are being looked up, and hang") from None
        finally:
            del self._waiting[turn]
            # Its turn may come in the moment in which it gives up.
            if not taken and turn.done() and not turn.cancelled():
                self._give_back(owner)

    def _admits(self, owner: str) -> bool:
        """Whether another name of the owner's may be looked up now."""
        return self._under_way[owner] * SHARE < self._free

    def _begin(self, owner: str) -> None:
        self._under_way[owner] += 1
        self._free -= 1

    def _give_back(self, owner: str) -> None:
        """Free a thread of the owner's, for the first of those that wait and may."""
        self._under_way[owner] -= 1
        self._free += 1
        if not self._under_way[owner]:
            del self._under_way[owner]
        for turn, waits in self._waiting.items():
            if not turn.done() and self._admits(waits):
                self._begin(waits)
                turn.set_result(None)

    def _run(self, owner: str, host: str, found: asyncio.Future[list[str]]) -> None:
        """On a thread: ask the system, and hand over what it says."""
        addresses, failure = [], None
        try:
            addresses = _looked_up(host)
        except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it is
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody asks
            self._loop.call_soon_threadsafe(self._tell, owner, found, addresses, failure)

    def _tell(
        self,
        owner: str,
        found: asyncio.Future[list[str]],
        addresses: list[str],
        failure: Exception | None,
    ) -> None:
        self._give_back(owner)
        if found.done():
            return
        if failure is None:
            found.set_result(addresses)
        else:
            found.set_exception(failure)

    def _end(self, name: Name, asked: asyncio.Task[list[str]]) -> None:
        del self._asked[name]
        if asked.cancelled() or asked.exception() is not None:
            return
        self._known[name] = asked.result()
        self._loop.call_later(FRESH_SECONDS, self.forget, *name)


def _looked_up(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
