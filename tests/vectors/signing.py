"""Tokens of cases, signed with fixed keys, and tokens that are none."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from hmac import digest
from typing import Any

from keyhouse.adapters.signing import KeyringSigner
from keyhouse.core.identity import KIND as IDENTITY
from keyhouse.core.keyring import (
    Keyring,
    KeyringState,
    Pepper,
    SigningAlgorithm,
    SigningKey,
)
from keyhouse.core.user_tokens import KIND, MARK

_SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
"""The private key of RFC 8037, appendix A.1."""
_NUMBER = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
"""The private key of RFC 7515, appendix A.3."""


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


EDDSA = SigningKey("sign_eddsa", KeyringState.ACTIVE, _bytes(_SEED))
ES256 = SigningKey(
    "sign_es256", KeyringState.ACCEPTING, _bytes(_NUMBER), SigningAlgorithm.ES256
)
FOREIGN = SigningKey("sign_eddsa", KeyringState.ACTIVE, b"f" * 32)
UNHEARD = SigningKey("sign_unheard", KeyringState.ACTIVE, _bytes(_SEED))
KEYS = (EDDSA, ES256)
"""Those of an installation that is asked about cases."""


def signer(*keys: SigningKey) -> KeyringSigner:
    """What signs with the active one of these keys."""
    return KeyringSigner(Keyring((Pepper("p", KeyringState.ACTIVE, bytes(32)),), (), keys))


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def part(content: object) -> str:
    """A part of a JWT."""
    return encoded(json.dumps(content, separators=(",", ":")).encode())


def _with(key: SigningKey, *, mark: bool = True) -> Callable[[dict[str, Any]], str]:
    active = SigningKey(key.id, KeyringState.ACTIVE, key.key, key.algorithm)
    mine = MARK if mark else {}
    return lambda claims: signer(active).sign(KIND, claims, mine).decode()


def _changed(claims: dict[str, Any]) -> str:
    head, _, signature = _with(EDDSA)(claims).split(".")
    return f"{head}.{part({**claims, 'sub': 'mallory'})}.{signature}"


def _unsigned(claims: dict[str, Any]) -> str:
    return f"{part({**MARK, 'alg': 'none', 'kid': EDDSA.id})}.{part(claims)}."


def _by_public_key(claims: dict[str, Any]) -> str:
    """HS256, with what everybody may know as the secret."""
    known = signer(EDDSA).key_set()["keys"][0]["x"]
    begun = f"{part({**MARK, 'alg': 'HS256', 'kid': EDDSA.id})}.{part(claims)}"
    return f"{begun}.{encoded(digest(_bytes(known), begun.encode(), sha256))}"


_SPOILED: dict[str, Callable[[dict[str, Any]], str]] = {
    "": _with(EDDSA),
    "es256": _with(ES256),
    "claims": _changed,
    "none": _unsigned,
    "hs256": _by_public_key,
    "foreign key": _with(FOREIGN),
    "unheard kid": _with(UNHEARD),
    "no mark": _with(EDDSA, mark=False),
    "identity": lambda claims: signer(EDDSA).sign(IDENTITY, claims).decode(),
    "marked identity": lambda claims: signer(EDDSA).sign(IDENTITY, claims, MARK).decode(),
    "no sub": lambda claims: _with(EDDSA)({**claims, "sub": None}),
    "sub with a newline": lambda claims: _with(EDDSA)({**claims, "sub": "a\nb"}),
    "text as exp": lambda claims: _with(EDDSA)({**claims, "exp": str(claims["exp"])}),
    "a life of a year": lambda claims: _with(EDDSA)(
        {**claims, "exp": claims["iat"] + 31_536_000}
    ),
    "list of aud": lambda claims: _with(EDDSA)({**claims, "aud": [claims["aud"]]}),
}


def spoiled(claims: dict[str, Any], how: str) -> str:
    """A token of these claims; a good one where `how` is empty."""
    return _SPOILED[how](claims)
