"""A WebSocket through a real gateway, and what becomes of it when its key is revoked."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from tests.faults.harness import Installation, Key, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS_MAX = 5.0
"""The promise is some two; tests share their machine with others."""


@pytest_asyncio.fixture(loop_scope="session")
async def chat() -> AsyncIterator[int]:
    """The port of a WebSocket server that sends back what it gets."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(echo, "127.0.0.1", 0) as server:
        yield next(iter(server.sockets)).getsockname()[1]


def _keys(installation: Installation, port: int) -> list[Key]:
    url = f"http://127.0.0.1:{port}"
    installation.client.apis.create(slug="chat", upstreams={"test": url})
    made = [
        installation.client.keys.create(name, [{"api": "chat"}])
        for name in ("revoked", "kept")
    ]
    return [Key(one["id"], str(one["secret"])) for one in made]


async def _echoes(connection: ClientConnection) -> None:
    await connection.send("x")
    assert await connection.recv() == "x"


async def test_a_websocket_ends_with_its_key_and_others_go_on(
    installation: Installation, chat: int, record_property: Callable[..., None]
) -> None:
    revoked, kept = await asyncio.to_thread(_keys, installation, chat)
    gateway = await asyncio.to_thread(installation.gateway)

    def dial(key: Key) -> connect:
        headers = {"X-API-Key": key.secret}
        return connect(f"ws://127.0.0.1:{gateway.port}/chat/x", additional_headers=headers)

    async with dial(revoked) as ending, dial(kept) as lasting:
        await _echoes(ending)
        await asyncio.to_thread(installation.client.keys.revoke, revoked.id)
        began = time.monotonic()
        async with asyncio.timeout(SECONDS_MAX):
            await ending.wait_closed()
        record_property("closed after", f"{time.monotonic() - began:.2f} s")
        await _echoes(lasting)
    await asyncio.to_thread(installation.end_gateways)
    for key in (revoked, kept):
        booked = partial(_is_booked, installation, key)
        await asyncio.to_thread(eventually, booked, "a tunnel was not booked once")


def _is_booked(installation: Installation, key: Key) -> bool:
    return installation.metered(key) == 1
