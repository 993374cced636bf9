"""Puts a process's readings where others find them, every so often."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from keyhouse.core.metrics import Readings
from keyhouse.ports import Shelf

SECONDS: Final = 1.0
"""How old a reading may be: far less than the time between two looks of Prometheus."""
_log = logging.getLogger(__name__)

Collect = Callable[[Readings], None]
"""Adds what is read just now. Called on a thread of its own; never blocks for long."""


class Publisher:
    """A thread that collects and publishes from `start` to `stop`."""

    def __init__(
        self, shelf: Shelf, collect: Sequence[Collect], seconds: float = SECONDS
    ) -> None:
        self._shelf = shelf
        self._collect = tuple(collect)
        self._seconds = seconds
        self._ending = threading.Event()
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. What was published is gone with it."""
        self._ending.set()
        self._thread.join()
        self._shelf.close()

    def _run(self) -> None:
        while True:
            self._publish()
            if self._ending.wait(self._seconds):
                return

    def _publish(self) -> None:
        readings: Readings = {}
        try:
            for collect in self._collect:
                collect(readings)
            self._shelf.put(readings)
        except Exception:  # noqa: BLE001 - nobody is above this thread; logged once
            if not self._failed:
                _log.exception("the metrics of this process cannot be published")
            self._failed = True
        else:
            self._failed = False
