"""A service that asks verify again is answered as if it were the first time.

The gateway remembers heads of calls of verify that it has read. Whatever comes
behind one that is known must come to the same as behind one that is not.
"""

import asyncio
import json
import random
from typing import Any

import pytest

from keyhouse.core.addresses import Networks
from keyhouse.core.credentials import Chosen
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway.gate import Gate
from keyhouse.doors.gateway.verify_body import Asked, read
from keyhouse.doors.gateway.verify_memory import (
    BODIES_MAX,
    HEADS_MAX,
    KnownHead,
    VerifyBodies,
    VerifyHeads,
)
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import BYSTANDER, FENCED, KEY, MANAGER, key_record
from tests.doors.gateway.wire import Client

_NOBODY = Chosen(None, Verdict.MISSING, False)
_SECRETS = [one.decode() for one in (KEY, FENCED, b"garbage")]
_HEADS = (
    *["Authorization: Bearer {manager}"] * 8,
    "Authorization: Bearer {manager}\r\nAccept: */*",
    "X-API-Key: {manager}",
    "Authorization: Bearer {bystander}",
    "Authorization: Bearer {key}",
    "Authorization: Bearer nobody",
    "X-API-Key: {manager}\r\nAuthorization: Bearer {bystander}",
    "Authorization: Bearer {manager}\r\nConnection: close",
    "Authorization: Bearer {manager}\r\nExpect: nothing",
    "Authorization: Bearer {manager}\r\nOrigin: https://a.example",
    "Authorization: Bearer {manager}\r\nX-Forwarded-For: 203.0.113.9",
    "Accept: */*",
)
_LINES = (
    "POST /.keyhouse/v1/verify HTTP/1.1",
    "POST /.keyhouse/v1/verify HTTP/1.1",
    "POST /.keyhouse/v1/verify HTTP/1.1",
    "POST /.keyhouse/v1/verify?x=1 HTTP/1.1",
    "POST /.keyhouse/v1/verify HTTP/1.0",
    "POST /.keyhouse/v1/verify/ HTTP/1.1",
    "PUT /.keyhouse/v1/verify HTTP/1.1",
)
_BODIES: tuple[dict[str, Any] | list[Any], ...] = (
    {"api": "weather"},
    {"api": "weather", "path": "/now", "method": "get", "address": "203.0.113.9"},
    {"api": "nothing"},
    {"api": "weather", "scopes": ["a:b"]},
    {"api": "weather", "colour": "red"},
    [],
)


def ask(draw: random.Random) -> bytes:
    body = draw.choice(_BODIES)
    if isinstance(body, dict):
        body = {"secret": draw.choice(_SECRETS), **body}
    data = json.dumps(body).encode()
    head = draw.choice(_HEADS).format(
        manager=MANAGER.decode(), bystander=BYSTANDER.decode(), key=KEY.decode()
    )
    line = draw.choice(_LINES)
    text = f"{line}\r\nHost: a\r\n{head}\r\nContent-Length: {len(data)}\r\n\r\n"
    return text.encode() + data


async def answered(client: Client) -> tuple[int, dict[str, str], Any]:
    """An answer without what differs each time."""
    answer = await client.answer()
    headers = dict(answer.headers)
    headers.pop("date", None)
    number = headers.pop("keyhouse-request-id").encode()
    return answer.status, headers, answer.body.replace(number, b"")


def gate(house: House) -> Gate:
    assert house.server is not None
    assert house.server._gate is not None
    return house.server._gate


def heads(house: House) -> VerifyHeads:
    return gate(house).verify_heads


def bodies(house: House) -> VerifyBodies:
    return gate(house).verify_bodies


@pytest.mark.parametrize("seed", range(8))
async def test_a_known_head_means_what_it_meant(house: House, seed: int) -> None:
    """In pieces, in a row, behind others: each compared with the call alone and new."""
    await house.start()
    draw = random.Random(seed)
    asks = [ask(draw) for _ in range(12)]
    client = await house.client()
    known = 0
    for _ in range(60):
        one = draw.choice(asks)
        kept, read = dict(heads(house)), dict(bodies(house))
        head, end, body = one.partition(b"\r\n\r\n")
        known += head + end in kept and body in read
        heads(house).clear()
        bodies(house).clear()
        alone = await house.client()
        alone.send(one)
        wanted = await answered(alone)
        await alone.close()
        heads(house).clear()
        heads(house).update(kept)
        bodies(house).clear()
        bodies(house).update(read)
        cut = draw.choice((0, 0, 0, 1, len(one) // 2, len(one) - 1))
        if cut:
            client.send(one[:cut])
            await asyncio.sleep(0.001)  # the rest comes as a piece of its own
        client.send(one[cut:])
        assert await answered(client) == wanted, one
        if wanted[1].get("connection") == "close":
            await client.close()
            client = await house.client()
    assert known > 5


async def test_two_calls_at_once_are_two(house: House) -> None:
    """A body is as long as its head says: what comes behind it is the next request."""
    await house.start()
    data = json.dumps({"secret": KEY.decode(), "api": "weather"}).encode()
    head = (
        f"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
        f"{MANAGER.decode()}\r\nContent-Length: {len(data)}\r\n\r\n"
    ).encode()
    client = await house.client()
    for _ in range(2):
        client.send(head + data + head + data)
        for _ in range(2):
            assert json.loads((await client.answer()).body)["allowed"]
    client.send(head + data[:-1])
    await asyncio.sleep(0.001)  # the rest comes as a piece of its own
    client.send(data[-1:])
    assert json.loads((await client.answer()).body)["allowed"]
    assert len(heads(house)) == 1


@pytest.mark.parametrize(
    "settings", [{"require_tls": True}, {"trusted_proxies": ("127.0.0.1/32",)}]
)
async def test_who_may_speak_for_others_is_read_each_time(
    house: House, settings: dict[str, Any]
) -> None:
    """How a call came is told by headers there, or refuses it: no head is kept."""
    await house.start(**settings)
    for _ in range(3):
        data = json.dumps({"secret": KEY.decode(), "api": "weather"}).encode()
        await house.ask(
            f"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
            f"{MANAGER.decode()}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
    assert not heads(house)


async def test_what_is_remembered_is_bounded_and_shown_nowhere(house: House) -> None:
    await house.start()
    asked = read(b'{"secret": "x", "api": "weather"}')
    assert isinstance(asked, Asked)
    heads(house).update((b"%d" % n, KnownHead(1, _NOBODY)) for n in range(HEADS_MAX))
    bodies(house).update((b"%d" % n, asked) for n in range(BODIES_MAX))
    for length in (0, 2_000):
        body = {"secret": KEY.decode(), "api": "weather", "referrer": "x" * length}
        data = json.dumps(body).encode()
        answer = await house.ask(
            f"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
            f"{MANAGER.decode()}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        assert json.loads(answer.body)["allowed"]
    assert len(heads(house)) == 2
    assert len(bodies(house)) == 1
    shown = repr(heads(house)) + repr(bodies(house))
    assert MANAGER.decode() not in shown
    assert KEY.decode() not in shown


async def test_a_key_that_changed_meanwhile_is_told_as_it_is(house: House) -> None:
    """The question is remembered, and never the answer."""
    await house.start()
    data = json.dumps({"secret": KEY.decode(), "api": "weather"}).encode()
    one = (
        f"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
        f"{MANAGER.decode()}\r\nContent-Length: {len(data)}\r\n\r\n"
    ).encode() + data
    client = await house.client()
    codes = []
    fenced = {"networks": Networks(("203.0.113.0/24",))}
    for fields in ({}, {}, fenced, fenced, {}):
        house.verifier.keys[KEY] = key_record("one", **fields)
        house.verifier._lines.clear()
        client.send(one)
        codes.append(json.loads((await client.answer()).body)["code"])
    assert codes == ["valid", "valid", "ip_not_allowed", "ip_not_allowed", "valid"]
