"""The algorithms of signatures: EdDSA with Ed25519 (RFC 8037) and ES256 (RFC 7518)."""

from base64 import urlsafe_b64encode
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from keyhouse.core.keyring import SigningAlgorithm, SigningKey

_HALF = 32
_ES256 = ec.ECDSA(SHA256())


class Pair(Protocol):
    """A private key and its public one."""

    def sign(self, content: bytes) -> bytes:
        """The signature of `content`."""

    def verifies(self, content: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's of `content`."""

    def told(self) -> dict[str, str]:
        """The public key as a JWK has it, without its names."""


def pair_of(key: SigningKey) -> Pair:
    """The pair of a key of the keyring. Raises ValueError where its bytes are none."""
    return _P256(key.key) if key.algorithm is SigningAlgorithm.ES256 else _Ed25519(key.key)


class _Ed25519:
    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key()

    def sign(self, content: bytes) -> bytes:
        return self._private.sign(content)

    def verifies(self, content: bytes, signature: bytes) -> bool:
        try:
            self._public.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    def told(self) -> dict[str, str]:
        x = encoded(self._public.public_bytes_raw()).decode("ascii")
        return {"kty": "OKP", "crv": "Ed25519", "x": x}


class _P256:
    def __init__(self, number: bytes) -> None:
        secret = int.from_bytes(number, "big")
        self._private = ec.derive_private_key(secret, ec.SECP256R1())
        self._public = self._private.public_key()

    def sign(self, content: bytes) -> bytes:
        halves = decode_dss_signature(self._private.sign(content, _ES256))
        return b"".join(one.to_bytes(_HALF, "big") for one in halves)

    def verifies(self, content: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * _HALF:
            return False
        r, s = (
            int.from_bytes(half, "big") for half in (signature[:_HALF], signature[_HALF:])
        )
        try:
            self._public.verify(encode_dss_signature(r, s), content, _ES256)
        except InvalidSignature:
            return False
        return True

    def told(self) -> dict[str, str]:
        point = self._public.public_numbers()
        x, y = (
            encoded(one.to_bytes(_HALF, "big")).decode("ascii")
            for one in (point.x, point.y)
        )
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def encoded(content: bytes) -> bytes:
    """Base64url without padding (RFC 7515, 2)."""
    return urlsafe_b64encode(content).rstrip(b"=")
