"""The process that changes rows."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING

from keyhouse.adapters.system import allow_open_files
from keyhouse.services.plane import CheckingPlane
from keyhouse.wiring.desks import mailer, office_of, people_of
from keyhouse.wiring.folder import open_checked
from keyhouse.wiring.metrics import measured, monitoring
from keyhouse.wiring.planes import means_of, options_of
from keyhouse.wiring.signals import nobody, stop_on_signals
from keyhouse.wiring.worker import rounds_of_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from keyhouse.adapters.database import Database
    from keyhouse.ports import Mailer, NodeRegistry
    from keyhouse.services.metrics import Tally
    from keyhouse.services.work import Office
    from keyhouse.settings import Settings


def run_management(
    settings: Settings,
    listen_fd: int,
    ready: Callable[[], None] = nobody,
    begun: Callable[[], None] = nobody,
    *,
    with_worker: bool = True,
) -> int:
    """The management API on an inherited listening socket, until SIGTERM or SIGINT.

    `begun` is called once its loop turns, `ready` once it serves. Without a worker
    here, what happens on its own waits for another process's. Raises SettingsError
    and StoreUnavailable.
    """
    import uvloop

    with open_checked(settings) as database:
        return uvloop.run(
            _management(
                settings, database, listen_fd, ready, begun, with_worker=with_worker
            )
        )


async def _management(
    settings: Settings,
    database: Database,
    listen_fd: int,
    ready: Callable[[], None],
    begun: Callable[[], None],
    *,
    with_worker: bool,
) -> int:
    from keyhouse.doors.api import CONNECTIONS_MAX, serve
    from keyhouse.doors.worker import work
    from keyhouse.services.metrics import Tally, plane_readings

    stop, tally = stop_on_signals(), Tally()
    begun()
    plane = CheckingPlane(means_of(settings, database), options_of(settings, "management"))
    await plane.open()
    outbox = mailer(settings, tally)
    office = office_of(settings, database)
    rounds = (
        rounds_of_worker(settings, database, office, outbox, tally) if with_worker else ()
    )
    worker = asyncio.create_task(work(rounds, stop))
    try:
        app = _management_app(settings, office, plane, outbox, database.nodes, tally)
        async with measured(settings, "management", plane_readings(plane), tally.add_to):
            # The other half is for the database, mails and whatever else is opened.
            room = allow_open_files(2 * CONNECTIONS_MAX) // 2
            sock = socket.socket(fileno=listen_fd)
            await serve(app, sock, stop, ready, min(CONNECTIONS_MAX, room))
    finally:
        stop.set()
        await worker
        await plane.close()
        await asyncio.to_thread(outbox.close)
    return 0


def _management_app(
    settings: Settings,
    office: Office,
    plane: CheckingPlane,
    outbox: Mailer,
    nodes: NodeRegistry,
    tally: Tally,
) -> ASGIApp:
    from keyhouse.doors.api import build_app
    from keyhouse.doors.console import ConsoleConfig, build_console
    from keyhouse.doors.front import BehindProxies, dispatch
    from keyhouse.services.metrics import CONSOLE_REQUESTS

    people = people_of(settings, office, outbox)
    config = ConsoleConfig(
        gateway_url=settings.gateway.url,
        public_url=settings.management.url,
        sign_up=settings.management.sign_up,
    )
    shown = monitoring(settings, tally)
    api = build_app(office, people, plane.management, nodes, shown)
    console = build_console(office, people, config, partial(tally.add, CONSOLE_REQUESTS))
    both = dispatch(api, console)
    return BehindProxies(both, settings.management.trusted_proxies)
