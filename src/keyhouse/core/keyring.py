"""The secrets of the server itself, kept outside the database, by purpose.

Peppers hash the secrets of callers; sealing keys keep what must be read again
from whoever reads the database; signing keys sign what others are to believe.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

PEPPER_BYTES = 32
SEALING_BYTES = 32
SIGNING_BYTES = 32
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class KeyringState(StrEnum):
    """`active` makes what is new; `accepting` only reads what is old."""

    ACTIVE = "active"
    ACCEPTING = "accepting"


@dataclass(frozen=True, slots=True)
class Pepper:
    """One key of the keyed hash. Its bytes are in no repr."""

    id: str
    state: KeyringState
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealingKey:
    """One key that seals, and unseals what it has sealed. Its bytes are in no repr."""

    id: str
    state: KeyringState
    key: bytes = field(repr=False)


class SigningAlgorithm(StrEnum):
    """By which a key signs (RFC 7518, 3.1; RFC 8037, 3.1)."""

    EDDSA = "EdDSA"
    ES256 = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One Ed25519 key, as its seed (RFC 8032, 5.1.5), or one of P-256, as its number.

    Its bytes are in no repr.
    """

    id: str
    state: KeyringState
    key: bytes = field(repr=False)
    algorithm: SigningAlgorithm = SigningAlgorithm.EDDSA


RingKey = TypeVar("RingKey", Pepper, SealingKey, SigningKey)


@dataclass(frozen=True, slots=True)
class Keyring:
    """All keys of each purpose, the active one first.

    There may be no sealing or signing key at all, where the keyring was made
    before there were any and cannot be written. Raises ValueError unless otherwise exactly
    one of each purpose is active, ids are unique and lengths are right.
    """

    peppers: tuple[Pepper, ...]
    sealing: tuple[SealingKey, ...] = ()
    signing: tuple[SigningKey, ...] = ()

    def __post_init__(self) -> None:
        peppers = _in_order("pepper", self.peppers, PEPPER_BYTES)
        object.__setattr__(self, "peppers", peppers)
        if self.sealing:
            sealing = _in_order("sealing key", self.sealing, SEALING_BYTES)
            object.__setattr__(self, "sealing", sealing)
        if self.signing:
            signing = _in_order("signing key", self.signing, SIGNING_BYTES)
            if not all(
                one.algorithm is not SigningAlgorithm.ES256 or is_p256(one.key)
                for one in signing
            ):
                raise ValueError("a signing key for ES256 is no number of P-256")
            object.__setattr__(self, "signing", signing)

    @property
    def active(self) -> Pepper:
        """The pepper that hashes new secrets."""
        return self.peppers[0]


def is_p256(key: bytes) -> bool:
    """Whether these bytes are a private key of P-256 (FIPS 186-5, A.2)."""
    return 0 < int.from_bytes(key, "big") < _P256_ORDER


def _in_order(name: str, keys: Sequence[RingKey], size: int) -> tuple[RingKey, ...]:
    active = [one for one in keys if one.state is KeyringState.ACTIVE]
    if len(active) != 1:
        raise ValueError(f"a keyring has exactly one active {name}")
    if len({one.id for one in keys}) != len(keys):
        raise ValueError(f"two {name}s of the keyring have the same id")
    if any(len(one.key) != size for one in keys):
        raise ValueError(f"a {name} has {size} bytes")
    return tuple(sorted(keys, key=lambda one: one is not active[0]))
