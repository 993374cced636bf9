"""PostgreSQL hangs, dies, or cannot be reached, and comes back: what callers notice.

In `make soak` it stays away for a minute.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from keyhouse.services.verify.keeping_up import ANSWER_SECONDS_MAX
from keyhouse.services.verify.loading import READ_SECONDS_MAX
from tests.faults.harness import Installation, Running, Upstream
from tests.faults.load import Load, memory_back
from tests.servers.postgres import PostgresServer
from tests.servers.relay import Relay

pytestmark = pytest.mark.asyncio(loop_scope="session")

AWAY_SECONDS = float(os.environ.get("KEYHOUSE_SOAK_AWAY", "0"))
STALE_SECONDS = 3.0
MARGIN_SECONDS = 1.5
"""Tests share their machine with others."""
MANY = 10**9


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of these tests alone: they end it again and again."""
    made = PostgresServer()
    yield made
    made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(
    server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    async with Upstream().serving() as upstream:
        made = Installation(tmp_path_factory.mktemp("installation"), upstream)
        made.environ["KEYHOUSE_DATA__DATABASE_URL"] = server.url(server.create())
        try:
            await asyncio.to_thread(made.open)
            yield made
        finally:
            await asyncio.to_thread(made.close)


async def gateway_of(house: Installation, **environ: str) -> Running:
    return await asyncio.to_thread(lambda: house.gateway(None, **environ))


def stale_after(seconds: float) -> dict[str, str]:
    return {"KEYHOUSE_CACHE__STALE_SECONDS_MAX": str(seconds)}


async def test_while_it_hangs_cached_keys_go_on_and_then_fail_closed(
    installation: Installation, server: PostgresServer
) -> None:
    """Stopped (SIGSTOP), it keeps its connections and never answers on them."""
    load = Load(installation)
    plain, limited = await load.add("plain"), await load.add("limited", MANY)
    gateway = await gateway_of(installation, **stale_after(STALE_SECONDS))
    async with memory_back(gateway), load.on(gateway.port):
        await load.steady()
        stopped = time.monotonic()
        server.pause()
        try:
            refused = await load.steady(503, [plain])
            await asyncio.sleep(AWAY_SECONDS)
        finally:
            server.resume()
        await load.steady()
    early = stopped + STALE_SECONDS - 2 * MARGIN_SECONDS
    assert plain.statuses(stopped, early) <= {200}
    assert plain.last_served(refused) - stopped <= STALE_SECONDS + MARGIN_SECONDS
    assert plain.longest() <= ANSWER_SECONDS_MAX + MARGIN_SECONDS
    assert limited.longest() <= READ_SECONDS_MAX + MARGIN_SECONDS
    assert plain.statuses() | limited.statuses() == {200, 503}
    await load.reckon()


async def test_while_it_is_gone_cached_keys_notice_nothing(
    installation: Installation, server: PostgresServer
) -> None:
    """kill -9, and a new start on the same folder."""
    load = Load(installation)
    plain, limited = await load.add("plain"), await load.add("limited", MANY)
    scarce = await load.add("scarce", 60)
    gateway = await gateway_of(installation)
    async with memory_back(gateway), load.on(gateway.port):
        await load.steady(of=[plain, limited])
        await asyncio.to_thread(server.kill)
        await load.steady(503, [limited])
        await load.steady(200, [plain], calls=100)
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(server.start_again)
        await load.steady(of=[plain, limited])
        await load.steady(429, [scarce])
    assert plain.statuses() == {200}
    assert plain.longest() <= ANSWER_SECONDS_MAX + MARGIN_SECONDS
    assert limited.statuses() == {200, 503}
    assert scarce.tally.served == 60, "some of the quota is lost, or more was spent"
    await load.reckon()


async def test_a_node_that_was_cut_off_serves_no_revoked_key_beyond_the_bound(
    installation: Installation, server: PostgresServer
) -> None:
    """And none at all once it reaches the database again."""
    load = Load(installation)
    plain, revoked = await load.add("plain"), await load.add("revoked")
    async with Relay(server.socket).serving() as network:
        url = installation.environ["KEYHOUSE_DATA__DATABASE_URL"]
        name = url.partition("@/")[2].partition("?")[0]
        through = f"postgresql://postgres@127.0.0.1:{network.port}/{name}"
        gateway = await gateway_of(
            installation,
            KEYHOUSE_DATA__DATABASE_URL=through,
            **stale_after(STALE_SECONDS),
        )
        async with memory_back(gateway), load.on(gateway.port):
            await load.steady()
            cut = time.monotonic()
            network.cut()
            await asyncio.to_thread(installation.client.keys.revoke, revoked.key.id)
            await load.steady(503)
            # What was on its way at the cut may move the end by as much as it took.
            refused = cut + STALE_SECONDS + MARGIN_SECONDS / 3
            await asyncio.sleep(max(refused - time.monotonic(), AWAY_SECONDS))
            network.heal()
            await load.steady(401, [revoked])
            await load.steady(200, [plain])
        assert revoked.last_served() <= refused
        assert revoked.statuses(refused) == {503, 401}
        assert plain.longest() <= ANSWER_SECONDS_MAX + MARGIN_SECONDS
        await load.reckon()
        await asyncio.to_thread(installation.end_gateways)
