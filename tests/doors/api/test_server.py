"""The management API on a socket of its own."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from keyhouse.doors.api import CONNECTIONS_MAX, connections, serve
from tests.doors.api.conftest import House


def _listening() -> tuple[socket.socket, str]:
    sock = socket.create_server(("127.0.0.1", 0))
    return sock, f"http://127.0.0.1:{sock.getsockname()[1]}"


async def test_answers_name_no_server_and_believe_no_proxy(house: House) -> None:
    """A forged X-Forwarded-For must not pass a key's networks."""
    sock, url = _listening()
    stop = asyncio.Event()
    seen: list[int] = []
    real = house._authenticate
    tenant = house.tenant()

    async def watching(secret: bytes, address: int, key_id: str | None) -> object:
        seen.append(address)
        return await real(secret, address, key_id)

    gate = next(one for one in house.app.user_middleware if "authenticate" in one.kwargs)
    gate.kwargs["authenticate"] = watching
    serving = asyncio.create_task(serve(house.app, sock, stop))
    async with httpx.AsyncClient(base_url=url) as client:
        headers = {"X-API-Key": tenant.secret, "X-Forwarded-For": "203.0.113.9"}
        answer = await client.get("/v1/projects", headers=headers)
    stop.set()
    await serving
    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert seen == [0xFFFF_7F00_0001]


async def test_request_in_flight_is_finished_at_a_stop() -> None:
    """A restart must not lose the answer that holds a new key's secret."""
    sock, url = _listening()
    stop, begun, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    serving = asyncio.create_task(serve(app, sock, stop))
    async with httpx.AsyncClient(base_url=url) as client:
        asked = asyncio.create_task(client.get("/"))
        await begun.wait()
        stop.set()
        go_on.set()
        assert (await asked).text == "done"
    await serving
    assert sock.fileno() == -1


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHost: ", b"x"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: ", b"x"),
    ],
)
async def test_who_sends_no_whole_head_in_time_is_closed(
    monkeypatch: pytest.MonkeyPatch, first: bytes, then: bytes
) -> None:
    """Else a stranger holds all files that the process may open, by doing nothing.

    Bytes that trickle in gain no time, at the first head or at one after an answer.
    """
    monkeypatch.setattr(connections, "HEAD_SECONDS_MAX", 0.3)
    async with _served(_done) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first)

        async def trickle() -> None:
            while True:
                writer.write(then)
                await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        with suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 5)
        trickling.cancel()
        writer.close()


async def test_a_body_and_an_answer_may_take_longer_than_a_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS_MAX", 0.2)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        await asyncio.sleep(0.3)
        await _done(scope, receive, send)

    async def body() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"part"
            await asyncio.sleep(0.1)

    async with (
        _served(app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        for _ in range(2):
            assert (await client.post("/", content=body())).text == "done"


async def test_a_connection_too_many_is_closed_and_those_before_it_are_served() -> None:
    async with (
        _served(_done, connections_max=2) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        assert (await client.get("/")).text == "done"
        _, waiting = await asyncio.open_connection("127.0.0.1", port)
        reader, third = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        assert (await client.get("/")).text == "done"
        waiting.close()
        third.close()


async def test_signals_are_left_to_the_process() -> None:
    """Whoever serves has its own way to stop, and may serve in a thread."""
    sock, _ = _listening()

    def run() -> None:
        stop = asyncio.Event()
        stop.set()
        asyncio.run(serve(_nothing, sock, stop))

    thread = threading.Thread(target=run)
    thread.start()
    await asyncio.to_thread(thread.join, 20)
    assert not thread.is_alive()


@asynccontextmanager
async def _served(
    app: ASGIApp, connections_max: int = CONNECTIONS_MAX
) -> AsyncIterator[int]:
    """The port that it is served on."""
    sock, _ = _listening()
    port: int = sock.getsockname()[1]
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(app, sock, stop, connections_max=connections_max))
    try:
        yield port
    finally:
        stop.set()
        await serving


async def _done(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Never called."""
