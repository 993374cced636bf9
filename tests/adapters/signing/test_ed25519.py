"""Tokens that anybody can check with the public keys, and nobody else can make."""

import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keyhouse.adapters.signing import Ed25519Signer
from keyhouse.core.keyring import Keyring, KeyringState, Pepper, SigningKey

PEPPER = Pepper("p", KeyringState.ACTIVE, bytes(32))
# RFC 8037, appendix A.1: the private key d and the public key x.
SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
KEY = "sign_1"


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signer(*states: str) -> Ed25519Signer:
    keys = [
        SigningKey(f"sign_{number}", KeyringState(state), decoded(SEED))
        for number, state in enumerate(states, 1)
    ]
    return Ed25519Signer(Keyring((PEPPER,), (), tuple(keys)))


def test_the_public_key_is_that_of_the_rfc() -> None:
    assert signer("active").key_set() == {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": PUBLIC,
                "kid": KEY,
                "alg": "EdDSA",
                "use": "sig",
            }
        ]
    }


def test_a_token_is_checked_with_it_and_a_changed_one_is_not_ours() -> None:
    token = signer("active").sign("kind+jwt", {"iss": "https://k.example", "n": 1})
    head, claims, signature = token.decode().split(".")
    assert json.loads(decoded(head)) == {"alg": "EdDSA", "typ": "kind+jwt", "kid": KEY}
    assert json.loads(decoded(claims)) == {"iss": "https://k.example", "n": 1}
    assert b"=" not in token
    public = Ed25519PublicKey.from_public_bytes(decoded(PUBLIC))
    public.verify(decoded(signature), f"{head}.{claims}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(decoded(signature), f"{head}.{claims}A".encode())


def test_the_active_key_signs_and_older_ones_are_still_told() -> None:
    rotated = signer("accepting", "active")
    head = decoded(rotated.sign("k", {}).decode().partition(".")[0])
    assert json.loads(head)["kid"] == "sign_2"
    assert [one["kid"] for one in rotated.key_set()["keys"]] == ["sign_2", "sign_1"]


def test_without_a_key_nothing_is_signed_and_nothing_told() -> None:
    assert not signer().can_sign
    assert signer().key_set() == {"keys": []}
    with pytest.raises(LookupError, match="no signing key"):
        signer().sign("k", {})
