"""`POST /.keyhouse/v1/verify`: the decision for those who serve elsewhere."""

import asyncio
import json
import threading
from base64 import b64encode
from typing import Any

import pytest

from keyhouse.core.pending import Pending
from keyhouse.ports import StoreUnavailable
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import BYSTANDER, FENCED, KEY, LIMITED, MANAGER
from tests.doors.gateway.wire import Answer

K = KEY.decode()
UNKNOWN = MANAGER[:-1] + b"x"


async def verify(
    house: House, body: object, manager: bytes = MANAGER, *headers: str
) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    credential = f"Authorization: Bearer {manager.decode()}\r\n" if manager else ""
    lines = "".join(f"{line}\r\n" for line in headers)
    head = (
        f"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\n{credential}{lines}"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    return await house.ask(head.encode() + data)


async def told(house: House, **body: Any) -> dict[str, Any]:
    answer = await verify(house, {"api": "weather", **body})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    assert found["request_id"] == answer.headers["keyhouse-request-id"]
    return found


async def test_a_good_key_is_told_with_all_that_is_known(house: House) -> None:
    await house.start()
    found = await told(house, secret=LIMITED.decode())
    request_id = found.pop("request_id")
    assert found == {
        "allowed": True,
        "code": "valid",
        "status": 200,
        "detail": "The request may pass.",
        "key": {"id": "key_limited", "name": "limited", "environment": "test"},
        "application": {"id": "app_1", "name": "App", "external_id": "cust-ü"},
        "customer": "cust-ü",
        "subject": None,
        "scopes": ["a:b", "forecast:read"],
        "scopes_missing": [],
        "limits": [
            {
                "name": "per-minute",
                "kind": "rate",
                "amount": 2,
                "window_seconds": 60,
                "remaining": 1,
                "reset_seconds": 30,
            }
        ],
        "retry_after": None,
        "deprecated_at": None,
        "sunset": None,
    }
    [served] = house.meter.served_rows
    assert (served["id"], served["api"].slug) == (request_id, "weather")
    assert len(house.meter.completed_rows) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"secret": ""}, "missing"),
        ({"secret": "garbage"}, "unknown"),
        ({"secret": f"{K}, {FENCED.decode()}"}, "conflicting_credentials"),
        ({"secret": "x" * 1000}, "unknown"),
        ({"secret": "ü\ud800"}, "unknown"),
        ({"secret": FENCED.decode()}, "ip_not_allowed"),
        ({"secret": FENCED.decode(), "address": "203.0.113.9"}, "valid"),
        ({"secret": K, "environment": "live"}, "environment_mismatch"),
        ({"secret": K, "scopes": ["forecast:write"]}, "scope_missing"),
        ({"secret": K, "scopes": ["forecast:read"], "cost": 3, "tls": True}, "valid"),
        ({"secret": K, "path": "/x?secret=1", "method": "get", "app": "a"}, "valid"),
    ],
)
async def test_a_verdict_is_always_200(
    house: House, body: dict[str, Any], code: str
) -> None:
    await house.start()
    found = await told(house, **body)
    assert (found["code"], found["allowed"]) == (code, code == "valid")
    no_key = code in ("missing", "unknown", "conflicting_credentials")
    assert (found["key"] is None) == no_key


async def test_a_used_up_limit_tells_how_long_to_wait(house: House) -> None:
    await house.start()
    for _ in range(3):
        found = await told(house, secret=LIMITED.decode())
    assert (found["code"], found["status"], found["retry_after"]) == (
        "rate_limited",
        429,
        30,
    )


async def test_what_is_asked_is_what_is_decided(house: House) -> None:
    await house.start()
    await told(
        house,
        secret=K,
        address="203.0.113.9",
        method="post",
        path="/a?b",
        referrer="http://r/",
        origin="http://o",
        app="app",
        tls=True,
        environment="test",
        scopes=["a:b"],
        cost=0,
        key_id="key_one",
    )
    [request] = house.verifier.requests
    assert request.secret == KEY
    assert request.address == 0xFFFF_CB00_7109
    assert (request.method, request.path) == ("POST", "/a")
    assert (request.referrer, request.origin) == ("http://r/", "http://o")
    assert request.browser  # there is an Origin
    assert (request.app, request.tls, request.key_id) == ("app", True, "key_one")
    assert (request.environment, request.scopes, request.cost) == ("test", ("a:b",), 0)
    assert house.meter.served_rows[0]["path"] == "/weather/a"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, "body"),
        (b"\xff", 400, "body"),
        (b"[" * 10_000, 400, "body"),
        ([], 422, "body"),
        ({"api": "weather"}, 422, "secret"),
        ({"secret": K}, 422, "api"),
        ({"secret": 1, "api": "weather"}, 422, "secret"),
        ({"secret": K, "api": "weather", "adress": ""}, 422, "adress"),
        ({"secret": K, "api": "weather", "address": "here"}, 422, "address"),
        ({"secret": K, "api": "weather", "path": "x"}, 422, "path"),
        ({"secret": K, "api": "weather", "method": []}, 422, "method"),
        ({"secret": K, "api": "weather", "tls": "yes"}, 422, "tls"),
        ({"secret": K, "api": "weather", "browser": 1}, 422, "browser"),
        ({"secret": K, "api": "weather", "key_id": 1}, 422, "key_id"),
        ({"secret": K, "api": "weather", "environment": "prod"}, 422, "environment"),
        ({"secret": K, "api": "weather", "scopes": "a:b"}, 422, "scopes"),
        ({"secret": K, "api": "weather", "scopes": ["a:b", "x"]}, 422, "scopes.1"),
        ({"secret": K, "api": "weather", "scopes": ["a:b|x"]}, 422, "scopes.0"),
        ({"secret": K, "api": "weather", "scopes": ["a:b|"]}, 422, "scopes.0"),
        (
            {"secret": K, "api": "weather", "scopes": ["|".join("a:b" for _ in range(17))]},
            422,
            "scopes.0",
        ),
        ({"secret": K, "api": "weather", "scopes": ["*:*"]}, 422, "scopes.0"),
        ({"secret": K, "api": "weather", "scopes": [["a:b"]]}, 422, "scopes.0"),
        ({"secret": K, "api": "weather", "cost": -1}, 422, "cost"),
        ({"secret": K, "api": "weather", "cost": 1.5}, 422, "cost"),
        ({"secret": K, "api": "weather", "cost": True}, 422, "cost"),
        ({"secret": K, "api": "query"}, 404, "api"),
        ({"secret": K, "api": "nowhere"}, 404, "api"),
    ],
)
async def test_a_faulty_caller_is_told_the_field(
    house: House, body: object, status: int, field: str
) -> None:
    await house.start()
    answer = await verify(house, body)
    problem = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = problem["errors"]
    assert (answer.status, error["field"]) == (status, field)
    assert error["reason"]
    assert error["mend"]
    assert problem["detail"] == f"{field}: {error['reason']}; {error['mend']}."
    assert not house.meter.served_rows


async def test_an_api_of_others_reads_like_one_that_is_not_there(house: House) -> None:
    await house.start()
    told = [
        json.loads((await verify(house, {"secret": K, "api": slug})).body)
        for slug in ("query", "nowhere")
    ]
    for problem in told:
        del problem["request_id"]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("manager", "status", "code"),
    [
        (b"", 401, "missing"),
        (b"kh_mk_unknown", 401, "unknown"),
        (BYSTANDER, 403, "scope_missing"),
    ],
)
async def test_only_a_key_that_may_verify_is_answered(
    house: House, manager: bytes, status: int, code: str
) -> None:
    await house.start()
    answer = await verify(house, {"secret": K, "api": "weather"}, manager)
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)
    assert not house.verifier.requests


async def test_its_own_caller_may_come_with_http_basic(house: House) -> None:
    await house.start()
    pair = b64encode(b"key_0000000000000000000000:" + MANAGER).decode()
    answer = await verify(
        house, {"secret": K, "api": "weather"}, b"", f"Authorization: Basic {pair}"
    )
    assert (answer.status, json.loads(answer.body)["code"]) == (200, "valid")
    assert house.verifier.managing == [(MANAGER, "key_0000000000000000000000")]


async def test_the_endpoint_takes_small_posts_only(house: House) -> None:
    await house.start()
    assert (await verify(house, b" " * 70_000)).status == 413
    answer = await house.ask(b"GET /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    client = await house.client()
    client.send(
        b"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
        % MANAGER
        + b"ffff\r\n%b\r\n" % (b" " * 65_535) * 2
    )
    assert (await client.answer()).status == 413


async def test_verifying_goes_on_when_decisions_have_to_wait(house: House) -> None:
    await house.start()
    house.verifier.pending = True
    assert (await told(house, secret=K))["allowed"]


@pytest.mark.parametrize("path", ["verify", "tokens/introspect", "reservations/x/commit"])
@pytest.mark.parametrize("expects", [b"", b"Expect: 100-continue\r\n"])
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("key", "code"),
    [
        (b"", "missing"),
        (b"X-API-Key: %b\r\n" % UNKNOWN, "unknown"),
    ],
)
async def test_no_stranger_s_body_is_waited_for(
    house: House, path: str, expects: bytes, waits: bool, key: bytes, code: str
) -> None:
    """Else whoever has many connections could have us keep 64 KiB for each of them."""
    await house.start()
    house.verifier.pending = waits
    client = await house.client()
    client.send(
        b"POST /.keyhouse/v1/%b HTTP/1.1\r\nHost: a\r\n%b%bContent-Length: 60000\r\n\r\n{"
        % (path.encode(), key, expects)
    )
    answer = await client.answer()
    assert (answer.status, json.loads(answer.body)["code"]) == (401, code)


async def test_a_body_that_comes_while_its_key_is_looked_up_is_answered_once(
    house: House,
) -> None:
    await house.start()
    looked_up = threading.Event()
    management = house.verifier.management

    def later(*asked: Any) -> Any:
        return Pending(object(), looked_up.wait, lambda _: management(*asked))

    house.verifier.management = later  # type: ignore[assignment]  # slow
    client = await house.client()
    body = json.dumps({"secret": K, "api": "weather"}).encode()
    client.send(
        b"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n%b\r\n" % (MANAGER, body[:5])
    )
    await asyncio.sleep(0.05)
    client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body) - 5, body[5:]))
    await asyncio.sleep(0.05)
    looked_up.set()
    assert json.loads((await client.answer()).body)["allowed"]
    client.send(b"GET /.keyhouse/live HTTP/1.1\r\nHost: a\r\n\r\n")
    assert json.loads((await client.answer()).body) == {"status": "live"}


async def test_a_body_in_pieces_behind_an_expectation_is_read(house: House) -> None:
    await house.start()
    client = await house.client()
    body = json.dumps({"secret": K, "api": "weather"}).encode()
    client.send(
        b"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\n"
        b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (MANAGER, len(body))
    )
    assert (await client.answer()).status == 100
    client.send(body[:5])
    client.send(body[5:])
    assert json.loads((await client.answer()).body)["allowed"]


async def test_without_the_database_there_is_no_verdict_to_trust(house: House) -> None:
    await house.start()
    house.verifier.failure = StoreUnavailable("gone")
    assert (await verify(house, {"secret": K, "api": "weather"})).status == 503


async def test_what_cannot_be_counted_is_not_allowed(house: House) -> None:
    await house.start()
    house.meter.full = True
    answer = await verify(house, {"secret": K, "api": "weather"})
    assert answer.status == 503
    assert len(house.verifier.released) == 1


async def test_a_key_in_the_path_is_not_written_down(house: House) -> None:
    await house.start()
    assert (await told(house, secret=K, path=f"/by/{K}"))["allowed"]
    assert house.meter.served_rows[0]["path"] == "/weather/by/…"
