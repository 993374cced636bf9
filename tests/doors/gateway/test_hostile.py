"""What a stranger may send: limits, and no two readings of anything."""

import json

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY

K = b"X-API-Key: " + KEY + b"\r\n"
LINE = b"GET /weather/x HTTP/1.1\r\n"
HOST = b"Host: a\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (LINE + K + b"\r\n", 400),
        (LINE + HOST + HOST + K + b"\r\n", 400),
        (LINE + HOST + K + b"X: a\r\n b\r\n\r\n", 400),
        (LINE + HOST + K + b"X: a\x00b\r\n\r\n", 400),
        (LINE + HOST + K + b"X: a\rb\r\n\r\n", 400),
        (LINE + HOST + K + b"X: a\nY: b\r\n\r\n", 400),
        (LINE + HOST + K + b"X : a\r\n\r\n", 400),
        (LINE + HOST + K + b"\n", 400),
        (LINE + HOST + K + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
        (LINE + HOST + K + b"Content-Length: -1\r\n\r\n", 400),
        (LINE + HOST + K + b"Content-Length: 1, 1\r\n\r\na", 400),
        (LINE + HOST + K + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
        (
            LINE
            + HOST
            + K
            + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            LINE
            + HOST
            + K
            + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            400,
        ),
        (LINE + HOST + K + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (LINE + HOST + K + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
        (LINE + HOST + K + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (
            b"POST /weather/x HTTP/1.0\r\n"
            + K
            + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + K + b"\r\n", 400),
        (b"CONNECT a:80 HTTP/1.1\r\n" + HOST + K + b"\r\n", 405),
        (b"TRACE /weather/x HTTP/1.1\r\n" + HOST + K + b"\r\n", 405),
        (b"GARBAGE\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET /weather/\xc3\xa9 HTTP/1.1\r\n" + HOST + K + b"\r\n", 400),
        (b"GET /weather/x\r\n\r\n", 505),
        (b"GET /weather/x HTTP/2.0\r\n" + HOST + K + b"\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (LINE + HOST + K + b"Expect: miracles\r\n\r\n", 417),
        (LINE + HOST + K + b"A: b\r\n" * 101 + b"\r\n", 431),
        (LINE + HOST + K + b"X: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /weather/" + b"x" * 9_000 + b" HTTP/1.1\r\n" + HOST + K + b"\r\n", 414),
        (b"GET /weather/" + b"x" * 40_000, 414),
        (LINE + HOST + K + b"Content-Length: 2000000\r\n\r\n", 413),
    ],
)
async def test_what_is_not_plain_http_is_refused(
    house: House, data: bytes, status: int
) -> None:
    await house.start(body_bytes_max=1_000_000)
    answer = await house.ask(data)
    assert answer.status == status
    assert json.loads(answer.body)["status"] == status
    assert not house.upstream.requests
    assert (await house.ask(LINE + HOST + K + b"\r\n")).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/weather/../other",
        "/weather/./x",
        "/weather//x",
        "//weather/x",
        "/weather/a%2fb",
        "/weather/a%5Cb",
        "/weather/a\\b",
        "/weather/%zz",
        "/weather/%00",
        "/weather/%2e%2e/x",
        "/weather/x#y",
    ],
)
async def test_a_path_with_two_readings_is_refused(house: House, path: str) -> None:
    await house.start()
    answer = await house.ask(f"GET {path} HTTP/1.1\r\n".encode() + HOST + K + b"\r\n")
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "ambiguous_path")


async def test_a_head_without_end_is_cut_off(house: House) -> None:
    """The parser itself takes a header of any size."""
    await house.start()
    client = await house.client()
    client.send(LINE + HOST + b"X: ")
    for _ in range(100):
        client.send(b"x" * 1000)
    assert (await client.answer()).status == 431


async def test_a_chunked_body_is_counted(house: House) -> None:
    await house.start(body_bytes_max=1000)
    client = await house.client()
    client.send(
        b"POST /weather/x HTTP/1.1\r\n" + HOST + K + b"Transfer-Encoding: chunked\r\n\r\n"
    )
    for _ in range(100):
        client.send(b"64\r\n" + b"x" * 100 + b"\r\n")
    assert (await client.answer()).status == 413
    assert (await house.ask(LINE + HOST + K + b"\r\n")).status == 200


async def test_a_broken_chunk_is_refused_and_never_completed(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(
        b"POST /weather/x HTTP/1.1\r\n"
        + HOST
        + K
        + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n"
    )
    assert (await client.answer()).status == 400
    assert not house.upstream.requests


async def test_an_empty_line_before_a_request_is_forgiven(house: House) -> None:
    await house.start()
    assert (await house.ask(b"\r\n\r\n" + LINE + HOST + K + b"\r\n")).status == 200


async def test_a_smuggled_request_in_a_body_stays_a_body(house: House) -> None:
    await house.start()
    client = await house.client()
    inner = LINE + HOST + K + b"\r\n"
    client.send(
        b"POST /weather/x HTTP/1.1\r\n"
        + HOST
        + K
        + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(inner), inner)
    )
    assert (await client.answer()).body == inner
    assert len(house.upstream.requests) == 1
