"""What is measured: gathered in each process, shown by any of them."""

from __future__ import annotations

import asyncio
import platform
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from keyhouse.adapters.system import SystemClock
from keyhouse.adapters.system.process import OwnUse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from keyhouse.doors.api import Monitoring
    from keyhouse.doors.metrics import MetricsListener
    from keyhouse.services.metrics import Collect, Publisher, Tally
    from keyhouse.settings import Settings


@asynccontextmanager
async def measured(
    settings: Settings, kind: str, *collect: Collect
) -> AsyncGenerator[None]:
    """Publish the readings of this process, and serve `metrics.listen`, if it is set.

    Raises CannotStart where that address cannot be had.
    """
    listener = await _listener(settings)
    publisher = await asyncio.to_thread(publishing, settings, kind, *collect)
    try:
        yield
    finally:
        if listener is not None:
            await listener.close()
        if publisher is not None:
            await asyncio.to_thread(publisher.stop)


@contextmanager
def restarts_counted(settings: Settings) -> Iterator[Callable[[str, str], None]]:
    """Publish what the parent of all processes tells: who began anew, and why."""
    from keyhouse.services.metrics import Tally

    tally = Tally()
    publisher = publishing(settings, "supervisor", tally.add_to)
    try:
        yield lambda name, why: tally.add("restarts_total", name, why)
    finally:
        if publisher is not None:
            publisher.stop()


def publishing(settings: Settings, kind: str, *collect: Collect) -> Publisher | None:
    """A publisher at work, to be stopped; None where nothing can be published."""
    from keyhouse.adapters.metrics import take_shelf
    from keyhouse.services.metrics import Publisher

    shelf = take_shelf(settings.metrics_dir, kind)
    if shelf is None:
        return None
    publisher = Publisher(shelf, (_itself(), *collect))
    publisher.start()
    return publisher


def monitoring(settings: Settings, tally: Tally) -> Monitoring:
    """What the management API shows and counts."""
    from keyhouse.adapters.metrics.exposition import CONTENT_TYPE
    from keyhouse.doors.api import Monitoring

    def answered(operation: str, status: str) -> None:
        tally.add("management_requests_total", operation, status)

    return Monitoring(
        _renderer(settings), CONTENT_TYPE, settings.admits_to_metrics, answered
    )


async def _listener(settings: Settings) -> MetricsListener | None:
    """All processes share the address: each tells of all of them."""
    from keyhouse.adapters.metrics.exposition import CONTENT_TYPE
    from keyhouse.doors.metrics import MetricsListener
    from keyhouse.doors.supervisor.sockets import Listener, bind

    address = settings.metrics.address
    if address is None:
        return None
    bound = bind(Listener("metrics", "metrics.listen", *address), shared=True)
    listener = MetricsListener(bound, _renderer(settings), CONTENT_TYPE)
    await listener.start()
    return listener


def _renderer(settings: Settings) -> Callable[[], bytes]:
    from keyhouse.adapters.metrics import FileShelves
    from keyhouse.adapters.metrics.exposition import exposition

    shelves = FileShelves(settings.metrics_dir)
    return lambda: exposition(shelves.all())


def _itself() -> Collect:
    from importlib.metadata import version

    from keyhouse.services.metrics import Itself

    began_us = SystemClock().now_us()
    return Itself(version("keyhouse"), platform.python_version(), began_us, OwnUse()).add_to
