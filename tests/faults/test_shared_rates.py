"""Gateways that count rates on one Valkey, and what they do when it dies."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.harness import Caller, Installation, Key, Running, Tally, callers
from tests.servers.valkey import ValkeyServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

RATE = 400
GATEWAYS = 3


@pytest_asyncio.fixture(loop_scope="session")
async def valkey() -> AsyncIterator[ValkeyServer]:
    server = await asyncio.to_thread(ValkeyServer)
    yield server
    await asyncio.to_thread(server.stop)


async def _key(installation: Installation, name: str) -> Key:
    """One that may call so often an hour: what comes back meanwhile is less than 1."""
    limits = [{"name": "hourly", "rate": RATE, "period_seconds": 86_400 * 30}]
    made = await asyncio.to_thread(
        installation.client.keys.create, name, [{"api": "echo"}], limits=limits
    )
    return Key(made["id"], str(made["secret"]))


async def _gateways(
    installation: Installation, valkey: ValkeyServer, count: int, on_outage: str = "local"
) -> list[Running]:
    def start_one() -> Running:
        return installation.gateway(
            KEYHOUSE_DATA__COUNTERS_URL=valkey.url, KEYHOUSE_LIMITS__ON_OUTAGE=on_outage
        )

    start = (asyncio.to_thread(start_one) for _ in range(count))
    return list(await asyncio.gather(*start))


async def _call(caller: Caller, times: int) -> None:
    for _ in range(times):
        await caller.call()
    caller.close()


async def test_gateways_together_let_pass_exactly_the_rate(
    installation: Installation, valkey: ValkeyServer
) -> None:
    key = await _key(installation, "rated")
    gateways = await _gateways(installation, valkey, GATEWAYS)
    tally = Tally()
    calling = [one for gate in gateways for one in callers(4, gate.port, key, tally)]
    await asyncio.gather(*(_call(caller, 80) for caller in calling))
    assert tally.served == RATE
    assert installation.upstream.seen[key.id] == RATE
    assert set(tally.statuses) == {200, 429}


async def test_its_death_is_no_caller_s_trouble(
    installation: Installation, valkey: ValkeyServer
) -> None:
    """No error, no hanging, never more than twice the rate; and it comes back."""
    key = await _key(installation, "rated too")
    gateways = await _gateways(installation, valkey, 2)
    tally = Tally()
    calling = [one for gate in gateways for one in callers(3, gate.port, key, tally)]
    await asyncio.gather(*(_call(caller, 10) for caller in calling))
    await asyncio.to_thread(valkey.kill)
    began = time.monotonic()
    await asyncio.gather(*(_call(caller, 200) for caller in calling))
    assert time.monotonic() - began < 15
    assert set(tally.statuses) == {200, 429}
    assert tally.lost == 0
    assert RATE <= tally.served <= 2 * RATE
    await asyncio.to_thread(valkey.start_again)
    before = tally.served
    await asyncio.gather(*(_call(caller, 100) for caller in calling))
    # What passed while it was gone is not forgotten.
    assert tally.served - before <= RATE // 10


async def test_an_operator_may_refuse_what_cannot_be_counted(
    installation: Installation, valkey: ValkeyServer
) -> None:
    """And what has no rate limit goes on all the same."""
    key = await _key(installation, "rated strictly")
    free = await asyncio.to_thread(installation.key, "unrated")
    (gateway,) = await _gateways(installation, valkey, 1, "closed")
    await asyncio.to_thread(valkey.kill)
    rated, unrated = Tally(), Tally()
    await _call(Caller(gateway.port, key, rated), 20)
    await _call(Caller(gateway.port, free, unrated), 20)
    assert rated.statuses == {503: 20}
    assert unrated.statuses == {200: 20}
