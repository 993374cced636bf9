"""CORS at the gateway: what a browser is told, so that a page can read answers."""

import json

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY, LIMITED
from tests.doors.gateway.wire import Answer, ok

SHOP = "https://www.shop.example"
EXPOSED = (
    "RateLimit, RateLimit-Policy, Retry-After, Deprecation, Sunset, Keyhouse-Request-Id"
)


async def ask(
    house: House, target: str, *headers: str, origin: str = SHOP, method: str = "GET"
) -> Answer:
    lines = "".join(f"{line}\r\n" for line in (f"Origin: {origin}", *headers))
    return await house.ask(
        f"{method} {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode("latin-1")
    )


async def preflight(
    house: House, *headers: str, target: str = "/pages/x", origin: str = SHOP
) -> Answer:
    wants = "Access-Control-Request-Method: PUT"
    return await ask(house, target, wants, *headers, origin=origin, method="OPTIONS")


def cors_of(answer: Answer) -> dict[str, str]:
    return {
        name: value
        for name, value in answer.headers.items()
        if name.startswith("access-control-") or name == "vary"
    }


async def test_a_preflight_is_answered_here_and_counts_nothing(house: House) -> None:
    await house.start()
    asked = "x-api-key, content-type"
    answer = await preflight(house, f"Access-Control-Request-Headers: {asked}")
    assert (answer.status, answer.body) == (204, b"")
    assert cors_of(answer) == {
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers": asked,
        "access-control-max-age": "600",
        "vary": "Origin, Access-Control-Request-Headers",
    }
    assert not house.upstream.requests
    assert not house.verifier.requests
    assert not house.meter.served_rows


async def test_a_connection_lives_on_after_a_preflight(house: House) -> None:
    await house.start()
    client = await house.client()
    head = f"Host: a\r\nOrigin: {SHOP}\r\n"
    client.send(
        f"OPTIONS /pages/x HTTP/1.1\r\n{head}Access-Control-Request-Method: GET\r\n\r\n"
        f"GET /pages/x HTTP/1.1\r\n{head}X-API-Key: {KEY.decode()}\r\n\r\n"
        f"GET /pages/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n".encode()
    )
    answers = [await client.answer() for _ in range(3)]
    assert [answer.status for answer in answers] == [204, 200, 200]
    told = [answer.headers.get("access-control-allow-origin") for answer in answers]
    assert told == [SHOP, SHOP, None]


@pytest.mark.parametrize(
    "names", ["", "x y", "x\xff", ",".join(["x"] * 65), "x" * 65, "x,,y", "x,"]
)
async def test_a_list_of_headers_that_is_none_is_not_allowed(
    house: House, names: str
) -> None:
    await house.start()
    answer = await preflight(house, f"Access-Control-Request-Headers: {names}")
    assert answer.status == 204
    assert "access-control-allow-headers" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "https://shop.example.evil"]
)
async def test_a_foreign_page_gets_no_leave(house: House, origin: str) -> None:
    await house.start()
    answer = await preflight(house, origin=origin)
    assert (answer.status, json.loads(answer.body)["code"]) == (403, "origin_not_allowed")
    assert not cors_of(answer)


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/weather/x", []),
        ("/pages/x", [f"X-API-Key: {KEY.decode()}"]),
        ("/pages/x", ["Authorization: Bearer nonsense"]),
        ("/own-pages/x", [f"X-Acme-Key: {KEY.decode()}"]),
    ],
)
async def test_any_other_options_goes_its_ordinary_way(
    house: House, target: str, headers: list[str]
) -> None:
    await house.start()
    await preflight(house, *headers, target=target)
    assert len(house.meter.served_rows) == 1


async def test_an_options_that_asks_for_no_method_is_no_preflight(house: House) -> None:
    await house.start()
    answer = await ask(house, "/pages/x", method="OPTIONS")
    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize(("origin", "told"), [(SHOP, SHOP), ("https://evil.test", None)])
async def test_what_the_upstream_says_of_cors_is_replaced(
    house: House, origin: str, told: str | None
) -> None:
    await house.start()
    house.upstream.reply(
        ok(
            b"hello",
            "Access-Control-Allow-Origin: *",
            "access-control-allow-credentials: true",
            "Vary: Accept",
            "X-Theirs: 1",
        )
    )
    key = f"X-API-Key: {KEY.decode()}"
    answer = await ask(house, "/pages/x", key, origin=origin)
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers.get("access-control-allow-origin") == told
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["x-theirs"] == "1"
    assert b"\r\nVary: Accept\r\n" in answer.head
    assert (b"\r\nVary: Origin\r\n" in answer.head) is (told is not None)


async def test_the_upstreams_own_cors_stands_where_the_gateway_has_none(
    house: House,
) -> None:
    await house.start()
    house.upstream.reply(ok(b"", "Access-Control-Allow-Origin: *"))
    line = f"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n"
    answer = await house.ask(line.encode())
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_refusals_can_be_read_by_the_page(house: House) -> None:
    await house.start()
    key = f"X-API-Key: {LIMITED.decode()}"
    answers = [await ask(house, "/pages/x", key) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    for answer in (*answers, await ask(house, "/pages/x")):
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert answer.headers["access-control-expose-headers"] == EXPOSED
        assert answer.headers["vary"] == "Origin"


async def test_an_upstream_that_is_away_is_told_to_the_page_as_well(house: House) -> None:
    await house.start()
    await house.upstream.stop()
    answer = await ask(house, "/pages/x", f"X-API-Key: {KEY.decode()}")
    assert answer.status == 502
    assert answer.headers["access-control-allow-origin"] == SHOP


async def test_an_answer_in_chunks_is_marked_too(house: House) -> None:
    await house.start()
    house.upstream.reply(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        b"Access-Control-Max-Age: 1\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    )
    answer = await ask(house, "/pages/x", f"X-API-Key: {KEY.decode()}")
    assert answer.body == b"hello"
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "access-control-max-age" not in answer.headers
