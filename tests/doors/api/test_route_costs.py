"""Who says what a route costs."""

import pytest

from tests.doors.api.conftest import Tenant


async def test_a_route_says_its_cost_unless_its_upstream_does(tenant: Tenant) -> None:
    await tenant.make("/v1/apis", slug="weather")
    at = "/v1/apis/weather/routes"
    made = await tenant.make(at, method="GET", path="/a", cost=3)
    assert (made["cost"], made["cost_from"]) == (3, "route")
    made = await tenant.make(at, method="GET", path="/b", cost=9, cost_from="upstream")
    assert (made["cost"], made["cost_from"]) == (9, "upstream")
    one = f"{at}/{made['id']}"
    changed = (await tenant.client.patch(one, json={"cost": 5})).json()
    assert (changed["cost"], changed["cost_from"]) == (5, "upstream")
    changed = (await tenant.client.patch(one, json={"cost_from": None})).json()
    assert changed == (await tenant.client.get(one)).json()
    assert changed["cost_from"] == "route"


@pytest.mark.parametrize("wrong", ["caller", "", 1])
async def test_nobody_else_says_it(tenant: Tenant, wrong: object) -> None:
    await tenant.make("/v1/apis", slug="weather")
    body = {"method": "GET", "path": "/a", "cost_from": wrong}
    answer = await tenant.client.post("/v1/apis/weather/routes", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cost_from"
