"""Whether it is worth asking: after failures in a row, not for a while."""

from random import uniform
from typing import Final

FAILURES: Final = 3
PAUSE_US: Final = 200_000
PAUSE_US_MAX: Final = 5_000_000


class Breaker:
    """Closed while calls succeed. Open, one call at a time finds out how it stands.

    One thread uses it. Pauses double, and are spread so that many guards do
    not come back in step. `now_us` is the monotonic clock.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._pause_us = PAUSE_US
        self._until_us: int | None = None
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether the last calls failed."""
        return self._until_us is not None

    def admits(self, now_us: int) -> bool:
        """Whether a call may be made now."""
        if self._until_us is None:
            return True
        return not self._trying and now_us >= self._until_us

    def begun(self) -> None:
        """A call is being made; while it is open, no other one beside it."""
        self._trying = self.is_open

    def worked(self) -> None:
        """A call succeeded."""
        self._failures = 0
        self._pause_us = PAUSE_US
        self._until_us = None
        self._trying = False

    def failed(self, now_us: int) -> None:
        """A call failed."""
        self._trying = False
        self._failures += 1
        if self._failures >= FAILURES:
            spread_us = uniform(0.5, 1.0) * self._pause_us  # noqa: S311 - spreads load, guards nothing
            self._until_us = now_us + int(spread_us)
            self._pause_us = min(2 * self._pause_us, PAUSE_US_MAX)

    def try_soon(self, now_us: int) -> None:
        """There is a sign of life: the next call may find out."""
        if self._until_us is not None:
            self._until_us = min(self._until_us, now_us)
