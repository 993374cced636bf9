"""Two gateways on one data folder share what a key may use."""

import asyncio
import time

import pytest

from tests.faults.harness import (
    PATIENCE_SECONDS,
    Caller,
    Installation,
    Tally,
    callers,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUOTA = 500


async def test_two_gateways_serve_exactly_the_quota(installation: Installation) -> None:
    key = await asyncio.to_thread(installation.key, "shared", QUOTA)
    gateways = await asyncio.gather(
        asyncio.to_thread(installation.gateway), asyncio.to_thread(installation.gateway)
    )
    tally = Tally()
    calling = [
        caller for gateway in gateways for caller in callers(4, gateway.port, key, tally)
    ]
    await asyncio.gather(*(_use_up(caller, tally) for caller in calling))

    for caller in calling:
        assert [await caller.call() for _ in range(20)] == [429] * 20
        caller.close()
    assert tally.served == QUOTA
    assert installation.upstream.seen[key.id] == QUOTA


async def _use_up(caller: Caller, tally: Tally) -> None:
    """A refusal may be early: what the other has leased and not used comes back."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while tally.served < QUOTA:
        assert time.monotonic() < deadline, f"only {tally.served} of {QUOTA} can be used"
        if await caller.call() != 200:
            await asyncio.sleep(0.02)
