"""A new secret for a key, through the management API."""

import json

import httpx
import pytest

from tests.doors.api.conftest import House, Tenant


async def rotate(
    tenant: Tenant, key: str, overlap_seconds: object, **headers: str
) -> httpx.Response:
    return await tenant.client.post(
        f"/v1/keys/{key}/rotate",
        json={"overlap_seconds": overlap_seconds},
        headers=headers,
    )


async def test_the_answer_is_the_key_with_its_new_secret(tenant: Tenant) -> None:
    await tenant.weather()
    key = await tenant.key(limits=[{"name": "fast", "rate": 1, "period_seconds": 1}])
    response = await rotate(tenant, key["id"], 86_400)
    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/keys/{key['id']}"
    assert int(response.headers["Keyhouse-Change-Seq"]) > 0
    new = response.json()
    assert new["secret"] not in (None, key["secret"])
    changed = ("secret", "hint")
    assert {n: v for n, v in new.items() if n not in changed} == {
        n: v for n, v in key.items() if n not in changed
    }
    listed = (await tenant.client.get(f"/v1/keys/{key['id']}/secrets")).json()["data"]
    assert [(one["version"], one["state"]) for one in listed] == [
        (2, "active"),
        (1, "ending"),
    ]
    assert listed[0]["hint"] == new["hint"]
    assert listed[1]["ends_at"] is not None
    assert listed[1]["last_used_at"] is None


async def test_a_repeat_rotates_once_and_shows_no_secret_again(tenant: Tenant) -> None:
    """Else a lost answer costs a second rotation, and the first secret its overlap."""
    await tenant.weather()
    key = await tenant.key()
    again = {"Idempotency-Key": "once"}
    first = (await rotate(tenant, key["id"], 60, **again)).json()
    second = (await rotate(tenant, key["id"], 60, **again)).json()
    assert second == {**first, "secret": None, "secret_already_shown": True}
    listed = (await tenant.client.get(f"/v1/keys/{key['id']}/secrets")).json()["data"]
    assert len(listed) == 2


@pytest.mark.parametrize("overlap", [-1, 31_622_401, "1d", 1.5, 10**30])
async def test_an_overlap_that_cannot_be_is_told(tenant: Tenant, overlap: object) -> None:
    await tenant.weather()
    key = await tenant.key()
    response = await rotate(tenant, key["id"], overlap)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "overlap_seconds"


async def test_a_secret_is_ended_and_the_last_stays(tenant: Tenant) -> None:
    await tenant.weather()
    key = await tenant.key()
    await rotate(tenant, key["id"], 3600)
    at = f"/v1/keys/{key['id']}/secrets"
    new, old = (await tenant.client.get(at)).json()["data"]
    assert (await tenant.client.delete(f"{at}/{old['id']}")).status_code == 204
    refused = await tenant.client.delete(f"{at}/{new['id']}")
    assert refused.status_code == 409
    assert (await tenant.client.delete(f"{at}/sec_0")).status_code == 404
    states = [one["state"] for one in (await tenant.client.get(at)).json()["data"]]
    assert states == ["active", "revoked"]


async def test_a_strangers_key_cannot_be_rotated_nor_found(house: House) -> None:
    owner, stranger = house.tenant("Acme"), house.tenant("Other")
    await owner.weather()
    key = await owner.key()
    (secret,) = (await owner.client.get(f"/v1/keys/{key['id']}/secrets")).json()["data"]
    at = f"/v1/keys/{key['id']}"
    body = {"secret": key["secret"]}
    answers = [
        await rotate(stranger, key["id"], 0),
        await stranger.client.delete(f"{at}/secrets/{secret['id']}"),
        await stranger.client.get(f"{at}/limits"),
        await stranger.client.post("/v1/keys/find", json=body),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    (kept,) = (await owner.client.get(f"{at}/secrets")).json()["data"]
    assert kept["state"] == "active"


async def test_a_key_is_found_by_its_secret_but_not_in_an_address(
    tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await tenant.weather()
    key = await tenant.key(name="Route planner")
    found = await tenant.client.post("/v1/keys/find", json={"secret": key["secret"]})
    assert found.json()["id"] == key["id"]
    assert "secret" not in found.json()
    for search in ("PLANNER", key["hint"]):
        listed = await tenant.client.get("/v1/keys", params={"search": search})
        assert [one["id"] for one in listed.json()["data"]] == [key["id"]]
    await tenant.client.post("/v1/keys/find", json={"secret": key["secret"]})
    assert key["secret"] not in caplog.text
    refused = await tenant.client.get("/v1/keys", params={"search": f"x {key['secret']}"})
    assert refused.status_code == 422
    assert key["secret"] not in refused.text


async def test_limits_are_told_with_what_is_left(tenant: Tenant) -> None:
    await tenant.weather()
    daily = {"name": "daily", "quota": 1000, "window": "day"}
    fast = {"name": "fast", "rate": 1, "period_seconds": 1}
    await tenant.client.patch("/v1/apis/weather", json={"limits": [daily]})
    key = await tenant.key(limits=[fast])
    told = (await tenant.client.get(f"/v1/keys/{key['id']}/limits")).json()["data"]
    assert [(one["api"], one["limit"]["name"], one["left"]) for one in told] == [
        (None, "fast", None),
        ("weather", "daily", 1000),
    ]
    assert told[1]["resets_at"].endswith("Z")
    assert json.dumps(told)


async def test_a_lesser_manager_rotates_no_greater_key(tenant: Tenant) -> None:
    """Rotating is taking hold of a key: it must not lift anybody up."""
    await tenant.weather()
    access = [{"organization": tenant.organization, "scopes": ["keys:*", "apis:read"]}]
    lesser = await tenant.key(name="Lesser", kind="management", access=access)
    headers = {"Authorization": f"Bearer {lesser['secret']}"}
    listed = (await tenant.client.get("/v1/keys")).json()["data"]
    (greater,) = [one for one in listed if one["name"].startswith("operator")]
    refused = await rotate(tenant, greater["id"], 0, **headers)
    assert refused.status_code == 403
    own = await rotate(tenant, lesser["id"], 60, **headers)
    assert own.status_code == 201
