"""Floods of connections: those who hold a key go on, and find a place."""

import asyncio
import contextlib
import os
import resource
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.faults.harness import Caller, Installation, Tally
from tests.faults.load import Load, memory_back

pytestmark = pytest.mark.asyncio(loop_scope="session")

FLOOD = int(os.environ.get("KEYHOUSE_SOAK_FLOOD", "400"))
PLACES = FLOOD // 2
COMING = 3
"""Connections that one after the other come with a good key."""
WAIT_SECONDS_MAX = 8.0
"""Some two turns of those who wait before them; without a mend it is half a minute."""
UNHARMED_SECONDS_MAX = 2.0
"""Far above what a busy machine takes, far below what who waits for a place does."""
SLOW = (
    b"",
    b"GET /echo/ HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    b"GET /echo/ HTTP/1.1\r\nHost: a\r\n\r\n",
)
"""Nothing, a head that does not end, a call without a key and then nothing."""


@pytest.fixture(autouse=True)
def files() -> Iterator[None]:
    """As many of our own open files as the flood takes."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_slow_strangers_shut_nobody_out(installation: Installation) -> None:
    """Twice as many as there are places, and whoever is closed comes again."""
    load = Load(installation)
    plain = await load.add("plain")
    late = await asyncio.to_thread(installation.key, "comes later")
    gateway = await asyncio.to_thread(
        lambda: installation.gateway(KEYHOUSE_GATEWAY__CONNECTIONS_MAX=str(PLACES))
    )
    tally = Tally()
    async with memory_back(gateway), load.on(gateway.port):
        await load.steady()
        async with _slow_flood(gateway.port) as closed:
            await asyncio.wait_for(closed.wait(), WAIT_SECONDS_MAX)
            for _ in range(COMING):
                caller = Caller(gateway.port, late, tally)
                assert await asyncio.wait_for(caller.call(), WAIT_SECONDS_MAX) == 200
                caller.close()
        await load.steady()
    assert plain.statuses() == {200}
    assert plain.tally.lost == tally.lost == 0
    assert plain.longest() <= UNHARMED_SECONDS_MAX
    await load.reckon()


async def test_connections_that_come_and_go_disturb_nobody(
    installation: Installation,
) -> None:
    """As fast as one process can open them: half of them are broken off."""
    load = Load(installation)
    plain = await load.add("plain")
    gateway = await asyncio.to_thread(installation.gateway)
    async with memory_back(gateway), load.on(gateway.port):
        await load.steady()
        for start in range(0, 5 * FLOOD, 50):
            come = [
                _come_and_go(gateway.port, number) for number in range(start, start + 50)
            ]
            await asyncio.gather(*come)
        await load.steady()
    assert plain.statuses() == {200}
    assert plain.tally.lost == 0
    assert plain.longest() <= UNHARMED_SECONDS_MAX
    await load.reckon()


@contextlib.asynccontextmanager
async def _slow_flood(port: int) -> AsyncIterator[asyncio.Event]:
    """The event is set when the gateway has closed as many as it has places."""
    enough, count = asyncio.Event(), 0

    async def hold(number: int) -> None:
        nonlocal count
        while True:
            with contextlib.suppress(OSError):
                await _hold(port, number)
            count += 1
            if count >= PLACES:
                enough.set()

    tasks = [asyncio.create_task(hold(number)) for number in range(FLOOD)]
    try:
        yield enough
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hold(port: int, number: int) -> None:
    """One connection, kept for as long as the gateway keeps it."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, local_addr=(f"127.0.{number % 50 + 1}.1", 0)
    )
    sent = SLOW[number % len(SLOW)]
    try:
        writer.write(sent)
        while not reader.at_eof():
            # `wait_for` would lose a cancellation now and then (Python 3.11).
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await reader.read(1000)
                continue
            if sent and not sent.endswith(b"\r\n\r\n"):
                writer.write(b"x")
    finally:
        writer.transport.abort()


async def _come_and_go(port: int, number: int) -> None:
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if number % 2:
            writer.transport.abort()
            return
        writer.write(SLOW[-1])
        await reader.read(1000)
        writer.close()
