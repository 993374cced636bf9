"""What decides on requests, with a database of its own behind it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.adapters.spool import MappedSpoolFolder
from keyhouse.adapters.system import SystemClock, SystemEntropy, boot_id
from keyhouse.services.meter import LOG_ROWS_MAX
from keyhouse.services.plane import DataPlane, Means, MeteringMeans, Options
from keyhouse.wiring.counters import shared_rates
from keyhouse.wiring.folder import keyring, signer_of

if TYPE_CHECKING:
    from keyhouse.adapters.database import Database
    from keyhouse.ports import RateCounter
    from keyhouse.services.tokens import UserDesk
    from keyhouse.settings import Settings


def means_of(
    settings: Settings, database: Database, rates: RateCounter | None = None
) -> Means:
    """What any plane needs of the outside. Without `rates` it counts for itself."""
    ring = keyring(settings)
    return Means(
        keys=database.keys,
        open_feed=database.feed,
        ledger=database.ledger,
        rates=rates or MemoryRateCounter(),
        keyring=ring,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        settlements=database.settlements,
        signer=signer_of(settings, ring),
    )


def options_of(settings: Settings, kind: str) -> Options:
    """How a plane of that kind is to be."""
    return Options(
        kind=kind,
        keys_max=settings.cache.keys_max,
        bytes_max=settings.cache.bytes_max,
        stale_seconds_max=settings.cache.stale_seconds_max,
        require_tls=settings.gateway.require_tls,
    )


def data_plane(settings: Settings, database: Database, kind: str) -> DataPlane:
    """A data plane of that kind, not yet open."""
    boot = boot_id()
    metering = MeteringMeans(
        spools=MappedSpoolFolder(settings.spool_dir, boot),
        sink=database.sink,
        nodes=database.nodes,
        signals=database.signals,
        boot_id=boot,
        pid=os.getpid(),
        log_rows_max=LOG_ROWS_MAX if settings.requests.retention_days else 0,
    )
    means = means_of(settings, database, shared_rates(settings))
    return DataPlane(means, metering, options_of(settings, kind))


def users_of(settings: Settings, database: Database, plane: DataPlane) -> UserDesk:
    """What an open plane does about tokens of users."""
    from keyhouse.services.tokens import UserDesk
    from keyhouse.wiring.desks import office_of

    means = plane.means
    return UserDesk(
        plane.verifier,
        means.signer,
        settings.gateway.url,
        means.entropy,
        means.clock.now_us,
        office_of(settings, database),
    )
