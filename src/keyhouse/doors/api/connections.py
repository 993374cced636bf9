"""Connections of which each gets only so long to ask."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS_MAX: Final = 10.0
"""The whole head of a request must have come by then."""


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's, which waits for no head for ever and has only so many connections.

    Of itself it would wait for as long as a stranger likes, and hold all files
    that the process may open.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as there
        """Begin to wait for a head; one connection too many ends at once."""
        super().connection_made(transport)
        if self.limit_concurrency and len(self.connections) >= self.limit_concurrency:
            transport.abort()
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Parse; what came after an answer begins the next head."""
        super().data_received(data)
        if self._deadline is None and getattr(self.cycle, "response_complete", True):
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEAD_SECONDS_MAX, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
