"""The worker: what happens on its own, beside the management API."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from keyhouse.ports import StoreUnavailable

LOOK_SECONDS: Final = 60.0
"""How often at most a round waits: what another process left is taken up by then."""
Stopped = Callable[[], bool]
_log = logging.getLogger(__name__)


class Round(Protocol):
    """One job as this process does it, whenever its turn comes."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    @property
    def every_seconds(self) -> float:
        """The time between two rounds."""

    @property
    def run(self) -> Callable[[Stopped], None]:
        """Do one round, on a thread; ends early once the callable says so."""

    @property
    def end(self) -> Callable[[], None]:
        """Let other processes have it, at the end."""


async def work(rounds: Sequence[Round], stop: asyncio.Event) -> None:
    """Do all rounds, each at once and then every so often, until `stop` is set.

    One that fails is logged; the next one takes up what it left. Each job has
    a thread, so that none waits for another's.
    """
    if not rounds:
        return
    with ThreadPoolExecutor(len(rounds), "worker") as threads:
        async with asyncio.TaskGroup() as group:
            for one in rounds:
                group.create_task(_work(one, stop, threads))


async def _work(one: Round, stop: asyncio.Event, threads: ThreadPoolExecutor) -> None:
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        await loop.run_in_executor(threads, _guarded, one.name, one.run, stop.is_set)
        try:
            async with asyncio.timeout(min(one.every_seconds, LOOK_SECONDS)):
                await stop.wait()
        except TimeoutError:
            continue
    await loop.run_in_executor(threads, _guarded, one.name, one.end)


def _guarded(name: str, act: Callable[..., None], *arguments: object) -> None:
    try:
        act(*arguments)
    except StoreUnavailable as error:
        _log.warning("%s waits for the next round: %s", name, error)
    except Exception:  # noqa: BLE001 - the next round may go better; it is logged
        _log.exception("a round of %s failed", name)
