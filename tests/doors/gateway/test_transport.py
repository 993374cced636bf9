"""Where TLS is demanded, plain HTTP tells nobody anything about keys."""

import json

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import FENCED, KEY, MANAGER
from tests.doors.gateway.wire import Answer

PROXIES = ("127.0.0.0/8",)


async def ask(house: House, target: str, *headers: str) -> Answer:
    lines = "".join(f"{line}\r\n" for line in headers)
    return await house.ask(f"GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())


@pytest.mark.parametrize("proxies", [(), PROXIES], ids=["stranger", "proxy"])
@pytest.mark.parametrize("proto", ["", "http", "HTTPS, http", "wss"])
async def test_all_keys_read_alike_over_plain_http(
    house: House, proxies: tuple[str, ...], proto: str
) -> None:
    await house.start(require_tls=True, trusted_proxies=proxies)
    told = [f"X-Forwarded-Proto: {proto}"] if proto else []
    bodies = set()
    for key in (KEY, FENCED, KEY[:-1] + b"x", b"garbage", KEY + b", " + FENCED, b""):
        answer = await ask(house, "/weather/x", f"X-API-Key: {key.decode()}", *told)
        assert answer.status == 403
        body = json.loads(answer.body)
        body.pop("request_id")
        bodies.add(json.dumps(body))
    assert len(bodies) == 1
    assert '"tls_required"' in bodies.pop()
    assert not house.verifier.requests
    exposed = [secret for secret, _ in house.verifier.exposures]
    assert exposed == [KEY, FENCED, KEY[:-1] + b"x", b"garbage"]
    assert not house.upstream.requests
    assert {row["code"] for row in house.meter.served_rows} == {"tls_required"}


async def test_a_stranger_cannot_say_that_it_was_tls(house: House) -> None:
    await house.start(require_tls=True)
    key = f"X-API-Key: {KEY.decode()}"
    answer = await ask(house, "/weather/x", key, "X-Forwarded-Proto: https")
    assert answer.status == 403


async def test_a_trusted_proxy_can_on_one_connection_with_plain_requests(
    house: House,
) -> None:
    """What was said of one request does not hold for the next."""
    await house.start(require_tls=True, trusted_proxies=PROXIES)
    client = await house.client()
    statuses = []
    for proto in ("https", "http", "https"):
        client.send(
            f"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n"
            f"X-Forwarded-Proto: {proto}\r\n\r\n".encode()
        )
        statuses.append((await client.answer()).status)
    assert statuses == [200, 403, 200]


async def test_a_key_in_the_address_is_not_written_down(house: House) -> None:
    await house.start(require_tls=True)
    k = KEY.decode()
    await ask(house, f"/weather/{k}", f"X-API-Key: {k}")
    assert k not in str(house.meter.served_rows)


async def test_whoever_verifies_has_to_do_so_over_tls(house: House) -> None:
    await house.start(require_tls=True, trusted_proxies=PROXIES)
    body = json.dumps({"secret": KEY.decode(), "api": "weather", "tls": True}).encode()
    answers = []
    for proto in ("http", "https"):
        head = (
            f"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nX-API-Key: "
            f"{MANAGER.decode()}\r\nX-Forwarded-Proto: {proto}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        answer = await house.ask(head.encode() + body)
        answers.append((answer.status, json.loads(answer.body)["code"]))
    assert answers == [(403, "tls_required"), (200, "valid")]


@pytest.mark.parametrize("path", ["/.keyhouse/live", "/.keyhouse/ready"])
async def test_whether_it_runs_is_told_over_plain_http(house: House, path: str) -> None:
    await house.start(require_tls=True)
    assert (await ask(house, path)).status == 200
