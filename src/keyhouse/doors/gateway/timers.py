"""One coarse clock for all connections, instead of a timer for each request."""

import asyncio
from typing import Final, Protocol

TICK_SECONDS_MAX: Final = 0.25
NEVER: Final = float("inf")


class Timed(Protocol):
    """A connection that must not wait for ever."""

    deadline: float

    def expired(self) -> None:
        """The deadline is past: end it, or set another one."""


class Watch:
    """Sweeps over its members each tick and tells those whose time is up.

    `now` is the loop's time at the last tick, so a time-out comes up to two
    ticks late, never early.
    """

    __slots__ = ("_empty", "_handle", "_loop", "members", "now", "tick")

    def __init__(self, loop: asyncio.AbstractEventLoop, shortest_seconds: float) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None
        self.members: set[Timed] = set()
        self.tick = min(TICK_SECONDS_MAX, shortest_seconds / 4)
        self.now = loop.time()

    def after(self, seconds: float) -> float:
        """The deadline that lies `seconds` ahead."""
        return self.now + seconds + self.tick

    def start(self) -> None:
        """Begin to sweep."""
        self._sweep()

    def stop(self) -> None:
        """Sweep no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def leave(self, member: Timed) -> None:
        """`member` is gone."""
        self.members.discard(member)
        if self._empty is not None and not self.members and not self._empty.done():
            self._empty.set_result(None)

    async def empty(self) -> None:
        """Wait until all members are gone."""
        if self.members:
            self._empty = self._loop.create_future()
            await self._empty

    def _sweep(self) -> None:
        self.now = now = self._loop.time()
        for member in tuple(self.members):
            if member.deadline <= now:
                member.expired()
        self._handle = self._loop.call_later(self.tick, self._sweep)
