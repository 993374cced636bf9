"""Headers that an API has for its upstream: added to each call, and a caller's own not."""

import json
import logging
from typing import Any

import pytest

from keyhouse.core.decision import Decision
from keyhouse.core.records import UpstreamHeaders
from keyhouse.doors.gateway.faces import Face
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import FENCED, KEY, api_record
from tests.doors.gateway.wire import Received

HUSH = b"Bearer hush-hush"
LINES = b"Authorization: Bearer hush-hush\r\nX-Internal-Key: inner\r\n"
HEADERS = UpstreamHeaders(frozenset((b"authorization", b"x-internal-key")), LINES)


@pytest.fixture(autouse=True)
def named(house: House) -> None:
    url = house.upstream.url
    house.verifier.apis["weather"] = api_record("weather", url, upstream_headers=HEADERS)


async def reached(house: House, *lines: str, times: int = 1) -> Received:
    client = await house.client()
    head = ["GET /weather/now HTTP/1.1", "Host: api.test", *lines, "", ""]
    for _ in range(times):
        client.send("\r\n".join(head).encode("latin-1"))
        assert (await client.answer()).status == 200
    return house.upstream.requests[-1]


def named_in(received: Received, name: str) -> list[str]:
    """The values of all headers that a framework may take for that name."""
    lines = received.head.decode("latin-1").split("\r\n")[1:]
    pairs = [line.partition(": ") for line in lines]
    plain = [(n.lower().replace("_", "-").replace(".", "-"), v) for n, _, v in pairs]
    return [value for found, value in plain if found == name]


@pytest.mark.parametrize("times", [1, 3])
async def test_they_are_added_to_each_call(house: House, times: int) -> None:
    await house.start()
    received = await reached(house, f"X-API-Key: {KEY.decode()}", times=times)
    assert named_in(received, "authorization") == [HUSH.decode()]
    assert named_in(received, "x-internal-key") == ["inner"]
    assert received.headers["keyhouse-key-id"] == "key_one"


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Basic dGhlaXJz",
        "authorization: theirs",
        "X-Internal-Key: theirs",
        "x-internal-key: theirs",
        "X_Internal_Key: theirs",
        "X.Internal-Key: theirs",
        "X-Internal-Key: theirs\r\nX_INTERNAL_KEY: theirs too",
    ],
)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_callers_own_of_that_name_goes_no_further(
    house: House, line: str, times: int
) -> None:
    await house.start()
    received = await reached(
        house, f"X-API-Key: {KEY.decode()}", line, "X-Fine: 1", times=times
    )
    assert named_in(received, "authorization") == [HUSH.decode()]
    assert named_in(received, "x-internal-key") == ["inner"]
    assert received.headers["x-fine"] == "1"
    assert b"theirs" not in received.head


async def test_the_key_header_of_keyhouse_may_be_one_of_them(house: House) -> None:
    """The upstream has keys of its own, under the same name as ours."""
    names = frozenset((b"x-api-key",))
    for slug, header in (("weather", b"x-api-key"), ("own", b"x-acme-key")):
        house.verifier.apis[slug] = api_record(
            slug,
            house.upstream.url,
            key_header=header,
            upstream_headers=UpstreamHeaders(names, b"X-API-Key: inner\r\n"),
        )
    await house.start()
    received = await reached(house, f"X-API-Key: {KEY.decode()}")
    assert named_in(received, "x-api-key") == ["inner"]
    request = f"GET /own/x HTTP/1.1\r\nHost: a\r\nX-Acme-Key: {KEY.decode()}\r\n"
    assert (await house.ask(f"{request}X-API-Key: theirs\r\n\r\n".encode())).status == 200
    assert named_in(house.upstream.requests[-1], "x-api-key") == ["inner"]


async def test_another_api_of_the_same_upstream_gets_none(house: House) -> None:
    await house.start()
    client = await house.client()
    for slug, values in (("weather", [HUSH.decode()]), ("based", []), ("weather", None)):
        head = f"GET /{slug}/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n"
        client.send(head.encode())
        assert (await client.answer()).status == 200
        got = named_in(house.upstream.requests[-1], "authorization")
        assert got == ([HUSH.decode()] if values is None else values)


async def test_a_refused_caller_sees_and_sends_nothing_of_them(house: House) -> None:
    await house.start()
    head = "GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\n\r\n"
    answer = await house.ask(head.format(FENCED.decode()).encode())
    assert answer.status == 403
    assert b"hush" not in answer.head + answer.body
    assert house.upstream.requests == []


async def test_without_one_that_cannot_be_unsealed_nothing_is_sent(house: House) -> None:
    """The upstream might take the call for one that needs no password."""
    url = house.upstream.url
    lost = UpstreamHeaders(HEADERS.names, None)
    house.verifier.apis["weather"] = api_record("weather", url, upstream_headers=lost)
    await house.start()
    head = f"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n"
    answer = await house.ask(head.encode())
    assert (answer.status, json.loads(answer.body)["code"]) == (502, "upstream_header_lost")
    assert house.upstream.requests == []


async def test_forward_auth_tells_none(house: House) -> None:
    await house.start(trusted_proxies=("127.0.0.0/8",))
    line = "GET /.keyhouse/v1/authorize?api=weather HTTP/1.1"
    head = f"{line}\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n"
    answer = await house.ask(head.encode())
    assert answer.status == 200
    assert b"hush" not in answer.head + answer.body


async def test_they_are_in_no_log_and_no_repr(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[Any] = []
    tell = house.meter.completed

    def completed(request_id: str, decision: Decision, *rest: Any) -> None:
        lines.append(decision.line)
        tell(request_id, decision, *rest)

    monkeypatch.setattr(house.meter, "completed", completed)
    await house.start()
    await reached(house, f"X-API-Key: {KEY.decode()}")
    face = lines[0].worn
    assert isinstance(face, Face)
    assert HUSH in face.identity
    shown = repr(face) + repr(lines) + repr(house.verifier.apis) + caplog.text
    assert "hush" not in shown
    assert "inner" not in shown
