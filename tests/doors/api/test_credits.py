"""A customer's credits over REST: a balance, and a ledger that only grows."""

from typing import Any

import pytest

from keyhouse.core.counting import credits_budget
from keyhouse.core.quotas import FOREVER
from keyhouse.core.reservations import Reservation
from keyhouse.core.usage import UsageBatch, Use
from keyhouse.ports import LeaseWanted
from tests.doors.api.conftest import House, Tenant


async def customer_of(tenant: Tenant) -> str:
    """The address of a new customer."""
    made = await tenant.make("/v1/customers", external_id="crm-1")
    return f"/v1/customers/{made['id']}"


def spend(house: House, tenant: Tenant, at: str, added: int, units: int) -> None:
    """What a node does: it leases, and books what was spent."""
    budget = credits_budget(tenant.organization, at.rpartition("/")[2])
    house.database.sink.open_spool("spl_1", "nod_1", "boot")
    want = LeaseWanted(budget, FOREVER, added, units, units)
    [leased] = house.database.ledger.lease("spl_1", [want])
    assert leased.granted == units
    settled = {leased.lease_id: units}
    assert house.database.sink.book(UsageBatch("spl_1", 0, 1, settled=settled))


async def test_a_balance_is_what_came_less_what_went(house: House, tenant: Tenant) -> None:
    at, client = await customer_of(tenant), tenant.client
    assert (await client.get(at)).json()["prepaid_at"] is None
    bought = {"amount": 100, "kind": "purchase", "note": "invoice 17"}
    first = await tenant.make(f"{at}/credits", **bought)
    assert first["id"].startswith("crd_")
    assert (first["amount"], first["balance"], first["note"]) == (100, 100, "invoice 17")
    assert (await client.get(at)).json()["prepaid_at"] is not None
    spend(house, tenant, at, 100, 30)
    second = await tenant.make(f"{at}/credits", amount=50, kind="grant")
    assert second["balance"] == 120
    third = await tenant.make(f"{at}/credits", amount=-20, kind="refund")
    assert third["balance"] == 100
    told = (await client.get(f"{at}/balance")).json()
    assert told == {
        "prepaid": True,
        "added": 150,
        "spent": 50,
        "reserved": 0,
        "left": 100,
    }
    ledger = (await client.get(f"{at}/credits")).json()["data"]
    assert ledger == [third, second, first]
    assert (await client.get(f"{at}/credits/{first['id']}")).json() == first


async def test_what_comes_back_before_it_is_booked_makes_nobody_richer(
    house: House, tenant: Tenant
) -> None:
    """A reservation is settled at once, its call booked a little later."""
    at, client = await customer_of(tenant), tenant.client
    await tenant.make(f"{at}/credits", amount=4000, kind="purchase")
    budget = credits_budget(tenant.organization, at.rpartition("/")[2])
    house.database.sink.open_spool("spl_1", "nod_1", "boot")
    want = LeaseWanted(budget, FOREVER, 4000, 4000, 4000)
    [leased] = house.database.ledger.lease("spl_1", [want])
    use = Use(tenant.organization, "", "api_1", "", "key_1", 1, "app_1", "live", "")
    made = Reservation("req_1", 1, "prj_1", 4000, (leased.lease_id,), use)
    assert house.database.settlements.settle(made, 0, 2) == 0
    told = (await client.get(f"{at}/balance")).json()
    assert (told["spent"], told["left"]) == (0, 4000)
    entry = await tenant.make(f"{at}/credits", amount=1000, kind="purchase")
    assert entry["balance"] == 5000
    batch = UsageBatch("spl_1", 0, 1, settled={leased.lease_id: 4000})
    assert house.database.sink.book(batch)
    told = (await client.get(f"{at}/balance")).json()
    assert (told["spent"], told["reserved"], told["left"]) == (0, 0, 5000)


async def test_an_entry_is_made_once_however_often_it_is_sent(tenant: Tenant) -> None:
    at = await customer_of(tenant)
    body, once = {"amount": 100, "kind": "purchase"}, {"Idempotency-Key": "invoice-17"}
    answers = [
        await tenant.client.post(f"{at}/credits", json=body, headers=once) for _ in range(3)
    ]
    assert len({answer.text for answer in answers}) == 1
    assert (await tenant.client.get(f"{at}/balance")).json()["added"] == 100


async def test_no_more_is_taken_than_is_left(house: House, tenant: Tenant) -> None:
    at = await customer_of(tenant)
    await tenant.make(f"{at}/credits", amount=100, kind="grant")
    spend(house, tenant, at, 100, 70)
    body = {"amount": -31, "kind": "adjustment"}
    refused = await tenant.client.post(f"{at}/credits", json=body)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["field"] == "amount"
    assert len((await tenant.client.get(f"{at}/credits")).json()["data"]) == 1
    last = await tenant.make(f"{at}/credits", amount=-30, kind="adjustment")
    assert last["balance"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 0, "kind": "grant"},
        {"amount": -1, "kind": "grant"},
        {"amount": -1, "kind": "purchase"},
        {"amount": 1, "kind": "refund"},
        {"amount": 10**15, "kind": "grant"},
        {"amount": -(10**15), "kind": "refund"},
        {"amount": "1", "kind": "grant"},
        {"amount": 1, "kind": "gift"},
        {"amount": 1, "kind": "grant", "note": "\n"},
    ],
)
async def test_a_wrong_entry_is_refused(tenant: Tenant, body: dict[str, Any]) -> None:
    at = await customer_of(tenant)
    assert (await tenant.client.post(f"{at}/credits", json=body)).status_code == 422
    assert (await tenant.client.get(f"{at}/credits")).json()["data"] == []


async def test_a_sum_has_a_bound(tenant: Tenant) -> None:
    at = await customer_of(tenant)
    most = {"amount": 999_999_999_999_999, "kind": "grant"}
    await tenant.make(f"{at}/credits", **most)
    assert (await tenant.client.post(f"{at}/credits", json=most)).status_code == 409


async def test_the_ledger_is_only_added_to(tenant: Tenant) -> None:
    at = await customer_of(tenant)
    entry = await tenant.make(f"{at}/credits", amount=5, kind="grant")
    for method in ("PATCH", "PUT", "DELETE"):
        answer = await tenant.client.request(method, f"{at}/credits/{entry['id']}", json={})
        assert answer.status_code == 405, method
    refused = await tenant.client.delete(at)
    assert refused.status_code == 409
    assert "ledger" in refused.json()["errors"][0]["reason"]


async def test_prepaying_ends_and_goes_on_with_what_was_left(tenant: Tenant) -> None:
    at, client = await customer_of(tenant), tenant.client
    await tenant.make(f"{at}/credits", amount=5, kind="grant")
    off = await client.patch(at, json={"prepaid": False})
    assert off.json()["prepaid_at"] is None
    later = await tenant.make(f"{at}/credits", amount=5, kind="grant")
    assert later["balance"] == 10
    assert (await client.get(at)).json()["prepaid_at"] is None
    on = await client.patch(at, json={"prepaid": True})
    assert on.json()["prepaid_at"] is not None
    assert (await client.get(f"{at}/balance")).json()["left"] == 10


async def test_the_audit_tells_who_added_what(tenant: Tenant) -> None:
    at = await customer_of(tenant)
    entry = await tenant.make(f"{at}/credits", amount=5, kind="grant")
    (row, *_) = (await tenant.client.get("/v1/audit?action=customer.credit")).json()["data"]
    assert row["subject"] == at.rpartition("/")[2]
    assert row["after"] == {
        "entry": entry["id"],
        "kind": "grant",
        "amount": 5,
        "balance": 5,
    }
    assert row["actor"] == entry["actor"]


async def test_an_entry_of_another_customer_is_not_found(tenant: Tenant) -> None:
    at = await customer_of(tenant)
    entry = await tenant.make(f"{at}/credits", amount=5, kind="grant")
    other = await tenant.make("/v1/customers", external_id="crm-2")
    path = f"/v1/customers/{other['id']}/credits/{entry['id']}"
    assert (await tenant.client.get(path)).status_code == 404


async def test_a_key_tells_what_is_left_of_the_credits(
    house: House, tenant: Tenant
) -> None:
    at = await customer_of(tenant)
    await tenant.make("/v1/apis", slug="weather")
    access = [{"api": "weather"}]
    shop = await tenant.make("/v1/applications", name="shop", customer="crm-1")
    live, test = [
        await tenant.make(
            "/v1/keys", name=kind, access=access, environment=kind, application=shop["id"]
        )
        for kind in ("live", "test")
    ]
    left = f"/v1/keys/{live['id']}/limits"
    assert (await tenant.client.get(left)).json()["data"] == []
    await tenant.make(f"{at}/credits", amount=100, kind="grant")
    spend(house, tenant, at, 100, 30)
    assert (await tenant.client.get(left)).json()["data"] == [
        {
            "subject": "customer",
            "api": None,
            "route": None,
            "limit": {"name": "credits/balance", "credits": 100},
            "used": 30,
            "left": 70,
            "resets_at": None,
        }
    ]
    unpaid = await tenant.client.get(f"/v1/keys/{test['id']}/limits")
    assert unpaid.json()["data"] == []
