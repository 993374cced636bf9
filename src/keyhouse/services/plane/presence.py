"""A node's own row: that it lives, and how far it has followed the change log.

Who waits for a change to be in force everywhere waits for these rows. So the
first change after a quiet time is acknowledged at once; when there are many,
they are acknowledged together.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Final

from keyhouse.ports import Node, NodeRegistry, StoreUnavailable

PAUSE_SECONDS: Final = 0.5
"""Between two acknowledgements in the long run: a busy change log costs a node two

writes a second.
"""
AT_ONCE: Final = 4
"""Acknowledgements after a quiet time that come without a pause."""
_log = logging.getLogger(__name__)


class Presence:
    """Keeps the row of one node. `node` tells what it is to say now, on any thread."""

    def __init__(self, nodes: NodeRegistry, node: Callable[[], Node]) -> None:
        self._nodes = nodes
        self._node = node
        self._told_seq = 0
        self._lock = threading.Lock()
        self._gone = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to acknowledge, on the running loop."""
        self._task = asyncio.create_task(self._acknowledge())

    async def stop(self) -> None:
        """Acknowledge no more; the row stays until `leave`."""
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def heard(self) -> None:
        """Changes have been applied. On the loop."""
        self._news.set()

    def announce(self) -> Node:
        """Write the row as it is to be now. Blocks; raises StoreUnavailable."""
        with self._lock:
            node = self._node()
            if not self._gone:
                self._nodes.announce(node)
                self._told_seq = node.applied_seq
            return node

    def leave(self) -> None:
        """Remove the row, for good. Blocks; raises StoreUnavailable."""
        with self._lock:
            # A thread that is late must not write it once more: all would wait for it.
            self._gone = True
            self._nodes.leave(self._node().id)

    async def _acknowledge(self) -> None:
        clock = asyncio.get_running_loop().time
        spent_until = 0.0
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.to_thread(self._tell)
            spent_until = max(spent_until, clock()) + PAUSE_SECONDS
            await asyncio.sleep(spent_until - clock() - (AT_ONCE - 1) * PAUSE_SECONDS)

    def _tell(self) -> None:
        if self._node().applied_seq == self._told_seq:
            return
        try:
            self.announce()
        except StoreUnavailable as error:
            # The next round tells it; until then others wait for this node.
            _log.warning("changes are not acknowledged: %s", error)
        except Exception:  # noqa: BLE001 - the next round may go better; it is logged
            _log.exception("acknowledging changes failed")
