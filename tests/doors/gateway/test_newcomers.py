"""All places are taken: who has shown no good key makes room for who may have one."""

import asyncio

import pytest

from tests.doors.gateway.conftest import House, until, within
from tests.doors.gateway.doubles import KEY, LIMITED, MANAGER
from tests.doors.gateway.wire import Client, Link

HASTE = 0.2
GET = b"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: " + KEY + b"\r\n\r\n"
STRANGE = b"GET /weather/x HTTP/1.1\r\nHost: a\r\n\r\n"
BODY_TO_COME = (
    b"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n{"
)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyhouse.doors.gateway.newcomers.HASTE_SECONDS", HASTE)
    monkeypatch.setattr("keyhouse.doors.gateway.newcomers.LOOK_SECONDS", HASTE / 4)


async def served(client: Client) -> int:
    client.send(GET)
    return (await client.answer()).status


@pytest.mark.parametrize(
    "sent", [b"", b"GET /weather/x HTTP/1.1\r\nHo", STRANGE, BODY_TO_COME]
)
async def test_those_who_show_no_key_hold_no_place_for_long(
    house: House, sent: bytes
) -> None:
    """Slow heads from one machine would shut everybody else out for ten seconds each."""
    await house.start(connections_max=2)
    idle = [await house.client() for _ in range(2)]
    for client in idle:
        client.send(sent)
        if sent == STRANGE:
            assert (await client.answer()).status == 401
    last = await house.client()
    with within(5):
        assert await served(last) == 200
    with within(5):
        assert await idle[0].rest() == b""


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /.keyhouse/live", 200),
        ("GET /.keyhouse/ready", 200),
        ("GET /.keyhouse/jwks.json", 200),
        ("GET /.keyhouse/v1/authorize?api=weather", 403),
        ("GET /" + "a" * 20_000, 414),
        ("PATCH /weather/x", 401),
        ("OPTIONS /pages/x", 204),
    ],
)
async def test_no_answer_that_anybody_gets_keeps_a_place(
    house: House, line: str, status: int
) -> None:
    """Nor does asking again and again."""
    await house.start(connections_max=2)
    preflight = "Origin: https://a.shop.example\r\nAccess-Control-Request-Method: GET\r\n"
    more = preflight if status == 204 else ""
    sent = f"{line} HTTP/1.1\r\nHost: a\r\n{more}\r\n".encode()
    idle = [await house.client() for _ in range(2)]
    for _ in range(2):
        for client in idle:
            client.send(sent)
            assert (await client.answer()).status == status
    last = await house.client()
    with within(5):
        assert await served(last) == 200


async def test_a_proxy_that_is_trusted_keeps_the_place(house: House) -> None:
    """What it asks for may be refused; those who sent it are not at this end."""
    await house.start(connections_max=1, trusted_proxies=("127.0.0.1",))
    proxy = await house.client()
    proxy.send(STRANGE)
    assert (await proxy.answer()).status == 401
    await house.client()
    await asyncio.sleep(2 * HASTE)
    assert await served(proxy) == 200


async def test_who_is_over_a_limit_keeps_the_place(house: House) -> None:
    """A good key was shown, though it may not pass now."""
    await house.start(connections_max=1)
    limited = await house.client()
    ask = GET.replace(KEY, LIMITED)
    for status in (200, 200, 429):
        limited.send(ask)
        assert (await limited.answer()).status == status
    await house.client()
    await asyncio.sleep(2 * HASTE)
    limited.send(ask)
    assert (await limited.answer()).status == 429


async def test_while_there_is_room_everybody_has_their_time(house: House) -> None:
    await house.start(connections_max=4)
    slow = await house.client()
    slow.send(GET[:20])
    await asyncio.sleep(2 * HASTE)
    slow.send(GET[20:])
    assert (await slow.answer()).status == 200


async def test_who_was_served_keeps_the_place(house: House) -> None:
    """Also whoever showed a bad key before: a program that was given the right one."""
    await house.start(connections_max=2)
    first, second = await house.client(), await house.client()
    second.send(STRANGE)
    assert (await second.answer()).status == 401
    for client in (first, second):
        assert await served(client) == 200
    last = await house.client()
    last.send(GET)
    await asyncio.sleep(2 * HASTE)
    for client in (first, second):
        assert await served(client) == 200
    await first.close()
    assert (await last.answer()).status == 200


async def test_who_asks_verify_keeps_the_place(house: House) -> None:
    """Also where the head was known from others before it came."""
    await house.start(connections_max=2)
    body = b'{"api": "weather", "secret": "%b"}' % KEY
    ask = (
        b"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\n"
        b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
    ) % (MANAGER, len(body), body)
    asking = [await house.client() for _ in range(2)]
    for client in asking:
        client.send(ask)
        assert (await client.answer()).status == 200
    last = await house.client()
    last.send(ask)
    await asyncio.sleep(2 * HASTE)
    for client in asking:
        client.send(ask)
        assert (await client.answer()).status == 200
    await asking[0].close()
    assert (await last.answer()).status == 200


async def test_a_request_that_waits_is_no_newcomer(house: House) -> None:
    """Its head has come; how long its upstream takes is not its fault."""
    await house.start(connections_max=1)
    release = asyncio.Event()
    obedient = house.upstream.play

    async def play(link: Link) -> None:
        await release.wait()
        await obedient(link)

    house.upstream.play = play
    slow = await house.client()
    slow.send(GET)
    await until(lambda: house.upstream.connections == 1)
    await asyncio.sleep(2 * HASTE)
    release.set()
    assert (await slow.answer()).status == 200
