"""Signed JWTs: EdDSA with Ed25519 (RFC 8037), in the compact form (RFC 7515)."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keyhouse.core.keyring import Keyring


class Ed25519Signer:
    """`ports.Signer` with the signing keys of a keyring; any number of threads."""

    def __init__(self, keyring: Keyring) -> None:
        keys = {
            one.id: Ed25519PrivateKey.from_private_bytes(one.key) for one in keyring.signing
        }
        self._active = next(iter(keys.items()), None)
        self._public = [_told(id, key) for id, key in keys.items()]

    @property
    def can_sign(self) -> bool:
        """Whether the keyring has a key for it."""
        return self._active is not None

    def sign(self, kind: str, claims: Mapping[str, object]) -> bytes:
        """A token of that `typ`. Raises LookupError where there is no key."""
        if self._active is None:
            raise LookupError("the keyring has no signing key")
        id, key = self._active
        header = {"alg": "EdDSA", "typ": kind, "kid": id}
        begun = b"%b.%b" % (_part(header), _part(claims))
        return b"%b.%b" % (begun, _encoded(key.sign(begun)))

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set (RFC 7517), those that no longer sign too."""
        return {"keys": [dict(one) for one in self._public]}


def _told(id: str, key: Ed25519PrivateKey) -> dict[str, str]:
    point = _encoded(key.public_key().public_bytes_raw()).decode("ascii")
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": point,
        "kid": id,
        "alg": "EdDSA",
        "use": "sig",
    }


def _part(content: Mapping[str, Any]) -> bytes:
    return _encoded(json.dumps(content, separators=(",", ":")).encode("ascii"))


def _encoded(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")
