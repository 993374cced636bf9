"""What a plane tells of itself. Read on any thread: numbers alone, one by one."""

from collections.abc import Callable

from keyhouse.core.metrics import Counted, Readings
from keyhouse.services.plane import CheckingPlane, DataPlane

_SECOND_US = 1_000_000


def plane_readings(plane: CheckingPlane) -> Callable[[Readings], None]:
    """Adds the readings of a plane that is open."""

    def add_to(readings: Readings) -> None:
        _add_changes(plane, readings)
        _add_cache(plane, readings)
        if isinstance(plane, DataPlane):
            plane.totals.add_to(readings)
            readings["leases_held"] = {(): len(plane.book)}
            readings["spool_fill_ratio"] = {(): plane.meter.spool.fill}
            answered = plane.means.rates.is_answered
            if answered is not None:
                readings["counters_up"] = {(): int(answered)}

    return add_to


def _add_changes(plane: CheckingPlane, readings: Readings) -> None:
    delays = plane.delays
    told = Counted(tuple(delays.counts), delays.total / _SECOND_US)
    readings["revocation_seconds"] = {(): told}
    readings["change_applied_seq"] = {(): plane.verifier.applied}
    readings["ready"] = {(): int(plane.is_ready)}
    if plane.confirmed_us is not None:
        age_us = plane.means.clock.monotonic_us() - plane.confirmed_us
        readings["change_confirmed_age_seconds"] = {(): max(age_us, 0) / _SECOND_US}


def _add_cache(plane: CheckingPlane, readings: Readings) -> None:
    readings["cache_secrets"] = {(): len(plane.cache)}
    readings["cache_records"] = {(): plane.cache.records}
    readings["cache_bytes"] = {(): plane.cache.weight}
    readings["cache_misses_total"] = {(): plane.misses.admitted}
    readings["cache_misses_refused_total"] = {(): plane.misses.refused}
