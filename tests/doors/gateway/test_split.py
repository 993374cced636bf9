"""However a stream is cut into packets, it means the same."""

import asyncio
from itertools import pairwise

import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY
from tests.doors.gateway.wire import Link, RawUpstream, ok

K = b"Host: a\r\nX-API-Key: " + KEY + b"\r\n"
STREAM = b"".join(
    (
        b"GET /weather/a?x=1 HTTP/1.1\r\n" + K + b"\r\n",
        b"\r\nPOST /weather/b HTTP/1.1\r\n" + K + b"Content-Length: 8\r\n\r\n\r\n\r\nGET ",
        b"POST /weather/c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        b"POST /weather/d HTTP/1.1\r\n" + K + b"Transfer-Encoding: chunked\r\n\r\n",
        b"2\r\n\r\n\r\n4;e=f\r\n\r\n\r\n\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n",
        b"HEAD /weather/e HTTP/1.1\r\n" + K + b"\r\n",
        b"GET /nowhere/f HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /weather/g HTTP/1.1\r\n" + K + b"Connection: close\r\n\r\n",
    )
)


async def _echo(link: Link) -> None:
    while True:
        request = await link.request()
        whole = ok(request.line.encode() + b"|" + request.body)
        link.send(
            whole.split(b"\r\n\r\n")[0] + b"\r\n\r\n" if "HEAD" in request.line else whole
        )


async def _answers(cuts: list[int]) -> list[tuple[int, bytes]]:
    upstream = RawUpstream()
    upstream.play = _echo
    await upstream.start()
    house = await House(upstream).start()
    try:
        client = await house.client()
        edges = [0, *sorted(cuts), len(STREAM)]
        for start, end in pairwise(edges):
            client.send(STREAM[start:end])
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
        found = []
        for place in range(7):
            answer = await client.answer(is_head=place == 4)
            problem = answer.headers.get("content-type") == "application/problem+json"
            found.append((answer.status, b"" if problem else answer.body))
        assert await client.rest() == b""
        return found
    finally:
        await house.stop()
        await upstream.stop()


EXPECTED = [
    (200, b"GET /a?x=1 HTTP/1.1|"),
    (200, b"POST /b HTTP/1.1|\r\n\r\nGET "),
    (401, b""),
    (200, b"POST /d HTTP/1.1|\r\n\r\n\r\nx"),
    (200, b""),
    (404, b""),
    (200, b"GET /g HTTP/1.1|"),
]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=12, unique=True))
def test_a_stream_cut_anywhere_gets_the_same_answers(cuts: list[int]) -> None:
    assert uvloop.run(_answers(cuts)) == EXPECTED


def test_a_stream_of_single_bytes_gets_the_same_answers() -> None:
    assert uvloop.run(_answers(list(range(1, len(STREAM))))) == EXPECTED
