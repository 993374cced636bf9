"""Connections that have shown no good key: they make room where all places are taken.

Whoever opens connections and sends nothing, or a head or body that never ends, would
otherwise hold all places against those who hold a key, for as long as these may
take. Nor do answers keep a place that anybody gets: refusals, our own addresses.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from keyhouse.doors.gateway.caller import Caller

HASTE_SECONDS: Final = 1.0
"""Enough for a head from the other side of the earth, lost once on its way."""
LOOK_SECONDS: Final = 0.25


class Newcomers:
    """Those of one gateway, in the order of their coming. `crowded` asks for room."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, crowded: Callable[[], bool]
    ) -> None:
        self._loop = loop
        self._crowded = crowded
        self._since: dict[Caller, float] = {}
        self._looking: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self._since)

    def add(self, caller: "Caller") -> None:
        """One has come, or was answered without a good key; it gains no time by that."""
        self._since.setdefault(caller, self._loop.time())

    def leave(self, caller: "Caller") -> None:
        """It has shown a good key, or waits for us to find out, or is gone."""
        self._since.pop(caller, None)

    def make_room(self) -> None:
        """All places are taken: end those who had their time, until that is over."""
        if self._looking is None:
            self._look()

    def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _look(self) -> None:
        self._looking = None
        if not self._crowded():
            return
        before = self._loop.time() - HASTE_SECONDS
        for caller, since in tuple(self._since.items()):
            if since > before:
                break
            del self._since[caller]
            caller.abort()
        self._looking = self._loop.call_later(LOOK_SECONDS, self._look)
