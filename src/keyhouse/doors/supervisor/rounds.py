"""Something done again and again, whatever one of the times comes to."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger("keyhouse.supervisor")


async def rounds(
    what: str, make: Callable[[], Awaitable[bool | None]], seconds: float
) -> None:
    """Make a round, and the next one `seconds` later, until one gives True.

    An exception ends its round and no more: who watches over others must not go
    with one of them. It is told once, until it is another or a round goes well.
    """
    told = ""
    while True:
        try:
            if await make():
                return
        except Exception as error:  # noqa: BLE001  (nobody is above this task; see there)
            reason = f"{type(error).__name__}: {error}"
            if reason != told:
                _log.error("%s: %s; goes on", what, reason, exc_info=error)
            told = reason
        else:
            if told:
                _log.info("%s: works again", what)
            told = ""
        await asyncio.sleep(seconds)
