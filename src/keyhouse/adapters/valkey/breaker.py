"""Keeps requests from waiting for counters that are away."""

import logging
from typing import Final

REST_FIRST_SECONDS: Final = 0.25
REST_MAX_SECONDS: Final = 4.0
WORD_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Breaker:
    """Closed while answers come. After a failure it is open for a while, and then

    lets one question through: that one's answer closes it, or the while doubles.
    """

    __slots__ = ("_asking", "_rest", "_until", "is_closed")

    def __init__(self) -> None:
        self.is_closed = True
        self._asking = False
        self._rest = REST_FIRST_SECONDS
        self._until = 0.0

    def lets_through(self, now: float) -> bool:
        """Whether to ask at all; at a time in seconds that only goes forward."""
        if self.is_closed:
            return True
        if now < self._until:
            return False
        # Should no word come of it, another one goes.
        self._until = now + WORD_SECONDS
        self._asking = True
        return True

    def answered(self) -> None:
        """An answer came."""
        if not self.is_closed:
            _log.warning("the rate counters answer again")
        self.is_closed = True
        self._asking = False
        self._rest = REST_FIRST_SECONDS

    def failed(self, now: float, reason: object) -> None:
        """None came."""
        if self.is_closed:
            _log.warning("the rate counters do not answer: %s", reason)
        elif self._asking:
            self._rest = min(self._rest * 2, REST_MAX_SECONDS)
        else:
            return  # asked before it opened: that is no news
        self.is_closed = self._asking = False
        self._until = now + self._rest
