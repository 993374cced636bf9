"""Reserving with verify, and telling afterwards what a call came to."""

import json
from typing import Any

import pytest

from keyhouse.core.ids import LEASE, make_id
from keyhouse.core.reservations import LEASES_MAX, RESERVED_SECONDS, sealed
from keyhouse.ports import StoreUnavailable
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import (
    BYSTANDER,
    FENCED,
    KEY,
    KEYRING,
    LIMITED,
    MANAGER,
    ManagementKey,
)
from tests.doors.gateway.test_upstream_cost import begin
from tests.doors.gateway.test_verify import told, verify
from tests.doors.gateway.wire import Answer

K = KEY.decode()


async def reserve(house: House, units: int = 50) -> str:
    found = await told(house, secret=K, reserve=units)
    assert (found["allowed"], found["reserved"]) == (True, units)
    id: str = found["reservation"]
    return id


async def settle(
    house: House, id: str, how: str = "commit", body: object = None, key: bytes = MANAGER
) -> Answer:
    data = b"" if body is None else json.dumps(body).encode()
    head = (
        f"POST /.keyhouse/v1/reservations/{id}/{how} HTTP/1.1\r\nHost: a\r\n"
        f"Authorization: Bearer {key.decode()}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return await house.ask(head.encode() + data)


async def settled(house: House, id: str, *rest: Any) -> dict[str, Any]:
    answer = await settle(house, id, *rest)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def problem(house: House, status: int, id: str, *rest: Any) -> dict[str, Any]:
    answer = await settle(house, id, *rest)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def test_a_reservation_comes_to_less_once_and_may_be_told_again(
    house: House,
) -> None:
    await house.start()
    id = await reserve(house)
    came_to = {"units": 7, "reserved": 50, "refunded": 43, "exceeded": False}
    for _ in range(3):
        assert await settled(house, id, "commit", {"units": 7}) == came_to
    assert (await problem(house, 409, id, "commit", {"units": 8}))["code"] == (
        "reservation_ended"
    )
    assert (await problem(house, 409, id, "refund"))["code"] == "reservation_ended"
    assert list(house.settlements.came_to.values()) == [7]


async def test_a_refund_gives_all_back_and_a_commit_without_units_none(
    house: House,
) -> None:
    await house.start()
    back = await settled(house, await reserve(house), "refund")
    assert (back["units"], back["refunded"]) == (0, 50)
    for body in (None, {}, {"units": None}):
        whole = await settled(house, await reserve(house), "commit", body)
        assert (whole["units"], whole["refunded"]) == (50, 0)


async def test_no_more_is_spent_than_was_reserved_and_that_is_told(house: House) -> None:
    await house.start()
    found = await settled(house, await reserve(house), "commit", {"units": 51})
    assert found == {"units": 50, "reserved": 50, "refunded": 0, "exceeded": True}


async def test_a_reservation_costs_what_it_reserves(house: House) -> None:
    await house.start()
    await reserve(house, 2)
    assert house.verifier.requests[-1].cost == 2
    refused = await told(house, secret=LIMITED.decode(), reserve=3)
    assert (refused["code"], "reservation" in refused) == ("rate_limited", False)
    plain = await told(house, secret=K, cost=3)
    assert "reservation" not in plain


async def test_each_of_a_batch_has_its_own(house: House) -> None:
    await house.start()
    entries = [{"secret": K, "api": "weather", "reserve": n} for n in (5, 6)]
    others = [{"secret": one.decode(), "api": "weather"} for one in (KEY, FENCED)]
    answer = await verify(house, {"requests": [*entries, *others]})
    first, second, *rest = json.loads(answer.body)["results"]
    assert not any("reservation" in one for one in rest)
    assert (await settled(house, first["reservation"], "commit", {"units": 1}))[
        "refunded"
    ] == 4
    assert (await settled(house, second["reservation"], "refund"))["refunded"] == 6


async def test_on_a_route_whose_upstream_tells_verify_reserves_by_itself(
    house: House,
) -> None:
    await begin(house)
    found = await told(house, secret=K, method="GET", path="/x")
    assert found["reserved"] == 50
    assert (await settled(house, found["reservation"], "commit", {"units": 9}))[
        "refunded"
    ] == 41


async def test_after_its_hour_it_is_spent(house: House) -> None:
    await house.start()
    id = await reserve(house)
    house.now_us += RESERVED_SECONDS * 1_000_000 - 1
    assert (await settled(house, id, "commit", {"units": 1}))["units"] == 1
    house.now_us += 1
    late = await problem(house, 410, id, "commit", {"units": 1})
    assert late["code"] == "reservation_expired"


async def test_who_may_not_verify_for_the_api_finds_none(house: House) -> None:
    """The same answer as for an id that nobody made."""
    await house.start()
    other = b"kh_mk_othermanagerothermanagerotherm3aTv2l"
    house.verifier.managers[other] = ManagementKey("key_other", "api_query")
    id = await reserve(house)
    foreign = await problem(house, 404, id, "refund", None, other)
    missing = await problem(house, 404, id[:-2] + "AA", "refund")
    for one in (foreign, missing):
        assert one.pop("request_id")
    assert foreign == missing
    assert (await settle(house, id, "refund", None, BYSTANDER)).status == 403
    assert (await settle(house, id, "refund", None, KEY)).status == 401
    assert house.settlements.came_to == {}


@pytest.mark.parametrize("id", ["x", "rsv_", "rsv_AAAA", "rsv_%C3%A9", "rsv_" + "A" * 8000])
async def test_what_nobody_made_is_no_reservation(house: House, id: str) -> None:
    await house.start()
    assert (await problem(house, 404, id, "commit", {"units": 1}))["code"] == (
        "reservation_not_found"
    )


async def test_one_of_the_most_leases_is_settled_as_any(house: House) -> None:
    """Its id is as long as one may be: what is in front of it must take it too."""
    await house.start()
    found = house.reservations.find(await reserve(house))
    assert found is not None
    leases = tuple(make_id(LEASE, found.at_us, n.to_bytes(10)) for n in range(LEASES_MAX))
    id = sealed(found._replace(lease_ids=leases), KEYRING.active.key)
    assert len(id) > 7500
    assert (await settled(house, id, "commit", {"units": 7}))["refunded"] == 43


async def test_one_made_with_another_pepper_is_none(house: House) -> None:
    await house.start()
    id = await reserve(house)
    found = house.reservations.find(id)
    assert found is not None
    assert sealed(found, KEYRING.active.key) == id
    forged = sealed(found._replace(units=1 << 40), b"\1" * 32)
    assert (await problem(house, 404, forged, "refund"))["code"] == "reservation_not_found"


@pytest.mark.parametrize(
    ("how", "body", "status"),
    [
        ("commit", {"units": -1}, 422),
        ("commit", {"units": 1.5}, 422),
        ("commit", {"units": True}, 422),
        ("commit", {"unit": 1}, 422),
        ("commit", [1], 422),
        ("refund", {"units": 1}, 422),
        ("release", None, 404),
        ("", None, 404),
    ],
)
async def test_a_faulty_settlement_changes_nothing(
    house: House, how: str, body: object, status: int
) -> None:
    await house.start()
    id = await reserve(house)
    await problem(house, status, id, how, body)
    assert house.settlements.came_to == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reserve": -1}, "reserve"),
        ({"reserve": "5"}, "reserve"),
        ({"reserve": 5, "cost": 5}, "reserve"),
    ],
)
async def test_a_faulty_reservation_is_told(
    house: House, body: dict[str, Any], field: str
) -> None:
    await house.start()
    answer = await verify(house, {"api": "weather", "secret": K, **body})
    assert answer.status == 422
    assert json.loads(answer.body)["errors"][0]["field"] == field


async def test_without_the_database_it_can_be_tried_again(house: House) -> None:
    await house.start()
    id = await reserve(house)
    house.settlements.failure = StoreUnavailable("away")
    assert (await settle(house, id, "refund")).status == 503
    house.settlements.failure = None
    assert (await settle(house, id, "refund")).status == 200


async def test_only_post_settles(house: House) -> None:
    await house.start()
    id = await reserve(house)
    head = f"GET /.keyhouse/v1/reservations/{id}/refund HTTP/1.1\r\nHost: a\r\n\r\n"
    assert (await house.ask(head.encode())).status == 405
