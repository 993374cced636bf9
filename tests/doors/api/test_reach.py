"""Who may do what: tenants, scopes, and keys bound to a project or an API."""

import json
from typing import Any

import sqlalchemy as sa

from tests.doors.api.conftest import House, Tenant


async def _furnished(tenant: Tenant, slug: str) -> dict[str, str]:
    """One of everything; path parameters by the collection they stand in."""
    api = await tenant.weather(slug)
    route = await tenant.make(f"/v1/apis/{slug}/routes", method="GET", path="/a")
    key = await tenant.key(access=[{"api": slug}])
    header = f"X-Key-Of-{slug}-Inside"
    at = f"/v1/apis/{slug}/headers/{header}"
    assert (await tenant.client.put(at, json={"value": "x"})).status_code == 200
    (secret,) = (await tenant.client.get(f"/v1/keys/{key['id']}/secrets")).json()["data"]
    *_, owner = (await tenant.client.get("/v1/members")).json()["data"]
    opened = [{"api": slug}]
    plan = await tenant.make("/v1/plans", slug="basic", access=opened)
    joined = {"plan": plan["id"], "application": key["application"]}
    subscription = await tenant.make("/v1/subscriptions", **joined)
    customer = await tenant.make("/v1/customers", external_id=slug)
    granted = {"amount": 5, "kind": "grant"}
    credit = await tenant.make(f"/v1/customers/{customer['id']}/credits", **granted)
    to = {"email": f"{slug}@example.com", "role": "viewer"}
    hook = await tenant.make("/v1/webhooks", url="https://127.0.0.1:9", events=["*"])
    tested = await tenant.client.post(f"/v1/webhooks/{hook['id']}/test")
    return {
        "webhooks": hook["id"],
        "delivery": tested.json()["id"],
        "secret_id": secret["id"],
        "members": owner["id"],
        "invitations": (await tenant.make("/v1/invitations", **to))["id"],
        "organizations": tenant.organization,
        "projects": tenant.project,
        "apis": api["id"],
        "route": route["id"],
        "name": header,
        "applications": key["application"],
        "customers": customer["id"],
        "credit": credit["id"],
        "plans": plan["id"],
        "subscriptions": subscription["id"],
        "keys": key["id"],
        "imports": (await tenant.make("/v1/imports", format="csv"))["id"],
        "requests": tenant.logged(key),
        "calendars": (await tenant.make("/v1/calendars", name=slug))["id"],
    }


def _guarded(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method.upper(), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation.get("security")
    ]


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Those that a management key with the right scope can do; what is left is in

    test_sessions and, without any scope, in test_changes.
    """
    guarded = _guarded(document)
    return [at for at in guarded if at[2]["security"][0].get("managementKey")]


def _filled(path: str, ids: dict[str, str]) -> str:
    named = {
        "id": ids.get(path.split("/")[2], ""),
        "secret_id": "",
        "credit": "",
        "delivery": "",
        "seq": "1",
        **ids,
    }
    return path.format(**named)


def _body(document: dict[str, Any], operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    return content["application/json"]["example"] if content else None


async def _send(
    client: Any, document: dict[str, Any], at: tuple[str, str, dict[str, Any]], ids: Any
) -> Any:
    path, method, operation = at
    body = _body(document, operation)
    where = _filled(path, ids)
    return (
        await client.request(method, where, json=body)
        if body
        else (await client.request(method, where))
    )


def _everything(house: House) -> str:
    """All rows of all tables."""
    tables = sa.MetaData()
    with house.database.engine.connect() as connection:
        tables.reflect(connection)
        return repr(
            [
                sorted(map(repr, connection.execute(sa.select(table))))
                for table in tables.sorted_tables
            ]
        )


async def test_foreign_ids_read_like_unknown_ones_and_nothing_is_changed(
    house: House,
) -> None:
    """Every operation of the document is tried with another tenant's ids."""
    ours, theirs = house.tenant("Ours"), house.tenant("Theirs")
    await _furnished(ours, "ours")
    foreign = await _furnished(theirs, "theirs")
    document = house.app.openapi()
    unknown = {kind: id[:-6] + "zzzzzz" for kind, id in foreign.items()}
    before = _everything(house)
    tried = 0
    for at in _operations(document):
        if "{" not in at[0]:
            continue
        tried += 1
        answers = [
            await _send(ours.client, document, at, ids) for ids in (foreign, unknown)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], at[:2]
        told = [{**answer.json(), "request_id": ""} for answer in answers]
        assert told[0] == told[1], at[:2]
    assert tried > 15
    assert _everything(house) == before


async def test_lists_hold_nothing_of_another_tenant(house: House) -> None:
    ours, theirs = house.tenant("Ours"), house.tenant("Theirs")
    await _furnished(ours, "ours")
    foreign = await _furnished(theirs, "theirs")
    for path, method, _ in _operations(house.app.openapi()):
        if method != "GET" or "{" in path:
            continue
        told = (await ours.client.get(path)).text
        assert not any(id in told for id in foreign.values()), path


async def test_a_foreign_api_cannot_be_opened(house: House) -> None:
    """It reads like one that is not there: no one learns what others have."""
    ours, theirs = house.tenant("Ours"), house.tenant("Theirs")
    foreign = await theirs.weather("theirs")
    answers = []
    for name in (foreign["id"], "theirs", "nowhere"):
        body = {"name": "x", "access": [{"api": name}]}
        answer = await ours.client.post("/v1/keys", json=body)
        assert answer.status_code == 422
        answers.append(json.dumps(answer.json()["errors"]))
    assert len(set(answers)) == 1


async def test_nobody_gets_in_without_a_valid_key(house: House) -> None:
    nobody, guesser = house.client(None), house.client("kh_mk_" + "0" * 36)
    ids = {"route": "rte_x", "name": "X-Inside"}
    document = house.app.openapi()
    for at in [*_guarded(document), ("/v1/nowhere", "GET", {})]:
        for client, code in ((nobody, "missing"), (guesser, "unknown")):
            answer = await _send(client, document, at, ids)
            assert answer.status_code == 401, at[:2]
            assert answer.json()["code"] == code
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_key_comes_as_http_basic_with_its_own_id_alone(
    house: House, tenant: Tenant
) -> None:
    held = {"organization": tenant.organization, "scopes": ["*"]}
    mine, other = [await tenant.key(kind="management", access=[held]) for _ in range(2)]
    nobody = house.client(None)
    answers = [
        await nobody.get("/v1/keys", auth=(name, mine["secret"]))
        for name in (mine["id"], other["id"], "api")
    ]
    assert [one.status_code for one in answers] == [200, 401, 401]
    assert answers[1].json()["code"] == answers[2].json()["code"] == "unknown"


async def test_each_operation_needs_the_scope_that_the_document_names(
    house: House, tenant: Tenant
) -> None:
    ids = await _furnished(tenant, "weather")
    held = {"organization": tenant.organization, "scopes": ["keys:verify"]}
    key = await tenant.key(kind="management", access=[held])
    document = house.app.openapi()
    poor = house.client(key["secret"])
    before = _everything(house)
    for at in _operations(document):
        answer = await _send(poor, document, at, ids)
        assert answer.status_code == 403, at[:2]
        (scope,) = at[2]["security"][0]["managementKey"]
        assert answer.json()["scopes_missing"] == [scope]
        assert scope in answer.headers["WWW-Authenticate"]
    assert _everything(house) == before


async def test_a_key_of_one_project_sees_only_that_project(
    house: House, tenant: Tenant
) -> None:
    inside = await tenant.make("/v1/projects", name="Inside")
    await tenant.make("/v1/apis", slug="inside", project=inside["id"])
    await tenant.make("/v1/apis", slug="outside", project=tenant.project)
    near = await tenant.key(access=[{"api": "inside"}])
    far = await tenant.key(access=[{"api": "outside"}])
    scopes = ["projects:*", "apis:*", "applications:*", "keys:*", "audit:read"]
    held = {"project": inside["id"], "scopes": scopes}
    bound = await tenant.key(kind="management", access=[held])
    client = house.client(bound["secret"])

    async def ids(path: str, what: str = "id") -> set[str]:
        return {row[what] for row in (await client.get(path)).json()["data"]}

    assert await ids("/v1/projects") == {inside["id"]}
    assert await ids("/v1/apis", "slug") == {"inside"}
    assert await ids("/v1/keys") == {near["id"], bound["id"]}
    assert far["application"] not in await ids("/v1/applications")
    for path in (
        "/v1/apis/outside",
        f"/v1/keys/{far['id']}",
        f"/v1/projects/{tenant.project}",
    ):
        assert (await client.get(path)).status_code == 404, path
    assert (await client.post("/v1/projects", json={"name": "x"})).status_code == 403
    assert (await client.get("/v1/audit")).status_code == 403
    made = await client.post("/v1/keys", json={"name": "x", "access": [{"api": "inside"}]})
    assert made.status_code == 201
    wide = {"name": "x", "access": [{"api": "outside"}]}
    assert (await client.post("/v1/keys", json=wide)).status_code == 422


async def test_a_key_of_one_api_sees_only_its_keys(house: House, tenant: Tenant) -> None:
    for slug in ("one", "two", "three"):
        await tenant.make("/v1/apis", slug=slug)
    mine = [await tenant.key(access=[{"api": slug}]) for slug in ("one", "two")]
    both = await tenant.key(access=[{"api": "one"}, {"api": "two"}])
    await tenant.key(access=[{"api": "one"}, {"api": "three"}])
    access = [{"api": slug, "scopes": ["keys:*", "apis:read"]} for slug in ("one", "two")]
    bound = await tenant.key(kind="management", access=access)
    client = house.client(bound["secret"])
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params: dict[str, str | int] = {
            "limit": 1,
            **({"cursor": cursor} if cursor else {}),
        }
        page = (await client.get("/v1/keys", params=params)).json()
        seen += [key["id"] for key in page["data"]]
        cursor = page["next_cursor"]
    assert seen == [bound["id"], both["id"], mine[1]["id"], mine[0]["id"]]
    apis = (await client.get("/v1/apis")).json()["data"]
    assert {api["slug"] for api in apis} == {"one", "two"}


async def test_nobody_grants_more_than_they_hold(house: House, tenant: Tenant) -> None:
    """Else `keys:write` would be every scope."""
    held = {"organization": tenant.organization, "scopes": ["keys:write", "apis:read"]}
    maker = await tenant.key(kind="management", access=[held])
    client = house.client(maker["secret"])

    async def granted(*scopes: str) -> int:
        access = [{"organization": tenant.organization, "scopes": list(scopes)}]
        body = {"name": "x", "kind": "management", "access": access}
        return (await client.post("/v1/keys", json=body)).status_code

    assert await granted("apis:read") == 201
    assert await granted("apis:write") == 422
    assert await granted("apis:*") == 422
    assert await granted("*") == 422
    widened = {"access": [{"organization": tenant.organization, "scopes": ["*"]}]}
    own = await client.patch(f"/v1/keys/{maker['id']}", json=widened)
    assert own.status_code == 422
