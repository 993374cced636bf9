"""Plans and subscriptions over REST, between two organizations."""

from typing import Any

import pytest

from tests.doors.api.conftest import House, Tenant

MONTHLY = {
    "name": "monthly",
    "quota": 100,
    "window": "month",
    "zone": "UTC",
    "offset_seconds": 0,
    "per": "subscription",
}
EACH = {
    "name": "each",
    "rate": 5,
    "period_seconds": 1,
    "burst": None,
    "per": "key",
}
OPENED = [{"api": "weather", "scopes": ["forecast:read"]}]


@pytest.fixture
async def buyer(house: House, tenant: Tenant) -> Tenant:
    """Another organization, beside that of the API `weather`."""
    await tenant.weather()
    return house.tenant("Globex")


async def offer(tenant: Tenant, slug: str = "basic", **fields: Any) -> dict[str, Any]:
    given = {"access": OPENED, "visibility": "public", **fields}
    return await tenant.make("/v1/plans", slug=slug, **given)


async def join(buyer: Tenant, plan: dict[str, Any]) -> dict[str, Any]:
    caller = await buyer.make("/v1/applications", name="Robot")
    body = {"plan": plan["id"], "application": caller["id"]}
    return await buyer.make("/v1/subscriptions", **body)


async def test_whole_life_of_a_plan(tenant: Tenant) -> None:
    client = tenant.client
    api = await tenant.weather()
    at = "/v1/apis/weather/routes"
    route = await tenant.make(at, method="GET", path="/v1/radar/**")
    on_radar = {"api": "weather", "route": "GET /v1/radar/**", "limits": [EACH]}
    made = await offer(tenant, limits=[MONTHLY], routes=[on_radar])
    assert made["id"].startswith("pln_")
    assert (made["version"], made["approval"]) == (1, "automatic")
    assert made["limits"] == [MONTHLY]
    assert made["access"] == [
        {"api": api["id"], "slug": "weather", "scopes": ["forecast:read"], "roles": []}
    ]
    assert made["routes"] == [
        {
            "api": api["id"],
            "route": route["id"],
            "method": "GET",
            "path": "/v1/radar/**",
            "limits": [EACH],
        }
    ]
    at = f"/v1/plans/{made['id']}"
    larger = {**MONTHLY, "quota": 200}
    change = {"limits": [larger], "applies": "next_window", "description": "More"}
    changed = (await client.patch(at, json=change)).json()
    assert (changed["version"], changed["limits"]) == (2, [larger])
    assert changed["routes"] == made["routes"]
    assert (await client.get(at)).json() == changed
    listed = (await client.get("/v1/plans", params={"slug": "basic"})).json()["data"]
    assert listed == [changed]
    versions = (await client.get(f"{at}/versions")).json()["data"]
    assert [one["number"] for one in versions] == [2, 1]
    assert versions[1]["limits"] == [MONTHLY]
    assert (await client.delete(at)).status_code == 204
    assert (await client.get(at)).status_code == 404


async def test_a_change_can_be_made_to_what_was_read_alone(tenant: Tenant) -> None:
    await tenant.weather()
    at = f"/v1/plans/{(await offer(tenant))['id']}"
    tag = (await tenant.client.get(at)).headers["ETag"]
    limits = {"limits": [MONTHLY]}
    first = await tenant.client.patch(at, json=limits, headers={"If-Match": tag})
    assert first.status_code == 200
    late = await tenant.client.patch(at, json={"limits": []}, headers={"If-Match": tag})
    assert late.status_code == 412


async def test_whole_life_of_a_subscription(tenant: Tenant, buyer: Tenant) -> None:
    plan = await offer(tenant, approval="manual", limits=[MONTHLY])
    made = await join(buyer, plan)
    at = f"/v1/subscriptions/{made['id']}"
    assert (made["state"], made["overrides"]) == ("pending", [])
    assert (made["provider"], made["consumer"]) == (
        tenant.organization,
        buyer.organization,
    )
    waiting = {"state": "pending"}
    (listed,) = (await tenant.client.get("/v1/subscriptions", params=waiting)).json()[
        "data"
    ]
    assert listed == made
    wanted = {"name": "k", "access": OPENED, "application": made["application"]}
    closed = await buyer.client.post("/v1/keys", json=wanted)
    assert closed.json()["errors"][0]["field"] == "access.0.api"
    answers = {
        name: (await tenant.client.post(f"{at}/{name}")).json()["state"]
        for name in ("approve", "suspend", "resume")
    }
    assert answers == {"approve": "active", "suspend": "suspended", "resume": "active"}
    key = await buyer.make("/v1/keys", **wanted)
    assert key["access"][0]["slug"] == "weather"
    told = (await buyer.client.get(f"/v1/keys/{key['id']}/limits")).json()["data"]
    assert [(one["subject"], one["left"]) for one in told] == [("subscription", 100)]
    more = {**MONTHLY, "quota": 300, "ends_at": "2100-01-01T00:00:00Z"}
    changed = await tenant.client.patch(at, json={"overrides": [more]})
    assert changed.json()["overrides"] == [
        {"limit": {**MONTHLY, "quota": 300}, "ends_at": "2100-01-01T00:00:00Z"}
    ]
    none = {**MONTHLY, "quota": 0}
    refused = await tenant.client.patch(at, json={"overrides": [none]})
    assert refused.json()["errors"][0]["field"] == "overrides.0.quota"
    bought = {"side": "consumer"}
    (listed,) = (await buyer.client.get("/v1/subscriptions", params=bought)).json()["data"]
    assert listed == changed.json()
    ended = await buyer.client.post(f"{at}/end")
    assert ended.json()["state"] == "ended"
    explained = await buyer.client.post(f"/v1/keys/{key['id']}/explain", json={})
    assert explained.json()["verdict"] == "subscription_inactive"


async def test_a_subscription_is_moved(tenant: Tenant, buyer: Tenant) -> None:
    made = await join(buyer, await offer(tenant))
    other = await offer(tenant, "large", limits=[MONTHLY])
    body = {"plan": other["id"], "applies": "next_window"}
    moved = await buyer.client.post(f"/v1/subscriptions/{made['id']}/move", json=body)
    assert moved.json() == {
        **made,
        "plan": other["id"],
        "updated_at": moved.json()["updated_at"],
    }


async def test_a_subscription_is_made_once(tenant: Tenant, buyer: Tenant) -> None:
    plan = await offer(tenant)
    caller = await buyer.make("/v1/applications", name="Robot")
    body = {"plan": plan["id"], "application": caller["id"]}
    once = {"Idempotency-Key": "a"}
    first, second = [
        await buyer.client.post("/v1/subscriptions", json=body, headers=once)
        for _ in range(2)
    ]
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    again = await buyer.client.post("/v1/subscriptions", json=body)
    assert again.status_code == 409


@pytest.mark.parametrize("name", ["approve", "suspend", "resume"])
async def test_the_consumer_decides_nothing_of_the_provider_s(
    tenant: Tenant, buyer: Tenant, name: str
) -> None:
    made = await join(buyer, await offer(tenant, approval="manual"))
    refused = await buyer.client.post(f"/v1/subscriptions/{made['id']}/{name}")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"access": [{"api": "none"}]}, "access.0.api"),
        ({"limits": [{**MONTHLY, "per": "nobody"}]}, "limits.0.per"),
        ({"limits": [{**MONTHLY, "quota": 0}]}, "limits.0.quota"),
        (
            {
                "routes": [
                    {
                        "api": "weather",
                        "route": "GET /a",
                        "limits": [{**EACH, "rate": 0}],
                    }
                ]
            },
            "routes.0.limits.0.rate",
        ),
        ({"applies": "later"}, "applies"),
        ({"routes": [{"api": "weather", "route": "GET /"}]}, "routes.0.limits"),
    ],
)
async def test_what_is_wrong_with_a_plan_is_named(
    tenant: Tenant, body: dict[str, Any], field: str
) -> None:
    await tenant.weather()
    await tenant.make("/v1/apis/weather/routes", method="GET", path="/a")
    plan = await offer(tenant)
    refused = await tenant.client.patch(f"/v1/plans/{plan['id']}", json=body)
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert problem["field"] == field
    assert problem["mend"]


async def test_a_plan_s_schedule_is_that_of_keys_that_open_by_it(
    tenant: Tenant, buyer: Tenant
) -> None:
    """And a null takes it away; the buyer reads whose it is."""
    schedule = {"every_days": 90, "overlap_seconds": 3600}
    plan = await offer(tenant, rotation=schedule)
    assert plan["rotation"] == schedule
    joined = await join(buyer, plan)
    opened = [{"api": "weather", "scopes": ["forecast:read"]}]
    key = await buyer.make(
        "/v1/keys", name="k", application=joined["application"], access=opened
    )
    at = f"/v1/keys/{key['id']}/rotation"
    stands = (await buyer.client.get(at)).json()
    assert (stands["schedule"], stands["schedule_of"]) == (schedule, "plan")
    assert stands["plan"] == plan["id"]
    away = await tenant.client.patch(f"/v1/plans/{plan['id']}", json={"rotation": None})
    assert away.json()["rotation"] is None
    assert (await buyer.client.get(at)).json()["state"] == "unscheduled"
    wrong = {"rotation": {"every_days": 0}}
    refused = await tenant.client.patch(f"/v1/plans/{plan['id']}", json=wrong)
    assert refused.status_code == 422
    assert "rotation.every_days" in refused.text
