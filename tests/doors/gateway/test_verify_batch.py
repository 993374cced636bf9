"""A batch for verify: many requests in one call, none of which spoils another."""

import asyncio
import json
from typing import Any

import pytest

from keyhouse.core.decision import Decision
from keyhouse.core.pending import Pending
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway.verify_batch import AT_ONCE_MAX
from tests.doors.gateway.conftest import House, until
from tests.doors.gateway.doubles import FENCED, KEY, LIMITED, MANAGER
from tests.doors.gateway.test_verify import verify

K = KEY.decode()


async def told(house: House, *requests: object) -> list[dict[str, Any]]:
    answer = await verify(house, {"requests": list(requests)})
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = json.loads(answer.body)["results"]
    return found


def of(secret: bytes = KEY, **more: Any) -> dict[str, Any]:
    return {"secret": secret.decode(), "api": "weather", **more}


async def test_results_stand_in_the_order_of_the_requests(house: House) -> None:
    await house.start()
    found = await told(
        house,
        of(),
        of(FENCED),
        of(FENCED, address="203.0.113.9"),
        of(b"garbage"),
        of(scopes=["forecast:write"]),
    )
    codes = ["valid", "ip_not_allowed", "valid", "unknown", "scope_missing"]
    assert [one["code"] for one in found] == codes
    assert [one["allowed"] for one in found] == [code == "valid" for code in codes]
    assert found[2]["key"]["name"] == "fenced"


async def test_an_entry_is_answered_as_it_would_be_alone(house: House) -> None:
    await house.start()
    answer = await verify(house, of())
    alone = json.loads(answer.body)
    (within,) = await told(house, of())
    del alone["request_id"], within["request_id"]
    assert within == alone


async def test_each_entry_is_counted_on_its_own(house: House) -> None:
    await house.start()
    found = await told(house, of(LIMITED, path="/a"), of(LIMITED), of(LIMITED))
    assert [one["code"] for one in found] == ["valid", "valid", "rate_limited"]
    served, completed = house.meter.served_rows, house.meter.completed_rows
    ids = [one["request_id"] for one in found]
    assert len(set(ids)) == 3
    assert [row["id"] for row in served] == [row["id"] for row in completed] == ids
    assert [row["code"] for row in served] == ["valid", "valid", "rate_limited"]
    assert [row["path"] for row in served] == ["/weather/a", "/weather", "/weather"]
    assert all(row["bytes_out"] > 100 for row in completed)


@pytest.mark.parametrize(
    ("entry", "status", "field"),
    [
        ([], 422, "requests.1"),
        ({"api": "weather"}, 422, "requests.1.secret"),
        ({"secret": K, "api": "weather", "address": "here"}, 422, "requests.1.address"),
        ({"secret": K, "api": "weather", "scopes": ["x"]}, 422, "requests.1.scopes.0"),
        ({"secret": K, "api": "weather", "requests": []}, 422, "requests.1.requests"),
        ({"secret": K, "api": "query"}, 404, "requests.1.api"),
        ({"secret": K, "api": "nowhere"}, 404, "requests.1.api"),
    ],
)
async def test_a_fault_stands_in_the_place_of_its_entry(
    house: House, entry: object, status: int, field: str
) -> None:
    """A program that gathers requests of many callers loses none for another."""
    await house.start()
    before, faulty, after = await told(house, of(), entry, of())
    assert before["allowed"]
    assert after["allowed"]
    assert (faulty["allowed"], faulty["status"]) == (False, status)
    (error,) = faulty["errors"]
    assert error["field"] == field
    assert faulty["detail"].startswith(f"{field}: ")
    assert len(house.meter.served_rows) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"requests": {}}, "requests"),
        ({"requests": [of()] * 101}, "requests"),
        ({"requests": [], "secret": K}, "secret"),
    ],
)
async def test_what_is_no_batch_is_refused_as_a_whole(
    house: House, body: object, field: str
) -> None:
    await house.start()
    answer = await verify(house, body)
    (error,) = json.loads(answer.body)["errors"]
    assert (answer.status, error["field"]) == (422, field)
    assert not house.meter.served_rows


async def test_a_batch_may_be_empty_and_may_be_full(house: House) -> None:
    await house.start()
    assert await told(house) == []
    found = await told(house, *[of()] * 100)
    assert [one["allowed"] for one in found] == [True] * 100


async def test_entries_that_must_wait_do_so_together(house: House) -> None:
    await house.start()
    house.verifier.pending = True
    found = await told(house, *[of()] * 40)
    assert [one["code"] for one in found] == ["valid"] * 40


class Waiting:
    """Has every decision wait until it is let go, and knows how many wait at once."""

    def __init__(self, house: House) -> None:
        self.now = self.most = self.begun = 0
        self.go = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._decide = house.verifier.verify
        house.verifier.verify = self.verify  # type: ignore[method-assign]  # stands before it

    def verify(self, request: Request) -> Pending[Decision]:
        self.now += 1
        self.begun += 1
        self.most = max(self.most, self.now)
        waiting = asyncio.run_coroutine_threadsafe

        def resume(_: object) -> Decision:
            self.now -= 1
            decision: Decision = self._decide(request)
            decision.lease_ids = ("lease_1",)
            return decision

        return Pending(
            object(), lambda: waiting(self.go.wait(), self._loop).result(), resume
        )


async def test_a_batch_does_not_take_all_that_others_live_of(house: House) -> None:
    await house.start()
    waiting = Waiting(house)
    asked = asyncio.ensure_future(told(house, *[of()] * 100))
    await until(lambda: waiting.now == AT_ONCE_MAX)
    waiting.go.set()
    assert [one["allowed"] for one in await asked] == [True] * 100
    assert waiting.most == AT_ONCE_MAX


async def test_of_a_batch_that_nobody_waits_for_nothing_is_spent(house: House) -> None:
    await house.start()
    waiting = Waiting(house)
    client = await house.client()
    body = json.dumps({"requests": [of()] * 20}).encode()
    head = b"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\n" % MANAGER
    client.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await until(lambda: waiting.now == AT_ONCE_MAX)
    client.reset()
    try:
        await until(lambda: house.server is not None and not house.server.connections)
    finally:
        waiting.go.set()
    await until(lambda: not waiting.now)
    assert waiting.begun == AT_ONCE_MAX
    assert not house.meter.served_rows
    released = {id(decision) for decision in house.verifier.released}
    assert len(released) == AT_ONCE_MAX


async def test_what_cannot_be_counted_is_not_allowed(house: House) -> None:
    await house.start()
    house.meter.full = True
    (found,) = await told(house, of())
    assert (found["code"], found["key"]) == ("unavailable", None)
    assert len(house.verifier.released) == 1


async def test_without_the_database_each_entry_is_unavailable(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.start()
    gone = Verdict.UNAVAILABLE
    monkeypatch.setattr(house.verifier, "known_api", lambda _slug: None)
    monkeypatch.setattr(house.verifier, "api", lambda _slug, _address: gone)
    found = await told(house, of(), of())
    assert [one["code"] for one in found] == ["unavailable"] * 2
    assert not house.meter.served_rows
