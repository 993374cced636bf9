"""Follows the change log on a thread and hands what it hears to the loop."""

import logging
import threading

from keyhouse.ports import ChangeFeed, Clock, Deliver, StoreUnavailable

WAIT_SECONDS = 0.05
RETRY_SECONDS = 0.2
_log = logging.getLogger(__name__)


class Follower:
    """`deliver` is called on the follower's thread, also when nothing changed:

    that the log was read is news of its own.
    """

    def __init__(
        self, feed: ChangeFeed, clock: Clock, deliver: Deliver, after: int
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._deliver = deliver
        self._after = after
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="keyhouse-follow", daemon=True
        )

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the feed."""
        self._stopping.set()
        self._feed.close()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_us = self._clock.monotonic_us()
            try:
                changes = self._feed.wait(self._after, WAIT_SECONDS)
            except StoreUnavailable as error:
                if not self._stopping.is_set():
                    _log.warning("the change log cannot be read: %s", error)
                self._stopping.wait(RETRY_SECONDS)
                continue
            except Exception:  # noqa: BLE001 - the reason is told beside it
                if not self._stopping.is_set():
                    _log.exception("following the change log failed")
                self._stopping.wait(RETRY_SECONDS)
                continue
            self._after = changes.head
            if not self._stopping.is_set():
                self._deliver(changes, began_us)
