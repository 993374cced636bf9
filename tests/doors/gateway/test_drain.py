"""A stop that nobody notices, and a full house that turns nobody away."""

import asyncio

import pytest

from tests.doors.gateway.conftest import House, until
from tests.doors.gateway.doubles import KEY
from tests.doors.gateway.wire import Link, ok

GET = b"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: " + KEY + b"\r\n\r\n"


async def test_requests_in_flight_are_finished_and_then_all_is_closed(house: House) -> None:
    await house.start()
    asked, go = asyncio.Event(), asyncio.Event()

    async def play(link: Link) -> None:
        await link.request()
        asked.set()
        await go.wait()
        link.send(ok(b"done"))
        await link.reader.read()

    house.upstream.play = play
    busy, idle = await house.client(), await house.client()
    busy.send(GET)
    await asked.wait()
    assert house.server is not None
    stopping = asyncio.create_task(house.server.drain(5))
    assert await idle.rest() == b""
    go.set()
    answer = await busy.answer()
    assert (answer.body, answer.headers["connection"]) == (b"done", "close")
    assert await busy.rest() == b""
    await stopping
    assert house.server.connections == 0


@pytest.mark.parametrize("more", [b"", GET], ids=["one", "another behind it"])
async def test_an_answer_that_had_begun_holds_up_nothing_once_it_is_over(
    house: House, more: bytes
) -> None:
    """Its head promised that the connection lasts; a stop would wait for it in vain."""
    await house.start()
    go = asyncio.Event()

    async def play(link: Link) -> None:
        await link.request()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        await go.wait()
        link.send(b"done")

    house.upstream.play = play
    client, idle = await house.client(), await house.client()
    client.send(GET)
    head = await client.reader.readuntil(b"half")
    assert b"connection" not in head.lower()
    client.send(more)
    assert house.server is not None
    stopping = asyncio.create_task(house.server.drain(60))
    assert await idle.rest() == b""
    go.set()
    async with asyncio.timeout(10):
        await stopping
    told = await client.rest()
    assert told.startswith(b"done")
    assert told.count(b"Connection: close") == bool(more)
    assert told.count(b"done") == 1 + bool(more)


async def test_what_does_not_finish_is_broken_off(house: House) -> None:
    await house.start()

    async def play(link: Link) -> None:
        await link.head()
        await link.reader.read()

    house.upstream.play = play
    client = await house.client()
    client.send(GET)
    await until(lambda: house.upstream.connections == 1)
    assert house.server is not None
    await house.server.drain(0.05)
    assert await client.rest() == b""


async def test_connections_beyond_the_bound_wait_and_are_served(house: House) -> None:
    await house.start(connections_max=2)
    first, second = await house.client(), await house.client()
    for client in (first, second):
        client.send(GET)
        assert (await client.answer()).status == 200
    third = await house.client()
    third.send(GET)
    await asyncio.sleep(0.05)
    assert house.server is not None
    assert house.server.connections == 2
    await first.close()
    assert (await third.answer()).status == 200
