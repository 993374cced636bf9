"""A webhook is sent at least once, whenever the process that sends it dies."""

import asyncio
import threading
from pathlib import Path

import pytest

from keyhouse_client import verify_webhook
from tests.faults.harness import Installation, Tally, Upstream, callers, eventually
from tests.servers.receiver import Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _story(made: Installation) -> None:
    """Killed between the receiver's answer being due and the mark in the database."""
    killed = threading.Event()

    def die() -> None:
        if not killed.is_set():
            made.kill_management()
            killed.set()

    with Receiver(before=die).listening() as receiver:
        hook = made.client.webhooks.create(receiver.url, ["webhook.disabled"])
        sent = made.client.webhooks.test(hook["id"])
        assert killed.wait(30), "nothing was sent"
        made.start_management()
        deliveries = made.client.webhooks.deliveries(hook["id"])
        eventually(
            lambda: deliveries.get(sent["id"])["state"] == "delivered",
            "what was sent and not marked is not sent again",
        )
        assert {got.headers["webhook-id"] for got in receiver.got} == {sent["event"]}
        assert len(receiver.got) == 2
        assert deliveries.get(sent["id"])["attempts"] == 1


async def test_a_quota_that_calls_use_up_is_told_within_seconds(
    installation: Installation,
) -> None:
    """From the gateway's lease, by its booking, to the provider's own program."""
    key = await asyncio.to_thread(installation.key, "five a month", 5)
    gateway = await asyncio.to_thread(installation.gateway)
    with Receiver().listening() as receiver:
        hook = await asyncio.to_thread(
            installation.client.webhooks.create,
            receiver.url,
            ["quota.near", "quota.reached"],
        )
        (caller,) = callers(1, gateway.port, key, Tally())
        assert [await caller.call() for _ in range(4)] == [200] * 4
        (near,) = await asyncio.to_thread(receiver.wait_for, 1)
        assert [await caller.call() for _ in range(3)] == [200, 429, 429]
        *_, reached = await asyncio.to_thread(receiver.wait_for, 2)
        caller.close()
    secret = str(hook["secret"])
    told = [verify_webhook(secret, got.headers, got.body) for got in (near, reached)]
    assert [event["type"] for event in told] == ["quota.near", "quota.reached"]
    assert [event["data"]["used"] for event in told] == [4, 5]
    assert told[0]["data"]["subject"] == {"kind": "key", "id": key.id}
    await asyncio.to_thread(installation.client.webhooks.delete, hook["id"])


async def test_what_a_killed_process_had_sent_and_not_marked_is_sent_again(
    tmp_path: Path,
) -> None:
    async with Upstream().serving() as upstream:
        made = Installation(tmp_path, upstream)
        try:
            await asyncio.to_thread(made.open)
            await asyncio.to_thread(_story, made)
        finally:
            await asyncio.to_thread(made.close)
