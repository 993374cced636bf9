"""The management process dies or stops: callers go on, and nothing is half done."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from keyhouse_client import Unreachable
from tests.faults.harness import Installation, Upstream, until
from tests.faults.load import Load, memory_back
from tests.servers.receiver import Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")

KILLS = int(os.environ.get("KEYHOUSE_SOAK_ROUNDS", "1"))
WRITERS = 3
EVENT = "key.created"


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    """One of its own: what others do at the same time would be counted too."""
    async with Upstream().serving() as upstream:
        made = Installation(tmp_path, upstream)
        try:
            await asyncio.to_thread(made.open)
            yield made
        finally:
            await asyncio.to_thread(made.close)


async def test_what_was_asked_for_once_is_done_once_and_told(house: Installation) -> None:
    """Keys are made with an idempotency key each, asked for again until there is an answer.

    Each is there once, and an event of it reached the webhook under one id, though
    the process that made and sent it was killed at moments that nobody chose.
    """
    load = Load(house)
    plain, limited = await load.add("plain"), await load.add("limited", 10**9)
    gateway = await asyncio.to_thread(house.gateway)
    with Receiver().listening() as receiver:
        await asyncio.to_thread(house.client.webhooks.create, receiver.url, [EVENT])
        async with memory_back(gateway), load.on(gateway.port):
            await load.steady()
            end, made = asyncio.Event(), list[str]()
            writing = [
                asyncio.create_task(_write(house, n, made, end)) for n in range(WRITERS)
            ]
            for _ in range(KILLS):
                enough = len(made) + random.randrange(3, 15)
                await until(
                    lambda: len(made) >= enough or any(one.done() for one in writing),  # noqa: B023 - awaited here
                    lambda: f"only {made}",
                )
                house.kill_management()
                await load.steady()
                await asyncio.to_thread(house.start_management)
            end.set()
            await asyncio.gather(*writing)
            house.management.send(signal.SIGSTOP)
            await load.steady()
            house.management.send(signal.SIGCONT)
        assert plain.statuses() == limited.statuses() == {200}
        await load.reckon()
        rows = await asyncio.to_thread(lambda: list(house.client.keys.each(tag="written")))
        assert sorted(row["name"] for row in rows) == sorted(made)
        told = await asyncio.to_thread(receiver.wait_for_ids, len(rows))
        assert len(told) == len(rows)


async def _write(
    house: Installation, number: int, made: list[str], end: asyncio.Event
) -> None:
    count = 0
    while not end.is_set():
        name = f"key-{number}-{count}"
        row = await _insisted(house, name)
        assert row == name
        made.append(name)
        count += 1


async def _insisted(house: Installation, name: str) -> str:
    """Ask until there is an answer, as a program does that was told to repeat."""
    while True:
        with contextlib.suppress(Unreachable):
            made = await asyncio.to_thread(
                lambda: house.client.keys.create(
                    name, [{"api": "echo"}], idempotency_key=name, tags=["written"]
                )
            )
            return str(made["name"])
        await asyncio.sleep(0.05)
