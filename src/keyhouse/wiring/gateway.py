"""The process that answers calls."""

from __future__ import annotations

import gc
import logging
import socket
import sys
from typing import TYPE_CHECKING

from keyhouse.adapters.system import allow_open_files
from keyhouse.wiring.folder import in_plain_words, keyring, open_checked
from keyhouse.wiring.metrics import measured
from keyhouse.wiring.planes import data_plane, users_of
from keyhouse.wiring.signals import nobody, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyhouse.adapters.database import Database
    from keyhouse.core.entities import UpstreamHeader
    from keyhouse.core.upstream_headers import Unseal
    from keyhouse.doors.gateway import GatewayConfig
    from keyhouse.settings import Settings

_log = logging.getLogger(__name__)
GRACE_SECONDS = 25.0
"""For requests in flight at a stop; the supervisor waits a little longer."""
LAST_WORD_SECONDS = 1.0
"""For those who keep a connection to send what they were about to, at a stop."""
OWN_FILES_MAX = 256
"""Open files of a gateway that are no connections: database, spool, sockets."""
SWITCH_SECONDS = 0.0001
"""How long booking usage may keep the interpreter from the loop that serves; Python's

own 5 ms would be a pause for every request that comes meanwhile.
"""
GARBAGE_MAX = 20_000
"""Objects that the gateway may leave behind before it looks for circles among them."""


def spare_collector() -> None:
    """Have the collector walk through what requests leave behind, which is little,

    and not through all modules: what is loaded by now stays.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_MAX, 20, 100)


def run_gateway(
    settings: Settings,
    listen_fd: int,
    ready: Callable[[], None] = nobody,
    begun: Callable[[], None] = nobody,
) -> int:
    """The gateway on an inherited listening socket, until SIGTERM or SIGINT.

    `begun` is called once its loop turns, `ready` once it serves: in between it
    books what others left behind, which may take long. Requests in flight are
    finished before it returns. Raises SettingsError and StoreUnavailable.
    """
    import uvloop

    sys.setswitchinterval(SWITCH_SECONDS)
    _make_room(_gateway_config(settings))
    with in_plain_words():
        unseal = _unseal(settings)
    with open_checked(settings, unseal) as database:
        return uvloop.run(_gateway(settings, database, listen_fd, ready, begun))


def _make_room(config: GatewayConfig) -> None:
    """Have as many files as there may be connections, or say that there are fewer."""
    wanted = config.connections_max + config.upstream_connections_max + OWN_FILES_MAX
    allowed = allow_open_files(wanted)
    if allowed < wanted:
        _log.warning(
            "%d open files are allowed and %d may be needed: raise the limit (ulimit -Hn), "
            "or lower gateway.connections_max",
            allowed,
            wanted,
        )


def _unseal(settings: Settings) -> Unseal:
    """Opens headers for upstreams; in the log stands which one it could not."""
    from keyhouse.adapters.sealing import AeadSealer
    from keyhouse.core.upstream_headers import sealing_context
    from keyhouse.ports import Sealed

    sealer = AeadSealer(keyring(settings))

    def unseal(row: UpstreamHeader) -> bytes | None:
        sealed = Sealed(row.sealing_key_id, row.sealed)
        value = sealer.unseal(sealed, sealing_context(row.api_id, row.name))
        if value is None:
            told = "the header %s of %s cannot be unsealed with the keyring's key %s"
            _log.error(told, row.name, row.api_id, row.sealing_key_id)
        return value

    return unseal


async def _gateway(
    settings: Settings,
    database: Database,
    listen_fd: int,
    ready: Callable[[], None],
    begun: Callable[[], None],
) -> int:
    from keyhouse.doors.gateway import GatewayServer, Plane
    from keyhouse.services.metrics import plane_readings

    stop = stop_on_signals()
    begun()
    plane = data_plane(settings, database, "gateway")
    await plane.open()
    spare_collector()
    try:
        faces = Plane(
            verifier=plane.verifier,
            resolver=plane.resolver,
            meter=plane.meter,
            new_request_id=plane.new_request_id,
            ready=lambda: plane.is_ready,
            now_us=plane.means.clock.now_us,
            recent=plane.recent,
            reservations=plane.reservations,
            signer=plane.means.signer,
            issuer=settings.gateway.url,
            users=users_of(settings, database, plane),
        )
        server = GatewayServer(_gateway_config(settings), faces)
        collect = (plane_readings(plane), server.add_to)
        async with measured(settings, "gateway", *collect):
            await server.start(socket.socket(fileno=listen_fd))
            ready()
            await stop.wait()
            await server.drain(GRACE_SECONDS, LAST_WORD_SECONDS)
    finally:
        await plane.close()
    return 0


def _gateway_config(settings: Settings) -> GatewayConfig:
    from keyhouse.doors.gateway import GatewayConfig

    chosen = settings.gateway
    return GatewayConfig(
        trusted_proxies=chosen.trusted_proxies,
        own_hosts=settings.own_hosts,
        upstream_private=settings.upstream_private,
        upstream_private_for=frozenset(chosen.upstream_private_for),
        require_tls=chosen.require_tls,
        head_bytes_max=chosen.head_bytes_max,
        body_bytes_max=chosen.body_bytes_max,
        head_seconds_max=chosen.head_seconds_max,
        idle_seconds_max=chosen.idle_seconds_max,
        upstream_seconds_max=chosen.upstream_seconds_max,
        connections_max=chosen.connections_max,
    )
