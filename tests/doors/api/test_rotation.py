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


class Manager:
    """A management key, which rotates itself: its first secret, and its second."""

    def __init__(self, house: House, key: dict[str, str], overlap_seconds: object) -> None:
        self.id, self._house, self._overlap = key["id"], house, overlap_seconds
        self.first = house.client(key["secret"])

    async def begin(self) -> httpx.AsyncClient:
        """Rotate; whoever has the new secret."""
        made = await self.rotate(self.first)
        assert made.status_code == 201, made.text
        return self._house.client(made.json()["secret"])

    async def rotate(self, by: httpx.AsyncClient) -> httpx.Response:
        wish = {"overlap_seconds": self._overlap}
        return await by.post(f"/v1/keys/{self.id}/rotate", json=wish)

    async def roll_back(self, by: httpx.AsyncClient) -> httpx.Response:
        return await by.post(f"/v1/keys/{self.id}/rotation/roll-back")

    async def states(self, by: httpx.AsyncClient) -> list[str]:
        listed = (await by.get(f"/v1/keys/{self.id}/secrets")).json()["data"]
        return [one["state"] for one in listed]


@pytest.fixture(params=[3600, None])
async def manager(request: pytest.FixtureRequest, house: House, tenant: Tenant) -> Manager:
    access = [{"project": tenant.project, "scopes": ["keys:*"]}]
    wish = {"name": "M", "kind": "management", "access": access}
    return Manager(house, await tenant.make("/v1/keys", **wish), request.param)


async def test_a_secret_that_was_replaced_does_not_take_its_end_back(
    tenant: Tenant, manager: Manager
) -> None:
    """It may be the one that leaked; the owner's new one must not be the one to go."""
    second = await manager.begin()
    states = await manager.states(second)
    for by in (manager.first, second):
        told = (await by.get(f"/v1/keys/{manager.id}/rotation")).json()
        assert told["can_roll_back"] is False
        refused = await manager.roll_back(by)
        assert refused.status_code == 409
        (problem,) = refused.json()["errors"]
        assert problem["reason"] == "is of the key that asks"
        assert problem["mend"] == "have another key or a person do it"
    assert await manager.states(second) == states
    told = (await tenant.client.get(f"/v1/keys/{manager.id}/rotation")).json()
    assert told["can_roll_back"] is True
    assert (await manager.roll_back(tenant.client)).status_code == 200


async def test_a_secret_that_was_replaced_makes_no_newer_one_of_its_key(
    tenant: Tenant, manager: Manager
) -> None:
    """Whoever has it would come by one without an end."""
    second = await manager.begin()
    refused = await manager.rotate(manager.first)
    assert refused.status_code == 409
    (problem,) = refused.json()["errors"]
    assert problem["reason"] == "is replaced: the key's newest may rotate it"
    assert len(await manager.states(second)) == 2
    assert (await manager.rotate(second)).status_code == 201
    # What was rolled back is in its place again.
    assert (await manager.roll_back(tenant.client)).status_code == 200
    assert (await manager.rotate(manager.first)).status_code == 409
    assert (await manager.rotate(second)).status_code == 201
    assert (await manager.rotate(tenant.client)).status_code == 201
