"""A gateway that is started again goes on counting where it was."""

import asyncio

import pytest

from tests.faults.harness import Installation, Running, Tally, callers, free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDS = (Running.stop, Running.kill)


@pytest.mark.parametrize("end", ENDS, ids=["SIGTERM", "kill -9"])
async def test_no_restart_resets_a_quota(installation: Installation, end: object) -> None:
    key = await asyncio.to_thread(installation.key, "ten a day", 10)
    port = free_port()
    tally = Tally()
    for expected in ([200] * 6, [200] * 4 + [429] * 2, [429] * 4):
        gateway = await asyncio.to_thread(installation.gateway, port)
        (caller,) = callers(1, port, key, tally)
        assert [await caller.call() for _ in expected] == expected
        caller.close()
        assert callable(end)
        await asyncio.to_thread(end, gateway)
