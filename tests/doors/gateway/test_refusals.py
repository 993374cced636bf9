"""What a caller reads when the answer is no."""

import json

import pytest

from keyhouse.core.verdict import Verdict
from keyhouse.ports import StoreUnavailable
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import FENCED, KEY, LIMITED


def request(target: str = "/weather/x", key: bytes = b"", method: str = "GET") -> bytes:
    line = b"X-API-Key: " + key + b"\r\n" if key else b""
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\n".encode() + line + b"\r\n"


@pytest.mark.parametrize(
    ("key", "verdict", "challenge"),
    [
        (b"", Verdict.MISSING, 'Bearer realm="keyhouse"'),
        (b"garbage", Verdict.UNKNOWN, 'Bearer realm="keyhouse", error="invalid_token"'),
        (b"x" * 500, Verdict.MALFORMED, 'Bearer realm="keyhouse", error="invalid_token"'),
        (FENCED, Verdict.IP_NOT_ALLOWED, None),
    ],
)
async def test_a_refusal_is_a_problem_with_its_code(
    house: House, key: bytes, verdict: Verdict, challenge: str | None
) -> None:
    await house.start()
    answer = await house.ask(request(key=key))
    body = json.loads(answer.body)
    shown = Verdict.UNKNOWN if verdict is Verdict.MALFORMED else verdict
    assert answer.status == body["status"] == verdict.status
    assert body["code"] == shown.code
    assert body["request_id"] == answer.headers["keyhouse-request-id"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("www-authenticate") == challenge
    assert not house.upstream.requests


async def test_refusals_are_counted_for_the_api_that_was_meant(house: House) -> None:
    await house.start()
    await house.ask(request())
    await house.ask(request(key=b"garbage"))
    assert [row["code"] for row in house.meter.served_rows] == ["missing", "unknown"]
    assert {row["api"].slug for row in house.meter.served_rows} == {"weather"}
    assert [row["status"] for row in house.meter.completed_rows] == [401, 401]


async def test_a_refusal_does_not_cost_the_connection(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(
        request() + b"POST /weather/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
    )
    assert (await client.answer()).status == 401
    assert (await client.answer()).status == 401
    client.send(b"body" + request(key=KEY))
    assert (await client.answer()).status == 200


async def test_a_refused_long_body_is_not_read_to_its_end(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(b"POST /weather/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
    answer = await client.answer()
    assert (answer.status, answer.headers["connection"]) == (401, "close")
    assert await client.rest() == b""


async def test_beyond_the_rate_the_wait_is_told(house: House) -> None:
    await house.start()
    answers = [await house.ask(request(key=LIMITED)) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert refused.headers["retry-after"] == "30"
    assert refused.headers["ratelimit"] == '"per-minute";r=0;t=60'
    assert refused.headers["ratelimit-policy"] == '"per-minute";q=2;w=60'
    assert json.loads(refused.body)["retry_after"] == 30


async def test_what_cannot_be_counted_is_not_served(house: House) -> None:
    await house.start()
    house.meter.full = True
    answer = await house.ask(request(key=KEY))
    assert answer.status == 503
    assert json.loads(answer.body)["code"] == "unavailable"
    assert answer.headers["retry-after"] == "1"
    assert len(house.verifier.released) == 1
    assert not house.upstream.requests
    assert not house.meter.completed_rows


async def test_without_the_database_the_answer_is_unavailable(house: House) -> None:
    await house.start()
    house.verifier.failure = StoreUnavailable("gone")
    assert (await house.ask(request(key=KEY))).status == 503
    house.verifier.failure = None
    assert (await house.ask(request(key=KEY))).status == 200


@pytest.mark.parametrize("target", ["/nowhere/x", "/", "/nowhere", "/.keyhouse/other"])
async def test_what_is_not_there_is_not_found(house: House, target: str) -> None:
    await house.start()
    answer = await house.ask(request(target, key=KEY))
    assert answer.status == 404
    assert not house.meter.served_rows


async def test_a_refused_head_has_no_body(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(request(method="HEAD") + request(key=KEY))
    answer = await client.answer(is_head=True)
    assert answer.status == 401
    assert int(answer.headers["content-length"]) > 0
    assert (await client.answer()).status == 200


async def test_live_and_ready_tell_apart_running_and_serving(house: House) -> None:
    await house.start()
    assert (await house.ask(request("/.keyhouse/live"))).status == 200
    assert (await house.ask(request("/.keyhouse/ready"))).status == 200
    house.ready = False
    assert (await house.ask(request("/.keyhouse/live"))).status == 200
    assert (await house.ask(request("/.keyhouse/ready"))).status == 503
    assert (await house.ask(request("/.keyhouse/live", method="POST"))).status == 405


async def test_an_api_without_an_upstream_says_so(house: House) -> None:
    await house.start()
    answer = await house.ask(request("/none/x", key=KEY))
    assert (answer.status, json.loads(answer.body)["code"]) == (502, "upstream_missing")
