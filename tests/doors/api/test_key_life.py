"""Batches, transfer, labels and the end of keys, as callers of the API meet them."""

import asyncio
import json
from typing import Any

import pytest

from keyhouse.core.entities import AuditRow, IdempotencyRow, Role
from tests.doors.api.conftest import House, Tenant

ACCESS = [{"api": "weather"}]


async def test_labels_are_told_changed_and_cleared(house: House, tenant: Tenant) -> None:
    await tenant.weather()
    ada = tenant.member(house, Role.DEVELOPER)
    key = await tenant.key(owner=ada, purpose="Tours", tags=["team:a", "team:a", "b"])
    assert (key["owner"], key["purpose"], key["tags"]) == (ada, "Tours", ["team:a", "b"])
    at = f"/v1/keys/{key['id']}"
    read = await tenant.client.get(at)
    cleared = {"owner": None, "purpose": None, "tags": None}
    headers = {"If-Match": read.headers["ETag"]}
    told = (await tenant.client.patch(at, json=cleared, headers=headers)).json()
    assert (told["owner"], told["purpose"], told["tags"]) == (None, "", [])
    assert (await tenant.client.patch(at, json={}, headers=headers)).status_code == 412
    refused = await tenant.client.patch(at, json={"owner": "nobody@example.com"})
    assert refused.json()["errors"][0]["field"] == "owner"


async def test_filters_stand_in_the_address(house: House, tenant: Tenant) -> None:
    await tenant.weather()
    await tenant.key(name="Van 1", tags=["a", "b"])
    await tenant.key(name="Van 2", tags=["a"])
    for query, names in (
        ("tag=a&tag=b", ["Van 1"]),
        ("tag=a&search=van", ["Van 2", "Van 1"]),
        ("tag=a&never_used=true&kind=server&created_since=2020-01-01T00:00:00Z", None),
        ("tag=a&used_since=2020-01-01T00:00:00Z", []),
        ("customer=nobody", []),
    ):
        answer = await tenant.client.get(f"/v1/keys?{query}")
        assert answer.status_code == 200, answer.text
        found = [one["name"] for one in answer.json()["data"]]
        assert sorted(found) == sorted(names if names is not None else ["Van 1", "Van 2"])
    assert (await tenant.client.get("/v1/keys?cursor=nonsense")).status_code == 422


async def test_a_batch_shows_its_secrets_once(house: House, tenant: Tenant) -> None:
    await tenant.weather()
    wishes = [{"name": name, "access": ACCESS} for name in ("A", "B")]
    headers = {"Idempotency-Key": "batch-1"}
    first = await tenant.client.post(
        "/v1/keys/batch", json={"keys": wishes}, headers=headers
    )
    assert first.status_code == 201, first.text
    assert int(first.headers["Keyhouse-Change-Seq"]) > 0
    made = first.json()["data"]
    assert [one["name"] for one in made] == ["A", "B"]
    assert all(not one["secret_already_shown"] for one in made)
    again = await tenant.client.post(
        "/v1/keys/batch", json={"keys": wishes}, headers=headers
    )
    told = again.json()["data"]
    assert [one["id"] for one in told] == [one["id"] for one in made]
    assert [one["secret"] for one in told] == [None, None]
    with house.database.rows.reading() as tx:
        kept = json.dumps([row.answer for row in tx.find(IdempotencyRow)])
    assert not any(one["secret"] in kept for one in made)


async def test_a_bad_wish_of_a_batch_is_named_by_its_place(tenant: Tenant) -> None:
    await tenant.weather()
    wishes = [{"name": "A", "access": ACCESS}, {"name": "", "access": ACCESS}]
    answer = await tenant.client.post("/v1/keys/batch", json={"keys": wishes})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "keys[1].name"
    assert (await tenant.client.get("/v1/keys?name=A")).json()["data"] == []


async def test_a_key_is_transferred_and_a_deleted_one_says_until_when(
    tenant: Tenant,
) -> None:
    await tenant.weather()
    key = await tenant.key()
    other = await tenant.make("/v1/applications", name="Other")
    at = f"/v1/keys/{key['id']}"
    moved = await tenant.client.post(f"{at}/transfer", json={"application": other["id"]})
    assert moved.status_code == 200, moved.text
    assert int(moved.headers["Keyhouse-Change-Seq"]) > 0
    assert moved.json()["application"] == other["id"]
    assert moved.json()["restorable_until"] is None
    await tenant.client.delete(at)
    assert (await tenant.client.get(at)).json()["restorable_until"] > key["created_at"]


async def test_all_keys_of_an_application_are_revoked_once(tenant: Tenant) -> None:
    await tenant.weather()
    key, _ = await tenant.key(name="A"), await tenant.key(name="B")
    body: dict[str, Any] = {"application": key["application"], "expected": 2}
    headers = {"Idempotency-Key": "emergency"}
    dry = await tenant.client.post("/v1/keys/revoke", json={**body, "dry_run": True})
    assert dry.json() == {"matched": 2, "revoked": 2, "dry_run": True}
    wrong = await tenant.client.post("/v1/keys/revoke", json={**body, "expected": 1})
    assert wrong.status_code == 409
    for _ in range(2):
        done = await tenant.client.post("/v1/keys/revoke", json=body, headers=headers)
        assert done.json() == {"matched": 2, "revoked": 2, "dry_run": False}
    later = await tenant.client.post("/v1/keys/revoke", json=body)
    assert later.json()["revoked"] == 0
    other = {"application": key["application"]}
    mismatch = await tenant.client.post("/v1/keys/revoke", json=other, headers=headers)
    assert mismatch.json()["code"] == "idempotency_mismatch"
    for none in ({}, {"application": "x", "owner": "y"}):
        answer = await tenant.client.post("/v1/keys/revoke", json=none)
        assert answer.status_code == 422
    rows = (await tenant.client.get("/v1/audit?action=keys.revoke")).json()["data"]
    assert rows[0]["subject"] == key["application"]


@pytest.fixture
def stranger(house: House) -> Any:
    return house.client(None)


async def test_a_stranger_ends_a_secret_and_is_told_nothing(
    house: House, tenant: Tenant, stranger: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The same answer for a secret, one that is over, and any other text."""
    caplog.set_level("DEBUG")
    await tenant.weather()
    key = await tenant.key()
    told = [
        await stranger.post("/v1/secrets/revoke", json={"secret": text})
        for text in (key["secret"], key["secret"], key["secret"][:-1] + "x", "", "x" * 9999)
    ]
    assert {answer.status_code for answer in told} == {200}
    assert {answer.text for answer in told} == {'{"done":true}'}
    assert {(*answer.headers,) for answer in told} == {(*told[0].headers,)}
    assert key["secret"][-36:] not in caplog.text
    secrets = (await tenant.client.get(f"/v1/keys/{key['id']}/secrets")).json()["data"]
    assert [one["state"] for one in secrets] == ["revoked"]
    with house.database.rows.reading() as tx:
        rows = [r for r in tx.find(AuditRow) if r.action == "secret.revoke"]
    assert [(row.actor, row.organization_id) for row in rows] == [
        ("holder", tenant.organization)
    ]


async def test_the_answer_comes_no_sooner_for_one_text_than_for_another(
    tenant: Tenant, stranger: Any
) -> None:
    """Both wait for the same beat of the clock, a write long or a look-up short."""
    await tenant.weather()
    secret = (await tenant.key())["secret"]
    loop = asyncio.get_running_loop()
    for text in (secret, "nonsense"):
        began = loop.time()
        await stranger.post("/v1/secrets/revoke", json={"secret": text})
        assert loop.time() - began >= 0.1


async def test_one_who_asks_too_often_waits(stranger: Any) -> None:
    """Whatever is sent; so nothing can be learned from that either."""
    sent = [
        stranger.post("/v1/secrets/revoke", json={"secret": f"no {number}"})
        for number in range(30)
    ]
    answers = await asyncio.gather(*sent)
    waiting = [one for one in answers if one.status_code == 429]
    assert waiting
    assert all(int(one.headers["Retry-After"]) >= 1 for one in waiting)
    assert {one.json()["code"] for one in waiting} == {"too_many"}


async def test_nothing_else_below_is_open(stranger: Any) -> None:
    for method, path in (
        ("GET", "/v1/secrets/revoke"),
        ("POST", "/v1/secrets/revoke/"),
        ("POST", "/v1/secrets"),
        ("POST", "/v1/keys/revoke"),
    ):
        answer = await stranger.request(method, path, json={"secret": "x"})
        assert answer.status_code == 401, path
