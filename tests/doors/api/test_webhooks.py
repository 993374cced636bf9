"""Webhooks over REST: made, shown their secret once, changed, tested, replayed."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from keyhouse.core.entities import Delivery, Event, Webhook
from keyhouse.core.webhooks import WEBHOOKS_MAX
from tests.doors.api.conftest import House, Tenant

URL = "https://hooks.example.com/keyhouse?token=5f0c"
AT = "/v1/webhooks"


async def made(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    return await tenant.make(AT, **{"url": URL, "events": ["key.revoked"], **fields})


async def test_a_secret_is_shown_once_and_kept_sealed(house: House, tenant: Tenant) -> None:
    body = {"url": URL, "events": ["*"], "name": "Accounting"}
    once = {"Idempotency-Key": "one"}
    first = await tenant.client.post(AT, json=body, headers=once)
    assert first.status_code == 201
    told = first.json()
    assert first.headers["Location"] == f"{AT}/{told['id']}"
    assert told["id"].startswith("whk_")
    secret = told["secret"]
    assert secret.startswith("whsec_")
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(raw) == 32
    again = (await tenant.client.post(AT, json=body, headers=once)).json()
    assert again == {**told, "secret": None, "secret_already_shown": True}
    seen = (await tenant.client.get(f"{AT}/{told['id']}")).json()
    assert "secret" not in seen
    with house.database.rows.reading() as tx:
        (row,) = tx.find(Webhook)
    assert raw not in row.sealed
    assert "sealed=" not in repr(row)


async def test_a_webhook_is_listed_changed_and_deleted(tenant: Tenant) -> None:
    one = await made(tenant)
    at = f"{AT}/{one['id']}"
    assert one["events"] == ["key.revoked"]
    assert one["project"] is None
    change = {"events": ["*"], "name": "All", "url": "https://b.example/"}
    changed = (await tenant.client.patch(at, json=change)).json()
    assert (changed["events"], changed["name"], changed["url"]) == tuple(change.values())
    (listed,) = (await tenant.client.get(AT)).json()["data"]
    assert listed == changed
    assert (await tenant.client.delete(at)).status_code == 204
    assert (await tenant.client.get(at)).status_code == 404


async def test_one_is_switched_off_and_on_again(tenant: Tenant) -> None:
    one = await made(tenant)
    at = f"{AT}/{one['id']}"
    off = (await tenant.client.patch(at, json={"disabled": True})).json()
    assert off["disabled_at"] is not None
    assert off["disabled_because"] == "switched_off"
    same = (await tenant.client.patch(at, json={"disabled": True})).json()
    assert same == off
    refused = await tenant.client.post(f"{at}/test")
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["reason"] == "is disabled"
    on = (await tenant.client.patch(at, json={"disabled": False})).json()
    assert (on["disabled_at"], on["disabled_because"]) == (None, None)


async def test_what_was_seen_before_it_changed_is_not_overwritten(tenant: Tenant) -> None:
    at = f"{AT}/{(await made(tenant))['id']}"
    tag = (await tenant.client.get(at)).headers["ETag"]
    match = {"If-Match": tag}
    assert (await tenant.client.patch(at, json={"name": "a"}, headers=match)).is_success
    late = await tenant.client.patch(at, json={"name": "b"}, headers=match)
    assert late.status_code == 412


async def test_a_new_secret_tells_until_when_the_old_one_signs(tenant: Tenant) -> None:
    one = await made(tenant)
    at = f"{AT}/{one['id']}/rotate-secret"
    body = {"overlap_seconds": 60}
    answer = await tenant.client.post(at, json=body)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{AT}/{one['id']}"
    told = answer.json()
    assert told["secret"] != one["secret"]
    assert told["old_secret_ends_at"] is not None
    at_once = (await tenant.client.post(at, json={"overlap_seconds": 0})).json()
    assert at_once["old_secret_ends_at"] is None
    for seconds in (-1, 31 * 86_400 + 1):
        answer = await tenant.client.post(at, json={"overlap_seconds": seconds})
        assert answer.status_code == 422, seconds


async def test_a_test_is_sent_and_replayed(house: House, tenant: Tenant) -> None:
    one = await made(tenant)
    at = f"{AT}/{one['id']}"
    sent = (await tenant.client.post(f"{at}/test")).json()
    assert (sent["type"], sent["state"], sent["attempts"]) == ("webhook.test", "pending", 0)
    replayed = await tenant.client.post(f"{at}/deliveries/{sent['id']}/replay")
    assert replayed.status_code == 200
    again = replayed.json()
    assert again["id"] != sent["id"]
    assert again["event"] == sent["event"]
    listed = (await tenant.client.get(f"{at}/deliveries?state=pending")).json()["data"]
    assert {row["id"] for row in listed} == {sent["id"], again["id"]}
    assert (await tenant.client.get(f"{at}/deliveries?state=failed")).json()["data"] == []
    assert (await tenant.client.get(f"{at}/deliveries?state=lost")).status_code == 422
    assert (await tenant.client.get(f"{at}/deliveries/{sent['id']}")).json() == sent


async def test_a_project_s_endpoint_hears_nothing_of_a_management_key_for_more(
    house: House, tenant: Tenant
) -> None:
    """Whoever chose the endpoint may not read the key, though it lies in the project."""
    events = ["key.created", "key.rotated", "key.secret_ending", "key.revoked"]
    here = await made(tenant, events=events, project=tenant.project)
    everywhere = await made(tenant, events=events)
    keys: list[str] = []
    for place in ({"organization": tenant.organization}, {"project": tenant.project}):
        access = [{**place, "scopes": ["keys:read"]}]
        wish = {"name": "M", "kind": "management", "access": access}
        key = (await tenant.make("/v1/keys", **wish))["id"]
        at = f"/v1/keys/{key}"
        rotated = await tenant.client.post(f"{at}/rotate", json={"overlap_seconds": 60})
        assert rotated.status_code == 201
        assert (await tenant.client.post(f"{at}/revoke")).status_code == 200
        keys.append(key)
    wide, narrow = keys
    with house.database.rows.reading() as tx:
        heard = {
            one["id"]: [
                (event.kind, event.data["key"], event.data["project"])
                for sent in tx.find(Delivery, webhook_id=one["id"])
                for event in tx.find(Event, id=sent.event_id)
            ]
            for one in (here, everywhere)
        }
    told = {(kind, narrow, tenant.project) for kind in events}
    assert set(heard[here["id"]]) == told
    assert set(heard[everywhere["id"]]) == told | {(kind, wide, None) for kind in events}


async def test_a_delivery_of_another_endpoint_is_not_found(tenant: Tenant) -> None:
    one, two = await made(tenant), await made(tenant)
    sent = (await tenant.client.post(f"{AT}/{one['id']}/test")).json()
    at = f"{AT}/{two['id']}/deliveries/{sent['id']}"
    assert (await tenant.client.get(at)).status_code == 404
    assert (await tenant.client.post(f"{at}/replay")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"url": "http://hooks.example.com/"}, "url", "is not encrypted"),
        ({"url": "http://10.0.0.1/"}, "url", "is not encrypted"),
        ({"url": "https://user:pass@example.com/"}, "url", "names a user"),
        ({"url": "https://example.com/#a"}, "url", "has a fragment"),
        ({"url": "ftp://example.com/"}, "url", "is no address"),
        ({"url": "hooks.example.com"}, "url", "is no address"),
        ({"url": "https://example.com:0/"}, "url", "is no address"),
        ({"url": "https://exa mple.com/"}, "url", "is no address"),
        ({"url": f"https://{'a' * 64}.com/"}, "url", "is no address"),
        ({"url": "https://example.com/" + "a" * 2048}, "url", "is too long"),
        ({"events": []}, "events", "is empty"),
        ({"events": ["key.eaten"]}, "events.0", "is no kind of event"),
        ({"events": ["webhook.test"]}, "events.0", "is no kind of event"),
        ({"events": ["*", "key.revoked"]}, "events", "names kinds beside *"),
        ({"events": ["key.revoked"] * 2}, "events.1", "is there twice"),
        ({"name": ""}, "name", None),
        ({"project": "prj_none"}, "project", "is not known"),
    ],
)
async def test_what_is_wrong_is_named(
    tenant: Tenant, fields: dict[str, Any], field: str, reason: str | None
) -> None:
    body = {"url": URL, "events": ["*"], **fields}
    answer = await tenant.client.post(AT, json=body)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["field"] == field
    assert reason in (None, problem["reason"])
    assert problem["mend"]


async def test_where_anybody_may_sign_up_private_addresses_are_refused(
    house: House,
) -> None:
    placing = replace(house.office.placing, webhook_private=False)
    open_house = House(replace(house.office, placing=placing), house.database)
    tenant = open_house.tenant()
    for url in (
        "https://127.0.0.1/",
        "https://localhost:3000/",
        "https://10.1.2.3/",
        "https://169.254.169.254/",
        "https://100.64.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://app.localhost./",
    ):
        answer = await tenant.client.post(AT, json={"url": url, "events": ["*"]})
        assert answer.status_code == 422, url
        assert answer.json()["errors"][0]["reason"] == "is a private address", url
    await made(tenant)
    for url in ("http://127.0.0.1:3000/", "http://localhost/", "http://[::1]:80/"):
        answer = await house.tenant().client.post(AT, json={"url": url, "events": ["*"]})
        assert answer.status_code == 201, url
    await open_house.close()


async def test_a_key_of_one_project_manages_that_projects_endpoints_alone(
    house: House, tenant: Tenant
) -> None:
    """An endpoint of the organization would tell it of what it may not see."""
    other = (await tenant.make("/v1/projects", name="Other"))["id"]
    held = {"project": tenant.project, "scopes": ["webhooks:*"]}
    key = await tenant.key(kind="management", access=[held])
    bound = house.client(key["secret"])
    wide = await made(tenant)
    theirs = await made(tenant, project=other)
    mine = await bound.post(
        AT, json={"url": URL, "events": ["*"], "project": tenant.project}
    )
    assert mine.status_code == 201
    listed = (await bound.get(AT)).json()["data"]
    assert [row["id"] for row in listed] == [mine.json()["id"]]
    for id in (wide["id"], theirs["id"]):
        assert (await bound.get(f"{AT}/{id}")).status_code == 404
        assert (await bound.patch(f"{AT}/{id}", json={"name": "x"})).status_code == 404
        assert (await bound.post(f"{AT}/{id}/test")).status_code == 404
    none = await bound.post(AT, json={"url": URL, "events": ["*"]})
    assert none.status_code == 403
    foreign = {"url": URL, "events": ["*"], "project": other}
    assert (await bound.post(AT, json=foreign)).status_code == 422


async def test_the_audit_tells_of_an_address_only_whose_it_is(tenant: Tenant) -> None:
    """What stands behind the host lets whoever has it speak to the receiver."""
    one = await made(tenant)
    await tenant.client.patch(f"{AT}/{one['id']}", json={"url": "https://b.example/t0k3n"})
    rows = (await tenant.client.get(f"/v1/audit?subject={one['id']}")).json()["data"]
    assert [row["action"] for row in rows] == ["webhook.change", "webhook.create"]
    assert rows[0]["after"] == {"url": "https://b.example/…"}
    assert "5f0c" not in str(rows)


async def test_a_project_with_an_endpoint_stays(tenant: Tenant) -> None:
    project = (await tenant.make("/v1/projects", name="Other"))["id"]
    one = await made(tenant, project=project)
    refused = await tenant.client.delete(f"/v1/projects/{project}")
    assert refused.status_code == 409
    await tenant.client.delete(f"{AT}/{one['id']}")
    assert (await tenant.client.delete(f"/v1/projects/{project}")).status_code == 204


async def test_there_is_a_bound_to_endpoints(tenant: Tenant) -> None:
    for _ in range(WEBHOOKS_MAX):
        await made(tenant)
    refused = await tenant.client.post(AT, json={"url": URL, "events": ["*"]})
    assert refused.status_code == 409


async def test_what_the_api_does_becomes_events(house: House, tenant: Tenant) -> None:
    await made(tenant, events=["*"])
    await tenant.weather()
    key = await tenant.key()
    at = f"/v1/keys/{key['id']}"
    await tenant.client.post(f"{at}/rotate", json={"overlap_seconds": 60})
    await tenant.client.post(f"{at}/revoke")
    route = await tenant.make("/v1/apis/weather/routes", method="GET", path="/a")
    await tenant.client.delete(f"/v1/apis/weather/routes/{route['id']}")
    with house.database.rows.reading() as tx:
        told = {event.kind: event.data for event in tx.find(Event)}
    assert set(told) >= {
        "api.created",
        "application.created",
        "key.created",
        "key.rotated",
        "key.secret_ending",
        "key.revoked",
        "route.created",
        "route.deleted",
    }
    assert {data["project"] for data in told.values()} == {tenant.project}
    assert told["key.created"]["name"] == "Planner"
    assert told["key.secret_ending"]["key"] == key["id"]
    assert told["route.deleted"]["api"] == key["access"][0]["api"]
    assert key["secret"] not in str(told)
