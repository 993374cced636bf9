"""`/v1/export` and `/v1/apply`: what a caller sends and gets."""

from typing import Any

from keyhouse.services.declare import read_yaml
from tests.doors.api.conftest import House, Tenant

API = {"slug": "weather", "project": "default", "scopes": ["forecast:read"]}
KEY = {
    "name": "ci",
    "project": "default",
    "application": "Planner",
    "access": [{"api": "weather", "scopes": ["forecast:read"]}],
}
APPLICATION = {"name": "Planner", "project": "default"}


def document(**more: Any) -> dict[str, Any]:
    return {"keyhouse": 1, "apis": [API], "applications": [APPLICATION], **more}


async def test_export_is_yaml_unless_json_is_asked_for(tenant: Tenant) -> None:
    await tenant.weather()
    made = await tenant.key()
    plain = await tenant.client.get("/v1/export")
    assert plain.headers["content-type"].startswith("application/yaml")
    assert f"# {made['hint']}\n- name: Planner" in plain.text
    as_json = {"Accept": "application/json"}
    told = await tenant.client.get("/v1/export", headers=as_json)
    assert told.json() == read_yaml(plain.text)
    assert made["secret"] not in plain.text
    only = {"only": "apis, keys", "project": "default"}
    some = await tenant.client.get("/v1/export", params=only, headers=as_json)
    assert list(some.json()) == ["keyhouse", "project", "apis", "keys"]


async def test_what_cannot_be_exported_is_told_before_anything_is(
    house: House, tenant: Tenant
) -> None:
    for query, field in (({"only": "secrets"}, "only"), ({"project": "x"}, "project")):
        answer = await tenant.client.get("/v1/export", params=query)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    await tenant.weather()
    held = {"organization": tenant.organization, "scopes": ["projects:read"]}
    poor = await tenant.key(kind="management", access=[held])
    client = house.client(poor["secret"])
    refused = await client.get("/v1/export")
    assert (refused.status_code, refused.json()["scopes_missing"]) == (403, ["apis:read"])
    assert (await client.get("/v1/export?only=projects")).status_code == 200


async def test_a_plan_is_shown_and_then_done(tenant: Tenant) -> None:
    body = document(keys=[KEY])
    plan = (await tenant.client.post("/v1/apply?dry_run=true", json=body)).json()
    assert [step["name"] for step in plan["steps"]] == ["weather", "Planner", "ci"]
    assert (plan["created"], plan["complete"], plan["secrets"]) == (3, False, [])
    assert (await tenant.client.get("/v1/apis")).json()["data"] == []
    query, once = {"plan": plan["plan"]}, {"Idempotency-Key": "mine"}
    first = await tenant.client.post("/v1/apply", params=query, json=body, headers=once)
    done = first.json()
    assert (first.status_code, done["complete"], done["steps_done"]) == (200, True, 3)
    assert int(first.headers["Keyhouse-Change-Seq"]) > 0
    (secret,) = done["secrets"]
    assert (secret["name"], done["secrets_already_shown"]) == ("ci", False)
    again = await tenant.client.post("/v1/apply", params=query, json=body, headers=once)
    assert (again.json()["secrets"], again.json()["secrets_already_shown"]) == (None, True)
    stale = await tenant.client.post("/v1/apply", params=query, json=body)
    assert stale.status_code == 409
    assert stale.json()["errors"][0]["field"] == "plan"
    rest = await tenant.client.post("/v1/apply", json=body)
    assert (rest.json()["steps"], rest.json()["unchanged"]) == ([], 3)


async def test_all_that_is_wrong_is_told_with_its_place(tenant: Tenant) -> None:
    faulty = document(keys=[{**KEY, "acces": []}, 3])
    faulty["apis"] = [{**API, "limits": [{"name": "a", "rate": "x"}]}]
    answer = await tenant.client.post("/v1/apply", json=faulty)
    assert answer.status_code == 422
    told = {one["field"]: one["mend"] for one in answer.json()["errors"]}
    assert told["keys[0].acces"] == "did you mean access?"
    assert {"apis[0].limits[0].rate", "keys[1]"} <= set(told)


async def test_what_is_exported_is_applied_elsewhere(house: House, tenant: Tenant) -> None:
    """From one organization to another, as from a test installation to the real one."""
    await tenant.weather()
    await tenant.key()
    wanted = {"only": "projects,apis,customers,applications"}
    as_json = {"Accept": "application/json"}
    found = (await tenant.client.get("/v1/export", params=wanted, headers=as_json)).json()
    found["apis"][0]["slug"] = "elsewhere"
    other = house.tenant("Other")
    assert (await other.client.post("/v1/apply", json=found)).json()["complete"]
    told = await other.client.get("/v1/export", params=wanted, headers=as_json)
    assert told.json()["apis"] == found["apis"]


async def test_what_is_sold_goes_through_a_file(tenant: Tenant) -> None:
    """With the secret that signs a webhook's events, which no export tells."""
    body = document(
        plans=[{"slug": "basic", "project": "default", "access": [{"api": "weather"}]}],
        subscriptions=[{"application": "Planner", "project": "default", "plan": "basic"}],
        webhooks=[{"name": "Bills", "url": "http://127.0.0.1:9/h", "events": ["*"]}],
    )
    done = (await tenant.client.post("/v1/apply", json=body)).json()
    (told,) = done["secrets"]
    assert (told["kind"], told["name"]) == ("webhook", "Bills")
    assert told["id"].startswith("whk_")
    as_json = {"Accept": "application/json"}
    found = await tenant.client.get("/v1/export", headers=as_json)
    assert told["secret"] not in found.text
    assert found.json()["subscriptions"] == body["subscriptions"]
    again = (await tenant.client.post("/v1/apply", json=found.json())).json()
    assert (again["steps"], again["secrets"]) == ([], [])
