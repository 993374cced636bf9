"""Who stops waiting for a guard, as when a client has gone, spends nothing."""

import asyncio

import pytest

from keyhouse import Keyhouse
from keyhouse.core.entities import Limit, LimitKind, Window
from tests.doors.guard.installation import Installation

MONTHLY = Limit(name="monthly", kind=LimitKind.QUOTA, amount=100, window=Window.MONTH)


async def test_a_caller_that_stops_waiting_keeps_its_quota(
    installation: Installation,
) -> None:
    secret = installation.add_key(limits=(MONTHLY,))
    async with Keyhouse.from_env(installation.environ).running() as kh:
        # The API is known then, and the key is what is waited for.
        await kh.verify(installation.add_key(), api="weather")
        asking = asyncio.create_task(kh.verify(secret, api="weather", cost=80))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await kh.verify(secret, api="weather", cost=100)).allowed
