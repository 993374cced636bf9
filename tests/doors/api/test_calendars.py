"""What is due, over REST and as a calendar."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from keyhouse.core.entities import Role
from tests.doors.api.conftest import House, Tenant


async def furnished(tenant: Tenant) -> tuple[dict[str, Any], dict[str, Any]]:
    await tenant.weather()
    rotated = await tenant.key(name="Planner; a, b", rotation={"every_days": 20})
    ends = (datetime.now().astimezone() + timedelta(days=9)).isoformat(timespec="seconds")
    return rotated, await tenant.key(name="Ending", ends_at=ends)


def path_of(made: dict[str, Any]) -> str:
    address: str = made["secret"]
    assert address.startswith("https://keys.example/calendar/")
    return address.removeprefix("https://keys.example")


async def test_what_is_due_is_listed(tenant: Tenant) -> None:
    rotated, ending = await furnished(tenant)
    assert rotated["rotation"] == {"every_days": 20, "overlap_seconds": None}
    listed = (await tenant.client.get("/v1/keys/due")).json()
    told = {(one["key"], one["kind"], one["overdue"]) for one in listed["data"]}
    assert told == {(rotated["id"], "rotation", False), (ending["id"], "expiry", False)}
    soon = await tenant.client.get("/v1/keys/due", params={"within_days": 10})
    assert [one["key"] for one in soon.json()["data"]] == [ending["id"]]
    for wrong in ("-1", "367", "x"):
        params = {"within_days": wrong}
        assert (await tenant.client.get("/v1/keys/due", params=params)).status_code == 422
    wrong_cursor = await tenant.client.get("/v1/keys/due", params={"cursor": "x"})
    assert wrong_cursor.status_code == 422


async def test_a_schedule_is_set_cleared_and_refused(tenant: Tenant) -> None:
    rotated, _ = await furnished(tenant)
    at = f"/v1/keys/{rotated['id']}"
    changed = await tenant.client.patch(at, json={"rotation": {"every_days": 40}})
    assert changed.json()["rotation_due_at"] > rotated["rotation_due_at"]
    wrong = await tenant.client.patch(at, json={"rotation": {"every_days": 0}})
    assert wrong.json()["errors"][0]["field"] == "rotation.every_days"
    cleared = (await tenant.client.patch(at, json={"rotation": None})).json()
    assert (cleared["rotation"], cleared["rotation_due_at"]) == (None, None)
    app = f"/v1/applications/{rotated['application']}"
    schedule = {"every_days": 30, "overlap_seconds": 60}
    shared = await tenant.client.patch(app, json={"rotation": schedule})
    assert shared.json()["rotation"] == schedule
    standing = (await tenant.client.get(f"{at}/rotation")).json()
    assert (standing["schedule"], standing["schedule_of"]) == (schedule, "application")
    usual = await tenant.client.post(f"{at}/rotate", json={})
    assert usual.status_code == 201, usual.text


async def test_a_rotation_is_rolled_back_once(tenant: Tenant) -> None:
    rotated, _ = await furnished(tenant)
    at = f"/v1/keys/{rotated['id']}"
    body = {"overlap_seconds": 3600, "on_first_use": True}
    assert (await tenant.client.post(f"{at}/rotate", json=body)).status_code == 201
    standing = (await tenant.client.get(f"{at}/rotation")).json()
    assert standing["can_roll_back"]
    assert [(one["version"], one["waits_for"]) for one in standing["secrets"]] == [
        (2, None),
        (1, 2),
    ]
    again = {"Idempotency-Key": "once"}
    for _ in range(2):
        back = await tenant.client.post(f"{at}/rotation/roll-back", headers=again)
        assert back.status_code == 200
        assert back.json()["id"] == rotated["id"]
    refused = await tenant.client.post(f"{at}/rotation/roll-back")
    assert refused.status_code == 409
    assert not (await tenant.client.get(f"{at}/rotation")).json()["can_roll_back"]


async def test_the_feed_needs_its_address_alone(house: House, tenant: Tenant) -> None:
    rotated, ending = await furnished(tenant)
    made = await tenant.make("/v1/calendars", name="on call")
    stranger = house.client(None)
    answer = await stranger.get(path_of(made))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.text)
    events = {str(event["UID"]): event for event in calendar.walk("VEVENT")}
    assert set(events) == {
        f"{rotated['id']}-rotation@keyhouse",
        f"{ending['id']}-expiry@keyhouse",
    }
    event = events[f"{rotated['id']}-rotation@keyhouse"]
    starts: Any = event["DTSTART"]
    assert type(starts.dt) is date
    assert starts.dt.isoformat() == rotated["rotation_due_at"][:10]
    assert event["SUMMARY"] == f"New secret due: Planner; a, b ({rotated['hint']})"
    assert rotated["secret"] not in answer.text


async def test_the_address_is_told_once(tenant: Tenant) -> None:
    again = {"Idempotency-Key": "once"}
    answers = [
        await tenant.client.post("/v1/calendars", json={"name": "a"}, headers=again)
        for _ in range(2)
    ]
    first, second = (answer.json() for answer in answers)
    assert second == {**first, "secret": None, "secret_already_shown": True}
    listed = (await tenant.client.get("/v1/calendars")).text
    assert first["id"] in listed
    assert first["secret"].rpartition("/")[2][:43] not in listed


async def test_a_deleted_or_wrong_address_is_not_there(
    house: House, tenant: Tenant
) -> None:
    made = await tenant.make("/v1/calendars", name="on call")
    stranger = house.client(None)
    wrong = path_of(made).replace(".ics", "A.ics")
    unknown = await stranger.get(wrong)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    at = f"/v1/calendars/{made['id']}"
    assert (await tenant.client.delete(at)).status_code == 204
    assert (await stranger.get(path_of(made))).status_code == 404


async def test_others_calendars_are_closed_by_who_may_write(
    house: House, tenant: Tenant
) -> None:
    made = await tenant.make("/v1/calendars", name="on call")
    viewer = house.browser(tenant.member(house, Role.VIEWER))
    own = await viewer.post("/v1/calendars", json={"name": "mine"})
    assert own.status_code == 201, own.text
    refused = await viewer.delete(f"/v1/calendars/{made['id']}")
    assert refused.status_code == 403
    assert (await viewer.delete(f"/v1/calendars/{own.json()['id']}")).status_code == 204


@pytest.mark.parametrize("what", ["applications", "projects"])
async def test_a_calendar_is_open_while_the_key_that_made_it_works(
    house: House, tenant: Tenant, what: str
) -> None:
    project = await tenant.make("/v1/projects", name="Second")
    application = await tenant.make(
        "/v1/applications", name="on call", project=project["id"]
    )
    path, _ = await _made_by_a_key(house, tenant, application["id"])
    stranger = house.client(None)
    assert (await stranger.get(path)).status_code == 200
    owner = {"projects": project, "applications": application}[what]["id"]
    for disabled, status in ((True, 404), (False, 200)):
        body = {"disabled": disabled}
        changed = await tenant.client.patch(f"/v1/{what}/{owner}", json=body)
        assert changed.status_code == 200, changed.text
        assert (await stranger.get(path)).status_code == status


async def test_a_calendar_closes_with_the_last_secret_of_its_key(
    house: House, tenant: Tenant
) -> None:
    """Who finds the secret and ends it has ended what it opened."""
    application = await tenant.make("/v1/applications", name="on call")
    path, key = await _made_by_a_key(house, tenant, application["id"])
    body = {"overlap_seconds": 3600}
    newer = await tenant.client.post(f"/v1/keys/{key['id']}/rotate", json=body)
    stranger = house.client(None)
    for secret, status in ((key["secret"], 200), (newer.json()["secret"], 404)):
        ended = await stranger.post("/v1/secrets/revoke", json={"secret": secret})
        assert ended.status_code == 200
        assert (await stranger.get(path)).status_code == status


async def _made_by_a_key(
    house: House, tenant: Tenant, application: str
) -> tuple[str, dict[str, Any]]:
    """Where a calendar of a management key is, and the key."""
    access = [{"organization": tenant.organization, "scopes": ["keys:read"]}]
    given = {"name": "Reader", "kind": "management", "application": application}
    key = await tenant.make("/v1/keys", **given, access=access)
    client = house.client(key["secret"])
    answer = await client.post("/v1/calendars", json={"name": "on call"})
    assert answer.status_code == 201, answer.text
    return path_of(answer.json()), key
