"""A change made on what is no longer so is refused, where the caller asks for that."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.doors.api.conftest import House, Tenant

DAILY = {"name": "daily", "quota": 9, "window": "day"}
CHANGES: dict[str, list[dict[str, Any]]] = {
    "organizations": [{"name": "One"}, {"name": "Two"}],
    "projects": [{"name": "One"}, {"disabled": True}],
    "apis": [{"upstreams": {"live": "http://b", "test": "http://a"}}, {"scopes": []}],
    "routes": [{"cost": 2}, {"path": "/b"}],
    "applications": [{"purpose": "One"}, {"disabled": True}],
    "customers": [{"limits": [DAILY]}, {"metadata": {"a": 1}}],
    "keys": [{"metadata": {"b": 1, "a": 2}}, {"access": [{"api": "other"}]}],
    "members": [{"role": "owner"}, {"role": "owner"}],
}


async def _addresses(tenant: Tenant) -> dict[str, str]:
    await tenant.weather()
    await tenant.weather("other")
    route = await tenant.make("/v1/apis/weather/routes", method="GET", path="/a")
    key = await tenant.key()
    (owner,) = (await tenant.client.get("/v1/members")).json()["data"]
    customer = await tenant.make("/v1/customers", external_id="crm-1")
    return {
        "organizations": f"/v1/organizations/{tenant.organization}",
        "projects": f"/v1/projects/{tenant.project}",
        "apis": "/v1/apis/other",
        "routes": f"/v1/apis/weather/routes/{route['id']}",
        "applications": f"/v1/applications/{key['application']}",
        "customers": f"/v1/customers/{customer['id']}",
        "keys": f"/v1/keys/{key['id']}",
        "members": f"/v1/members/{owner['id']}",
    }


async def _patch(client: httpx.AsyncClient, at: str, body: Any, tag: str) -> httpx.Response:
    return await client.patch(at, json=body, headers={"If-Match": tag})


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_fits_what_was_seen_or_is_412(tenant: Tenant, kind: str) -> None:
    at = (await _addresses(tenant))[kind]
    client, (first, second) = tenant.client, CHANGES[kind]
    seen = await client.get(at)
    tag = seen.headers["ETag"]
    assert (await client.get(at)).headers["ETag"] == tag
    changed = await _patch(client, at, first, tag)
    assert changed.status_code == 200
    after = changed.headers["ETag"]
    assert (await client.get(at)).headers["ETag"] == after
    if kind == "members":  # its only one is the owner, who stays one
        assert after == tag
        return
    assert after != tag
    late = await _patch(client, at, second, tag)
    assert late.status_code == 412
    assert late.json()["code"] == "changed_meanwhile"
    (error,) = late.json()["errors"]
    assert (error["field"], set(error)) == ("If-Match", {"field", "reason", "mend"})
    assert (await client.get(at)).json() == changed.json()
    assert (await _patch(client, at, second, after)).status_code == 200


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("*", 200),
        ("{tag}", 200),
        ('"other", {tag}', 200),
        ('{tag} ,"other"', 200),
        ("W/{tag}", 412),
        ('"other"', 412),
        ("nonsense", 412),
        ("", 412),
    ],
)
async def test_if_match_is_read_as_http_has_it(
    tenant: Tenant, told: str, status: int
) -> None:
    at = f"/v1/projects/{tenant.project}"
    tag = (await tenant.client.get(at)).headers["ETag"]
    answer = await _patch(tenant.client, at, {"name": "x"}, told.format(tag=tag))
    assert answer.status_code == status


async def test_of_two_at_once_one_is_told_that_it_came_late(tenant: Tenant) -> None:
    at = f"/v1/projects/{tenant.project}"
    tag = (await tenant.client.get(at)).headers["ETag"]
    names = [f"Name {number}" for number in range(8)]
    answers = await asyncio.gather(
        *(_patch(tenant.client, at, {"name": name}, tag) for name in names)
    )
    assert sorted(answer.status_code for answer in answers) == [200] + 7 * [412]


async def test_what_is_not_there_is_404_and_never_412(tenant: Tenant) -> None:
    at = "/v1/projects/prj_" + "0" * 22
    answer = await _patch(tenant.client, at, {"name": "x"}, '"any"')
    assert answer.status_code == 404


async def test_a_condition_tells_nothing_to_who_may_not_read(
    house: House, tenant: Tenant
) -> None:
    held = {"organization": tenant.organization, "scopes": ["projects:write"]}
    key = await tenant.key(kind="management", access=[held])
    at, client = f"/v1/projects/{tenant.project}", house.client(key["secret"])
    assert (await client.patch(at, json={"name": "x"})).status_code == 200
    answer = await _patch(client, at, {"name": "y"}, "*")
    assert answer.status_code == 403
    assert answer.json()["scopes_missing"] == ["projects:read"]
