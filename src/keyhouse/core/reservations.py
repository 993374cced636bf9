"""Reservations: units taken beforehand for what a call may come to.

All that is to be known of one stands in its id, with a keyed hash over it: so
making one writes nothing, any node can settle it, and none outlives its hour.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterable
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, Final, NamedTuple

from keyhouse.core.ids import BODY_LENGTH, LEASE, base62, from_base62
from keyhouse.core.usage import Use

RESERVED_SECONDS: Final = 3600
"""How long what is reserved may come to less. After that all of it is spent."""
PREFIX: Final = "rsv_"
ID_LENGTH_MAX: Final = 8000
"""So that the first line of a request that settles it stays below 8 KiB, which is

what gateways and the proxies in front of them take.
"""
LEASES_MAX: Final = 350
"""How many leases an id of that length can name."""
WRITTEN_OUT_MAX: Final = 97
"""Up to so many are written out, which nodes of earlier versions read as well."""
_PERSON: Final = b"kh-reservation"
_HASH_BYTES: Final = 16
_FORM: Final = 1
_PACKED_FORM: Final = 2
"""A line of JSON without leases, and these behind it, each the number that it is."""
_LEASE_BYTES: Final = 16


class Reservation(NamedTuple):
    """A counted call of `use` at `at_us`, for which `units` of each lease are spent.

    `project_id` is that of its API.
    """

    request_id: str
    at_us: int
    project_id: str
    units: int
    lease_ids: tuple[str, ...]
    use: Use

    @property
    def ends_us(self) -> int:
        """From when on it cannot be settled any more."""
        return self.at_us + RESERVED_SECONDS * 1_000_000


def sealed(reservation: Reservation, key: bytes) -> str:
    """The id of a reservation, which nobody makes without `key`.

    Of more than `LEASES_MAX` leases it names the last, credits among them: what a
    call does not come to stays spent of the others.
    """
    request_id, at_us, project_id, units, lease_ids, use = reservation
    form, written, packed = _FORM, lease_ids, b""
    if len(lease_ids) > WRITTEN_OUT_MAX:
        form, written = _PACKED_FORM, ()
        packed = b"\n" + b"".join(map(_packed, lease_ids[-LEASES_MAX:]))
    told = [form, request_id, at_us, project_id, units, written, use]
    data = json.dumps(told, separators=(",", ":")).encode() + packed
    return PREFIX + urlsafe_b64encode(_hash(data, key) + data).decode().rstrip("=")


def unsealed(id: str, keys: Iterable[bytes]) -> Reservation | None:
    """The reservation of an id, None for what was made with none of `keys`."""
    if len(id) > ID_LENGTH_MAX or not id.startswith(PREFIX) or not id.isascii():
        return None
    body = id[len(PREFIX) :]
    try:
        raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (Error, ValueError):
        return None
    given, data = raw[:_HASH_BYTES], raw[_HASH_BYTES:]
    # All keys are tried, so that the time does not tell which one fits.
    fits = [compare_digest(given, _hash(data, key)) for key in keys]
    return _read(data) if any(fits) else None


def _read(data: bytes) -> Reservation | None:
    """What we have written ourselves, though maybe in another version."""
    head, _, packed = data.partition(b"\n")
    told: list[Any] = json.loads(head)
    if told[0] not in (_FORM, _PACKED_FORM):
        return None
    _, request_id, at_us, project_id, units, lease_ids, use = told
    starts = range(0, len(packed), _LEASE_BYTES)
    leases = (*lease_ids, *(_lease(packed[at : at + _LEASE_BYTES]) for at in starts))
    return Reservation(request_id, at_us, project_id, units, leases, Use(*use))


def _packed(lease_id: str) -> bytes:
    return from_base62(lease_id.partition("_")[2]).to_bytes(_LEASE_BYTES)


def _lease(packed: bytes) -> str:
    return f"{LEASE}_{base62(int.from_bytes(packed), BODY_LENGTH)}"


def _hash(data: bytes, key: bytes) -> bytes:
    return blake2b(data, digest_size=_HASH_BYTES, key=key, person=_PERSON).digest()
