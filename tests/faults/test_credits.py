"""kill -9 of a gateway while a prepaid customer calls what its upstream prices."""

import asyncio
import random

import pytest

from keyhouse_client.shapes import Balance
from tests.faults.harness import (
    ROUNDS,
    Caller,
    Installation,
    Key,
    Running,
    Tally,
    callers,
    free_port,
    keep_calling,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLERS = 4
RESERVED = 10
CREDITS = ROUNDS * 400
"""Less than is asked for in all rounds, so that the last ones meet its end."""


async def test_no_kill_overspends_credits_or_charges_more_than_was_in_flight(
    installation: Installation,
) -> None:
    key, customer = await asyncio.to_thread(_prepaid, installation)
    upstream, tally, port = installation.upstream, Tally(), free_port()
    chance = random.Random(7)
    upstream.costs[key.id] = lambda: chance.randint(0, RESERVED)

    for _ in range(ROUNDS):
        gateway = await asyncio.to_thread(installation.gateway, port)
        await _killed_under_load(gateway, key, tally)
    gateway = await asyncio.to_thread(installation.gateway, port)
    await _spend_the_rest(Caller(port, key, tally, api="dear"))
    await asyncio.to_thread(gateway.stop)

    told = upstream.told[key.id]
    balance = await asyncio.to_thread(_balance, installation, customer)
    assert balance["spent"] <= CREDITS
    assert balance["reserved"] == 0, "some of the credits are lost for ever"
    assert balance["left"] < RESERVED, "credits were refused that were there"
    assert told <= balance["spent"] <= told + RESERVED * tally.lost, (
        f"{told} told, {tally.lost} in flight at the kills, {balance}"
    )
    assert await asyncio.to_thread(_units, installation, key) == balance["spent"]
    assert tally.lost <= ROUNDS * CALLERS


def _prepaid(installation: Installation) -> tuple[Key, str]:
    """A live key of a customer with credits, on a route whose upstream tells its cost."""
    client = installation.client
    installation.api("dear")
    client.apis.routes("dear").create(
        method="*", path="/**", cost=RESERVED, cost_from="upstream"
    )
    customer = client.customers.create(external_id="crm-1")
    client.customers.credits(customer["id"]).create(amount=CREDITS, kind="purchase")
    shop = client.applications.create(name="shop", customer="crm-1")
    access = [{"api": "dear"}]
    made = client.keys.create("prepaid", access, environment="live", application=shop["id"])
    return Key(made["id"], str(made["secret"])), str(customer["id"])


def _balance(installation: Installation, customer: str) -> Balance:
    return installation.client.customers.balance(customer)


def _units(installation: Installation, key: Key) -> int:
    rows = installation.client.usage.each(key=key.id, step="day")
    return sum(row["units"] for row in rows)


async def _killed_under_load(gateway: Running, key: Key, tally: Tally) -> None:
    """The kill comes at a moment that nobody chose."""
    end = asyncio.Event()
    enough = tally.served + random.randrange(10, 80)
    tasks = [
        asyncio.create_task(keep_calling(caller, end))
        for caller in callers(CALLERS, gateway.port, key, tally, api="dear")
    ]
    refused = tally.statuses[402]
    try:
        await until(
            lambda: tally.served >= enough or tally.statuses[402] > refused,
            lambda: f"too few served: {tally}",
        )
    finally:
        gateway.kill()
        end.set()
        await asyncio.gather(*tasks)


async def _spend_the_rest(caller: Caller) -> None:
    """What the dead had leased comes back: all can be used but less than one call's."""
    refused = 0
    while refused < 20:
        status = await caller.call()
        assert status in (200, 402)
        refused = refused + 1 if status == 402 else 0
        if refused:
            await asyncio.sleep(0.15)
    caller.close()
