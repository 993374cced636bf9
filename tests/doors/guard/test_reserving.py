"""Calls whose cost is known afterwards, in process."""

import pytest

from keyhouse import Keyhouse, Settled, Unsettled
from keyhouse.core.entities import Limit, LimitKind, Window
from tests.doors.guard.installation import Installation

MONTHLY = Limit(name="monthly", kind=LimitKind.QUOTA, amount=100, window=Window.MONTH)


async def test_what_one_process_reserves_another_settles(
    installation: Installation,
) -> None:
    """And what came back can be reserved again."""
    secret = installation.add_key(limits=(MONTHLY,))
    async with Keyhouse.from_env(installation.environ).running() as kh:
        first = await kh.reserve(secret, 80, api="weather", method="GET", path="/x")
        assert first.decision.allowed
        assert first.id is not None
        assert (
            await kh.reserve(secret, 80, api="weather")
        ).decision.code == "quota_exceeded"
    async with Keyhouse.from_env(installation.environ).running() as kh:
        for _ in range(2):
            assert await kh.settle(first.id, 5) == Settled(5, 80, exceeded=False)
        assert await kh.settle(first.id, 6) is Unsettled.ENDED
        again = await kh.reserve(secret, 95, api="weather")
        assert again.id is not None
        assert await kh.settle(again.id, 96) == Settled(95, 95, exceeded=True)
        assert (await kh.verify(secret, api="weather")).code == "quota_exceeded"


async def test_a_refusal_reserves_nothing(installation: Installation) -> None:
    async with Keyhouse.from_env(installation.environ).running() as kh:
        refused = await kh.reserve("kh_sk_test_x", 5, api="weather")
        assert (refused.decision.code, refused.id) == ("malformed", None)
        assert await kh.settle("rsv_nobodys", 0) is Unsettled.NOT_FOUND
        with pytest.raises(ValueError, match="cost: is at least 0"):
            await kh.reserve("x", -1, api="weather")
        with pytest.raises(ValueError, match="units: are at least 0"):
            await kh.settle("rsv_x", -1)
