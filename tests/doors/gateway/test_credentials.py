"""Where keys may stand, and that they go no further."""

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import FENCED, KEY, LIMITED

K = KEY.decode()
OTHER = FENCED.decode()


def request(target: str, *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode("latin-1")


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/weather/x", [f"X-API-Key: {K}"]),
        ("/weather/x", [f"x-api-key:   {K}  "]),
        ("/weather/x", [f"Authorization: Bearer {K}"]),
        ("/weather/x", [f"authorization: bearer  {K}"]),
        ("/weather/x", [f"X-API-Key: {K}", f"Authorization: Bearer {K}"]),
        ("/weather/x", [f"X-API-Key: {K}", f"X-API-Key: {K}"]),
        ("/query/x?api_key=" + K, []),
        ("/query/x?a=1&api_key=" + K + "&b=2", []),
        ("/query/x?%61pi_key=" + K + "&api%5Fkey=" + K, []),
        ("/query/x?api_key=" + K, [f"X-API-Key: {K}", f"Referer: http://a/?api_key={K}"]),
        ("/own/x", [f"X-Acme-Key: {K}"]),
        ("/weather/x", [f"X-API-Key: {K}", f"X-Copy: {K}", f"Cookie: a=1; k={K}"]),
        ("/weather/x", [f"X-API-Key: {K}", f"Authorization: {K}"]),
    ],
)
async def test_a_key_opens_and_is_never_passed_on(
    house: House, target: str, headers: list[str]
) -> None:
    await house.start()
    answer = await house.ask(request(target, "X-Kept: kept", *headers))
    assert answer.status == 200
    [received] = house.upstream.requests
    assert KEY not in received.head
    assert received.headers["x-kept"] == "kept"
    assert K not in str(house.meter.served_rows)


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (f"/query/x?a=1&api_key={K}&b=%20&c", "GET /x?a=1&b=%20&c HTTP/1.1"),
        (f"/query/x?api_key={K}", "GET /x HTTP/1.1"),
        (f"/query?api_key={K}&a", "GET /?a HTTP/1.1"),
    ],
)
async def test_the_rest_of_the_query_stays_as_it_was(
    house: House, target: str, line: str
) -> None:
    await house.start()
    assert (await house.ask(request(target))).status == 200
    assert house.upstream.requests[0].line == line


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/weather/x", [f"X-API-Key: {K}", f"X-API-Key: {OTHER}"]),
        ("/weather/x", [f"X-API-Key: {K}", f"Authorization: Bearer {K[:-1]}8"]),
        (f"/query/x?api_key={K}", [f"X-API-Key: {OTHER}"]),
        (f"/query/x?api_key={K}&api_key={OTHER}", []),
        ("/own/x", [f"X-Acme-Key: {K}", f"X-Acme-Key: {OTHER}"]),
    ],
)
async def test_two_different_keys_are_refused(
    house: House, target: str, headers: list[str]
) -> None:
    await house.start()
    answer = await house.ask(request(target, *headers))
    assert answer.status == 400
    assert b'"conflicting_credentials"' in answer.body
    assert house.meter.served_rows[0]["code"] == "conflicting_credentials"
    assert not house.upstream.requests


async def test_an_authorization_of_the_upstreams_own_stays(house: House) -> None:
    await house.start()
    answer = await house.ask(
        request("/weather/x", f"X-API-Key: {K}", "Authorization: Bearer of-the-upstream")
    )
    assert answer.status == 200
    assert house.upstream.requests[0].headers["authorization"] == "Bearer of-the-upstream"


async def test_a_query_parameter_opens_only_where_the_api_allows_it(house: House) -> None:
    await house.start()
    assert (await house.ask(request(f"/weather/x?api_key={K}"))).status == 401


async def test_another_apis_key_header_is_an_ordinary_header(house: House) -> None:
    await house.start()
    answer = await house.ask(request("/own/x", f"X-Acme-Key: {K}", "X-API-Key: theirs"))
    assert answer.status == 200
    assert house.upstream.requests[0].headers["x-api-key"] == "theirs"
    assert (await house.ask(request("/own/x", f"X-API-Key: {K}"))).status == 401


@pytest.mark.parametrize(
    "target",
    [
        f"/weather/{K}",
        f"/weather/x?a={K}",
        "/weather/" + K.replace("_", "%5F"),
        "/weather/x?a=" + K.replace("k", "%6b"),
        "/weather/a%20b/" + K.replace("_", "%5f"),
    ],
)
async def test_a_key_in_the_path_is_neither_logged_nor_passed_on(
    house: House, target: str
) -> None:
    await house.start()
    answer = await house.ask(request(target, f"X-API-Key: {K}"))
    assert answer.status == 400
    assert b'"key_in_path"' in answer.body
    assert not house.meter.served_rows
    assert not house.upstream.requests


async def test_what_is_left_is_told_with_a_good_answer(house: House) -> None:
    await house.start()
    key = f"X-API-Key: {LIMITED.decode()}"
    answer = await house.ask(request("/weather/x", key))
    assert answer.headers["ratelimit-policy"] == '"per-minute";q=2;w=60'
    assert answer.headers["ratelimit"] == '"per-minute";r=1;t=30'
