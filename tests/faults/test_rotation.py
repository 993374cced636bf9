"""A secret is replaced while callers use it."""

import asyncio
import time

import pytest

from tests.faults.harness import (
    Caller,
    Installation,
    Key,
    Tally,
    callers,
    keep_calling,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

OVERLAP_SECONDS = 2
QUOTA = 30


async def test_no_call_fails_within_the_overlap_and_none_passes_after_it(
    installation: Installation,
) -> None:
    """Callers are changed over one by one, and the forgotten one finds out."""
    old = await asyncio.to_thread(installation.key, "rotated")
    gateway = await asyncio.to_thread(installation.gateway)
    end, calls = asyncio.Event(), Tally()
    load = [
        asyncio.create_task(keep_calling(caller, end))
        for caller in callers(2, gateway.port, old, calls)
    ]
    await until(lambda: calls.served > 50, lambda: f"callers saw {calls}")
    before = time.monotonic()
    new = await asyncio.to_thread(_rotate, installation, old, OVERLAP_SECONDS)
    assert await _call(gateway.port, new) == 200
    await until(lambda: calls.statuses[401] > 0, lambda: f"callers saw {calls}")
    lasted = time.monotonic() - before
    end.set()
    await asyncio.gather(*load)

    # Callers send up to two more before they hear of the first refusal.
    assert set(calls.statuses) == {200, 401}
    assert calls.lost == 0
    assert OVERLAP_SECONDS - 0.1 <= lasted <= OVERLAP_SECONDS + 2
    assert await _call(gateway.port, new) == 200
    assert await _call(gateway.port, old) == 401
    served = calls.served + 2
    await asyncio.to_thread(_books, installation, old, served)
    told = await asyncio.to_thread(lambda: installation.client.keys.secrets(old.id).data)
    assert [one["state"] for one in told] == ["active", "ended"]
    assert all(one["last_used_at"] for one in told)


async def test_without_an_overlap_the_old_one_is_refused_at_once(
    installation: Installation,
) -> None:
    old = await asyncio.to_thread(installation.key, "leaked")
    gateway = await asyncio.to_thread(installation.gateway)
    assert await _call(gateway.port, old) == 200
    new = await asyncio.to_thread(_rotate, installation, old, 0)
    answered = time.monotonic()
    while await _call(gateway.port, old) == 200:
        assert time.monotonic() - answered < 1
    assert await _call(gateway.port, new) == 200
    assert await _call(gateway.port, old) == 401


async def test_an_overlap_that_waits_begins_with_the_first_use(
    installation: Installation,
) -> None:
    """Under load nobody is refused before, and the new secret never."""
    old = await asyncio.to_thread(installation.key, "waiting")
    gateway = await asyncio.to_thread(installation.gateway)
    end, calls = asyncio.Event(), Tally()
    load = [
        asyncio.create_task(keep_calling(caller, end))
        for caller in callers(2, gateway.port, old, calls)
    ]
    new = await asyncio.to_thread(
        _rotate, installation, old, OVERLAP_SECONDS, on_first_use=True
    )
    before = time.monotonic()
    await until(
        lambda: time.monotonic() - before > OVERLAP_SECONDS + 1.5,
        lambda: f"callers saw {calls}",
    )
    assert set(calls.statuses) == {200}
    used, fresh = time.monotonic(), Tally()
    moved = asyncio.create_task(keep_calling(Caller(gateway.port, new, fresh), end))
    await until(lambda: calls.statuses[401] > 0, lambda: f"callers saw {calls}")
    lasted = time.monotonic() - used
    end.set()
    await asyncio.gather(*load, moved)
    # The first use is booked within a second, and the worker looks every second.
    assert OVERLAP_SECONDS - 0.1 <= lasted <= OVERLAP_SECONDS + 3
    assert set(calls.statuses) == {200, 401}
    assert set(fresh.statuses) == {200}
    assert calls.lost == fresh.lost == 0
    served = calls.served + fresh.served
    await asyncio.to_thread(_books, installation, old, served)


async def test_both_secrets_spend_the_same_quota(installation: Installation) -> None:
    """Else a rotation would be a way to a fresh quota."""
    old = await asyncio.to_thread(installation.key, "counted", QUOTA)
    gateway = await asyncio.to_thread(installation.gateway)
    calls = Tally()
    for _ in range(2):
        await _spend(Caller(gateway.port, old, calls), QUOTA // 3)
    new = await asyncio.to_thread(_rotate, installation, old, 3600)
    await _spend(Caller(gateway.port, new, calls), QUOTA)
    await _spend(Caller(gateway.port, old, calls), 1)
    assert calls.statuses == {200: QUOTA, 429: QUOTA // 3 * 2 + 1}
    await asyncio.to_thread(_books, installation, old, QUOTA)
    (left,) = await asyncio.to_thread(lambda: installation.client.keys.limits(old.id).data)
    assert (left["used"], left["left"]) == (QUOTA, 0)


def _rotate(
    installation: Installation,
    key: Key,
    overlap_seconds: int,
    *,
    on_first_use: bool = False,
) -> Key:
    made = installation.client.keys.rotate(
        key.id, overlap_seconds, on_first_use=on_first_use
    )
    return Key(key.id, str(made["secret"]))


async def _call(port: int, key: Key) -> int | None:
    caller = Caller(port, key, Tally())
    status = await caller.call()
    caller.close()
    return status


async def _spend(caller: Caller, calls: int) -> None:
    for _ in range(calls):
        await caller.call()
    caller.close()


def _books(installation: Installation, key: Key, requests: int) -> None:
    """Wait until so many are booked as allowed, and no more."""
    deadline = time.monotonic() + 10
    while (booked := installation.metered(key)) != requests:
        assert booked <= requests
        assert time.monotonic() < deadline, f"{booked} of {requests} are booked"
        time.sleep(0.05)
