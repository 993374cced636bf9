"""kill -9 of a gateway under load, again and again, on one data folder."""

import asyncio
import random
import time

import pytest

from tests.faults.harness import (
    PATIENCE_SECONDS,
    ROUNDS,
    Caller,
    Installation,
    Key,
    Running,
    Tally,
    callers,
    eventually,
    free_port,
    keep_calling,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLERS = 4
CALLS_A_ROUND = 160
QUOTA = ROUNDS * 150
"""Less than is asked for in all rounds, so that the last ones meet its end."""


async def test_no_kill_overspends_a_quota_or_loses_or_doubles_usage(
    installation: Installation,
) -> None:
    limited = await asyncio.to_thread(installation.key, "limited", QUOTA)
    plain = await asyncio.to_thread(installation.key, "plain", 10**9)
    of_limited, of_plain = Tally(), Tally()
    port = free_port()

    for _ in range(ROUNDS):
        gateway = await asyncio.to_thread(installation.gateway, port)
        await _killed_under_load(gateway, (limited, of_limited), (plain, of_plain))

    gateway = await asyncio.to_thread(installation.gateway, port)
    await _spend_the_rest(installation, Caller(port, limited, of_limited), limited)
    await asyncio.to_thread(gateway.stop)

    assert of_limited.served <= QUOTA
    assert installation.upstream.seen[limited.id] <= QUOTA
    for key, tally in ((limited, of_limited), (plain, of_plain)):
        await asyncio.to_thread(_is_metered, installation, key, tally)


async def _killed_under_load(gateway: Running, *loads: tuple[Key, Tally]) -> None:
    """Both keys are called; the kill comes at a moment that nobody chose."""
    (limited, of_limited), (plain, of_plain) = loads
    end = asyncio.Event()
    tasks = [
        *(
            asyncio.create_task(keep_calling(caller, end, CALLS_A_ROUND // CALLERS))
            for caller in callers(CALLERS, gateway.port, limited, of_limited)
        ),
        *(
            asyncio.create_task(keep_calling(caller, end))
            for caller in callers(CALLERS, gateway.port, plain, of_plain)
        ),
    ]
    enough = of_plain.served + random.randrange(20, 400)
    try:
        await until(
            lambda: of_plain.served >= enough, lambda: f"too few served: {of_plain}"
        )
    finally:
        gateway.kill()
        end.set()
        await asyncio.gather(*tasks)


async def _spend_the_rest(installation: Installation, caller: Caller, key: Key) -> None:
    """What the dead had leased comes back: all of the quota can be used, no more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await asyncio.to_thread(installation.metered, key) < QUOTA:
        assert time.monotonic() < deadline, "some of the quota is lost for ever"
        for _ in range(200):
            if await caller.call() != 200:
                break
    for _ in range(50):
        assert await caller.call() == 429
    caller.close()


def _is_metered(installation: Installation, key: Key, tally: Tally) -> None:
    eventually(
        lambda: installation.metered(key) >= tally.served,
        f"{tally.served} served, {installation.metered(key)} metered",
    )
    metered = installation.metered(key)
    assert metered - tally.served <= tally.lost, (
        f"{tally.served} served, {tally.lost} in flight at the kills, {metered} metered"
    )
    assert tally.lost <= ROUNDS * CALLERS
