"""The peppers: secrets of the server itself, kept outside the database.

Only peppers exist so far; sealing and signing keys will join them as further
purposes of the same ring.
"""

from dataclasses import dataclass, field
from enum import StrEnum

PEPPER_BYTES = 32


class KeyringState(StrEnum):
    """`active` makes new hashes; `accepting` only checks old ones."""

    ACTIVE = "active"
    ACCEPTING = "accepting"


@dataclass(frozen=True, slots=True)
class Pepper:
    """One key of the keyed hash. Its bytes are in no repr."""

    id: str
    state: KeyringState
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """All peppers, the active one first.

    Raises ValueError unless exactly one pepper is active, ids are unique and
    every pepper has PEPPER_BYTES bytes.
    """

    peppers: tuple[Pepper, ...]

    def __post_init__(self) -> None:
        active = [p for p in self.peppers if p.state is KeyringState.ACTIVE]
        if len(active) != 1:
            raise ValueError("a keyring has exactly one active pepper")
        if len({p.id for p in self.peppers}) != len(self.peppers):
            raise ValueError("two peppers of the keyring have the same id")
        if any(len(p.key) != PEPPER_BYTES for p in self.peppers):
            raise ValueError(f"a pepper has {PEPPER_BYTES} bytes")
        rest = [p for p in self.peppers if p is not active[0]]
        object.__setattr__(self, "peppers", (active[0], *rest))

    @property
    def active(self) -> Pepper:
        """The pepper that hashes new secrets."""
        return self.peppers[0]
