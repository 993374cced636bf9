"""Writing to a log that perhaps nobody reads, without ever waiting for it."""

import contextlib
import logging
import os
import queue
import threading
from typing import Final

LINES_MAX: Final = 4096
"""Lines that wait to be written; more than these are dropped, and that is told."""
FLUSH_SECONDS: Final = 1.0
"""How long the end of a process waits for its last lines to be read."""


class UnblockedHandler(logging.Handler):
    """Has each line written to a descriptor by a thread of its own.

    A pipe that nobody empties holds up whoever writes to it, and a process that
    serves must not stand still because its log does. In a child made by fork it
    goes on with nothing of what waited in its parent.
    """

    def __init__(self, descriptor: int, lines_max: int = LINES_MAX) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines_max = lines_max
        self._thread: threading.Thread | None = None
        self._begin()

    def emit(self, record: logging.LogRecord) -> None:
        """Have it written; drop it where too much waits."""
        try:
            self._put_off(self._line(record))
        except queue.Full:
            self._dropped += 1
        except Exception:  # noqa: BLE001 - as every handler of logging's does
            self.handleError(record)

    def flush(self) -> None:
        """Wait until what was told is written, for a while."""
        if self._thread is None or self._process != os.getpid():
            return
        written = threading.Event()
        with contextlib.suppress(queue.Full):
            self._waiting.put(written, timeout=FLUSH_SECONDS)
            written.wait(FLUSH_SECONDS)

    def _put_off(self, line: bytes) -> None:
        if self._process != os.getpid():
            self._begin()
        if self._thread is None:
            thread = threading.Thread(target=self._write, name="log", daemon=True)
            thread.start()
            self._thread = thread
        self._waiting.put_nowait(line)

    def _begin(self) -> None:
        self._process = os.getpid()
        self._waiting: queue.Queue[bytes | threading.Event] = queue.Queue(self._lines_max)
        self._thread = None
        self._dropped = 0

    def _line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode("utf-8", "backslashreplace")

    def _write(self) -> None:
        while True:
            told = self._waiting.get()
            if not isinstance(told, threading.Event):
                self._put(told)
            # What was dropped came behind all that waits: so it is told when none does.
            if self._dropped and self._waiting.empty():
                self._put(self._line(_notice(self._taken())))
            if isinstance(told, threading.Event):
                told.set()

    def _taken(self) -> int:
        """How many were dropped since the last time."""
        self.acquire()
        try:
            dropped, self._dropped = self._dropped, 0
        finally:
            self.release()
        return dropped

    def _put(self, line: bytes) -> None:
        # Whoever read it may have gone: then there is nobody to tell that either.
        with contextlib.suppress(OSError):
            while line:
                line = line[os.write(self._descriptor, line) :]


def _notice(dropped: int) -> logging.LogRecord:
    text = "%d lines of the log were dropped: it was not read in time"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (dropped,), None)
