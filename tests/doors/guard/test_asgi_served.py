"""The guard around an application under a real server: HTTP and WebSockets on a wire."""

import asyncio
import json
import re
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from keyhouse import Keyhouse
from keyhouse.adapters.database.tables import request_log
from keyhouse.asgi import KeyhouseMiddleware
from keyhouse.core.entities import Key, Limit, LimitKind
from keyhouse.core.secret import Secret
from keyhouse.core.verdict import BY_NUMBER
from tests.doors.guard.installation import Installation
from tests.repository.places import ROOT

TWICE = Limit(name="twice", kind=LimitKind.RATE, amount=2, period_seconds=3600)


async def talkative(scope: Any, receive: Any, send: Any) -> None:
    """Streams an answer in two pieces; a WebSocket gets back what it sends."""
    if scope["type"] == "websocket":
        assert (await receive())["type"] == "websocket.connect"
        if scope["path"] == "/closed":
            await send({"type": "websocket.close", "code": 1000})
            return
        await send({"type": "websocket.accept"})
        who = scope["state"]["keyhouse"].application.name
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": f"{who}: {message['text']}"})
        return
    assert scope["type"] == "http"  # of a lifespan it knows nothing, as many do
    who = scope.get("state", {}).get("keyhouse")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    first = json.dumps(who and who.application.name).encode()
    await send({"type": "http.response.body", "body": first, "more_body": True})
    await send({"type": "http.response.body", "body": b"."})


@asynccontextmanager
async def served(installation: Installation, **options: Any) -> AsyncIterator[str]:
    """The application behind the guard on a port of 127.0.0.1; its address."""
    kh = Keyhouse.from_env(installation.environ)
    async with serving(KeyhouseMiddleware(talkative, kh, api="weather", **options)) as at:
        yield at


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """An application on a port of 127.0.0.1; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, ws="websockets-sansio")
        )
        task = asyncio.create_task(server.serve(sockets=[listening]))
        async with asyncio.timeout(10):
            while not server.started:
                assert not task.done(), "the server has ended by itself"
                await asyncio.sleep(0.005)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


def key_of(secret: Secret) -> dict[str, str]:
    return {"X-API-Key": secret.reveal()}


def counted(installation: Installation) -> list[tuple[str, int]]:
    """Verdicts and statuses of all requests, once the guard has closed."""
    query = sa.select(request_log.c.verdict, request_log.c.status)
    with installation.database.engine.connect() as connection:
        rows = connection.execute(query).all()
    return sorted((BY_NUMBER[row.verdict].code, row.status) for row in rows)


async def test_requests_pass_and_are_refused_over_http(installation: Installation) -> None:
    secret = installation.add_key(limits=(TWICE,))
    async with (
        served(installation, exclude=("/health",)) as at,
        httpx.AsyncClient(base_url=f"http://{at}") as client,
    ):
        passed = await client.get("/x", headers=key_of(secret))
        refused = await client.get("/x")
        open_ = await client.get("/health")
        again = [await client.get("/x", headers=key_of(secret)) for _ in range(2)]
    assert (passed.status_code, passed.text) == (200, '"caller".')
    assert passed.headers["ratelimit"] == '"twice";r=1;t=1800'
    assert passed.headers["keyhouse-request-id"].startswith("req_")
    assert (refused.status_code, refused.json()["code"]) == (401, "missing")
    assert refused.headers["content-type"] == "application/problem+json"
    assert (open_.status_code, open_.text) == (200, "null.")
    assert [one.status_code for one in again] == [200, 429]
    assert int(again[1].headers["retry-after"]) > 0
    assert counted(installation) == [
        ("missing", 401),
        ("rate_limited", 429),
        ("valid", 200),
        ("valid", 200),
    ]


async def test_the_example_of_the_page_serves_as_it_stands(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers whatever it is asked, a lifespan too, and so do many others."""
    for name, value in installation.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KEYHOUSE_URL", raising=False)
    page = (ROOT / "docs/how-to/protect-an-asgi-app.md").read_text("utf-8")
    told: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, told)  # noqa: S102  (the page's own example)
    secret = installation.add_key()
    async with (
        serving(told["app"]) as at,
        httpx.AsyncClient(base_url=f"http://{at}") as client,
    ):
        passed = await client.get("/x", headers=key_of(secret))
        refused = await client.get("/x")
        open_ = await client.get("/health")
    assert (passed.status_code, passed.text) == (200, "caller")
    assert (refused.status_code, refused.json()["code"]) == (401, "missing")
    assert (open_.status_code, open_.text) == (200, "anybody")
    assert counted(installation) == [("missing", 401), ("valid", 200)]


async def test_a_websocket_passes_with_a_key_and_is_counted_at_its_end(
    installation: Installation,
) -> None:
    secret = installation.add_key()
    async with (
        served(installation) as at,
        connect(f"ws://{at}/chat", additional_headers=key_of(secret)) as wire,
    ):
        assert wire.response is not None
        assert wire.response.headers["Keyhouse-Request-Id"].startswith("req_")
        for word in ("one", "two"):
            await wire.send(word)
            assert await wire.recv() == f"caller: {word}"
    assert counted(installation) == [("valid", 101)]


async def test_a_websocket_is_refused_with_the_whole_problem(
    installation: Installation,
) -> None:
    """uvicorn can tell it in place of the handshake (websocket.http.response)."""
    secret = installation.add_key(limits=(TWICE,))
    told = []
    async with served(installation, cost=3) as at:
        for headers in ({}, key_of(secret)):
            with pytest.raises(InvalidStatus) as refusal:
                await connect(f"ws://{at}/chat", additional_headers=headers)
            answer = refusal.value.response
            assert answer.headers["Content-Type"] == "application/problem+json"
            told.append((answer.status_code, json.loads(answer.body)["code"]))
    assert told == [(401, "missing"), (429, "rate_limited")]
    assert counted(installation) == [("missing", 401), ("rate_limited", 429)]


async def test_a_websocket_that_the_application_closes_is_refused(
    installation: Installation,
) -> None:
    secret = installation.add_key()
    async with served(installation) as at:
        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"ws://{at}/closed", additional_headers=key_of(secret))
    assert refusal.value.response.status_code == 403
    assert counted(installation) == [("valid", 403)]


async def test_http_basic_opens_both(installation: Installation) -> None:
    secret = installation.add_key()
    with installation.database.rows.reading() as tx:
        [id] = [key.id for key in tx.find(Key)]
    pair = b64encode(f"{id}:{secret.reveal()}".encode()).decode()
    wrong = b64encode(f"{id[:-1]}z:{secret.reveal()}".encode()).decode()
    basic = {"Authorization": f"Basic {pair}"}
    async with served(installation) as at:
        async with httpx.AsyncClient(base_url=f"http://{at}") as client:
            assert (await client.get("/x", headers=basic)).status_code == 200
            other = {"Authorization": f"Basic {wrong}"}
            assert (await client.get("/x", headers=other)).status_code == 401
        async with connect(f"ws://{at}/chat", additional_headers=basic) as wire:
            await wire.send("x")
            assert await wire.recv() == "caller: x"
