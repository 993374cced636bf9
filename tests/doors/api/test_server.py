"""The management API on a socket of its own."""

import asyncio
import socket
import threading

import httpx
from starlette.types import Receive, Scope, Send

from keyhouse.doors.api import serve
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


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Never called."""
