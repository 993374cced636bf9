"""Reserving at a Keyhouse elsewhere, and settling there."""

from typing import Any

import pytest

from keyhouse.core.request import Request
from keyhouse.ports import RemoteRefused
from keyhouse.services.reserve import Settled, Unsettled
from tests.services.remote.elsewhere import KEY, REVOKED, VALID, Elsewhere

ID = "rsv_abc-DEF_123"


def request() -> Request:
    return Request(KEY, "weather", cost=40)


async def test_the_cost_is_told_as_what_is_to_be_reserved() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = {**VALID, "reservation": ID, "reserved": 40}
    async with elsewhere.opened() as plane:
        decision, id = await plane.reserve(request(), None, "")
    assert (decision.allowed, id) == (True, ID)
    [[entry]] = elsewhere.batches
    assert entry["reserve"] == 40
    assert "cost" not in entry


async def test_a_refusal_has_no_reservation() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = REVOKED
    async with elsewhere.opened() as plane:
        for _ in range(2):
            decision, id = await plane.reserve(request(), None, "")
            assert (decision.code, id) == ("revoked", None)


@pytest.mark.parametrize("id", ["rsv_../verify", "rsv_a b", 7, ""])
async def test_what_is_no_id_is_taken_for_none(id: object) -> None:
    elsewhere = Elsewhere()
    elsewhere.result = {**VALID, "reservation": id}
    async with elsewhere.opened() as plane:
        decision, reservation = await plane.reserve(request(), None, "")
    assert (decision.code, reservation) == ("unavailable", None)


async def test_it_is_settled_there() -> None:
    elsewhere = Elsewhere()
    elsewhere.settled = {"units": 7, "reserved": 40, "refunded": 33, "exceeded": False}
    async with elsewhere.opened() as plane:
        assert await plane.settle(ID, 7) == Settled(7, 40, exceeded=False)
        assert await plane.settle("rsv_../verify", 7) is Unsettled.NOT_FOUND
    assert elsewhere.settlements == [(f"/.keyhouse/v1/reservations/{ID}/commit", 7)]


@pytest.mark.parametrize("why", [one for one in Unsettled if one != Unsettled.UNAVAILABLE])
async def test_why_it_is_not_settled_is_told(why: Unsettled) -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        elsewhere.refusing = RemoteRefused("409: no", why.value)
        assert await plane.settle(ID, 7) is why


async def test_a_key_that_may_not_is_told_so() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        elsewhere.refusing = RemoteRefused("403: no", "scope_missing")
        with pytest.raises(RemoteRefused):
            await plane.settle(ID, 7)


@pytest.mark.parametrize("answer", [{}, [], {"units": "x", "reserved": 1}, None])
async def test_an_answer_that_cannot_be_read_settles_nothing(answer: Any) -> None:
    elsewhere = Elsewhere()
    elsewhere.settled = answer
    async with elsewhere.opened() as plane:
        assert await plane.settle(ID, 7) is Unsettled.UNAVAILABLE
        elsewhere.gone = True
        assert await plane.settle(ID, 7) is Unsettled.UNAVAILABLE
