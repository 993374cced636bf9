"""A service elsewhere checks users' tokens with the JWT library that it has."""

import json
import warnings
from typing import Any

import jwt
import pytest
from joserfc import jwt as jose
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet

from tests.tokens.conftest import Town
from tests.vectors.signing import EDDSA, ES256, signer

_ISSUER = "http://127.0.0.1:8080"


async def keys_of(town: Town) -> dict[str, Any]:
    answer = await town.nodes[1].ask("GET /.keyhouse/jwks.json")
    found: dict[str, Any] = json.loads(answer.body)
    return found


def by_joserfc(token: str, keys: dict[str, Any], audience: str) -> dict[str, Any]:
    """The claims, as its documentation has one check them."""
    known = KeySet.import_key_set(keys)  # type: ignore[arg-type]  # a dict from JSON
    with warnings.catch_warnings():
        # RFC 9864 prefers the name Ed25519, which few libraries know by now.
        warnings.simplefilter("ignore", SecurityWarning)
        decoded = jose.decode(token, known, algorithms=["EdDSA", "ES256"])
    demands = jose.JWTClaimsRegistry(
        iss={"essential": True, "value": _ISSUER},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
    )
    demands.validate(decoded.claims)
    return decoded.claims


def by_pyjwt(token: str, keys: dict[str, Any], audience: str) -> dict[str, Any]:
    """The claims, as its documentation has one check them."""
    known = jwt.PyJWKSet.from_dict(keys)
    key = known[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["EdDSA", "ES256"], audience=audience, issuer=_ISSUER
    )
    return claims


@pytest.mark.parametrize("check", [by_joserfc, by_pyjwt])
async def test_a_token_is_read_and_a_changed_one_refused(town: Town, check: Any) -> None:
    """Else only a caller of Keyhouse could check them, and JWKS were of no use."""
    keys, audience = await keys_of(town), town.own.ids["api"]
    token = await town.mint(user="ada", scopes=["notes:read"], expires_in=60)
    claims = check(token, keys, audience)
    assert (claims["sub"], claims["scope"]) == ("ada", "notes:read")
    assert claims["azp"] == town.own.ids["application"]
    head, body, signature = token.split(".")
    for broken in (
        f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        f"{head}.{body}.{signature[:-4]}AAAA",
    ):
        with pytest.raises((JoseError, jwt.PyJWTError, ValueError)):
            check(broken, keys, audience)
    with pytest.raises((JoseError, jwt.PyJWTError)):
        check(token, keys, "api_another")


@pytest.mark.parametrize("check", [by_joserfc, by_pyjwt])
async def test_one_signed_with_es256_is_read(town: Town, check: Any) -> None:
    keys = await keys_of(town)
    active = signer(type(ES256)(ES256.id, EDDSA.state, ES256.key, ES256.algorithm))
    claims = {"iss": _ISSUER, "aud": "api_1", "sub": "bob", "exp": 4_000_000_000}
    token = active.sign("at+jwt", claims).decode()
    assert check(token, keys, "api_1")["sub"] == "bob"
