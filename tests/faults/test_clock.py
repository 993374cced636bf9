"""The wall clock steps under a gateway: limits are not refilled, and nobody is shut out."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import pack

import pytest

from tests.faults.harness import (
    PATIENCE_SECONDS,
    Caller,
    Installation,
    Key,
    Running,
    Tally,
    free_port,
)
from tests.faults.load import Load

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR_US = 3_600_000_000
QUOTA = 40
RATE_A_SECOND, BURST = 10, 10
SECONDS_MAX = 1.0


class Clock:
    """The gateways' wall clock: some hours ahead, ten minutes into one.

    Ahead, as for one behind a new key has not begun.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "offset"
        now_us = time.time_ns() // 1000
        self._first_us = HOUR_US // 6 - now_us % HOUR_US + 4 * HOUR_US
        self.step(0)

    def step(self, hours: int) -> None:
        """Set it to so many hours after its beginning."""
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(pack("<q", self._first_us + hours * HOUR_US))


async def gateway_by(house: Installation, clock: Clock, port: int) -> Running:
    return await asyncio.to_thread(
        lambda: house.gateway(
            port, module="tests.faults.clocked_gateway", CLOCK_OFFSET=str(clock.file)
        )
    )


def _limited(house: Installation, name: str, **limit: object) -> Key:
    limits = [{"name": name, **limit}]
    made = house.client.keys.create(name, [{"api": "echo"}], limits=limits)
    return Key(made["id"], str(made["secret"]))


async def test_no_step_of_the_clock_refills_a_quota(
    installation: Installation, tmp_path: Path
) -> None:
    """Each window has its amount once, in whatever order and however often it comes."""
    clock, port, tally = Clock(tmp_path), free_port(), Tally()
    key = await asyncio.to_thread(
        _limited, installation, "hourly", quota=QUOTA, window="hour"
    )
    gateway = await gateway_by(installation, clock, port)
    caller = Caller(port, key, tally)
    for hours, expected in ((0, 1), (1, 2), (0, 2), (-1, 3), (1, 3)):
        clock.step(hours)
        await asyncio.wait_for(_spend_all(caller), PATIENCE_SECONDS)
        assert tally.served == expected * QUOTA
    gateway.kill()
    gateway = await gateway_by(installation, clock, port)
    for hours, expected in ((-1, 3), (2, 4)):
        clock.step(hours)
        await asyncio.wait_for(_spend_all(caller), PATIENCE_SECONDS)
        assert tally.served == expected * QUOTA
    caller.close()
    await asyncio.to_thread(gateway.stop)
    assert installation.upstream.seen[key.id] == tally.served
    assert await asyncio.to_thread(_metered, installation, key) == tally.served


def _metered(house: Installation, key: Key) -> int:
    """What was booked for a key, also for hours that have not come."""
    now = datetime.now(UTC)
    since, until = (
        (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (-1, 2)
    )
    rows = house.client.usage.each(key=key.id, step="day", since=since, until=until)
    return sum(row["requests"] for row in rows if row["verdict"] == "valid")


async def _spend_all(caller: Caller) -> None:
    """Until it is refused several times, also after what was given back meanwhile."""
    refused = 0
    while refused < 10:
        refused = refused + 1 if await caller.call() == 429 else 0
        if refused > 5:
            await asyncio.sleep(0.05)


async def test_no_step_of_the_clock_opens_a_rate_or_shuts_it(
    installation: Installation, tmp_path: Path
) -> None:
    clock, port, tally = Clock(tmp_path), free_port(), Tally()
    limit = {"rate": RATE_A_SECOND, "period_seconds": 1, "burst": BURST}
    key = await asyncio.to_thread(lambda: _limited(installation, "fast", **limit))
    await gateway_by(installation, clock, port)
    caller = Caller(port, key, tally)
    began, steps = time.monotonic(), (1, 0, -2, -1, 3, 2)
    for hours in steps:
        clock.step(hours)
        before, at = tally.served, time.monotonic()
        while tally.served < before + 2:
            await caller.call()
            assert time.monotonic() - at < 10 * SECONDS_MAX, "it is shut for long"
    lasted = time.monotonic() - began
    assert tally.served <= BURST * (1 + len(steps)) + RATE_A_SECOND * lasted + 1
    caller.close()


async def test_no_step_of_the_clock_hides_a_revocation(
    installation: Installation, tmp_path: Path
) -> None:
    """How old knowledge is, is told by the clock that only goes forward."""
    clock, port = Clock(tmp_path), free_port()
    load = Load(installation)
    for hours in (-3, 3):
        await load.add(f"revoked after a step of {hours} hours")
    gateway = await gateway_by(installation, clock, port)
    async with load.on(gateway.port, clients=1):
        await load.steady()
        for hours, one in zip((-3, 3), load.all, strict=True):
            clock.step(hours)
            await asyncio.to_thread(installation.client.keys.revoke, one.key.id)
            revoked = time.monotonic()
            await load.steady(401, [one])
            assert one.last_served() <= revoked + SECONDS_MAX
