"""Bad input is refused in one form, and names the field."""

import json
from typing import Any

import pytest

from tests.doors.api.conftest import House, Tenant

A_LIMIT = {"name": "day", "quota": 10, "window": "day"}
AS_JSON = {"Content-Type": "application/json"}
KEY = {"name": "x", "access": [{"api": "weather"}]}

WRONG: list[tuple[str, str, Any, str]] = [
    ("POST", "/v1/projects", {}, "name"),
    ("POST", "/v1/projects", {"name": ""}, "name"),
    ("POST", "/v1/projects", {"name": 7}, "name"),
    ("POST", "/v1/projects", {"name": "x", "colour": "red"}, "colour"),
    ("POST", "/v1/projects", {"name": "\x00"}, "name"),
    ("POST", "/v1/projects", [], "body"),
    ("PATCH", "/v1/projects/{project}", {"name": None}, "name"),
    ("PATCH", "/v1/projects/{project}", {"disabled": "yes"}, "disabled"),
    ("PATCH", "/v1/organizations/{organization}", {"name": " x"}, "name"),
    ("POST", "/v1/apis", {}, "slug"),
    ("POST", "/v1/apis", {"slug": "No Slug"}, "slug"),
    ("POST", "/v1/apis", {"slug": "a1", "project": "prj_0"}, "project"),
    ("POST", "/v1/apis", {"slug": "a1", "upstreams": {"beta": "x"}}, "upstreams.beta"),
    (
        "POST",
        "/v1/apis",
        {"slug": "a1", "upstreams": {"test": "ftp://x"}},
        "upstreams.test",
    ),
    ("POST", "/v1/apis", {"slug": "a1", "scopes": ["nonsense"]}, "scopes.0"),
    ("POST", "/v1/apis", {"slug": "a1", "roles": ["reader"]}, "roles"),
    ("POST", "/v1/apis", {"slug": "a1", "roles": {"reader": "a:b"}}, "roles.reader"),
    ("POST", "/v1/apis", {"slug": "a1", "roles": {"The Boss": []}}, "roles.The Boss"),
    ("POST", "/v1/apis", {"slug": "a1", "roles": {"a": ["a:b"]}}, "roles.a.0"),
    ("PATCH", "/v1/apis/weather", {"roles": {"a": ["rain:*"]}}, "roles.a.0"),
    ("PATCH", "/v1/apis/weather", {"roles": {"\x00": []}}, "roles.\x00"),
    ("POST", "/v1/apis", {"slug": "a1", "key_header": "Host"}, "key_header"),
    ("POST", "/v1/apis", {"slug": "a1", "query_parameter": "?"}, "query_parameter"),
    ("POST", "/v1/apis", {"slug": "a1", "browser_keys": "allow"}, "browser_keys"),
    ("POST", "/v1/apis", {"slug": "a1", "cors_origins": ["a b"]}, "cors_origins.0"),
    (
        "PATCH",
        "/v1/apis/weather",
        {"cors_origins": ["https://a.example", "https://b.example/x"]},
        "cors_origins.1",
    ),
    ("POST", "/v1/apis", {"slug": "a1", "hosts": ["a.b", "A.b"]}, "hosts.1"),
    ("POST", "/v1/apis", {"slug": "a1", "prefix": "cut"}, "prefix"),
    ("POST", "/v1/apis", {"slug": "a1", "limits": [{"name": "x"}]}, "limits.0"),
    (
        "POST",
        "/v1/apis",
        {"slug": "a1", "limits": [{**A_LIMIT, "quota": 0}]},
        "limits.0.quota",
    ),
    (
        "POST",
        "/v1/apis",
        {"slug": "a1", "limits": [{"name": "x", "rate": 0, "period_seconds": 1}]},
        "limits.0.rate",
    ),
    (
        "POST",
        "/v1/apis",
        {"slug": "a1", "limits": [{**A_LIMIT, "zone": "Mars/Base"}]},
        "limits.0.zone",
    ),
    ("PATCH", "/v1/apis/weather", {"limits": [A_LIMIT, A_LIMIT]}, "limits.1.name"),
    ("POST", "/v1/apis/weather/routes", {"method": "GET"}, "path"),
    ("POST", "/v1/apis/weather/routes", {"method": "get", "path": "/"}, "method"),
    ("POST", "/v1/apis/weather/routes", {"method": "GET", "path": "x"}, "path"),
    (
        "POST",
        "/v1/apis/weather/routes",
        {"method": "GET", "path": "/", "scopes": ["other:read"]},
        "scopes.0",
    ),
    *(
        (
            "POST",
            "/v1/apis/weather/routes",
            {"method": "GET", "path": "/", "scopes": ["alerts:read", entry]},
            "scopes.1",
        )
        for entry in (
            "forecast:read|other:read",
            "forecast:read|forecast:read",
            "forecast:read|forecast:*",
            "forecast:read | alerts:read",
            "forecast:read|",
            "|".join(["forecast:read"] * 17),
        )
    ),
    (
        "POST",
        "/v1/apis/weather/routes",
        {"method": "GET", "path": "/", "position": -1},
        "position",
    ),
    ("POST", "/v1/applications", {"name": "x", "external_id": ""}, "external_id"),
    ("POST", "/v1/applications", {"name": "x", "project": "other"}, "project"),
    ("PATCH", "/v1/applications/{application}", {"purpose": "\n"}, "purpose"),
    ("POST", "/v1/keys", {"name": "x"}, "access"),
    ("POST", "/v1/keys", {"name": "x", "access": []}, "access"),
    ("POST", "/v1/keys", {"name": "x", "access": [{}]}, "access.0"),
    ("POST", "/v1/keys", {"name": "x", "access": [{"api": "none"}]}, "access.0.api"),
    ("POST", "/v1/keys", {"name": "x", "access": [{"api": 5}]}, "access.0.api"),
    (
        "POST",
        "/v1/keys",
        {"name": "x", "access": [{"api": "weather", "scopes": ["rain:make"]}]},
        "access.0.scopes.0",
    ),
    (
        "POST",
        "/v1/keys",
        {"name": "x", "access": [{"api": "weather", "roles": ["reader"]}]},
        "access.0.roles.0",
    ),
    (
        "POST",
        "/v1/keys",
        {"name": "x", "access": [{"api": "weather", "scopes": ["alerts:read|a:b"]}]},
        "access.0.scopes.0",
    ),
    (
        "POST",
        "/v1/keys",
        {"name": "x", "access": [{"api": "weather"}, {"api": "weather"}]},
        "access.1.api",
    ),
    ("POST", "/v1/keys", {**KEY, "environment": "beta"}, "environment"),
    ("POST", "/v1/keys", {**KEY, "kind": "royal"}, "kind"),
    ("POST", "/v1/keys", {**KEY, "application": "app_none"}, "application"),
    ("POST", "/v1/keys", {**KEY, "application": {"name": ""}}, "application.name"),
    ("POST", "/v1/keys", {**KEY, "application": {"nom": "x"}}, "application.name"),
    ("POST", "/v1/keys", {**KEY, "project": "prj_none"}, "project"),
    (
        "POST",
        "/v1/keys",
        {**KEY, "restrictions": {"networks_allowed": ["10.0.0.1/8"]}},
        "restrictions.networks_allowed.0",
    ),
    (
        "POST",
        "/v1/keys",
        {**KEY, "restrictions": {"endpoints": ["GET"]}},
        "restrictions.endpoints.0",
    ),
    ("POST", "/v1/keys", {**KEY, "starts_at": "tomorrow"}, "starts_at"),
    ("POST", "/v1/keys", {**KEY, "starts_at": 5}, "starts_at"),
    ("POST", "/v1/keys", {**KEY, "ends_at": "2026-02-30T00:00:00Z"}, "ends_at"),
    (
        "POST",
        "/v1/keys",
        {**KEY, "starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"},
        "ends_at",
    ),
    ("POST", "/v1/keys", {**KEY, "metadata": {"x": "y" * 20_000}}, "metadata"),
    ("POST", "/v1/keys", {**KEY, "metadata": {"x": ["\x00"]}}, "metadata"),
    ("PATCH", "/v1/keys/{key}", {"metadata": {"\x00": 1}}, "metadata"),
    (
        "POST",
        "/v1/keys",
        {**KEY, "restrictions": {"referrers": ["a\x00b"]}},
        "restrictions.referrers.0",
    ),
    ("PATCH", "/v1/keys/{key}", {"kind": "server"}, "kind"),
    ("PATCH", "/v1/keys/{key}", {"access": None}, "access"),
    ("PATCH", "/v1/keys/{key}", {"metadata": []}, "metadata"),
    ("GET", "/v1/keys?limit=0", None, "limit"),
    ("GET", "/v1/keys?limit=many", None, "limit"),
    ("GET", "/v1/keys?cursor=%20", None, "cursor"),
    ("GET", "/v1/keys?state=asleep", None, "state"),
    ("GET", "/v1/keys?colour=red", None, "colour"),
    ("GET", "/v1/keys?name=%00", None, "name"),
    ("GET", "/v1/apis?cursor=none", None, "cursor"),
    ("GET", "/v1/applications?cursor=none", None, "cursor"),
    ("GET", "/v1/audit?cursor=none", None, "cursor"),
    ("GET", "/v1/requests?cursor=none", None, "cursor"),
    ("GET", "/v1/requests?verdict=nice", None, "verdict"),
    ("GET", "/v1/usage?step=year", None, "step"),
    ("GET", "/v1/usage?since=now", None, "since"),
    ("GET", "/v1/usage?step=minute&since=2020-01-01T00:00:00Z", None, "since"),
    ("GET", "/v1/usage?since=2030-01-01T00:00:00Z", None, "until"),
    ("GET", "/v1/usage?group_by=key,moon", None, "group_by.1"),
    ("GET", "/v1/usage?api=none", None, "api"),
    ("GET", "/v1/usage/unknown-keys?api=none", None, "api"),
    ("GET", "/v1/usage/unknown-keys?since=now", None, "since"),
    ("GET", "/v1/usage/unknown-keys?since=2020-01-01T00:00:00Z", None, "since"),
    ("GET", "/v1/usage/unknown-keys?since=2030-01-01T00:00:00Z", None, "until"),
]


@pytest.fixture
async def places(tenant: Tenant) -> dict[str, str]:
    await tenant.weather()
    key = await tenant.key()
    return {
        "organization": tenant.organization,
        "project": tenant.project,
        "application": key["application"],
        "key": key["id"],
    }


async def test_bad_values_are_refused_by_name(
    tenant: Tenant, places: dict[str, str]
) -> None:
    for method, path, body, field in WRONG:
        where = path.format(**places)
        answer = await (
            tenant.client.request(method, where)
            if body is None
            else tenant.client.request(method, where, json=body)
        )
        told = (method, path, body, answer.text)
        assert answer.status_code == 422, told
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert field in {error["field"] for error in answer.json()["errors"]}, told
        assert all(error["reason"] and error["mend"] for error in answer.json()["errors"])
        assert answer.json()["request_id"] == answer.headers["Keyhouse-Request-Id"]


BODIES = [b"{", b"\xff\xfe", b"nul", b"[" * 100_000, b'{"name": ' + b"9" * 5000 + b"}"]


@pytest.mark.parametrize("body", BODIES, ids=["open", "bytes", "word", "deep", "number"])
async def test_unreadable_json_is_a_400(tenant: Tenant, body: bytes) -> None:
    answer = await tenant.client.post("/v1/projects", content=body, headers=AS_JSON)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "unreadable"
    assert answer.json()["errors"][0]["field"] == "body"


@pytest.mark.parametrize("text", [r'"\ud800"', r'"\u0000"'])
async def test_text_that_no_database_takes_is_refused(tenant: Tenant, text: str) -> None:
    for body in (f'{{"name": {text}}}', f'{{"name": "x", {text}: 1}}'):
        answer = await tenant.client.post("/v1/projects", content=body, headers=AS_JSON)
        assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize("text", ["\ud800", "\0"])
async def test_text_that_no_database_takes_is_refused_wherever_it_names_something(
    tenant: Tenant, text: str
) -> None:
    """Also where rows are looked up by it, and where the answer tells the field."""
    await tenant.weather()
    for path, body, field in (
        ("/v1/apis", {"slug": "a1", "roles": {text: ["a:b"]}}, f"roles.{text}"),
        ("/v1/apis", {"slug": "a1", "upstreams": {text: "x"}}, f"upstreams.{text}"),
        ("/v1/keys", _foreign({"name": text}), "access.0.api"),
        ("/v1/keys", _foreign({"name": "x", "external_id": text}), "access.0.api"),
        *((f"/v1/apply{query}", *entry) for query in _APPLIED for entry in _entries(text)),
    ):
        answer = await tenant.client.post(path, content=json.dumps(body), headers=AS_JSON)
        assert answer.status_code == 422, (path, body, answer.text)
        told = [error["field"] for error in answer.json()["errors"]]
        assert field in told, (path, body, told)


def _foreign(application: dict[str, str]) -> dict[str, Any]:
    """A key for an API that may have been bought, which its application would tell."""
    access = [{"api": "elsewhere"}]
    return {"name": "x", "access": access, "application": application}


_APPLIED = ("", "?dry_run=true")


def _entries(text: str) -> list[tuple[dict[str, Any], str]]:
    """Documents, each with that text in what an entry is found by."""
    home = {"keyhouse": 1, "project": "default"}
    route = {"method": "GET", "path": f"/{text}"}
    plan = {"slug": text, "access": [{"api": "weather"}]}
    hook = {"url": "https://a.example/", "events": ["*"], "name": text}
    return [
        ({"keyhouse": 1, "projects": [{"name": text}]}, "projects[0].name"),
        ({**home, "customers": [{"external_id": text}]}, "customers[0].external_id"),
        ({**home, "applications": [{"name": text}]}, "applications[0].name"),
        ({**home, "plans": [plan]}, "plans[0].slug"),
        ({**home, "apis": [{"slug": "a1", "routes": [route]}]}, "apis[0].routes[0].path"),
        ({**home, "webhooks": [hook]}, "webhooks[0].name"),
    ]


async def test_metadata_is_json_that_every_reader_takes(tenant: Tenant) -> None:
    await tenant.weather()
    for value in ("NaN", "Infinity", r'"\ud800"'):
        body = f'{{"name":"x","access":[{{"api":"weather"}}],"metadata":{{"a":{value}}}}}'
        answer = await tenant.client.post("/v1/keys", content=body, headers=AS_JSON)
        assert answer.status_code in (400, 422), answer.text


async def test_body_beyond_a_mebibyte_is_a_413(tenant: Tenant) -> None:
    """Told by its length, and by what comes where no length is told."""

    async def pieces() -> Any:
        for _ in range(17):
            yield b" " * 65_536

    for content in (b" " * ((1 << 20) + 1), pieces()):
        answer = await tenant.client.post("/v1/keys", content=content, headers=AS_JSON)
        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"
        assert answer.json()["errors"][0]["field"] == "body"


async def test_body_of_another_type_is_a_415(tenant: Tenant) -> None:
    answer = await tenant.client.post("/v1/projects", data={"name": "x"})
    assert answer.status_code == 415
    (error,) = answer.json()["errors"]
    assert (error["field"], set(error)) == ("Content-Type", {"field", "reason", "mend"})
    assert answer.json()["code"] == "unsupported_media_type"


async def test_wrong_addresses_and_methods_are_problems_too(tenant: Tenant) -> None:
    nowhere = await tenant.client.get("/v1/keys/")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    wrong = await tenant.client.put("/v1/keys", json={})
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "GET, POST"


async def test_taken_slug_and_external_id_are_conflicts(house: House) -> None:
    ours, theirs = house.tenant("Ours"), house.tenant("Theirs")
    await theirs.weather("weather")
    answer = await ours.client.post("/v1/apis", json={"slug": "weather"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["errors"][0]["field"] == "slug"
    await ours.make("/v1/applications", name="a", external_id="1")
    again = await ours.client.post(
        "/v1/applications", json={"name": "b", "external_id": "1"}
    )
    assert again.json()["errors"][0]["field"] == "external_id"


async def test_a_choice_of_projects_must_be_made(tenant: Tenant) -> None:
    await tenant.make("/v1/projects", name="second")
    answer = await tenant.client.post("/v1/apis", json={"slug": "weather"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "project"


async def test_fault_of_ours_tells_an_id_and_no_secret(
    house: House, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(tenant.secret)

    monkeypatch.setattr("keyhouse.services.tenants.list_projects", broken)
    answer = await tenant.client.get("/v1/projects")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert tenant.secret not in answer.text


async def test_lost_database_is_a_503(house: House, tenant: Tenant) -> None:
    from keyhouse.ports import StoreUnavailable

    class Gone:
        def reading(self) -> None:
            raise StoreUnavailable("no route to 10.1.2.3")

    object.__setattr__(house.office, "rows", Gone())
    for path in ("/v1/projects", "/ready"):
        answer = await tenant.client.get(path)
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        assert answer.headers["Retry-After"] == "1"
        assert "10.1.2.3" not in answer.text
    assert (await tenant.client.get("/live")).status_code == 200
