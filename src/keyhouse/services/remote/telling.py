"""Warnings that would otherwise come with every request."""

import logging
from typing import Final

from keyhouse.ports import Clock

PAUSE_US: Final = 5_000_000


class Telling:
    """Tells at most one thing every few seconds."""

    def __init__(self, log: logging.Logger, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._next_us = 0

    def warn(self, text: str, *details: object) -> None:
        """Log a warning, unless there was one a moment ago."""
        now_us = self._clock.monotonic_us()
        if now_us >= self._next_us:
            self._next_us = now_us + PAUSE_US
            self._log.warning(text, *details)
