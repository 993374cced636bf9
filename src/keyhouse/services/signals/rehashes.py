"""Secrets that came, and are kept as plain hashes yet: the node's side."""

import logging
from typing import Final

from keyhouse.core.entities import Signal, SignalKind
from keyhouse.core.keyring import Keyring
from keyhouse.ports import Clock, SignalSink, StoreUnavailable

WAITING_MAX: Final = 10_000
"""Beyond it a node forgets: whoever loads the secret next tells it again."""
AT_ONCE: Final = 500
_log = logging.getLogger(__name__)


class Rehashes:
    """Collects on the loop, sends from a thread. The string itself is never here."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._pepper_id = keyring.active.id
        self._clock = clock
        self._waiting: dict[str, Signal] = {}

    def __len__(self) -> int:
        """How many wait to be sent."""
        return len(self._waiting)

    def note(self, secret_id: str, digest: bytes) -> None:
        """The string of that secret came; `digest` is its keyed hash. Never blocks."""
        if len(self._waiting) < WAITING_MAX:
            kind = SignalKind.REHASH
            self._waiting[secret_id] = Signal(
                id=f"{kind}/{secret_id}",
                kind=kind,
                secret_id=secret_id,
                pepper_id=self._pepper_id,
                digest=digest,
                at=self._clock.now_us(),
            )

    def send(self, sink: SignalSink) -> None:
        """Send what waits. Blocks; what cannot be sent waits on."""
        while self._waiting:
            # One step of the interpreter, which the loop cannot come between.
            batch = list(self._waiting.items())[:AT_ONCE]
            try:
                sink.send([signal for _, signal in batch])
            except StoreUnavailable as error:
                _log.warning("signals wait, for the database is away: %s", error)
                return
            for secret_id, _ in batch:
                self._waiting.pop(secret_id, None)
