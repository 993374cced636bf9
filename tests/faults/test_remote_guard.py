"""A guard in front of a real gateway: revoked, killed, started again, shared."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from keyhouse import Keyhouse, Settled, Unsettled
from tests.faults.harness import Installation, Key, free_port, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS_MAX = 1.0
"""The promise is 0.25 s; tests share their machine with others."""
QUOTA = 200


def environ_of(installation: Installation, port: int) -> dict[str, str]:
    made = installation.client.keys.create(
        "guard", [{"api": "echo", "scopes": ["keys:verify"]}], kind="management"
    )
    return {
        "KEYHOUSE_URL": f"http://127.0.0.1:{port}",
        "KEYHOUSE_API_KEY": str(made["secret"]),
    }


@asynccontextmanager
async def guarding(installation: Installation, port: int) -> AsyncIterator[Keyhouse]:
    environ = await asyncio.to_thread(environ_of, installation, port)
    async with Keyhouse.from_env(environ).running() as kh:
        yield kh


async def code(kh: Keyhouse, key: Key) -> str:
    return (await kh.verify(key.secret, api="echo", method="GET", path="/")).code


async def seconds_until(kh: Keyhouse, key: Key, wanted: str) -> float:
    """How long from now until a key is told so; it is asked without a pause."""
    began = time.monotonic()
    while await code(kh, key) != wanted:
        assert time.monotonic() - began < 10 * SECONDS_MAX, wanted
    return time.monotonic() - began


async def test_a_revoked_or_enabled_key_is_known_as_such_at_once(
    installation: Installation,
) -> None:
    gateway = await asyncio.to_thread(installation.gateway)
    keys = installation.client.keys
    key = await asyncio.to_thread(installation.key, "seen from afar")
    async with guarding(installation, gateway.port) as kh:
        assert await code(kh, key) == "valid"
        for _ in range(5):
            await asyncio.to_thread(keys.disable, key.id)
            assert await seconds_until(kh, key, "disabled") <= SECONDS_MAX
            assert await code(kh, key) == "disabled"
            await asyncio.to_thread(keys.enable, key.id)
            assert await seconds_until(kh, key, "valid") <= SECONDS_MAX
        await asyncio.to_thread(keys.revoke, key.id)
        assert await seconds_until(kh, key, "revoked") <= SECONDS_MAX


async def test_a_new_key_works_though_it_was_asked_for_before(
    installation: Installation,
) -> None:
    gateway = await asyncio.to_thread(installation.gateway)
    async with guarding(installation, gateway.port) as kh:
        key = await asyncio.to_thread(installation.key, "deleted and restored")
        await asyncio.to_thread(installation.client.keys.delete, key.id)
        await seconds_until(kh, key, "unknown")
        await asyncio.to_thread(installation.client.keys.restore, key.id)
        assert await seconds_until(kh, key, "valid") <= SECONDS_MAX


async def test_a_killed_gateway_closes_the_guard_and_a_new_one_opens_it(
    installation: Installation,
) -> None:
    port = free_port()
    gateway = await asyncio.to_thread(installation.gateway, port)
    key = await asyncio.to_thread(installation.key, "outlives the gateway")
    async with guarding(installation, port) as kh:
        assert await code(kh, key) == "valid"
        await asyncio.to_thread(gateway.kill)
        installation._gateways.remove(gateway)
        began = time.monotonic()
        assert [await code(kh, key) for _ in range(200)] == ["unavailable"] * 200
        assert time.monotonic() - began < 5
        await asyncio.to_thread(installation.gateway, port)
        assert await seconds_until(kh, key, "valid") <= 10 * SECONDS_MAX
        assert [await code(kh, key) for _ in range(20)] == ["valid"] * 20


async def test_two_guards_share_a_quota_exactly(installation: Installation) -> None:
    """Two processes on two gateways serve what one would: none more, and none lost."""
    gateways = [await asyncio.to_thread(installation.gateway) for _ in range(2)]
    key = await asyncio.to_thread(installation.key, "shared from afar", QUOTA)
    environs = [
        await asyncio.to_thread(environ_of, installation, gateway.port)
        for gateway in gateways
    ]
    spent = await asyncio.gather(
        *[asyncio.to_thread(_spend, key.secret, environ) for environ in environs]
    )
    assert sum(spent) == QUOTA
    async with Keyhouse.from_env(environs[0]).running() as kh:
        assert await code(kh, key) == "quota_exceeded"
    await until(
        lambda: installation.metered(key) == QUOTA,
        lambda: f"booked: {installation.metered(key)}",
    )


async def test_what_a_guard_refused_is_counted_as_well(installation: Installation) -> None:
    gateway = await asyncio.to_thread(installation.gateway)
    key = await asyncio.to_thread(installation.key, "refused from afar")
    await asyncio.to_thread(installation.client.keys.revoke, key.id)
    async with guarding(installation, gateway.port) as kh:
        codes = [await code(kh, key) for _ in range(30)]
    assert codes == ["revoked"] * 30

    def counted() -> Counter[str]:
        rows = installation.client.usage.each(key=key.id, step="day")
        return Counter({row["verdict"]: row["requests"] for row in rows})

    await until(lambda: counted() == {"revoked": 30}, lambda: str(counted()))


def _spend(secret: str, environ: dict[str, str]) -> int:
    kept = {name: value for name, value in os.environ.items() if name[:9] != "KEYHOUSE_"}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.remote_spender"],
        env={**kept, **environ},
        input=secret + "\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(ran.stdout)


async def test_what_was_reserved_is_settled_at_another_gateway_after_a_kill(
    installation: Installation,
) -> None:
    """Exactly once, though the gateway that reserved it never came to book it."""
    key = await asyncio.to_thread(installation.key, "reserving", 100)
    port = free_port()
    gateway = await asyncio.to_thread(installation.gateway, port)
    async with guarding(installation, port) as kh:
        first = await kh.reserve(key.secret, 60, api="echo")
        gateway.kill()
        assert first.id is not None
        assert await kh.settle(first.id, 10) is Unsettled.UNAVAILABLE
        await asyncio.to_thread(installation.gateway, port)
        for _ in range(3):
            assert await settling(kh, first.id, 10) == Settled(10, 60, exceeded=False)
        assert await kh.settle(first.id, 60) is Unsettled.ENDED
        second = await kh.reserve(key.secret, 90, api="echo")
        assert second.decision.allowed
        assert (await kh.reserve(key.secret, 1, api="echo")).decision.code == (
            "quota_exceeded"
        )
    rows = await asyncio.to_thread(
        lambda: list(installation.client.usage.each(key=key.id, step="day"))
    )
    assert sum(row["units"] for row in rows) in (10, 100)  # the second may be on its way


async def settling(kh: Keyhouse, id: str, units: int) -> Settled | Unsettled:
    """Settle, as soon as a gateway is there again."""
    async with asyncio.timeout(10):
        while (told := await kh.settle(id, units)) is Unsettled.UNAVAILABLE:  # noqa: ASYNC110 - nobody tells of its start
            await asyncio.sleep(0.05)
    return told
