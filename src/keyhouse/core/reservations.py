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

from keyhouse.core.usage import Use

RESERVED_SECONDS: Final = 3600
"""How long what is reserved may come to less. After that all of it is spent."""
PREFIX: Final = "rsv_"
ID_LENGTH_MAX: Final = 6000
_PERSON: Final = b"kh-reservation"
_HASH_BYTES: Final = 16
_FORM: Final = 1


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
    """The id of a reservation, which nobody makes without `key`."""
    request_id, at_us, project_id, units, lease_ids, use = reservation
    told = [_FORM, request_id, at_us, project_id, units, lease_ids, use]
    data = json.dumps(told, separators=(",", ":")).encode()
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
    told: list[Any] = json.loads(data)
    if told[0] != _FORM:
        return None
    _, request_id, at_us, project_id, units, lease_ids, use = told
    return Reservation(request_id, at_us, project_id, units, tuple(lease_ids), Use(*use))


def _hash(data: bytes, key: bytes) -> bytes:
    return blake2b(data, digest_size=_HASH_BYTES, key=key, person=_PERSON).digest()
