"""What nodes tell workers."""

from collections.abc import Sequence
from typing import Protocol

from keyhouse.core.entities import Signal


class SignalSink(Protocol):
    """Where a node's signals are written, for a worker to act on."""

    def send(self, signals: Sequence[Signal]) -> None:
        """Write all of them in one transaction; one that is there already stays.

        Raises StoreUnavailable.
        """
