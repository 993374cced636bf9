"""Time, randomness, and the keys that seal and sign."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """Time. Never blocks."""

    def now_us(self) -> int:
        """The wall clock: microseconds since 1970, UTC."""

    def monotonic_us(self) -> int:
        """Microseconds of a clock that is never set, and runs on in suspension."""


class Entropy(Protocol):
    """Randomness fit for secrets. Never blocks."""

    def take(self, count: int) -> bytes:
        """`count` fresh random bytes."""


class Sealed(NamedTuple):
    """What was sealed, and with which key of the keyring."""

    key_id: str
    content: bytes


class Sealer(Protocol):
    """Keeps what must be read again from whoever reads the database. Never blocks."""

    @property
    def can_seal(self) -> bool:
        """Whether the keyring has a key for it."""

    def seal(self, text: bytes, context: bytes) -> Sealed:
        """Seal with the active key. Raises LookupError where there is none."""

    def unseal(self, sealed: Sealed, context: bytes) -> bytes | None:
        """What was sealed; None with another context or key, or where it was changed."""


class Signer(Protocol):
    """Signs what others are to believe is ours. Never blocks."""

    @property
    def can_sign(self) -> bool:
        """Whether the keyring has a key for it."""

    def sign(
        self, kind: str, claims: Mapping[str, object], mark: Mapping[str, object] = ...
    ) -> bytes:
        """A token of that `typ`, whose header begins with `mark`.

        Raises LookupError where there is no key.
        """

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set, those that no longer sign too."""


class SignatureChecker(Protocol):
    """Tells what was signed with the keyring's keys. `verifies` takes its time."""

    def knows(self, key_id: str, algorithm: str) -> bool:
        """Whether there is such a key, for that algorithm and no other. Never blocks."""

    def verifies(self, key_id: str, content: bytes, signature: bytes) -> bool:
        """Whether the key of that id has signed `content`."""


class TokenKeys(Signer, SignatureChecker, Protocol):
    """What makes tokens of users and knows them again."""
