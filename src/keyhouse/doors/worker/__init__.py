"""The worker: what happens on its own, beside the management API."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from keyhouse.ports import StoreUnavailable

ROUND_SECONDS: Final = 3600.0
Round = Callable[[Callable[[], bool]], int]
"""One round of upkeep; ends early once the callable it is given says so."""
_log = logging.getLogger(__name__)


async def work(upkeep: Round, stop: asyncio.Event, seconds: float = ROUND_SECONDS) -> None:
    """Do a round at once and then every `seconds`, until `stop` is set.

    A round that fails is logged; the next one takes up what it left.
    """
    while not stop.is_set():
        await asyncio.to_thread(_round, upkeep, stop)
        try:
            async with asyncio.timeout(seconds):
                await stop.wait()
        except TimeoutError:
            continue


def _round(upkeep: Round, stop: asyncio.Event) -> None:
    try:
        removed = upkeep(stop.is_set)
    except StoreUnavailable as error:
        _log.warning("upkeep waits for the next round: %s", error)
    except Exception:  # noqa: BLE001 - the next round may go better; it is logged
        _log.exception("a round of upkeep failed")
    else:
        _log.debug("upkeep removed %d rows", removed)
