"""A key means the same at the guard and at the gateway."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop
from fastapi import Depends, FastAPI

from keyhouse import Keyhouse, settings, wiring
from keyhouse.core.entities import (
    Api,
    Environment,
    KeyKind,
    Limit,
    LimitKind,
    Restrictions,
    Route,
    Window,
)
from keyhouse.core.secret import Secret, mint
from keyhouse.doors.gateway import GatewayConfig, GatewayServer, Plane
from keyhouse.fastapi import KeyGuard
from tests.doors.guard.installation import TIMES, Installation, install, new_id

ONE_A_MINUTE = Limit(name="minute", kind=LimitKind.RATE, amount=1, period_seconds=60)
TWO_A_MONTH = Limit(name="month", kind=LimitKind.QUOTA, amount=2, window=Window.MONTH)
ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


def restricted(**kinds: tuple[str, ...]) -> dict[str, Any]:
    return {"restrictions": Restrictions(**kinds)}


# What is asked, how the key is made, and the codes of calls made one after the other.
CASES: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {
    "a key": ({}, {}, ["valid"]),
    "disabled": ({"disabled_at": 1}, {}, ["disabled"]),
    "revoked": ({"revoked_at": 1}, {}, ["revoked"]),
    "deleted": ({"deleted_at": 1}, {}, ["unknown"]),
    "expired": ({"ends_at": 1}, {}, ["expired"]),
    "not yet": ({"starts_at": 1 << 60}, {}, ["not_yet_valid"]),
    "network": (restricted(networks_allowed=("127.0.0.0/8",)), {}, ["valid"]),
    "elsewhere": (restricted(networks_allowed=("203.0.113.0/24",)), {}, ["ip_not_allowed"]),
    "denied": (restricted(networks_denied=("127.0.0.1",)), {}, ["ip_not_allowed"]),
    "page": (
        restricted(referrers=("*.example.com",)),
        {"Referer": "https://www.example.com/x"},
        ["valid"],
    ),
    "no page": (restricted(referrers=("*.example.com",)), {}, ["referrer_not_allowed"]),
    "endpoint": (restricted(endpoints=("GET /forecast",)), {}, ["valid"]),
    "other": (restricted(endpoints=("POST /forecast",)), {}, ["endpoint_not_allowed"]),
    "scope": ({"scopes": ("other:read",)}, {}, ["scope_missing"]),
    "rate": ({"limits": (ONE_A_MINUTE,)}, {}, ["valid", "rate_limited"]),
    "quota": ({"limits": (TWO_A_MONTH,)}, {}, ["valid", "valid", "quota_exceeded"]),
    "two keys": ({}, {"Authorization": "another"}, ["conflicting_credentials"]),
    "foreign token": ({}, {"Authorization": "Basic eHg6eXk="}, ["valid"]),
}


class Doors:
    """Both doors of one installation."""

    def __init__(self, made: Installation, gateway: str, guard: httpx.AsyncClient) -> None:
        self.made = made
        self._gateway = gateway
        self._guard = guard

    async def at_gateway(self, headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"{self._gateway}/weather/forecast", headers=headers)

    async def at_guard(self, headers: dict[str, str]) -> httpx.Response:
        return await self._guard.get("/forecast", headers=headers)


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Doors]:
    made = install(tmp_path / "data")
    async with (
        upstream() as url,
        gateway(made, url) as address,
        guarded(made) as client,
    ):
        yield Doors(made, address, client)
    made.database.dispose()


@asynccontextmanager
async def upstream() -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline() not in (b"", b"\r\n"):
            pass
        writer.write(ANSWER)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def gateway(made: Installation, upstream_url: str) -> AsyncIterator[str]:
    needs_scope(made, upstream_url)
    loaded = settings.load({"data.dir": made.folder}, environ={})
    plane = wiring.data_plane(loaded, made.database, "gateway")
    await plane.open()
    faces = Plane(
        plane.verifier,
        plane.resolver,
        plane.meter,
        plane.new_request_id,
        lambda: plane.is_ready,
        plane.means.clock.now_us,
        plane.recent,
        plane.reservations,
    )
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = GatewayServer(GatewayConfig(), faces)
        await server.start(bound)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        await server.drain(5)
    await plane.close()


def needs_scope(made: Installation, upstream_url: str) -> None:
    """The upstream, and the route whose scope the guard's handler asks for."""
    with made.database.rows.writing() as tx:
        (api,) = tx.find(Api)
        tx.update(api, upstreams={"test": upstream_url})
        tx.insert(
            Route(
                id=new_id("rte"),
                organization_id=made.organization_id,
                api_id=made.api_id,
                position=0,
                method="GET",
                path="/forecast",
                scopes=("forecast:read",),
                **TIMES,
            )
        )


@asynccontextmanager
async def guarded(made: Installation) -> AsyncIterator[httpx.AsyncClient]:
    kh = Keyhouse.from_env(made.environ)
    guard = KeyGuard(kh, api="weather")
    app = FastAPI()

    @app.get("/forecast", dependencies=[Depends(guard("forecast:read"))])
    async def forecast() -> dict[str, str]:
        return {}

    transport = httpx.ASGITransport(app, client=("127.0.0.1", 4711))
    async with (
        kh.running(),
        httpx.AsyncClient(transport=transport, base_url="http://guard") as client,
    ):
        yield client


def code_of(answer: httpx.Response) -> str:
    return "valid" if answer.status_code == 200 else str(answer.json()["code"])


@pytest.mark.parametrize("name", CASES)
async def test_both_doors_give_the_same_verdict(name: str, doors: Doors) -> None:
    fields, extra, expected = CASES[name]
    fields = dict(fields)
    scopes = fields.pop("scopes", ("forecast:read",))
    for call in (doors.at_gateway, doors.at_guard):
        key = doors.made.add_key(*scopes, **fields)
        headers = {"X-API-Key": key.reveal(), **extra}
        if extra.get("Authorization") == "another":
            headers["Authorization"] = f"Bearer {doors.made.add_key('*').reveal()}"
        answers = [await call(headers) for _ in expected]
        assert [code_of(answer) for answer in answers] == expected, call.__name__


async def test_both_doors_tell_strangers_the_same(doors: Doors) -> None:
    unknown = mint("kh", KeyKind.SERVER, Environment.TEST, os.urandom(32))
    for secret in (unknown, Secret("nonsense")):
        for call in (doors.at_gateway, doors.at_guard):
            answer = await call({"X-API-Key": secret.reveal()})
            assert (answer.status_code, answer.json()["code"]) == (401, "unknown")
    for call in (doors.at_gateway, doors.at_guard):
        assert code_of(await call({})) == "missing"


async def test_both_doors_tell_limits_in_the_same_headers(doors: Doors) -> None:
    told = []
    for call in (doors.at_gateway, doors.at_guard):
        key = doors.made.add_key("*", limits=(ONE_A_MINUTE, TWO_A_MONTH))
        passed = await call({"X-API-Key": key.reveal()})
        refused = await call({"X-API-Key": key.reveal()})
        policy = passed.headers["RateLimit-Policy"], refused.headers["RateLimit-Policy"]
        left = [h.split(";t=")[0] for h in passed.headers["RateLimit"].split(", ")]
        told.append((policy, left, refused.status_code))
    assert told[0] == told[1]
    assert told[0][1] == ['"minute";r=0', '"month";r=1']
