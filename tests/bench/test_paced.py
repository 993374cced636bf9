"""The load for latencies sees what a load that waits politely would not."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.due import due, due_in_parts
from bench.load import Target
from bench.processes import BenchFailed

CORE = 0
STALL_SECONDS = 0.3
RATE = 400.0
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


class _Answering(asyncio.Protocol):
    """Answers each request in two pieces; stalls once, for everybody."""

    def __init__(self, stalls: dict[int, float], head: bytes, opened: list[object]) -> None:
        self._stalls = stalls
        self._head = head
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._opened.append(self)

    def data_received(self, data: bytes) -> None:
        self._stalls[-1] = self._stalls.get(-1, 0) + 1
        seconds = self._stalls.pop(int(self._stalls[-1]), 0)
        if seconds:
            threading.Event().wait(seconds)
        self._transport.write(self._head)
        loop = asyncio.get_running_loop()
        loop.call_soon(self._transport.write, b"good")


@contextmanager
def _server(
    stalls: dict[int, float], head: bytes = _HEAD, opened: list[object] | None = None
) -> Iterator[Target]:
    loop = asyncio.new_event_loop()
    made = loop.create_server(
        lambda: _Answering(stalls, head, [] if opened is None else opened), "127.0.0.1", 0
    )
    server = loop.run_until_complete(made)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    port = server.sockets[0].getsockname()[1]
    try:
        yield Target("it", f"http://127.0.0.1:{port}/", {})
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


def test_a_stall_is_told_as_the_wait_of_all_who_came_meanwhile() -> None:
    """A load that waited for answers would see one slow request among hundreds."""
    with _server({50: STALL_SECONDS}) as target:
        told = due(target, core=CORE, rate=RATE, seconds=1, connections=2)
    assert told.max_us >= STALL_SECONDS * 1e6
    # A tenth of all came in the first half of the stall, and waited half of it.
    assert told.p99_us >= STALL_SECONDS * 1e6 / 2


def test_a_stall_in_one_part_of_a_run_is_told_of_that_part() -> None:
    stall_us = STALL_SECONDS * 1e6
    with _server({int(RATE) + 100: STALL_SECONDS}) as target:
        first, then = due_in_parts(
            target, core=CORE, rate=RATE, seconds=(1, 1), connections=2
        )
    assert first.max_us < stall_us <= then.max_us


def test_parts_of_a_run_share_their_connections() -> None:
    opened: list[object] = []
    with _server({}, opened=opened) as target:
        due_in_parts(target, core=CORE, rate=RATE, seconds=(0.1, 0.1), connections=2)
    assert len(opened) == 2


def test_a_refusal_fails_the_run() -> None:
    refusal = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 4\r\n\r\n"
    with _server({}, refusal) as target, pytest.raises(BenchFailed, match="503"):
        due(target, core=CORE, rate=RATE, seconds=0.1, connections=1)
