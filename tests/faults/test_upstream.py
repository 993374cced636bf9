"""An upstream that lies, stalls and breaks off, under load: others notice nothing of it."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.harness import Installation
from tests.faults.load import Load, memory_back

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIES = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than that",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\nok",
    b"HTTP/1.1 99 No\r\nContent-Length: 0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"",
)
"""Each is sent piece by piece, and then the connection ends; the first is none."""
ENOUGH = 200
HARM_SECONDS_MAX = 1.0


@pytest_asyncio.fixture(loop_scope="session")
async def liar() -> AsyncIterator[int]:
    """The port of an upstream that lies; sometimes before it has read the request."""
    chance = random.Random(11)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if chance.random() < 0.8:
                await reader.readuntil(b"\r\n\r\n")
            lie = chance.choice(LIES)
            cut = chance.randrange(len(lie) + 1)
            for piece in (lie[:cut], lie[cut:]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(chance.choice((0, 0, 0.02)))
        with contextlib.suppress(OSError):
            if chance.random() < 0.5:
                writer.write_eof()
                await asyncio.sleep(0.02)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_lying_upstream_harms_its_own_callers_alone(
    installation: Installation, liar: int
) -> None:
    """And each call to it is booked once, whatever became of it."""
    url = f"http://127.0.0.1:{liar}"
    await asyncio.to_thread(
        lambda: installation.client.apis.create(slug="liar", upstreams={"test": url})
    )
    load = Load(installation)
    plain = await load.add("plain")
    gateway = await asyncio.to_thread(installation.gateway)
    harmed = Load(installation)
    caller = await harmed.add("harmed", 10**6, "liar")
    async with memory_back(gateway):
        async with load.on(gateway.port), harmed.on(gateway.port, clients=6):
            await load.steady(calls=ENOUGH)
        async with load.on(gateway.port):
            await load.steady()
    assert plain.statuses() == {200}
    assert plain.longest() <= HARM_SECONDS_MAX
    assert caller.statuses() <= {0, 200, 502}
    assert min(caller.tally.served, caller.tally.statuses[502], caller.tally.lost) > 0
    await load.reckon()
    answered = sum(caller.tally.statuses.values())
    await harmed.is_booked(caller, answered, answered + caller.tally.lost)
