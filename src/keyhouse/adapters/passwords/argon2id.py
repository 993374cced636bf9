"""argon2id (RFC 9106) at costs that a small server can bear."""

from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1
"""OWASP's password storage cheat sheet: 19 MiB, two passes, one lane."""
AT_ONCE: Final = 4
"""A flood of log-ins waits here, instead of taking all memory and every core."""


class Argon2Hasher:
    """`ports.PasswordHasher` on argon2-cffi; any number of threads."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID
        )
        self._turn = BoundedSemaphore(AT_ONCE)
        # A NUL is not in any password that people type, nor in one that we take.
        self._decoy = self.hash("\0")

    @property
    def decoy(self) -> str:
        """A hash that no password fits, and that takes as long to find that out."""
        return self._decoy

    def hash(self, password: str) -> str:
        """A fresh hash, with its salt and costs in it."""
        with self._turn:
            return self._hasher.hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        """Whether the hash is of that password; False for a hash it cannot read."""
        with self._turn:
            try:
                return self._hasher.verify(hashed, password)
            except (VerificationError, InvalidHashError, UnicodeError):
                return False

    def needs_rehash(self, hashed: str) -> bool:
        """Whether the hash was made with other costs than those of today."""
        return self._hasher.check_needs_rehash(hashed)
