"""Tokens that anybody can check with the public keys, and nobody else can make."""

import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keyhouse.adapters.signing import KeyringSigner
from keyhouse.core.keyring import (
    Keyring,
    KeyringState,
    Pepper,
    SigningAlgorithm,
    SigningKey,
)

PEPPER = Pepper("p", KeyringState.ACTIVE, bytes(32))
# RFC 8037, appendix A.1: the private key d and the public key x.
SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
KEY = "sign_1"


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signer(*states: str) -> KeyringSigner:
    keys = [
        SigningKey(f"sign_{number}", KeyringState(state), decoded(SEED))
        for number, state in enumerate(states, 1)
    ]
    return KeyringSigner(Keyring((PEPPER,), (), tuple(keys)))


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


def test_a_key_that_another_process_added_is_seen_once_it_is_met() -> None:
    """So a rotation reaches gateways that were not started anew."""
    ring = Keyring((PEPPER,), (), (SigningKey("a", KeyringState.ACTIVE, b"a" * 32),))
    both = (
        SigningKey("b", KeyringState.ACTIVE, b"b" * 32),
        SigningKey("a", KeyringState.ACCEPTING, b"a" * 32),
    )
    now, read = [0.0], []

    def again() -> Keyring:
        read.append(now[0])
        return Keyring((PEPPER,), (), both)

    held = KeyringSigner(ring, again, lambda: now[0])
    assert not held.knows("b", "EdDSA")
    now[0] = 1.0
    assert held.knows("b", "EdDSA")
    assert not held.knows("b", "ES256")
    head = held.sign("k", {}).decode().partition(".")[0]
    assert json.loads(decoded(head))["kid"] == "a", "what signs stays until the next start"
    token = KeyringSigner(Keyring((PEPPER,), (), both)).sign("k", {})
    begun, _, signature = token.rpartition(b".")
    assert held.verifies("b", begun, decoded(signature.decode()))
    for _ in range(9):
        assert not held.knows("stranger's", "EdDSA")
    assert read == [1.0], "a stranger must not have the file read for each request"


def test_a_key_of_the_other_algorithm_is_told_and_checked_as_such() -> None:
    es256 = SigningKey("e", KeyringState.ACTIVE, b"e" * 32, SigningAlgorithm.ES256)
    held = KeyringSigner(Keyring((PEPPER,), (), (es256,)))
    (told,) = held.key_set()["keys"]
    assert (told["kty"], told["crv"], told["alg"]) == ("EC", "P-256", "ES256")
    begun, _, signature = held.sign("k", {"n": 1}).rpartition(b".")
    raw = decoded(signature.decode())
    assert len(raw) == 64
    assert held.verifies("e", begun, raw)
    assert not held.verifies("e", begun + b"A", raw)
    for wrong in (b"", raw[:-1], raw + b"\0", bytes(64), raw[::-1]):
        assert not held.verifies("e", begun, wrong)
    assert not held.verifies("none", begun, raw)
