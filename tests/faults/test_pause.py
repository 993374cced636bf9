"""A gateway that was stopped (SIGSTOP) and wakes (SIGCONT), as in a frozen container."""

import asyncio
import signal

import pytest

from tests.faults.harness import Installation, Tally, callers

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLERS = 8
STALE_SECONDS = 0.3
"""A gateway trusts what it heard for a quarter of a second; it sleeps longer."""


async def test_a_woken_gateway_serves_no_key_that_was_revoked_meanwhile(
    installation: Installation,
) -> None:
    key = await asyncio.to_thread(installation.key, "to be revoked")
    gateway = await asyncio.to_thread(installation.gateway)
    tally = Tally()
    calling = callers(CALLERS, gateway.port, key, tally)
    assert [await caller.call() for caller in calling] == [200] * CALLERS

    gateway.send(signal.SIGSTOP)
    for caller in calling:
        await caller.send()  # lies in the socket when the gateway wakes
    await asyncio.to_thread(installation.client.keys.revoke, key.id)
    await asyncio.sleep(STALE_SECONDS)
    gateway.send(signal.SIGCONT)

    assert [await caller.answer() for caller in calling] == [401] * CALLERS
    assert installation.upstream.seen[key.id] == CALLERS
    for caller in calling:
        caller.close()


async def test_a_woken_gateway_spends_only_what_it_had_leased(
    installation: Installation,
) -> None:
    """While one sleeps, the other uses up the rest; together they reach the quota."""
    quota = 400
    key = await asyncio.to_thread(installation.key, "shared", quota)
    sleeper, other = await asyncio.gather(
        asyncio.to_thread(installation.gateway), asyncio.to_thread(installation.gateway)
    )
    tally = Tally()
    (at_sleeper,) = callers(1, sleeper.port, key, tally)
    (at_other,) = callers(1, other.port, key, tally)
    assert [await at_sleeper.call() for _ in range(20)] == [200] * 20

    sleeper.send(signal.SIGSTOP)
    while await at_other.call() == 200:
        assert tally.served <= quota
    sleeper.send(signal.SIGCONT)
    while await at_sleeper.call() == 200:
        assert tally.served <= quota

    assert tally.served <= quota
    assert installation.upstream.seen[key.id] == tally.served
    at_sleeper.close()
    at_other.close()
