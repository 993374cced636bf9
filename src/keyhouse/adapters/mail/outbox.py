"""Mails wait here, so that nobody waits for them."""

import logging
from collections.abc import Callable
from heapq import heappop, heappush
from queue import Empty, Full, Queue
from smtplib import (
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from threading import Lock, Thread
from time import monotonic
from typing import Final, NamedTuple

from keyhouse.ports import Mail

WAITING_MAX: Final = 1000
PAUSES_SECONDS: Final = (5.0, 30.0, 120.0, 400.0, 900.0)
"""Before each further try; then the mail is given up. The fourth outlasts servers that

let a stranger's first mail wait for five minutes.
"""
_PERMANENT: Final = 500
_log = logging.getLogger(__name__)

Deliver = Callable[[Mail], None]


class _Later(NamedTuple):
    """A mail that could not be delivered yet, in the order of its next try."""

    due: float
    number: int
    tries: int
    mail: Mail


class Outbox:
    """`ports.Mailer`: a thread that delivers one mail after the other.

    It starts with the first mail, and again should it have ended. What waits
    when the process is killed is lost: every mail of ours can be asked for again.
    """

    def __init__(
        self, deliver: Deliver, pauses_seconds: tuple[float, ...] = PAUSES_SECONDS
    ) -> None:
        self._deliver = deliver
        self._pauses = pauses_seconds
        self._waiting: Queue[Mail | None] = Queue(WAITING_MAX)
        self._later: list[_Later] = []
        self._number = 0
        self._thread: Thread | None = None
        self._starting = Lock()

    def send(self, mail: Mail) -> None:
        """Take the mail; where too many wait, it is dropped and the log told."""
        self._start()
        try:
            self._waiting.put_nowait(mail)
        except Full:
            _log.error("a mail is dropped: %d are waiting already", WAITING_MAX)

    def close(self, seconds_max: float = 5.0) -> None:
        """Deliver what has not been tried yet, and end; wait no longer than that."""
        if self._thread is None:
            return
        try:
            self._waiting.put(None, timeout=seconds_max)
        except Full:
            return
        self._thread.join(seconds_max)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="mail", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            mail, tries = self._next()
            if mail is None:
                break
            self._try(mail, tries)
        if self._later:
            _log.error("%d mails are given up at the stop", len(self._later))

    def _next(self) -> tuple[Mail | None, int]:
        """What is to be delivered now, and how often that was tried; None to end."""
        seconds = max(0.0, self._later[0].due - monotonic()) if self._later else None
        try:
            return self._waiting.get(timeout=seconds), 0
        except Empty:
            due = heappop(self._later)
            return due.mail, due.tries

    def _try(self, mail: Mail, tries: int) -> None:
        try:
            self._deliver(mail)
        except Exception as error:  # noqa: BLE001 - nobody is above this thread; logged
            # Not the error's text: with an address in it, it is personal data.
            told = f"{type(error).__name__} {getattr(error, 'smtp_code', '')}".strip()
            if tries >= len(self._pauses) or _is_final(error):
                _log.error("a mail is given up: %s", told)
                return
            _log.warning("a mail has to wait: %s", told)
            self._number += 1
            due = monotonic() + self._pauses[tries]
            heappush(self._later, _Later(due, self._number, tries + 1, mail))


def _is_final(error: Exception) -> bool:
    """Whether the same mail would be refused again (RFC 5321, 4.2.1: 5yz)."""
    if isinstance(error, SMTPResponseException):
        return error.smtp_code >= _PERMANENT
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= _PERMANENT for code, _ in error.recipients.values())
    # What is no error of a connection is one of the mail itself.
    return not isinstance(error, OSError) or isinstance(error, SMTPNotSupportedError)
