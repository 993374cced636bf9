"""What callers see through real proxies that ask Keyhouse, as the how-to sets them up."""

from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from tests.forward_auth.conftest import API, House

_IDENTITY = {
    "keyhouse-key-id",
    "keyhouse-application",
    "keyhouse-customer",
    "keyhouse-subject",
    "keyhouse-environment",
    "keyhouse-scopes",
    "keyhouse-request-id",
}
_ADMIN_SPELLED = [
    "/weather/admin/x",
    "/%77eather/admin/x",
    "/weather/%61dmin/x",
    "/weather/admin%2Fx",
    "/x/../weather/admin/x",
    "/weather/x/../admin/x",
    "//weather/admin/x",
    "/weather//admin/x",
    "/./weather/admin/x",
    "/weather/./admin/x",
    "/weather/now/%2e%2e/admin/x",
]


def call(url: str, secret: str | None, path: str = "/now", **more: Any) -> httpx.Response:
    headers = dict(more.pop("headers", {}))
    if secret is not None:
        headers["X-API-Key"] = secret
    method = more.pop("method", "GET")
    return httpx.request(method, f"{url}/weather{path}", headers=headers, **more)


def as_spelled(url: str, secret: str, target: str) -> int:
    """The status of a GET whose target goes out as it is: httpx would tidy it up."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    with closing(connection):
        connection.request("GET", target, headers={"X-API-Key": secret})
        return connection.getresponse().status


def test_a_good_key_passes_and_the_upstream_is_told_who_calls(
    house: House, through: str
) -> None:
    key = house.key("good")
    forged = {"Keyhouse-Scopes": "everything", "Keyhouse-Subject": "root"}
    answer = call(through, key["secret"], "/now?in=oslo", headers=forged)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["path"] == "/now?in=oslo"
    names = [name for name, _ in told["headers"] if name.startswith("keyhouse-")]
    assert len(names) == len(set(names))
    assert set(names) <= _IDENTITY
    headers = dict(told["headers"])
    assert headers["keyhouse-key-id"] == key["id"]
    assert headers["keyhouse-environment"] == "test"
    assert headers["keyhouse-scopes"] == "forecast:read"
    assert headers.get("keyhouse-subject", "") == ""
    assert headers["keyhouse-request-id"].startswith("req_")
    assert key["secret"] not in answer.text


@pytest.mark.parametrize(
    "name",
    [
        "Keyhouse-Identity",
        "Keyhouse_Identity",
        "Keyhouse_Subject",
        "KEYHOUSE_SUBJECT",
        "Keyhouse-Key_Id",
        "Keyhouse_Key-Id",
        "keyhouse_scopes",
    ],
)
def test_nothing_that_a_caller_sends_reads_as_a_header_of_ours(
    house: House, through: str, name: str
) -> None:
    """Behind CGI and WSGI `Keyhouse_Subject` and `Keyhouse-Subject` are one variable."""
    secret = house.key("forger")["secret"]
    answer = call(through, secret, headers={name: "forged"})
    assert answer.status_code in (200, 400)
    assert "forged" not in answer.text


def test_a_body_reaches_the_upstream(house: House, through: str) -> None:
    secret = house.key("body")["secret"]
    answer = call(through, secret, method="POST", content="x" * 10_000)
    assert answer.status_code == 200, answer.text
    assert answer.json()["method"] == "POST"
    assert len(answer.json()["body"]) == 10_000


def test_no_key_and_an_unknown_one_are_401_with_a_challenge(through: str) -> None:
    for secret in (None, "kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"):
        answer = call(through, secret)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_another_network_is_403(house: House, through: str) -> None:
    fenced = house.key("fenced", restrictions={"networks_allowed": ["203.0.113.0/24"]})
    assert call(through, fenced["secret"]).status_code == 403
    spoofed = {"X-Forwarded-For": "203.0.113.7"}
    assert call(through, fenced["secret"], headers=spoofed).status_code == 403


def test_endpoints_are_those_of_the_request_and_not_of_a_header(
    house: House, through: str
) -> None:
    narrow = house.key("narrow", restrictions={"endpoints": ["GET /public/*"]})["secret"]
    assert call(through, narrow, "/public/a").status_code == 200
    assert call(through, narrow, "/public/a", method="POST").status_code == 403
    for header in ("X-Forwarded-Uri", "X-Original-Uri", "X-Original-URL"):
        spoofed = {header: "/weather/public/a", "X-Forwarded-Method": "GET"}
        assert call(through, narrow, "/secret", headers=spoofed).status_code == 403


@pytest.mark.parametrize("target", _ADMIN_SPELLED)
def test_no_spelling_of_a_path_gets_round_the_scopes_of_its_route(
    house: House, through: str, target: str
) -> None:
    secret = house.key("plain")["secret"]
    assert call(through, secret, "/now").status_code == 200
    assert as_spelled(through, secret, target) != 200


def test_a_key_with_the_scope_of_a_route_opens_it(house: House, through: str) -> None:
    access = [{"api": API, "scopes": ["admin:do"]}]
    secret = house.client.keys.create("admin", access)["secret"]
    assert call(through, secret, "/admin/all").json()["path"] == "/admin/all"


def test_a_server_key_from_a_browser_is_403(house: House, through: str) -> None:
    """The proxy hands on what tells a browser."""
    secret = house.key("leaked")["secret"]
    for header in ("Sec-Fetch-Site", "Origin"):
        told = {header: "https://a.example"}
        assert call(through, secret, headers=told).status_code == 403


def test_apps_are_told_apart(house: House, through: str) -> None:
    app = f"android:com.example.app:{'0' * 40}"
    places = {"apps": [app, "ios:com.example.App"]}
    secret = house.key("phone", kind="publishable", restrictions=places)["secret"]
    android = {"X-Android-Package": "com.example.app", "X-Android-Cert": "0" * 40}
    ios = {"X-Ios-Bundle-Identifier": "com.example.App"}
    for told, status in ((android, 200), (ios, 200), ({}, 403)):
        assert call(through, secret, headers=told).status_code == status


def test_basic_opens_with_the_id_of_the_key(house: House, through: str) -> None:
    key, other = house.key("basic"), house.key("other")
    url = f"{through}/weather/now"
    for name, status in ((key["id"], 200), (other["id"], 401)):
        assert httpx.get(url, auth=(name, key["secret"])).status_code == status


def test_a_callers_own_forwarded_does_not_pass_networks(house: House, through: str) -> None:
    places = {"networks_allowed": ["203.0.113.0/24"]}
    fenced = house.key("fenced once more", restrictions=places)["secret"]
    for told in ("for=203.0.113.7", 'for="203.0.113.7:80";proto=https', 'for="'):
        assert call(through, fenced, headers={"Forwarded": told}).status_code == 403


def test_beyond_a_limit_is_429_with_the_seconds_to_wait(house: House, through: str) -> None:
    limits = [{"name": "few", "rate": 2, "period_seconds": 3600}]
    secret = house.key("slow", limits=limits)["secret"]
    assert [call(through, secret).status_code for _ in range(2)] == [200, 200]
    answer = call(through, secret)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_callers_hear_of_limits_and_of_the_end_of_their_secret(
    house: House, through: str, kind: str
) -> None:
    limits = [{"name": "few", "rate": 2, "period_seconds": 3600}]
    key = house.key("rotated", limits=limits)
    house.client.keys.rotate(key["id"], 86_400)
    passed = [call(through, key["secret"]) for _ in range(2)]
    refused = call(through, key["secret"])
    assert [answer.status_code for answer in (*passed, refused)] == [200, 200, 429]
    # Traefik hands on a refusal whole, and nothing of a good answer.
    for answer in (refused,) if kind == "yaml" else (*passed, refused):
        told = answer.headers
        assert told["RateLimit"].startswith('"few";r=')
        assert told["RateLimit-Policy"] == '"few";q=2;w=3600'
        assert told["Deprecation"].startswith("@")
        assert told["Sunset"].endswith("GMT")
        assert told["Keyhouse-Request-Id"].startswith("req_")


def test_of_what_has_no_limit_and_no_end_nothing_is_told(
    house: House, through: str
) -> None:
    secret = house.key("plain and lasting")["secret"]
    told = call(through, secret).headers
    assert not {"ratelimit", "ratelimit-policy", "deprecation", "sunset"} & {*told}


def test_revoked_is_refused_at_once(house: House, through: str) -> None:
    key = house.key("short-lived")
    assert call(through, key["secret"]).status_code == 200
    house.client.keys.revoke(key["id"])
    for _ in range(100):
        if call(through, key["secret"]).status_code == 401:
            break
    else:
        raise AssertionError("a revoked key goes on working")
