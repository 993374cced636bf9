"""A token for a user, minted with a key: what it says, and what is refused."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from keyhouse.core.identity import KIND as IDENTITY
from keyhouse.core.user_tokens import TOKEN_LENGTH_MAX
from tests.tokens.conftest import MINT, SCOPES, Town
from tests.vectors.signing import EDDSA, ES256, signer

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
USER = "urn:keyhouse:params:oauth:token-type:user"


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def opened(token: str, keys: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, as a service that knows the key set alone checks them.

    By RFC 7515 (5.2) and 7518 (3.4), with nothing of Keyhouse's.
    """
    begun, _, signature = token.rpartition(".")
    head, claims = (json.loads(decoded(part)) for part in begun.split("."))
    (key,) = [one for one in keys if one["kid"] == head["kid"]]
    assert key["alg"] == head["alg"]
    if key["kty"] == "OKP":
        ed = Ed25519PublicKey.from_public_bytes(decoded(key["x"]))
        ed.verify(decoded(signature), begun.encode())
    else:
        x, y = (int.from_bytes(decoded(key[name]), "big") for name in "xy")
        p256 = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        raw = decoded(signature)
        r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
        p256.verify(encode_dss_signature(r, s), begun.encode(), ec.ECDSA(SHA256()))
    return head, claims


async def test_whoever_knows_the_key_set_can_check_it(town: Town) -> None:
    token = await town.mint(sid="s-1", scopes=["notes:read"], expires_in=60)
    answer = await town.nodes[1].ask("GET /.keyhouse/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = json.loads(answer.body)["keys"]
    assert [key["kid"] for key in keys] == [EDDSA.id, ES256.id]
    head, claims = opened(token, keys)
    assert (head["typ"], head["alg"], head["kid"]) == ("at+jwt", "EdDSA", EDDSA.id)
    ids = town.own.ids
    assert claims.pop("exp") - claims.pop("iat") == 60
    assert claims.pop("jti").startswith("tok_")
    assert claims == {
        "iss": "http://127.0.0.1:8080",
        "sub": "alice",
        "aud": ids["api"],
        "azp": ids["application"],
        "client_id": ids["application"],
        "sid": "s-1",
        "scope": "notes:read",
        "key": ids["key"],
        "secret": ids["secret key"],
        "environment": "test",
    }


async def test_es256_is_checked_by_the_key_set_too(town: Town) -> None:
    answer = await town.nodes[0].ask("GET /.keyhouse/jwks.json")
    active = signer(type(ES256)(ES256.id, EDDSA.state, ES256.key, ES256.algorithm))
    token = active.sign("at+jwt", {"sub": "bob"}).decode()
    head, claims = opened(token, json.loads(answer.body)["keys"])
    assert (head["alg"], claims) == ("ES256", {"sub": "bob"})


async def test_without_wishes_it_is_as_wide_as_the_key_and_lasts_an_hour(
    town: Town,
) -> None:
    wanted = {"api": town.own.ids["api"], "sub": "alice"}
    status, told = await town.nodes[0].told(MINT, town.secret("key"), **wanted)
    assert status == 200
    assert told["scope"].split() == SCOPES
    assert told["expires_in"] == 3600
    assert told["token_type"] == "Bearer"
    assert told["issued_token_type"].endswith(":access_token")
    assert await town.code(told["access_token"]) == "valid"
    assert town.upstream.requests[-1].headers["keyhouse-subject"] == "alice"
    assert town.upstream.requests[-1].headers["keyhouse-scopes"] == " ".join(SCOPES)


async def test_a_form_as_token_exchange_has_it_is_taken(town: Town) -> None:
    status, told = await town.nodes[0].form(
        MINT,
        town.secret("key"),
        grant_type=EXCHANGE,
        subject_token="alice",
        subject_token_type=USER,
        audience=town.own.slugs["api"],
        scope="notes:read",
        expires_in="30",
    )
    assert (status, told["scope"], told["expires_in"]) == (200, "notes:read", 30)
    assert await town.code(told["access_token"]) == "valid"


@pytest.mark.parametrize(
    ("wish", "field", "error"),
    [
        ({"sub": ""}, "sub", "invalid_request"),
        ({"sub": "a b"}, "sub", "invalid_request"),
        ({"sub": "é"}, "sub", "invalid_request"),
        ({"sub": "a" * 256}, "sub", "invalid_request"),
        ({"sub": 7}, "sub", "invalid_request"),
        ({"sid": "\n"}, "sid", "invalid_request"),
        ({"scopes": ["notes:delete"]}, "scope", "invalid_scope"),
        ({"scopes": ["notes:*"]}, "scope", "invalid_scope"),
        ({"scopes": ["*"]}, "scope", "invalid_scope"),
        ({"scopes": "Notes"}, "scopes.0", "invalid_request"),
        ({"scopes": 1}, "scopes", "invalid_request"),
        ({"expires_in": 3601}, "expires_in", "invalid_request"),
        ({"expires_in": 0}, "expires_in", "invalid_request"),
        ({"expires_in": True}, "expires_in", "invalid_request"),
        ({"limits": [{"name": "daily", "quota": 101, "window": "day"}]}, "limits.0", None),
        ({"limits": [{"name": "daily", "quota": 9, "window": "hour"}]}, "limits.0", None),
        ({"limits": [{"name": "daily", "rate": 9, "period_seconds": 1}]}, "limits.0", None),
        ({"limits": [{"name": "x"}]}, "limits.0", None),
        (
            {"limits": [{"name": "x", "rate": 0, "period_seconds": 1}]},
            "limits.0.amount",
            None,
        ),
        ({"limits": [{"name": "x", "rate": 1, "zone": "UTC"}]}, "limits.0.zone", None),
        ({"grant_type": "password"}, "grant_type", "invalid_request"),
        ({"actor_token": "x"}, "actor_token", "invalid_request"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_by_its_name(
    town: Town, wish: dict[str, Any], field: str, error: str | None
) -> None:
    wanted = {"api": town.own.slugs["api"], "sub": "alice", **wish}
    status, told = await town.nodes[0].told(MINT, town.secret("key"), **wanted)
    assert (status, told["errors"][0]["field"]) == (400, field)
    assert told["error"] == (error or "invalid_request")


async def test_only_a_good_server_key_mints(town: Town) -> None:
    node, slug = town.nodes[0], town.own.slugs["api"]
    token = await town.mint()

    async def code(secret: str, api: str = slug) -> tuple[int, str]:
        status, told = await node.told(MINT, secret, api=api, sub="alice")
        return status, told.get("code", "")

    assert await code(token) == (401, "unknown")
    assert await code("kh_sk_test_nonsense") == (401, "unknown")
    assert await code(town.secret("manager")) == (403, "api_not_allowed")
    assert await code(town.secret("key"), town.other.slugs["api"]) == (
        403,
        "api_not_allowed",
    )
    for name in ("nowhere", "\ud800", "a\0b"):
        assert await code(town.secret("key"), name) == (403, "api_not_allowed")
    assert (await code(town.secret("page")))[0] == 403
    body = json.dumps({"api": slug, "sub": "alice"}).encode()
    key = f"X-API-Key: {town.secret('key')}"
    answer = await node.ask(f"POST {MINT}", key, "Sec-Fetch-Site: cross-site", body=body)
    assert json.loads(answer.body)["code"] == "browser_not_allowed"
    answer = await node.ask(f"POST {MINT}", body=body)
    assert (answer.status, json.loads(answer.body)["code"]) == (401, "missing")
    bearer = f"Authorization: Bearer {token}"
    answer = await node.ask(f"POST {MINT}", bearer, body=body)
    assert answer.status == 401, "a token must not mint tokens"


async def test_a_token_of_another_kind_is_none_and_none_is_taken_for_it(town: Town) -> None:
    """What upstreams are sent must open nothing, and a user's token tell no identity."""
    claims = json.loads(decoded((await town.mint()).split(".")[1]))
    keys = signer(EDDSA)
    for forged in (keys.sign(IDENTITY, claims), keys.sign("JWT", claims)):
        assert await town.code(forged.decode()) == "unknown"


async def test_a_token_has_a_bounded_size(town: Town) -> None:
    token = await town.mint("a" * 255, sid="b" * 255)
    assert len(token) < TOKEN_LENGTH_MAX
    assert await town.code(token) == "valid"
    assert await town.code(token + "A" * TOKEN_LENGTH_MAX) == "unknown"


async def test_a_user_meets_the_limits_of_its_token(town: Town) -> None:
    limits = [{"name": "daily", "quota": 2, "window": "day"}]
    token = await town.mint(limits=limits)
    codes = [await town.code(token) for _ in range(3)]
    assert codes == ["valid", "valid", "quota_exceeded"]
    answer = await town.call(token)
    assert answer.headers["ratelimit-policy"].startswith('"user/daily";q=2;')
    assert await town.code(await town.mint("bob", limits=limits)) == "valid"
