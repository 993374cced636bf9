"""`/v1/imports`: files in parts or at once, told line by line, and no string ever again."""

import logging
from typing import Any

import pytest

from tests.doors.api.conftest import House, Tenant

STRING = "old.9f8e7d6c5b4a39281706f5e4d3c2b1a0"
OTHER = "old.0a1b2c3d4e5f60718293a4b5c6d7e8f9"
CSV = f"name,secret\nFirst,{STRING}\nSecond,{OTHER}\nWeak,short\n"
ACCESS = [{"api": "weather", "scopes": ["forecast:read"]}]


@pytest.fixture(autouse=True)
async def weather(tenant: Tenant) -> dict[str, Any]:
    return await tenant.weather()


async def test_a_small_file_is_imported_by_one_call(tenant: Tenant) -> None:
    made = await tenant.make("/v1/imports", format="csv", access=ACCESS, text=CSV)
    assert (made["state"], made["imported"], made["skipped"]) == ("done", 2, 1)
    assert made["problems"] == [
        {
            "line": 4,
            "field": "secret",
            "reason": "has not 16 to 128 characters",
            "mend": "give this caller a new key",
            "skipped": True,
        }
    ]
    listed = await tenant.client.get("/v1/keys", params={"import_id": made["id"]})
    keys = listed.json()["data"]
    assert {key["name"] for key in keys} == {"First", "Second"}
    assert {key["import_id"] for key in keys} == {made["id"]}
    assert {key["environment"] for key in keys} == {"live"}
    (secret,) = (await tenant.client.get(f"/v1/keys/{keys[0]['id']}/secrets")).json()[
        "data"
    ]
    assert secret["imported"] is True
    minted = await tenant.key()
    assert minted["import_id"] is None


async def test_a_file_comes_in_parts_and_is_finished(tenant: Tenant) -> None:
    begun = await tenant.make("/v1/imports", format="csv", access=ACCESS)
    at = f"/v1/imports/{begun['id']}"
    assert begun["state"] == "open"
    first = {"part": 1, "text": f"name,secret\nFirst,{STRING}\n", "line": 2}
    second = {"part": 2, "text": "name,secret\nWeak,short\n", "line": 3}
    for part in (first, second, second):
        answer = await tenant.client.post(f"{at}/parts", json=part)
        assert answer.status_code == 200, answer.text
    assert (answer.json()["parts"], answer.json()["rows"]) == (2, 2)
    assert answer.json()["problems"][0]["line"] == 3
    (hidden,) = [
        key["id"]
        for key in (await tenant.client.get("/v1/keys")).json()["data"]
        if key["kind"] != "server"
    ]
    assert hidden
    done = await tenant.client.post(f"{at}/finish")
    assert (done.json()["state"], done.json()["imported"]) == ("done", 1)
    assert "Keyhouse-Change-Seq" in done.headers
    assert (await tenant.client.get(at)).json() == done.json()
    listed = (await tenant.client.get("/v1/imports")).json()["data"]
    assert [one["id"] for one in listed] == [begun["id"]]
    late = await tenant.client.post(f"{at}/parts", json={**first, "part": 3})
    assert late.status_code == 409


async def test_an_idempotent_post_is_done_once(tenant: Tenant) -> None:
    body = {"format": "csv", "access": ACCESS, "text": CSV}
    key = {"Idempotency-Key": "once"}
    first, again = [
        await tenant.client.post("/v1/imports", json=body, headers=key) for _ in range(2)
    ]
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()


@pytest.mark.parametrize("ends", ["finish", "cancel"])
async def test_what_is_not_to_be_is_undone(tenant: Tenant, ends: str) -> None:
    wish = {"format": "csv", "access": ACCESS, "dry_run": ends == "finish"}
    begun = await tenant.make("/v1/imports", **wish)
    at = f"/v1/imports/{begun['id']}"
    await tenant.client.post(f"{at}/parts", json={"part": 1, "text": CSV})
    ended = (await tenant.client.post(f"{at}/{ends}")).json()
    reason = "dry_run" if ends == "finish" else "cancelled"
    assert (ended["state"], ended["ended"]) == ("undoing", reason)
    blocked = await tenant.client.post("/v1/imports", json={"format": "csv"})
    assert blocked.status_code == 409
    assert begun["id"] in blocked.json()["detail"]


async def test_all_or_nothing_in_one_call(tenant: Tenant) -> None:
    wish = {"format": "csv", "access": ACCESS, "text": CSV, "fail_on_warnings": True}
    made = await tenant.make("/v1/imports", **wish)
    assert (made["state"], made["ended"]) == ("undoing", "warnings")
    keys = (await tenant.client.get("/v1/keys", params={"import_id": made["id"]})).json()
    assert keys["data"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"format": "xml"}, "format"),
        ({"format": "aws"}, "access"),
        ({"format": "csv", "access": [{"api": "nowhere"}]}, "access.0.api"),
        ({"format": "csv", "access": [{"api": "weather", "scopes": ["x:y"]}]}, "access"),
        ({"format": "csv", "text": "colour\nred\n"}, "text"),
        ({"format": "csv", "text": 'name,secret\n"'}, "text"),
        ({"format": "json", "text": "[1]"}, "text"),
        ({"format": "csv", "project": "prj_x"}, "project"),
        ({"format": "csv", "application": "app_x"}, "application"),
        ({"format": "csv", "text": "name,secret\n" + "a,b\n" * 501}, "text"),
    ],
)
async def test_what_cannot_be_is_told_by_its_field(
    tenant: Tenant, body: dict[str, Any], field: str
) -> None:
    answer = await tenant.client.post("/v1/imports", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert answer.json()["errors"][0]["mend"]
    assert (await tenant.client.get("/v1/imports")).json()["data"] == []


@pytest.mark.parametrize("part", [0, -1, "1"])
async def test_a_part_has_a_number(tenant: Tenant, part: Any) -> None:
    begun = await tenant.make("/v1/imports", format="csv", access=ACCESS)
    at = f"/v1/imports/{begun['id']}/parts"
    assert (
        await tenant.client.post(at, json={"part": part, "text": CSV})
    ).status_code == 422


async def test_no_string_is_in_an_answer_or_a_log(
    house: House, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        texts = [
            CSV,
            f"{CSV}Twice,{STRING}\n",
            f'name,secret\n"{STRING}"x,y\n',
            f"{STRING}\n",
        ]
        for text in texts:
            body = {"format": "csv", "access": ACCESS, "text": text}
            answer = await tenant.client.post("/v1/imports", json=body)
            assert STRING not in answer.text
        for path in ("/v1/imports", "/v1/keys", "/v1/audit"):
            assert STRING not in (await tenant.client.get(path)).text
    assert STRING not in caplog.text


async def test_a_key_is_found_by_its_string(tenant: Tenant) -> None:
    await tenant.make("/v1/imports", format="csv", access=ACCESS, text=CSV)
    found = await tenant.client.post("/v1/keys/find", json={"secret": STRING})
    assert found.json()["name"] == "First"
    unknown = await tenant.client.post("/v1/keys/find", json={"secret": f"{STRING}x"})
    assert unknown.status_code == 404
