"""Follows the change log of a Keyhouse elsewhere, so that what is remembered is true."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from keyhouse.ports import Clock, RemoteKeyhouse, RemoteRefused, StoreUnavailable
from keyhouse.services.remote.telling import Telling

CHANGES: Final = "/.keyhouse/v1/changes"
WAIT_SECONDS: Final = 1
ANSWER_SECONDS_MAX: Final = 2.0
"""How long the answer may take beyond what is waited for."""
STALE_US: Final = 2_500_000
"""So long after the log was last confirmed, nothing is remembered any more."""
RETRY_SECONDS: Final = 0.25
PAUSE_SECONDS: Final = 0.02
"""Between two questions: an answer may come at once, again and again."""
_log = logging.getLogger(__name__)


class Following:
    """`forget` is called with the tokens that were told, with None for everything.

    `alive` is called whenever an answer came. `require_tls` is what the gateway
    last said of itself. Belongs to one event loop.
    """

    def __init__(
        self,
        remote: RemoteKeyhouse,
        clock: Clock,
        forget: Callable[[list[str] | None], None],
        alive: Callable[[], None],
    ) -> None:
        self._remote = remote
        self._clock = clock
        self._forget = forget
        self._alive = alive
        self._head: int | None = None
        self._log_name = ""
        self.require_tls = False
        self._confirmed_us = -STALE_US
        self._task: asyncio.Task[None] | None = None
        self._telling = Telling(_log, clock)

    async def start(self) -> None:
        """Begin to follow. Raises RemoteRefused.

        Where nobody answers yet, it goes on trying.
        """
        try:
            await self._read()
        except StoreUnavailable as error:
            self._telling.warn("Keyhouse cannot be reached yet: %s", error)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def is_fresh(self) -> bool:
        """Whether the log was read a moment ago. Where not, all is forgotten."""
        if self._clock.monotonic_us() - self._confirmed_us <= STALE_US:
            return True
        if self._head is not None:
            self._head = None
            self._forget(None)
        return False

    def covers(self, seq: int, log: str) -> bool:
        """Whether what was decided as of a change may be kept from now on.

        Not what was decided before a change that was heard of already: it may
        be what that change undid.
        """
        known = self._head is not None and log == self._log_name
        return known and self.is_fresh() and seq >= (self._head or 0)

    async def _run(self) -> None:
        while True:
            try:
                await self._read()
                await asyncio.sleep(PAUSE_SECONDS)
            except (StoreUnavailable, RemoteRefused) as error:
                self._telling.warn("changes cannot be followed: %s", error)
                self.is_fresh()
                await asyncio.sleep(RETRY_SECONDS)

    async def _read(self) -> None:
        path, seconds = CHANGES, ANSWER_SECONDS_MAX
        if self._head is not None:
            path = f"{CHANGES}?after={self._head}&wait={WAIT_SECONDS}"
            seconds += WAIT_SECONDS
        began_us = self._clock.monotonic_us()
        told = await self._remote.get(path, seconds)
        head, log, tokens = _read(told)
        if tokens is None or log != self._log_name or self._head is None:
            self._forget(None)
        elif head != self._head:
            self._forget(tokens)
        # The log was complete when the question was asked, which is the safer moment.
        self._head, self._log_name, self._confirmed_us = head, log, began_us
        self.require_tls = told.get("require_tls") is True
        self._alive()


def _read(told: Any) -> tuple[int, str, list[str] | None]:  # noqa: ANN401 - JSON, not yet checked
    """Head, log and tokens, None for all of them. Raises StoreUnavailable for else."""
    try:
        tokens = [str(token) for token in told["forget"]]
        all_of_them = told["forget_all"] is not False
        return int(told["head"]), str(told["log"]), None if all_of_them else tokens
    except (KeyError, TypeError, ValueError):
        raise StoreUnavailable("the answer to changes cannot be read") from None
