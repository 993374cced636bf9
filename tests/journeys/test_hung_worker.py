"""`keyhouse serve --workers 2` when a process lives and does nothing."""

import asyncio
import os
import signal
import threading
import time
from typing import Any

import psutil
import pytest

from keyhouse_client import Client
from tests.faults.harness import (
    PATIENCE_SECONDS,
    Caller,
    Key,
    Tally,
    Upstream,
    callers,
    keep_calling,
)
from tests.faults.harness import until as comes
from tests.journeys.conftest import Machine
from tests.journeys.test_workers import _gateways, _workers

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUOTA = 400
CALLERS = 8


def _made(client: Client, port: int) -> tuple[Key, Key]:
    """A key with a quota, and one without."""
    client.apis.create(slug="echo", upstreams={"test": f"http://127.0.0.1:{port}"})
    limits = [{"name": "monthly", "quota": QUOTA, "window": "month"}]
    made = [
        client.keys.create(name, [{"api": "echo"}], limits=limits)
        for name, limits in (("limited", limits), ("plain", []))
    ]
    return Key(made[0]["id"], str(made[0]["secret"])), Key(
        made[1]["id"], str(made[1]["secret"])
    )


def _metered(client: Client, key: Key) -> int:
    rows = client.usage.each(key=key.id, step="day")
    return sum(row["requests"] for row in rows if row["verdict"] == "valid")


def _management(serve: Any) -> int:
    lines = _workers(serve).items()
    return next(pid for pid, line in lines if " management " in f"{line} ")


async def test_those_that_are_stopped_are_replaced_and_no_quota_is_overspent(
    machine: Machine,
) -> None:
    """Half of all callers would wait for nothing, and the other half would not know."""
    machine.more["KEYHOUSE_GATEWAY__HUNG_SECONDS_MAX"] = "2"
    kept = machine.folder / "key"
    await asyncio.to_thread(machine.run, "bootstrap", "--out", str(kept))
    serve, told = await asyncio.to_thread(machine.serve, "--workers", "2")
    port = int(machine.gateway.rpartition(":")[2])
    said: list[str] = []
    reading = threading.Thread(target=lambda: said.extend(serve.stdout or ()))
    reading.start()  # a full pipe would hold all of them up
    with Client(f"http://{machine.management}", kept.read_text().strip()) as client:
        await _story(client, serve, int(told["gateway"]["pid"]), port)
    reading.join()
    for name in ("gateway", "management"):
        assert f"{name} hangs: pid " in "".join(said)


async def _story(client: Client, serve: Any, hung: int, port: int) -> None:
    async with Upstream().serving() as upstream:
        limited, plain = await asyncio.to_thread(_made, client, upstream.port)
        of_limited, of_plain, end = Tally(), Tally(), asyncio.Event()
        calling = [
            asyncio.create_task(keep_calling(caller, end))
            for key, tally in ((limited, of_limited), (plain, of_plain))
            for caller in callers(CALLERS, port, key, tally)
        ]
        try:
            await comes(lambda: of_limited.served >= QUOTA // 4, lambda: str(of_limited))
            management = _management(serve)
            for pid in (hung, management):
                os.kill(pid, signal.SIGSTOP)
            await comes(
                lambda: not any(map(psutil.pid_exists, (hung, management))),
                lambda: "one lives",
            )
            assert len(_gateways(serve)) == 2
            await _all_are_served(port, plain, of_plain)
            await comes(lambda: of_limited.statuses[429] > 0, lambda: str(of_limited))
            await _is_booked(client, limited, QUOTA)
        finally:
            end.set()
            await asyncio.gather(*calling)
        assert upstream.seen[limited.id] == QUOTA
        for key, tally in ((limited, of_limited), (plain, of_plain)):
            seen = upstream.seen[key.id]
            assert tally.served <= seen <= tally.served + tally.lost
            assert tally.lost <= CALLERS
            metered = await _is_booked(client, key, tally.served)
            assert metered <= tally.served + tally.lost
        serve.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(serve.wait, 60) == 0


async def _is_booked(client: Client, key: Key, least: int) -> int:
    """Wait until so many calls are booked; how many are."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (metered := await asyncio.to_thread(_metered, client, key)) < least:
        assert time.monotonic() < deadline, f"{metered} of {least} booked"
        await asyncio.sleep(0.1)
    return metered


async def _all_are_served(port: int, key: Key, tally: Tally) -> None:
    """New connections, more than ever find one worker by chance."""
    calling = [Caller(port, key, tally) for _ in range(4 * CALLERS)]
    assert [await caller.call() for caller in calling] == [200] * len(calling)
    for caller in calling:
        caller.close()
