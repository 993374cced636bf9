"""Keyhouse elsewhere."""

from typing import Any, Protocol


class RemoteRefused(Exception):
    """Keyhouse answered, and refuses the one who asks: its key or its address is wrong.

    The text says why, and holds no secret. `code` is that of the problem, '' where
    what answered is no gateway.
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class RemoteKeyhouse(Protocol):
    """A gateway elsewhere, spoken to on the event loop. Bodies are JSON.

    Both calls are bounded in time. They raise StoreUnavailable where no whole
    answer comes, and RemoteRefused.
    """

    async def get(self, path: str, seconds: float) -> Any:  # noqa: ANN401 - JSON
        """What is at `path`; the answer comes within `seconds`."""

    async def post(self, path: str, body: bytes, seconds: float) -> Any:  # noqa: ANN401 - JSON
        """What `path` answers to `body`."""

    async def close(self) -> None:
        """Close all connections."""
