"""Customers in the console: made, linked, and what they have left."""

import re

import pytest

from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    return await enter(visitor)


async def _made(rooms: Rooms, external_id: str = "crm-4711", **typed: str) -> str:
    path = f"{rooms.root}/customers"
    return await rooms.do(f"{path}/new", path, external_id=external_id, **typed)


async def _credited(rooms: Rooms, customer: str, kind: str, amount: str) -> str:
    action = f"{customer}/credits"
    typed = {"kind": kind, "amount": amount, "note": "Invoice 7"}
    return await rooms.text(await rooms.do(action, action, **typed))


async def test_a_customer_is_found_in_the_list_and_by_its_applications(
    rooms: Rooms,
) -> None:
    customer = await _made(rooms, name="Globex")
    path = f"{rooms.root}/applications"
    one = await rooms.do(f"{path}/new", path, name="Planner", customer="crm-4711")
    assert f'href="{customer}"' in await rooms.text(one)
    assert "Planner" in await rooms.text(customer)
    listed = await rooms.text(f"{rooms.root}/customers")
    assert "Globex" in listed
    assert "crm-4711" in listed


async def test_a_customer_without_a_name_goes_by_its_id(rooms: Rooms) -> None:
    assert "<title>crm-4711" in await rooms.text(await _made(rooms))


async def test_limits_of_a_customer_are_told_and_changed(rooms: Rooms) -> None:
    limit = {"limits.0.amount": "600", "limits.0.per": "rate:60"}
    customer = await _made(rooms, **limit)
    assert "<div>600 " in await rooms.text(customer)
    await rooms.do(
        f"{customer}/edit", customer, **{**limit, "limits.0.amount": "5", "name": "G"}
    )
    changed = await rooms.text(customer)
    assert "<div>5 " in changed
    assert "<div>600 " not in changed


async def test_a_taken_id_is_told_at_its_field(rooms: Rooms) -> None:
    await _made(rooms)
    path = f"{rooms.root}/customers"
    again = await rooms.visitor.submit(f"{path}/new", path, external_id="crm-4711")
    assert again.status_code == 422
    assert 'id="f-external_id-problem"' in again.text


async def test_the_ledger_tells_each_entry_and_what_was_left_then(rooms: Rooms) -> None:
    customer = await _made(rooms)
    assert "does not prepay" in await rooms.text(customer)
    assert "1,000 left of 1,000" in await _credited(rooms, customer, "purchase", "1,000")
    page = await _credited(rooms, customer, "taken", "400")
    assert "600 left of 1,000" in page
    assert "−400" in page  # noqa: RUF001 # a minus it is
    assert "Invoice 7" in page
    assert ">600" in await rooms.text(f"{rooms.root}/customers")


async def test_more_than_is_left_cannot_be_taken(rooms: Rooms) -> None:
    """And what was typed comes back with the reason."""
    customer = await _made(rooms)
    await _credited(rooms, customer, "grant", "5")
    action = f"{customer}/credits"
    refused = await rooms.visitor.submit(action, action, kind="refund", amount="6")
    assert refused.status_code == 422
    assert "more than is left" in refused.text
    assert 'value="6"' in refused.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"kind": "gift", "amount": "5"}, "is none of these"),
        ({"kind": "grant", "amount": "many"}, "Amount"),
        ({"kind": "grant", "amount": "0"}, "Amount"),
    ],
)
async def test_an_entry_that_is_none_is_refused(
    rooms: Rooms, typed: dict[str, str], told: str
) -> None:
    action = f"{await _made(rooms)}/credits"
    refused = await rooms.visitor.submit(action, action, **typed)
    assert refused.status_code == 422
    assert told in refused.text


async def test_prepaying_is_switched_off_and_on(rooms: Rooms) -> None:
    customer = await _made(rooms)
    await _credited(rooms, customer, "grant", "5")
    action = f"{customer}/prepay"
    await rooms.do(customer, action, prepaid="0")
    assert "live calls spend none now" in await rooms.text(customer)
    await rooms.do(customer, action, prepaid="1")
    assert "live calls spend none now" not in await rooms.text(customer)


async def test_a_disabled_customer_says_so_and_comes_back(rooms: Rooms) -> None:
    customer = await _made(rooms)
    await rooms.do(customer, f"{customer}/disable")
    assert "Disabled" in await rooms.text(customer)
    await rooms.do(customer, f"{customer}/enable")
    assert ">Disabled" not in await rooms.text(customer)


async def test_only_one_that_nothing_hangs_on_can_be_deleted(rooms: Rooms) -> None:
    kept = await _made(rooms)
    await _credited(rooms, kept, "grant", "5")
    assert f'action="{kept}/delete"' not in await rooms.text(kept)
    gone = await _made(rooms, "crm-1")
    await rooms.do(gone, f"{gone}/delete")
    assert "crm-1<" not in await rooms.text(f"{rooms.root}/customers")


async def test_a_customer_of_another_project_is_not_found_here(rooms: Rooms) -> None:
    customer = (await _made(rooms)).rsplit("/", 1)[1]
    projects = f"{rooms.home}/projects"
    await rooms.do(f"{projects}/new", projects, name="Other")
    found = set(re.findall(r"prj_\w{22}", await rooms.text(projects)))
    (other,) = (id for id in found if id not in rooms.root)
    await rooms.text(f"/{other}/test/customers/{customer}", 404)
