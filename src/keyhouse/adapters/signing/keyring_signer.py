"""Signed JWTs in the compact form (RFC 7515), with the keys of a keyring."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from keyhouse.adapters.signing.algorithms import Pair, encoded, pair_of
from keyhouse.core.keyring import Keyring, SigningKey

LOOK_SECONDS: Final = 1.0
"""How often the keyring is read again for a key that is not known; any stranger

can name one.
"""


class KeyringSigner:
    """`ports.Signer` and `ports.SignatureChecker`; any number of threads.

    `read_again` gives the keyring as it is now: another process may sign with a
    key that is new. None where it cannot be had.
    """

    def __init__(
        self,
        keyring: Keyring,
        read_again: Callable[[], Keyring | None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_again = read_again
        self._monotonic = monotonic
        self._looked = monotonic()
        self._take_in(keyring)

    def _take_in(self, keyring: Keyring) -> None:
        self._keys: dict[str, tuple[SigningKey, Pair]] = {
            one.id: (one, pair_of(one)) for one in keyring.signing
        }
        self._active = next(iter(self._keys.values()), None)
        self._public = [_told(key, pair) for key, pair in self._keys.values()]

    @property
    def can_sign(self) -> bool:
        """Whether the keyring has a key for it."""
        return self._active is not None

    def sign(
        self,
        kind: str,
        claims: Mapping[str, object],
        mark: Mapping[str, object] | None = None,
    ) -> bytes:
        """A token of that `typ`. Its header begins with `mark`.

        Raises LookupError where there is no key.
        """
        if self._active is None:
            raise LookupError("the keyring has no signing key")
        key, pair = self._active
        header = {
            **(mark or {}),
            "alg": key.algorithm.value,
            "typ": kind,
            "kid": key.id,
        }
        begun = b"%b.%b" % (_part(header), _part(claims))
        return b"%b.%b" % (begun, encoded(pair.sign(begun)))

    def knows(self, key_id: str, algorithm: str) -> bool:
        """Whether there is such a key, for that algorithm and no other."""
        found = self._keys.get(key_id)
        if found is None and self._look():
            found = self._keys.get(key_id)
        return found is not None and found[0].algorithm.value == algorithm

    def verifies(self, key_id: str, content: bytes, signature: bytes) -> bool:
        """Whether the key of that id has signed `content`."""
        found = self._keys.get(key_id)
        return found is not None and found[1].verifies(content, signature)

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set (RFC 7517), those that no longer sign too."""
        self._look()
        return {"keys": [dict(one) for one in self._public]}

    def _look(self) -> bool:
        """Read the keyring again, unless that was a moment ago.

        The key that signs stays: others may not have heard of a new one yet.
        """
        now = self._monotonic()
        if self._read_again is None or now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        keyring = self._read_again()
        if keyring is None:
            return False
        signing = self._active
        self._take_in(keyring)
        if signing is not None and signing[0].id in self._keys:
            self._active = signing
        return True


def _told(key: SigningKey, pair: Pair) -> dict[str, str]:
    return {**pair.told(), "kid": key.id, "alg": key.algorithm.value, "use": "sig"}


def _part(content: Mapping[str, Any]) -> bytes:
    return encoded(json.dumps(content, separators=(",", ":")).encode("ascii"))
