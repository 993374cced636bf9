"""Hundreds of keys revoked at once, thousands in soak, while all of them are in use."""

import asyncio
import os

import pytest

from tests.faults.harness import Caller, Installation, Key, Tally
from tests.faults.load import GROWTH_MAX, Load, memory_back

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEYS = int(os.environ.get("KEYHOUSE_SOAK_REVOKED", "600"))
AT_ONCE = 100
CALLERS = 8
MEMORY = GROWTH_MAX + KEYS * 2048
"""What a gateway knows of keys in use, it keeps: their records and how they look on

the wire and in the books, for some ten thousand of them.
"""
SECONDS_MAX = 2.0
"""The promise is 0.1 s for 99 of 100; tests share their machine with others."""


async def test_many_keys_are_refused_as_soon_as_one(
    installation: Installation,
) -> None:
    """Two gateways hear of it while they serve others; nobody else's calls wait."""
    keys, shop = await asyncio.to_thread(_made, installation)
    load = Load(installation)
    beside = await load.add("beside")
    gateways = await asyncio.gather(
        asyncio.to_thread(installation.gateway), asyncio.to_thread(installation.gateway)
    )
    ports = [gateway.port for gateway in gateways]
    async with memory_back(gateways[0], MEMORY), load.on(*ports, clients=1):
        await load.steady()
        served = await asyncio.gather(*(_each(port, keys) for port in ports))
        assert served == [{200: KEYS}, {200: KEYS}]
        told = await asyncio.to_thread(
            lambda: installation.client.keys.revoke_all(application=shop, expected=KEYS)
        )
        assert told["revoked"] == KEYS
        await asyncio.sleep(SECONDS_MAX / 4)
        refused = await asyncio.gather(*(_each(port, keys) for port in ports))
        assert refused == [{401: KEYS}, {401: KEYS}]
        await load.steady()
    assert beside.statuses() == {200}
    assert beside.longest() <= SECONDS_MAX
    await load.reckon()


def _made(house: Installation) -> tuple[list[Key], str]:
    """So many keys of one application, and its id."""
    client = house.client
    shop = str(client.applications.create(name="shop of many")["id"])
    keys = []
    for _ in range(KEYS // AT_ONCE):
        wish = {"name": "one of many", "access": [{"api": "echo"}], "application": shop}
        made = client.keys.create_many([wish] * AT_ONCE)
        keys += [Key(one["id"], str(one["secret"])) for one in made["data"]]
    return keys, shop


async def _each(port: int, keys: list[Key]) -> dict[int, int]:
    """What each key gets, called once: how often which status."""
    tally = Tally()

    async def call(some: list[Key]) -> None:
        caller = Caller(port, some[0], tally)
        for key in some:
            caller.use(key.secret)
            await caller.call()
        caller.close()

    await asyncio.gather(*(call(keys[start::CALLERS]) for start in range(CALLERS)))
    return dict(tally.statuses)
