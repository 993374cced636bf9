"""Explaining over HTTP: fields, refusals, and what stays unspent."""

from typing import Any

import pytest

from keyhouse.core.entities import Role
from keyhouse.core.verdict import Verdict
from tests.doors.api.conftest import House, Tenant

NEAR = {"networks_allowed": ["203.0.113.0/24"]}


@pytest.fixture
def tenant(house: House) -> Tenant:
    return house.tenant()


async def _explained(tenant: Tenant, key: dict[str, Any], **body: Any) -> dict[str, Any]:
    path = f"/v1/keys/{key['id']}/explain"
    answer = await tenant.client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert "ETag" not in answer.headers
    found: dict[str, Any] = answer.json()
    return found


def _check(told: dict[str, Any], name: str) -> dict[str, Any]:
    (check,) = [one for one in told["checks"] if one["check"] == name]
    return dict(check)


async def test_all_reasons_come_with_facts_and_mends(tenant: Tenant) -> None:
    await tenant.weather()
    key = await tenant.key(restrictions=NEAR)
    await tenant.client.post(f"/v1/keys/{key['id']}/disable")
    told = await _explained(
        tenant, key, address="198.51.100.7", scopes=["alerts:read"], method="get", path="/a"
    )
    refused = [one for one in told["checks"] if one["outcome"] == "refused"]
    codes = ["disabled", "ip_not_allowed", "scope_missing"]
    assert [one["verdict"] for one in refused] == codes
    assert (told["outcome"], told["verdict"]) == ("refused", "disabled")
    disabled, network, scopes = refused
    assert disabled["facts"]["since"].endswith("Z")
    assert disabled["facts"]["since"] in disabled["found"]
    assert network["facts"] == {
        "address": "198.51.100.7",
        "allowed": ["203.0.113.0/24"],
        "denied": [],
    }
    assert (network["place"], scopes["place"]) == ("key.restrictions", "key.access")
    assert "198.51.100.7" in network["mend"]
    assert scopes["facts"]["missing"] == ["alerts:read"]
    assert told["request"]["method"] == "GET"
    assert told["key"] == key["id"]
    assert told["logged"] is None
    passed = _check(told, "expired")
    assert (passed["verdict"], passed["mend"], passed["place"]) == (None, None, None)


async def test_what_is_not_told_is_not_promised(tenant: Tenant) -> None:
    await tenant.weather()
    key = await tenant.key(restrictions={**NEAR, "endpoints": ["GET /v1/**"]})
    told = await _explained(tenant, key)
    assert (told["outcome"], told["verdict"]) == ("cannot_tell", None)
    assert "without an address" in _check(told, "network")["found"]
    assert "without a path" in _check(told, "endpoint")["found"]
    told = await _explained(tenant, key, address="203.0.113.9", method="GET", path="/v1/a")
    assert (told["outcome"], told["verdict"]) == ("passed", "valid")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"address": "here"}, "address"),
        ({"path": "a"}, "path"),
        ({"cost": -1}, "cost"),
        ({"cost": "1"}, "cost"),
        ({"scopes": ["x"]}, "scopes.0"),
        ({"environment": "prod"}, "environment"),
        ({"api": "nowhere"}, "api"),
        ({"secret_version": 9}, "secret_version"),
        ({"secret": "kh_sk_test_x"}, "secret"),
        ({"tls": "yes"}, "tls"),
        ({"path": "/" + "a" * 9000}, "path"),
    ],
)
async def test_a_field_that_cannot_be_is_named(
    tenant: Tenant, body: dict[str, Any], field: str
) -> None:
    await tenant.weather()
    key = await tenant.key()
    answer = await tenant.client.post(f"/v1/keys/{key['id']}/explain", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["reason"]
    assert error["mend"]


async def test_a_request_is_explained_by_the_id_that_its_answer_told(
    tenant: Tenant,
) -> None:
    await tenant.weather()
    key = await tenant.key(restrictions=NEAR)
    id = tenant.logged(key)
    told = (await tenant.client.post(f"/v1/requests/{id}/explain")).json()
    assert told["logged"]["request_id"] == id
    assert told["logged"]["verdict"] == told["verdict"] == "ip_not_allowed"
    assert told["request"]["path"] == "/a"
    assert "referrer" in told["not_kept"]
    await tenant.client.patch(f"/v1/keys/{key['id']}", json={"restrictions": None})
    told = (await tenant.client.post(f"/v1/requests/{id}/explain")).json()
    assert (told["logged"]["verdict"], told["verdict"]) == ("ip_not_allowed", "valid")


async def test_a_viewer_may_ask_and_whoever_is_elsewhere_may_not(
    house: House, tenant: Tenant
) -> None:
    await tenant.weather()
    key = await tenant.key()
    id = tenant.logged(key, Verdict.RATE_LIMITED)
    viewer = house.browser(tenant.member(house, Role.VIEWER))
    paths = (f"/v1/keys/{key['id']}/explain", f"/v1/requests/{id}/explain")
    for path in paths:
        assert (await viewer.post(path, json={})).status_code == 200
    other = await tenant.make("/v1/projects", name="Other")
    held = {"project": other["id"], "scopes": ["keys:read", "requests:read"]}
    bound = await tenant.key(kind="management", access=[held])
    for client in (house.client(bound["secret"]), house.tenant("Theirs").client):
        for path in paths:
            assert (await client.post(path, json={})).status_code == 404


async def test_a_users_token_is_explained_by_its_claims(tenant: Tenant) -> None:
    """Whoever has the middle part of a token may paste it; the token is not asked for."""
    await tenant.weather()
    key = await tenant.key(access=[{"api": "weather", "scopes": ["forecast:read"]}])
    claims = {
        "iss": "https://keys.example",
        "sub": "alice",
        "sid": "s-1",
        "aud": "weather",
        "azp": key["application"],
        "client_id": key["application"],
        "key": key["id"],
        "iat": 1_700_000_000,
        "exp": 1_700_000_600,
        "scope": "alerts:read forecast:read",
        "environment": "test",
    }
    told = await _explained(tenant, key, token=claims, scopes=["alerts:read"])
    assert [one["check"] for one in told["checks"] if one["outcome"] == "refused"] == [
        "expired",
        "scopes",
    ]
    assert told["token"] == {
        "sub": "alice",
        "sid": "s-1",
        "jti": None,
        "aud": told["api"],
        "issued_at": "2023-11-14T22:13:20Z",
        "ends_at": "2023-11-14T22:23:20Z",
        "scopes": ["alerts:read", "forecast:read"],
    }
    alone = await _explained(tenant, key, token={"sub": "alice"})
    assert (alone["verdict"], alone["token"]["scopes"]) == ("valid", None)
    assert (await _explained(tenant, key))["token"] is None


@pytest.mark.parametrize(
    ("token", "field"),
    [
        ({}, "token.sub"),
        ({"sub": "a b"}, "token.sub"),
        ({"sub": "a", "exp": "1"}, "token.exp"),
    ],
)
async def test_a_claim_that_is_wrong_is_named(
    tenant: Tenant, token: dict[str, Any], field: str
) -> None:
    await tenant.weather()
    key = await tenant.key()
    path = f"/v1/keys/{key['id']}/explain"
    answer = await tenant.client.post(path, json={"token": token})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


async def test_a_claim_that_is_no_text_is_told_as_it_was_sent(tenant: Tenant) -> None:
    """Half a character, escaped in JSON: a broken token is shown as it is."""
    await tenant.weather()
    key = await tenant.key()
    body = rb'{"token": {"sub": "ada", "limits": [["\ud800", 1, 1, 1]]}}'
    headers = {"Content-Type": "application/json"}
    at = f"/v1/keys/{key['id']}/explain"
    answer = await tenant.client.post(at, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert rb'"user/\ud800"' in answer.content
