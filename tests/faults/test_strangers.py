"""A flood of well-formed unknown keys: bounded, counted, and nobody else's trouble."""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.observations import OTHER, VALUES_A_DAY
from keyhouse.core.secret import ENTROPY_BYTES, mint
from keyhouse.services.verify.sources import MISSES_A_SECOND, MISSES_BURST
from tests.faults.harness import Caller, Installation, Key, Tally, eventually, keep_calling

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOISY = [f"127.0.{net}.1" for net in range(1, 7)]
"""Each a network of its own; the caller of the cached key is a neighbour of the first."""

GUESSES_EACH = 700
QUIET = [f"127.{net // 200 + 1}.{net % 200}.1" for net in range(VALUES_A_DAY + 40)]
GROWTH_MAX = 32 * 1024 * 1024


async def test_a_flood_is_bounded_counted_and_felt_by_nobody_else(
    installation: Installation, tmp_path: Path
) -> None:
    """The gateway is killed after it: its spool tells the rest, and nothing twice."""
    api = await asyncio.to_thread(installation.api, "flooded")
    key = await asyncio.to_thread(installation.key, "cached", None, "flooded")
    look_ups = tmp_path / "look-ups"
    gateway = await asyncio.to_thread(
        lambda: installation.gateway(
            module="tests.faults.counting_gateway", LOOK_UPS=str(look_ups)
        )
    )
    cached = Tally()
    callers = [
        Caller(gateway.port, key, cached, api="flooded", address=address)
        for address in ("127.0.0.1", "127.0.1.77")
    ]
    assert [await caller.call() for caller in callers] == [200, 200]
    before, began = gateway.resident_bytes, time.monotonic()
    end = asyncio.Event()
    calling = [asyncio.create_task(keep_calling(caller, end)) for caller in callers]
    flood = await asyncio.gather(*(_guess(gateway.port, at) for at in NOISY for _ in "12"))
    seconds = time.monotonic() - began
    grown = gateway.resident_bytes - before
    await asyncio.to_thread(gateway.kill)
    end.set()
    await asyncio.gather(*calling)

    assert set(cached.statuses) == {200}
    statuses = sum((Counter(tally.statuses) for tally in flood), Counter[int]())
    assert sum(statuses.values()) == len(NOISY) * GUESSES_EACH
    assert set(statuses) == {401, 503}
    share = MISSES_BURST + MISSES_A_SECOND * (seconds + 1)
    assert statuses[401] <= len(NOISY) * share
    assert look_ups.stat().st_size == statuses[401] + 1  # and the cached key, once
    assert grown < GROWTH_MAX

    gateway = await asyncio.to_thread(installation.gateway)
    expected = {
        (network_of(at), code): sum(tally.statuses[status] for tally in flood[2 * n :][:2])
        for n, at in enumerate(NOISY)
        for status, code in ((401, "unknown"), (503, "unavailable"))
    }
    told = await asyncio.to_thread(_shown, installation, api, sum(expected.values()))
    assert told == expected

    for at in QUIET:  # one after the other: all are looked up
        assert (await _guess(gateway.port, at, 1)).statuses[401] == 1
    total = sum(expected.values()) + len(QUIET)
    told = await asyncio.to_thread(_shown, installation, api, total)
    for place, count in expected.items():
        assert told[place] == count
    named = [network for network, code in told if code == "unknown" and network != OTHER]
    assert len(named) == VALUES_A_DAY
    assert told[OTHER, "unknown"] == len(QUIET) + len(NOISY) - VALUES_A_DAY


async def _guess(port: int, address: str, times: int = GUESSES_EACH // 2) -> Tally:
    """Keys that nobody has, one after the other over one connection."""
    tally = Tally()
    caller = Caller(port, Key("", ""), tally, api="flooded", address=address)
    for _ in range(times):
        entropy = os.urandom(ENTROPY_BYTES)
        caller.use(mint("kh", KeyKind.SERVER, Environment.TEST, entropy).reveal())
        assert await caller.call() in (401, 503)
    caller.close()
    return tally


def _shown(installation: Installation, api: str, total: int) -> dict[tuple[str, str], int]:
    """What usage shows, once all of `total` is booked."""
    found: dict[tuple[str, str], int] = {}

    def is_booked() -> bool:
        rows = installation.client.usage.unknown_keys(api=api).data
        found.clear()
        found.update({(row["network"], row["verdict"]): row["requests"] for row in rows})
        return sum(found.values()) >= total

    eventually(is_booked, f"not all of {total} attempts are shown")
    assert sum(found.values()) == total
    return found


def network_of(address: str) -> str:
    """The /24 of an address."""
    return f"{address.rpartition('.')[0]}.0/24"
