"""Customers over REST, and limits on all that can have some."""

from typing import Any

import pytest

from tests.doors.api.conftest import House, Tenant

RATE = {"name": "minute", "rate": 60, "period_seconds": 60, "burst": None}
DAILY = {
    "name": "daily",
    "quota": 9,
    "window": "day",
    "zone": "UTC",
    "offset_seconds": 0,
}


async def test_whole_life_of_a_customer(tenant: Tenant) -> None:
    client = tenant.client
    made = await tenant.make("/v1/customers", external_id="crm-1", limits=[DAILY])
    at = f"/v1/customers/{made['id']}"
    assert made["id"].startswith("cus_")
    assert (made["external_id"], made["name"]) == ("crm-1", "crm-1")
    assert (made["limits"], made["metadata"]) == ([DAILY], {})
    changed = await client.patch(at, json={"name": "Globex", "metadata": {"tier": 1}})
    assert changed.json() == {
        **made,
        "name": "Globex",
        "metadata": {"tier": 1},
        "updated_at": changed.json()["updated_at"],
    }
    assert (await client.get(at)).json() == changed.json()
    listed = await client.get("/v1/customers", params={"external_id": "crm-1"})
    assert listed.json()["data"] == [changed.json()]
    none = await client.get("/v1/customers", params={"external_id": "crm-2"})
    assert none.json()["data"] == []
    off = await client.patch(at, json={"disabled": True})
    assert off.json()["disabled_at"] is not None
    assert (await client.delete(at)).status_code == 204
    assert (await client.get(at)).status_code == 404


async def test_an_external_id_is_unique_in_its_project(tenant: Tenant) -> None:
    await tenant.make("/v1/customers", external_id="crm-1")
    twice = await tenant.client.post("/v1/customers", json={"external_id": "crm-1"})
    assert twice.status_code == 409
    other = (await tenant.make("/v1/projects", name="Other"))["id"]
    await tenant.make("/v1/customers", external_id="crm-1", project=other)


@pytest.mark.parametrize("by", ["id", "external_id"])
async def test_an_application_is_linked_to_one_customer(tenant: Tenant, by: str) -> None:
    client = tenant.client
    first = await tenant.make("/v1/customers", external_id="crm-1")
    second = await tenant.make("/v1/customers", external_id="crm-2")
    made = await tenant.make("/v1/applications", name="Planner", customer=first[by])
    at = f"/v1/applications/{made['id']}"
    assert made["customer"] == first["id"]
    kept = await client.patch(at, json={"purpose": "Trips"})
    assert kept.json()["customer"] == first["id"]
    moved = await client.patch(at, json={"customer": second[by]})
    assert moved.json()["customer"] == second["id"]
    assert (await client.get(at)).json()["customer"] == second["id"]
    (row,) = (await client.get("/v1/applications")).json()["data"][:1]
    assert row["customer"] == second["id"]
    left = await client.patch(at, json={"customer": None})
    assert left.json()["customer"] is None
    (last, *_) = (await client.get("/v1/audit?action=application.link")).json()["data"]
    assert (last["before"], last["after"]) == (
        {"customer": second["id"]},
        {"customer": None},
    )


async def test_a_link_reaches_the_data_plane(tenant: Tenant) -> None:
    customer = await tenant.make("/v1/customers", external_id="crm-1")
    made = await tenant.make("/v1/applications", name="Planner")
    at, wanted = f"/v1/applications/{made['id']}", {"customer": customer["id"]}
    linked = await tenant.client.patch(at, json=wanted)
    assert linked.headers["Keyhouse-Change-Seq"]
    again = await tenant.client.patch(at, json=wanted)
    assert "Keyhouse-Change-Seq" not in again.headers


async def test_a_customer_with_applications_stays_until_they_are_gone(
    tenant: Tenant,
) -> None:
    customer = await tenant.make("/v1/customers", external_id="crm-1")
    made = await tenant.make("/v1/applications", name="Planner", customer="crm-1")
    at = f"/v1/customers/{customer['id']}"
    refused = await tenant.client.delete(at)
    assert refused.status_code == 409
    assert (await tenant.client.delete(f"/v1/applications/{made['id']}")).status_code == 204
    assert (await tenant.client.delete(at)).status_code == 204


async def test_another_organization_s_customer_is_not_known(
    house: House, tenant: Tenant
) -> None:
    theirs = await house.tenant("Other").make("/v1/customers", external_id="crm-1")
    for named in (theirs["id"], "crm-1", "cus_", "\x7f", ""):
        refused = await tenant.client.post(
            "/v1/applications", json={"name": "x", "customer": named}
        )
        assert refused.status_code == 422, named
        assert refused.json()["errors"][0]["field"] == "customer"


async def test_who_may_not_see_a_customer_links_nothing_to_it(
    house: House, tenant: Tenant
) -> None:
    inside = (await tenant.make("/v1/projects", name="Inside"))["id"]
    outside = await tenant.make(
        "/v1/customers", external_id="crm-1", project=tenant.project
    )
    held = [{"project": inside, "scopes": ["applications:*", "customers:*"]}]
    await tenant.make("/v1/apis", slug="inside", project=inside)
    bound = await tenant.key(kind="management", access=held)
    client = house.client(bound["secret"])
    wanted = {"name": "x", "project": inside, "customer": outside["id"]}
    refused = await client.post("/v1/applications", json=wanted)
    assert refused.json()["errors"][0]["field"] == "customer"
    assert (await client.get("/v1/customers")).json()["data"] == []
    assert (await client.get(f"/v1/customers/{outside['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "external_id"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 256}, "external_id"),
        ({"external_id": "a", "name": ""}, "name"),
        ({"external_id": "a", "limits": [DAILY, DAILY]}, "limits.1.name"),
        ({"external_id": "a", "metadata": {"x": "y" * 20_000}}, "metadata"),
        ({"external_id": "a", "project": "prj_0"}, "project"),
    ],
)
async def test_a_wrong_customer_is_refused_by_its_field(
    tenant: Tenant, body: dict[str, Any], field: str
) -> None:
    refused = await tenant.client.post("/v1/customers", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


async def test_limits_stand_on_all_that_a_call_passes(tenant: Tenant) -> None:
    """Each is told with whose it is, a key's own first."""
    await tenant.weather()
    await tenant.client.patch("/v1/apis/weather", json={"limits": [RATE, DAILY]})
    await tenant.client.patch(
        f"/v1/organizations/{tenant.organization}", json={"limits": [DAILY]}
    )
    await tenant.make("/v1/customers", external_id="crm-1", limits=[DAILY])
    planner = await tenant.make(
        "/v1/applications", name="Planner", customer="crm-1", limits=[RATE]
    )
    assert planner["limits"] == [RATE]
    route = await tenant.make(
        "/v1/apis/weather/routes", method="GET", path="/a", limits=[DAILY]
    )
    assert route["limits"] == [DAILY]
    key = await tenant.key(application=planner["id"], limits=[{**DAILY, "quota": 5}])
    answer = await tenant.client.get(f"/v1/keys/{key['id']}/limits")
    told = [
        (row["subject"], row["api"], row["route"], row["limit"]["name"], row["left"])
        for row in answer.json()["data"]
    ]
    assert told == [
        ("key", None, None, "daily", 5),
        ("api", "weather", None, "minute", None),
        ("application", None, None, "minute", None),
        ("customer", None, None, "daily", 9),
        ("organization", None, None, "daily", 9),
        ("route", "weather", "GET /a", "daily", 9),
    ]


@pytest.mark.parametrize("where", ["applications", "organizations", "routes"])
async def test_limits_are_replaced_and_taken_away(tenant: Tenant, where: str) -> None:
    await tenant.weather()
    routes = "/v1/apis/weather/routes"
    if where == "organizations":
        at = f"/v1/organizations/{tenant.organization}"
    elif where == "routes":
        at = f"{routes}/{(await tenant.make(routes, method='GET', path='/a'))['id']}"
    else:
        at = f"/v1/applications/{(await tenant.make('/v1/applications', name='x'))['id']}"
    client = tenant.client
    assert (await client.patch(at, json={"limits": [RATE]})).json()["limits"] == [RATE]
    assert (await client.patch(at, json={"limits": [DAILY]})).json()["limits"] == [DAILY]
    wrong = await client.patch(at, json={"limits": [{**DAILY, "zone": "Mars/Base"}]})
    assert wrong.json()["errors"][0]["field"] == "limits.0.zone"
    assert (await client.get(at)).json()["limits"] == [DAILY]
    assert (await client.patch(at, json={"limits": None})).json()["limits"] == []
