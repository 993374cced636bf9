"""A caller that sends the same headers again is served as if it were the first time.

The gateway remembers the head that came last on a connection. Whatever comes
next, on the same connection or on one of its own, must come to the same.
"""

import random
from typing import NamedTuple

import pytest

from keyhouse.core.addresses import Networks
from keyhouse.core.prefixes import Prefixes
from keyhouse.doors.gateway.head import HOSTS
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import FENCED, KEY, LIMITED, api_record
from tests.doors.gateway.wire import Answer, Received, ok

_LINES = (
    "GET /weather/now HTTP/1.1",
    "GET /weather/now?q=1 HTTP/1.1",
    "GET /weather/later HTTP/1.1",
    "HEAD /weather/now HTTP/1.1",
    "DELETE /weather/now HTTP/1.1",
    "GET /based/x HTTP/1.1",
    "GET /none/x HTTP/1.1",
    "GET /query/x?api_key={key} HTTP/1.1",
    "GET /own/x HTTP/1.1",
    "GET /weather/{key} HTTP/1.1",
    "GET /weather/a/../b HTTP/1.1",
    "GET /weather/a#b HTTP/1.1",
    "GET  /weather/now HTTP/1.1",
    "GET /weather/now\tx HTTP/1.1",
    "get /weather/now HTTP/1.1",
    "PURGE /weather/now HTTP/1.1",
    "GET http://x/weather/now HTTP/1.1",
    "GET /weather/now HTTP/1.0",
    "GET /weather/now HTTP/2.0",
    "GET /nowhere/now HTTP/1.1",
    "GET /.keyhouse/live HTTP/1.1",
    "GET /weather/" + "long/" * 60 + " HTTP/1.1",
    "GET /kept/x HTTP/1.1",
    "GET /kept?q=1 HTTP/1.1",
    "GET /based/deep/x HTTP/1.1",
    "GET /b%61sed/x HTTP/1.1",
    "GET /%2ekeyhouse/live HTTP/1.1",
    "GET / HTTP/1.1",
    "GET /?q=1 HTTP/1.1",
)
_HOSTS = (
    "api.test",
    "api.test",
    "b.test",
    "weather.test",
    "weather.test:8080",
    "KEPT.test.",
    "any.stars.test",
    "gone.test",
    "gateway.test",
    "shared.test",
    "bare.test",
    "127.0.0.1",
)
_BELOW = (("/based", "based"), ("/based/deep", "kept"), ("/kept", "weather"))
_SLUGS: dict[str, str | Prefixes] = {
    "shared.test": Prefixes("shared.test", (("", "weather"), *_BELOW)),
    "bare.test": Prefixes("bare.test", _BELOW),
    "weather.test": "weather",
    "kept.test": "kept",
    "*.stars.test": "based",
    "gone.test": "gone",
    "gateway.test": "weather",
}
_BLOCKS = (
    "X-API-Key: {key}",
    "X-API-Key: {key}\r\nAccept: text/html",
    "X-API-Key: {fenced}",
    "Authorization: Bearer {key}",
    "Authorization: Bearer theirs\r\nX-API-Key: {key}",
    "Authorization: Bearer theirs",
    "X-API-Key: {key}\r\nX-Copy: {key}",
    "X-API-Key: {key}\r\nReferer: https://a.example/\r\nOrigin: https://a.example",
    "X-API-Key: {key}\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1",
    "X-API-Key: {key}\r\nConnection: close",
    "X-API-Key: {key}\r\nX-Forwarded-For: 203.0.113.9",
    "X-API-Key: {key}\r\nX-Forwarded-User: somebody",
    "X-API-Key: {key}\r\nContent-Length: 2",
    "X-API-Key: {key}\r\nTransfer-Encoding: chunked",
    "X-API-Key: {key}\r\nX-API-Key: {fenced}",
    "X-Acme-Key: {key}",
    "Accept: */*",
)
_TRACED = "X-API-Key: {{key}}\r\nTraceparent: {}\r\nAccept: {}"
_VALUES = (
    "00-1-01",
    "00-2-01",
    "{key}",
    "x {key} y",
    "a  b",
    " led",
    "trailed ",
    "tab\tbed",
    "",
    "\x01",
    "ü",
    "a\r\n b",
    "a\r\nX-API-Key: {fenced}",
    "a\r\nOrigin: https://a.example",
    "a\nX-API-Key: {fenced}",
)
_NAMES = ("traceparent", "Traceparent", "Traceparent ", "Connection", "Origin", "Host")
_SECRETS = {"key": KEY.decode(), "fenced": FENCED.decode()}


class Ask(NamedTuple):
    """A request, and whether its answer has no body."""

    data: bytes
    is_head: bool


def ask(line: str, block: str, host: str = "api.test") -> Ask:
    body = ""
    if "Content-Length" in block:
        body = "hi"
    elif "chunked" in block:
        body = "2\r\nhi\r\n0\r\n\r\n"
    text = f"{line}\r\nHost: {host}\r\n{block}\r\n\r\n{body}".format(**_SECRETS)
    return Ask(text.encode(), line.startswith("HEAD "))


def seen(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs each time."""
    headers = dict(answer.headers)
    headers.pop("date", None)
    number = headers.pop("keyhouse-request-id").encode()
    headers.pop("date", None)
    return answer.status, headers, answer.body.replace(number, b"")


def reached(requests: list[Received]) -> list[bytes]:
    """What came to the upstream, but for the number of the request."""
    return [
        b"\r\n".join(
            line
            for line in (one.head + one.body).split(b"\r\n")
            if not line.startswith(b"Keyhouse-Request-Id: ")
        )
        for one in requests
    ]


async def alone(house: House, one: Ask) -> tuple[object, list[bytes]]:
    """What a request comes to on a connection of its own."""
    house.upstream.requests.clear()
    client = await house.client()
    client.send(one.data)
    answer = await client.answer(is_head=one.is_head)
    await client.close()
    return seen(answer), reached(house.upstream.requests)


@pytest.mark.parametrize("by_host", [False, True])
@pytest.mark.parametrize("seed", range(12))
async def test_what_came_before_changes_nothing(
    house: House, seed: int, by_host: bool
) -> None:
    """Runs of like requests, each compared with the same request alone."""
    house.verifier.host_slugs = _SLUGS
    house.verifier.hosts.in_use = by_host
    await house.start(own_hosts=frozenset(("gateway.test",)))
    draw = random.Random(seed)
    client = await house.client()
    block = draw.choice(_BLOCKS)
    for _ in range(40):
        if draw.random() < 0.3:
            block = draw.choice(_BLOCKS)
        line = _LINES[0] if draw.random() < 0.4 else draw.choice(_LINES)
        one = ask(line, block, draw.choice(_HOSTS))
        wanted = await alone(house, one)
        house.upstream.requests.clear()
        client.send(one.data)
        answer = await client.answer(is_head=one.is_head)
        got = seen(answer), reached(house.upstream.requests)
        assert got == wanted, (line, block, one.data)
        if answer.headers.get("connection") == "close":
            assert await client.rest() == b""
            await client.close()
            client = await house.client()


@pytest.mark.parametrize("seed", range(12))
async def test_heads_that_are_alike_mean_what_each_of_them_means(
    house: House, seed: int
) -> None:
    """Only a value may vary unread, and only a plain one, of a header that goes on."""
    await house.start()
    draw = random.Random(seed)
    client = await house.client()
    for _ in range(60):
        value = _VALUES[draw.randrange(2)] if draw.random() < 0.7 else draw.choice(_VALUES)
        block = _TRACED.format(value, draw.choice(("*/*", "*/*", "a/b", value)))
        if draw.random() < 0.1:
            block = block.replace("Traceparent", draw.choice(_NAMES))
        line = draw.choice(_LINES[:5])
        one = ask(line, block)
        wanted = await alone(house, one)
        house.upstream.requests.clear()
        client.send(one.data)
        answer = await client.answer(is_head=one.is_head)
        got = seen(answer), reached(house.upstream.requests)
        assert got == wanted, one.data
        if answer.headers.get("connection") == "close":
            # A head that cannot be read is answered with a body, whatever it asked for.
            assert await client.rest() == b"" or one.is_head
            await client.close()
            client = await house.client()


async def test_heads_that_are_alike_are_not_parsed(house: House) -> None:
    """Else callers that number their requests would be served at half the pace."""
    await house.start()
    parsed: list[int] = []
    client = await house.client()
    for number in range(5):
        HOSTS.clear()  # looked at anew where a head is parsed
        block = _TRACED.format(f"00-{number}", "*/*")
        client.send(ask(f"GET /weather/{number} HTTP/1.1", block).data)
        assert (await client.answer()).status == 200
        head = house.upstream.requests[-1].head
        assert b"Traceparent: 00-%d\r\n" % number in head
        assert head.startswith(b"GET /%d HTTP/1.1" % number)
        if HOSTS:
            parsed.append(number)
    # The first had to wait for a connection, behind which nothing is remembered.
    assert parsed == [0, 1]


async def test_an_api_that_changed_meanwhile_is_asked_as_it_is(house: House) -> None:
    await house.start()
    client = await house.client()
    one = ask(_LINES[0], _BLOCKS[0])
    for prefix, line in (("", "GET /now"), ("/moved", "GET /moved/now")):
        url = house.upstream.url + prefix
        house.verifier.apis["weather"] = api_record("weather", url)
        house.verifier._lines.clear()
        client.send(one.data)
        assert (await client.answer()).status == 200
        assert house.upstream.requests[-1].line == f"{line} HTTP/1.1"
    house.verifier.apis["weather"] = api_record("weather", url, key_header=b"x-acme-key")
    house.verifier._lines.clear()
    client.send(one.data)
    assert (await client.answer()).status == 401


async def test_a_host_that_changed_meanwhile_leads_where_it_leads(house: House) -> None:
    await house.start()
    client = await house.client()
    one = ask("GET /weather/now HTTP/1.1", _BLOCKS[0], "weather.test")
    below = Prefixes("weather.test", [("/weather", "based")])
    steps: tuple[tuple[dict[str, str | Prefixes], str], ...] = (
        ({}, "GET /now"),
        ({"weather.test": "weather"}, "GET /weather/now"),
        ({"weather.test": "based"}, "GET /base/weather/now"),
        ({"weather.test": below}, "GET /base/now"),
        ({}, "GET /now"),
    )
    for slugs, reached_as in steps:
        house.verifier.host_slugs = slugs
        house.verifier.hosts.changed()
        for _ in range(2):
            client.send(one.data)
            assert (await client.answer()).status == 200
            assert house.upstream.requests[-1].line == f"{reached_as} HTTP/1.1"


async def test_an_api_that_keeps_its_slug_meanwhile_gets_it(house: House) -> None:
    await house.start()
    client = await house.client()
    one = ask(_LINES[1], _BLOCKS[0])
    for keeps, line in (
        (False, "/now?q=1"),
        (True, "/weather/now?q=1"),
        (False, "/now?q=1"),
    ):
        url = house.upstream.url
        house.verifier.apis["weather"] = api_record("weather", url, keeps_prefix=keeps)
        house.verifier._lines.clear()
        for _ in range(2):
            client.send(one.data)
            assert (await client.answer()).status == 200
            assert house.upstream.requests[-1].line == f"GET {line} HTTP/1.1"


async def test_a_key_that_changed_meanwhile_is_judged_as_it_is(house: House) -> None:
    await house.start()
    client = await house.client()
    one = ask(_LINES[0], _BLOCKS[0])
    client.send(one.data)
    assert (await client.answer()).status == 200
    house.verifier.keys[KEY] = house.verifier.keys[FENCED]
    house.verifier._lines.clear()
    assert isinstance(house.verifier.keys[KEY].networks, Networks)
    client.send(one.data)
    assert (await client.answer()).status == 403


async def test_limits_are_counted_each_time(house: House) -> None:
    await house.start()
    client = await house.client()
    block = f"X-API-Key: {LIMITED.decode()}"
    statuses = []
    for line in _LINES[:4]:
        one = ask(line, block)
        client.send(one.data)
        statuses.append((await client.answer(is_head=one.is_head)).status)
    assert statuses == [200, 200, 429, 429]


async def test_a_secret_goes_nowhere_also_when_it_is_remembered(house: House) -> None:
    """In a header of another name, in the host, in a cookie: cut out both times."""
    await house.start()
    client = await house.client()
    block = _BLOCKS[6] + "\r\nCookie: a={key}\r\nX-Fine: 1"
    for line in (_LINES[0], _LINES[2], _LINES[0]):
        client.send(ask(line, block, host=KEY.decode()).data)
        assert (await client.answer()).status == 200
        received = house.upstream.requests[-1]
        assert KEY not in received.head
        assert received.headers["x-fine"] == "1"


async def test_an_interim_answer_before_does_not_forbid_a_second_try(house: House) -> None:
    """A kept connection that the upstream has closed is tried anew, each time."""
    await house.start()
    early = b"HTTP/1.1 103 Early Hints\r\n\r\n" + ok(b"hello")
    house.upstream.reply(early, end=True)
    client = await house.client()
    for line in (_LINES[0], _LINES[2], _LINES[0]):
        client.send(ask(line, _BLOCKS[0]).data)
        assert (await client.answer()).status == 103
        assert (await client.answer()).status == 200
