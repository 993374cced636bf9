"""The end of the change log, held in memory for those who follow it from afar."""

from collections import deque
from typing import TYPE_CHECKING, Final

from keyhouse.core.forgetting import forget_token, log_name
from keyhouse.core.records import PartRef
from keyhouse.ports import Changes

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS_MAX: Final = 4096
"""Changes that are remembered; whoever is further behind forgets everything."""


class RecentChanges:
    """What changed lately. One thread uses it, that of its event loop.

    `head` is the number of the newest change that was heard of. `pepper` is
    what tokens are made with.
    """

    def __init__(self, pepper: bytes, rows_max: int = ROWS_MAX) -> None:
        self.head = 0
        self.log = log_name(pepper)
        self._listeners: list[Callable[[], None]] = []
        self._pepper = pepper
        self._floor = 0
        self._rows: deque[tuple[int, PartRef]] = deque(maxlen=rows_max)

    def start(self, head: int) -> None:
        """Begin at change `head`; what was before is not known here."""
        self._rows.clear()
        self.head = self._floor = head

    def hear(self, changes: Changes) -> None:
        """Take in what the change log told; what was told before does no harm."""
        if changes.forget_all:
            self.start(changes.head)
            self._tell()
            return
        if changes.head <= self.head:
            return
        for seq, part in changes.rows:
            if seq > self.head:
                self._add(seq, part)
        self.head = changes.head
        self._tell()

    def since(self, after: int) -> tuple[PartRef, ...] | None:
        """What changed behind change `after`, in order, each part once.

        None where that is not known any more, or not yet.
        """
        if not self._floor <= after <= self.head:
            return None
        return tuple(dict.fromkeys(part for seq, part in self._rows if seq > after))

    def listen(self, call: "Callable[[], None]") -> None:
        """Have `call` made whenever `head` has moved."""
        self._listeners.append(call)

    def token(self, asker_id: str, part: PartRef) -> str:
        """The name of a part to one asker: see `core.forgetting`."""
        return forget_token(self._pepper, asker_id, part)

    def _tell(self) -> None:
        for call in self._listeners:
            call()

    def _add(self, seq: int, part: PartRef) -> None:
        if len(self._rows) == self._rows.maxlen:
            self._floor = self._rows[0][0]
        self._rows.append((seq, part))
