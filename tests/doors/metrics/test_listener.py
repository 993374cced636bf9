"""`/metrics` on a listener of its own: one thing alone, for whoever reaches it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from keyhouse.doors.metrics import MetricsListener, listener

TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Place:
    def __init__(self) -> None:
        self.text = b"keyhouse_ready 1\n"
        self.port = 0

    def render(self) -> bytes:
        if not self.text:
            raise RuntimeError("broken")
        return self.text

    async def ask(self, head: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head)
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        return answer


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    sock = socket.create_server(("127.0.0.1", 0))
    made.port = sock.getsockname()[1]
    serving = MetricsListener(sock, made.render, TYPE)
    await serving.start()
    yield made
    await serving.close()


def _request(line: bytes) -> bytes:
    return line + b" HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_metrics_are_told(place: Place) -> None:
    answer = await place.ask(_request(b"GET /metrics?x=1"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Type: " + TYPE.encode() in head
    assert body == place.text
    head, _, body = (await place.ask(_request(b"HEAD /metrics"))).partition(b"\r\n\r\n")
    assert (head[:15], body) == (b"HTTP/1.1 200 OK", b"")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /", b"404"),
        (b"GET /metrics/", b"404"),
        (b"GET http://a/metrics", b"404"),
        (b"POST /metrics", b"405"),
        (b"nonsense", b"404"),
    ],
)
async def test_there_is_nothing_else(place: Place, line: bytes, status: bytes) -> None:
    assert (await place.ask(_request(line)))[9:12] == status


async def test_a_fault_is_no_answer_that_looks_whole(place: Place) -> None:
    """Prometheus would take an empty text for metrics that are gone."""
    place.text = b""
    assert (await place.ask(_request(b"GET /metrics")))[9:12] == b"500"


async def test_who_sends_no_end_is_cut_off(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a stranger could have it hold connections and memory without bound."""
    monkeypatch.setattr(listener, "HEAD_SECONDS_MAX", 0.1)
    for head in (b"GET /metrics HTTP/1.1\r\n", b"GET /" + b"a" * 20_000):
        try:
            answer = await place.ask(head)
        except ConnectionError:
            answer = b""
        assert answer == b""
    assert (await place.ask(_request(b"GET /metrics")))[9:12] == b"200"
