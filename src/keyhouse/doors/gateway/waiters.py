"""Askers that wait for the change log to move; so many, and no more."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from keyhouse.doors.gateway.needs import Following

WAITERS_MAX: Final = 1024
OF_ONE_MAX: Final = 64
"""How many may wait with one management key."""


class Waiter:
    """One asker. `answer` is called once: at news behind `after`, or when time is up."""

    __slots__ = ("after", "answer", "asker_id", "timer")

    def __init__(self, asker_id: str, after: int, answer: Callable[[], None]) -> None:
        self.asker_id = asker_id
        self.after = after
        self.answer = answer
        self.timer: asyncio.TimerHandle | None = None


class Waiters:
    """All that wait at one gateway."""

    def __init__(self, loop: asyncio.AbstractEventLoop, recent: "Following") -> None:
        self._loop = loop
        self._recent = recent
        self._waiting: dict[Waiter, None] = {}
        self._of_one: Counter[str] = Counter()
        self._ended = False
        recent.listen(self._wake)

    def wait(
        self, asker_id: str, after: int, seconds: float, answer: Callable[[], None]
    ) -> None:
        """Call `answer` later; at once where nothing is to be waited for, or nobody may."""
        crowded = len(self._waiting) >= WAITERS_MAX or self._of_one[asker_id] >= OF_ONE_MAX
        if self._recent.head > after or seconds <= 0 or crowded or self._ended:
            answer()
            return
        waiter = Waiter(asker_id, after, answer)
        waiter.timer = self._loop.call_later(seconds, self._let_go, waiter)
        self._waiting[waiter] = None
        self._of_one[asker_id] += 1

    def end(self) -> None:
        """Answer all who wait, and have nobody wait any more."""
        self._ended = True
        for waiter in tuple(self._waiting):
            self._let_go(waiter)

    def _wake(self) -> None:
        for waiter in tuple(self._waiting):
            if self._recent.head > waiter.after:
                self._let_go(waiter)

    def _let_go(self, waiter: Waiter) -> None:
        if waiter.timer is not None:
            waiter.timer.cancel()
        self._waiting.pop(waiter, None)
        self._of_one[waiter.asker_id] -= 1
        if not self._of_one[waiter.asker_id]:
            del self._of_one[waiter.asker_id]
        waiter.answer()
