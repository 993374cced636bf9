"""The life of a key through the management API."""

import asyncio
import json

import pytest

from keyhouse.core.entities import IdempotencyRow
from tests.doors.api.conftest import House, Tenant


async def test_first_key_needs_four_calls(tenant: Tenant) -> None:
    project = await tenant.make("/v1/projects", name="Weather")
    api = await tenant.make("/v1/apis", slug="weather", project=project["id"])
    application = await tenant.make(
        "/v1/applications", name="Planner", project=project["id"]
    )
    key = await tenant.key(application=application["id"])
    assert key["project"] == project["id"]
    assert key["application"] == application["id"]
    [opens] = key["access"]
    assert opens == {"api": api["id"], "slug": "weather", "scopes": [], "roles": []}
    assert key["secret"].startswith("kh_sk_test_")
    assert key["state"] == "active"


async def test_whole_life_of_a_key(tenant: Tenant) -> None:
    """Disabled, enabled, changed, put away, brought back, revoked for good."""
    await tenant.weather()
    key = await tenant.key()
    at = f"/v1/keys/{key['id']}"
    client = tenant.client
    for verb, state in (("disable", "disabled"), ("enable", "active")):
        told = (await client.post(f"{at}/{verb}")).json()
        assert told["state"] == state
    changes = {
        "name": "Router",
        "access": [{"api": "weather", "scopes": ["forecast:*"]}],
        "restrictions": {"networks_allowed": ["203.0.113.0/24"]},
        "limits": [{"name": "per-minute", "rate": 60, "period_seconds": 60}],
        "ends_at": "2999-01-01T01:00:00+01:00",
        "metadata": {"team": "maps"},
    }
    changed = await client.patch(at, json=changes)
    assert changed.status_code == 200, changed.text
    assert changed.json() == (await client.get(at)).json()
    assert changed.json()["ends_at"] == "2999-01-01T00:00:00Z"
    assert changed.json()["access"][0]["scopes"] == ["forecast:*"]
    cleared = await client.patch(at, json={"ends_at": None, "limits": None})
    assert cleared.json()["ends_at"] is None
    assert cleared.json()["limits"] == []
    assert cleared.json()["name"] == "Router"
    assert (await client.delete(at)).status_code == 204
    assert (await client.get("/v1/keys")).json()["data"][0]["id"] != key["id"]
    assert (await client.patch(at, json={"name": "x"})).status_code == 409
    assert (await client.post(f"{at}/restore")).json()["state"] == "active"
    assert (await client.post(f"{at}/revoke")).json()["state"] == "revoked"
    assert (await client.post(f"{at}/enable")).status_code == 409
    assert (await client.get(at)).json()["state"] == "revoked"


async def test_a_key_holds_roles_of_an_api_beside_scopes(tenant: Tenant) -> None:
    """What a role holds is the API's to say; the key keeps its name."""
    api = await tenant.weather()
    roles = {"reader": ["*:read"], "nobody": []}
    changed = await tenant.client.patch("/v1/apis/weather", json={"roles": roles})
    assert changed.json()["roles"] == roles
    assert int(changed.headers["Keyhouse-Change-Seq"]) > 0
    opens = {"api": "weather", "scopes": ["alerts:read"], "roles": ["reader"]}
    key = await tenant.key(access=[opens])
    assert key["access"] == [{**opens, "api": api["id"], "slug": "weather"}]
    at = f"/v1/keys/{key['id']}"
    fewer = {"access": [{"api": "weather", "roles": ["nobody", "reader"]}]}
    told = (await tenant.client.patch(at, json=fewer)).json()
    assert told["access"][0]["roles"] == ["nobody", "reader"]
    assert told["access"][0]["scopes"] == []
    cleared = await tenant.client.patch("/v1/apis/weather", json={"roles": None})
    assert cleared.json()["roles"] == {}
    # It stays with the key, and opens nothing.
    kept = (await tenant.client.get(at)).json()["access"][0]["roles"]
    assert kept == ["nobody", "reader"]


async def test_a_route_keeps_alternatives_as_they_are_written(tenant: Tenant) -> None:
    await tenant.weather()
    entries = ["forecast:read|alerts:read", "alerts:read"]
    route = await tenant.make(
        "/v1/apis/weather/routes", method="GET", path="/", scopes=entries
    )
    assert route["scopes"] == entries


async def test_writes_that_reach_the_data_plane_tell_their_seq(tenant: Tenant) -> None:
    """Without it nobody can ask whether a revocation is in force."""
    await tenant.weather()
    key = await tenant.key()
    response = await tenant.client.post(f"/v1/keys/{key['id']}/revoke")
    assert int(response.headers["Keyhouse-Change-Seq"]) > 0
    again = await tenant.client.post(f"/v1/keys/{key['id']}/revoke")
    assert "Keyhouse-Change-Seq" not in again.headers


async def test_secret_is_in_the_answer_that_creates_and_nowhere_else(
    house: House, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    """A secret shown twice, audited or logged is a secret lost."""
    caplog.set_level("DEBUG")
    await tenant.weather()
    made = await tenant.client.post(
        "/v1/keys",
        json={"name": "Planner", "access": [{"api": "weather"}]},
        headers={"Idempotency-Key": "once"},
    )
    secret = made.json()["secret"]
    at = f"/v1/keys/{made.json()['id']}"
    answers = [
        (await tenant.client.get(path)).text
        for path in ("/v1/keys", at, f"{at}/secrets", "/v1/audit", "/v1/apis")
    ]
    kept = house.database.rows
    with kept.reading() as tx:
        answers.append(json.dumps([row.answer for row in tx.find(IdempotencyRow)]))
    assert secret not in "".join(answers)
    assert secret[-36:] not in "".join(answers) + caplog.text
    secrets = (await tenant.client.get(f"{at}/secrets")).json()["data"]
    assert [one["hint"] for one in secrets] == [made.json()["hint"]]
    assert "digest" not in secrets[0]


async def test_audit_tells_who_changed_what(tenant: Tenant) -> None:
    await tenant.weather()
    key = await tenant.key()
    await tenant.client.post(f"/v1/keys/{key['id']}/disable")
    rows = (await tenant.client.get("/v1/audit", params={"subject": key["id"]})).json()
    assert [row["action"] for row in rows["data"]] == ["key.disable", "key.create"]
    assert rows["data"][1]["after"]["access"][0]["scopes"] == []
    newest = rows["data"][0]
    assert newest["before"] == {"disabled_at": None}
    assert newest["after"] == {"disabled_at": newest["at"]}
    assert newest["request_id"].startswith("req_")


async def test_idempotent_replay_gives_the_same_answer_without_its_secret(
    tenant: Tenant,
) -> None:
    """A client that repeats after a lost answer must not get a second key."""
    await tenant.weather()
    body = {"name": "Planner", "access": [{"api": "weather"}]}
    headers = {"Idempotency-Key": "retry-1"}
    first = await tenant.client.post("/v1/keys", json=body, headers=headers)
    again = await tenant.client.post("/v1/keys", json=body, headers=headers)
    assert again.status_code == first.status_code == 201
    expected = {**first.json(), "secret": None, "secret_already_shown": True}
    assert again.json() == expected
    assert again.headers["Location"] == first.headers["Location"]
    other = await tenant.client.post(
        "/v1/keys", json={**body, "name": "Other"}, headers=headers
    )
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_mismatch"
    keys = (await tenant.client.get("/v1/keys", params={"name": "planner"})).json()
    assert len(keys["data"]) == 1


async def test_equal_posts_at_the_same_time_make_one_key(tenant: Tenant) -> None:
    await tenant.weather()
    body = {"name": "Planner", "access": [{"api": "weather"}]}
    headers = {"Idempotency-Key": "race"}
    answers = await asyncio.gather(
        *(tenant.client.post("/v1/keys", json=body, headers=headers) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(answer.json()["secret"] is not None for answer in answers) == 1


async def test_refused_post_does_not_use_up_its_idempotency_key(tenant: Tenant) -> None:
    await tenant.weather()
    headers = {"Idempotency-Key": "mended"}
    wrong = {"name": "Planner", "access": [{"api": "wheather"}]}
    right = {"name": "Planner", "access": [{"api": "weather"}]}
    refused = await tenant.client.post("/v1/keys", json=wrong, headers=headers)
    assert refused.status_code == 422
    mended = await tenant.client.post("/v1/keys", json=right, headers=headers)
    assert mended.status_code == 201


async def test_application_is_found_by_its_external_id_or_made(tenant: Tenant) -> None:
    await tenant.weather()
    wanted = {"name": "CRM", "external_id": "crm-1"}
    first = await tenant.key(application=wanted)
    second = await tenant.key(application={**wanted, "name": "renamed"})
    assert first["application"] == second["application"]
    default = await tenant.key()
    told = await tenant.client.get(f"/v1/applications/{default['application']}")
    assert told.json()["name"] == "default"


async def test_publishable_key_needs_pages_and_single_scopes(tenant: Tenant) -> None:
    """Anyone can read it off the page, so it must be of no use elsewhere."""
    await tenant.weather()
    wide = {
        "name": "Map",
        "kind": "publishable",
        "access": [{"api": "weather", "scopes": ["*"]}],
    }
    refused = await tenant.client.post("/v1/keys", json=wide)
    fields = {error["field"] for error in refused.json()["errors"]}
    assert refused.status_code == 422
    assert fields == {"access.0.scopes", "restrictions.referrers"}
    made = await tenant.key(
        kind="publishable",
        access=[{"api": "weather", "scopes": ["forecast:read"]}],
        restrictions={"referrers": ["https://example.com/*"]},
    )
    assert made["secret"].startswith("kh_pk_test_")
    at = f"/v1/keys/{made['id']}"
    opened = await tenant.client.patch(at, json={"restrictions": None})
    assert opened.status_code == 422
    apps = {"restrictions": {"apps": ["ios:com.example.Weather"]}}
    moved = await tenant.client.patch(at, json=apps)
    assert moved.json()["restrictions"]["apps"] == ["ios:com.example.Weather"]
    assert moved.json()["restrictions"]["referrers"] == []


async def test_filters_and_pages_of_keys(tenant: Tenant) -> None:
    await tenant.weather()
    await tenant.make("/v1/apis", slug="maps")
    names = [f"key {number}" for number in range(5)]
    for name in names:
        await tenant.key(name=name)
    other = await tenant.key(name="on maps", access=[{"api": "maps"}])
    await tenant.client.post(f"/v1/keys/{other['id']}/disable")

    async def told(**query: str | int) -> list[str]:
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            params = {**query, **({"cursor": cursor} if cursor else {})}
            answer = (await tenant.client.get("/v1/keys", params=params)).json()
            assert len(answer["data"]) <= int(query.get("limit", 50))
            found += [key["name"] for key in answer["data"]]
            cursor = answer["next_cursor"]
        return found

    assert await told(api="weather", limit=2) == names[::-1]
    assert await told(state="disabled", limit=1) == ["on maps"]
    assert await told(name="KEY 3") == ["key 3"]
    assert await told(api="maps", state="active") == []
    assert len(await told(limit=3)) == 7
    assert await told(environment="live") == []


async def test_what_has_keys_is_disabled_not_deleted(tenant: Tenant) -> None:
    """Usage and audit would lose their names."""
    api = await tenant.weather()
    key = await tenant.key()
    for path in (
        f"/v1/apis/{api['id']}",
        f"/v1/applications/{key['application']}",
        f"/v1/projects/{key['project']}",
    ):
        refused = await tenant.client.delete(path)
        assert refused.status_code == 409, path
        told = (await tenant.client.patch(path, json={"disabled": True})).json()
        assert told["disabled_at"] is not None
        told = (await tenant.client.patch(path, json={"disabled": False})).json()
        assert told["disabled_at"] is None


async def test_empty_things_are_deleted_for_good(tenant: Tenant) -> None:
    project = await tenant.make("/v1/projects", name="Short")
    api = await tenant.make("/v1/apis", slug="short", project=project["id"])
    at = f"/v1/apis/{api['slug']}"
    route = await tenant.make(f"{at}/routes", method="GET", path="/a/**")
    changed = await tenant.client.patch(f"{at}/routes/{route['id']}", json={"cost": 3})
    assert changed.json()["cost"] == 3
    gone = [f"{at}/routes/{route['id']}", at, f"/v1/projects/{project['id']}"]
    for path in gone:
        assert (await tenant.client.delete(path)).status_code == 204
    assert (await tenant.client.get(at)).status_code == 404


async def test_a_management_key_with_limits_is_refused_with_the_way_out(
    tenant: Tenant,
) -> None:
    """They would not hold, and whoever set them would believe that they do."""
    limits = [{"name": "per-minute", "rate": 60, "period_seconds": 60}]
    access = [{"project": tenant.project, "scopes": ["keys:read"]}]
    wish = {"name": "M", "kind": "management", "access": access}
    refused = await tenant.client.post("/v1/keys", json={**wish, "limits": limits})
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert problem["field"] == "limits"
    assert problem["mend"] == "use scopes and networks"
    made = await tenant.make("/v1/keys", **wish)
    at = f"/v1/keys/{made['id']}"
    bounds = {"referrers": ["https://example.com/*"]}
    for changes in ({"limits": limits}, {"restrictions": bounds}):
        assert (await tenant.client.patch(at, json=changes)).status_code == 422
