"""What calls for a person: a secret seen where it must not be, a key used far more."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from keyhouse.core.addresses import UNKNOWN, format_source_network, source_network
from keyhouse.core.entities import Alert, AlertKind, Key
from keyhouse.core.ids import ENTROPY_BYTES, EVENT, make_id
from keyhouse.core.records import KeyRecord

DAY_US: Final = 86_400_000_000
SAMPLE_LENGTH_MAX: Final = 200


def alert_of(
    key: Key | KeyRecord, provider_id: str, kind: AlertKind, at_us: int, sample: str
) -> Alert:
    """One sighting. Those of a key, a kind and a day (UTC) have the same id,

    whichever process saw them, so that they add up to one row.
    """
    day_us = at_us - at_us % DAY_US
    entropy = blake2b(f"{key.id} {kind}".encode(), digest_size=ENTROPY_BYTES).digest()
    return Alert(
        id=make_id(EVENT, day_us, entropy),
        organization_id=key.organization_id,
        provider_id=provider_id,
        key_id=key.id,
        kind=kind,
        first_at=at_us,
        last_at=at_us,
        count=1,
        sample=sample[:SAMPLE_LENGTH_MAX],
    )


def added(alerts: Mapping[str, Alert], more: Alert) -> Alert:
    """`more`, together with what is known of the same key, kind and day."""
    known = alerts.get(more.id)
    if known is None:
        return more
    return replace(
        more,
        first_at=min(known.first_at, more.first_at),
        last_at=max(known.last_at, more.last_at),
        count=known.count + more.count,
    )


def network_of(address: int) -> str:
    """The network around an address, /24 or /48: enough to tell where it was."""
    return "" if address == UNKNOWN else format_source_network(source_network(address))
