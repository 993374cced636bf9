"""Who calls, told by a signed token: for the APIs that ask for it, made anew in time."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keyhouse.adapters.signing import KeyringSigner
from keyhouse.core.identity import LIFETIME_SECONDS, REUSE_SECONDS
from keyhouse.core.keyring import Keyring
from keyhouse.doors.gateway.vouching import Voucher
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY, NOW_US, Verifier, api_record
from tests.doors.gateway.wire import Received
from tests.servers.control import KEYRING, PEPPER

SECOND_US = 1_000_000


@pytest.fixture(autouse=True)
def asked_for(house: House) -> None:
    url = house.upstream.url
    house.signer = KeyringSigner(KEYRING)
    house.verifier.apis["weather"] = api_record("weather", url, signs_identity=True)


def head(slug: str, *lines: str) -> bytes:
    first = [f"GET /{slug}/now HTTP/1.1", "Host: a", f"X-API-Key: {KEY.decode()}"]
    return "\r\n".join((*first, *lines, "", "")).encode()


def opened(token: str, keys: dict[str, Any]) -> dict[str, Any]:
    """The claims of a token, once its signature is found to be right."""
    begun, _, signature = token.rpartition(".")
    kid = part(begun.partition(".")[0])["kid"]
    (key,) = [one for one in keys["keys"] if one["kid"] == kid]
    public = Ed25519PublicKey.from_public_bytes(decoded(key["x"]))
    public.verify(decoded(signature), begun.encode())
    return part(begun.partition(".")[2])


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def part(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(decoded(text))
    return found


def tokens(received: Received) -> list[str]:
    lines = received.head.decode().split("\r\n")
    return [
        line.partition(": ")[2] for line in lines if line.startswith("Keyhouse-Identity:")
    ]


async def test_a_token_tells_who_calls_and_the_key_set_proves_it(house: House) -> None:
    await house.start()
    assert (await house.ask(head("weather", "Keyhouse-Identity: theirs"))).status == 200
    (token,) = tokens(house.upstream.requests[-1])
    answer = await house.ask(b"GET /.keyhouse/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert opened(token, json.loads(answer.body)) == {
        "iss": "https://gateway.example",
        "aud": "api_weather",
        "iat": NOW_US // SECOND_US,
        "exp": NOW_US // SECOND_US + LIFETIME_SECONDS,
        "sub": "app_1",
        "key": "key_one",
        "customer": "cust-ü",
        "environment": "test",
        "scope": "a:b forecast:read",
    }
    assert part(token.partition(".")[0])["typ"] == "keyhouse-identity+jwt"
    assert house.upstream.requests[-1].headers["keyhouse-key-id"] == "key_one"


async def test_an_api_that_did_not_ask_gets_none(house: House) -> None:
    await house.start()
    client = await house.client()
    for slug, count in (("based", 0), ("weather", 1), ("based", 0), ("weather", 1)):
        client.send(head(slug, "Keyhouse-Identity: theirs"))
        assert (await client.answer()).status == 200
        assert len(tokens(house.upstream.requests[-1])) == count
        assert b"theirs" not in house.upstream.requests[-1].head


async def test_one_token_goes_with_many_calls_and_is_made_anew_in_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a connection that sends the same head again, beside others that do."""
    await house.start()
    clients = [await house.client(), await house.client()]
    seen = []
    for seconds in (0, REUSE_SECONDS - 1, REUSE_SECONDS, REUSE_SECONDS + 1, 90, 5):
        now_us = NOW_US + seconds * SECOND_US
        monkeypatch.setattr("tests.doors.gateway.doubles.NOW_US", now_us)
        for client in clients:
            client.send(head("weather"))
            assert (await client.answer()).status == 200
            (token,) = tokens(house.upstream.requests[-1])
            claims = part(token.split(".")[1])
            assert claims["iat"] * SECOND_US <= now_us
            left = claims["exp"] * SECOND_US - now_us
            assert left >= (LIFETIME_SECONDS - REUSE_SECONDS) * SECOND_US
            seen.append(token)
    assert len(set(seen)) == 4
    assert all(one == other for one, other in zip(seen[::2], seen[1::2], strict=True))


async def test_without_a_key_to_sign_with_nothing_is_sent(house: House) -> None:
    house.signer = KeyringSigner(Keyring((PEPPER,)))
    await house.start()
    answer = await house.ask(head("weather"))
    assert (answer.status, json.loads(answer.body)["code"]) == (502, "identity_unsigned")
    assert house.upstream.requests == []
    assert (await house.ask(head("based"))).status == 200


def test_a_clock_that_was_set_back_leaves_no_token_from_the_future() -> None:
    verifier = Verifier("http://127.0.0.1:1")
    line = verifier._line(KEY, verifier.keys[KEY], "weather")
    voucher = Voucher(line, KeyringSigner(KEYRING), "i")
    first = voucher.header(NOW_US)
    assert voucher.header(NOW_US + 1) == first
    assert voucher.header(NOW_US - SECOND_US) != first
