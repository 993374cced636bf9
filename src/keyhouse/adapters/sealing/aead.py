"""Sealing with AES-256-GCM (NIST SP 800-38D), nonce first.

The nonce is random, 96 bits: a key is good for 2^32 of them, which is a header
set anew every second for a century.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyhouse.core.keyring import Keyring
from keyhouse.ports import Sealed

_NONCE_BYTES: Final = 12


class AeadSealer:
    """`ports.Sealer` with the sealing keys of a keyring; any number of threads."""

    def __init__(self, keyring: Keyring) -> None:
        self._active = keyring.sealing[0].id if keyring.sealing else None
        self._ciphers = {one.id: AESGCM(one.key) for one in keyring.sealing}

    @property
    def can_seal(self) -> bool:
        """Whether the keyring has a key for it."""
        return self._active is not None

    def seal(self, text: bytes, context: bytes) -> Sealed:
        """Seal with the active key. Raises LookupError where there is none."""
        if self._active is None:
            raise LookupError("the keyring has no sealing key")
        nonce = os.urandom(_NONCE_BYTES)
        bound = _bound(self._active, context)
        sealed = self._ciphers[self._active].encrypt(nonce, text, bound)
        return Sealed(self._active, nonce + sealed)

    def unseal(self, sealed: Sealed, context: bytes) -> bytes | None:
        """What was sealed; None with another context or key, or where it was changed."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            return None
        nonce, rest = sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, rest, _bound(sealed.key_id, context))
        except (InvalidTag, ValueError):
            return None


def _bound(key_id: str, context: bytes) -> bytes:
    """Key id and context, so told apart that no two pairs read the same."""
    return b"%d:%b%b" % (len(key_id), key_id.encode(), context)
