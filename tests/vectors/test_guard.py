"""The vectors hold for the guard: FastAPI, called as a server calls it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from fastapi import Depends, FastAPI

from keyhouse import Keyhouse, Principal
from keyhouse.core import entities as rows
from keyhouse.fastapi import KeyGuard
from keyhouse.services.plane import DataPlane
from tests.vectors import asking, reading, telling
from tests.vectors.filling import World
from tests.vectors.house import Clock, Stock, opened, stocked

CASES = reading.cases("guard")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Answer:
    """An answer, as ASGI tells it in two messages."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def take(self, message: Any) -> None:
        """One of them."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode().lower(): value.decode() for name, value in message["headers"]
            }
        else:
            self.body += message.get("body", b"")


@dataclass
class Program:
    """A program with the guard in it, which has a handler for every path."""

    stock: Stock
    clock: Clock
    kh: Keyhouse
    plane: DataPlane

    def demand_tls(self, required: bool) -> None:
        """Be an installation that does, or does not."""
        self.plane.options = replace(self.plane.options, require_tls=required)

    def app(self, world: World, request: dict[str, Any]) -> FastAPI:
        """The program as it would be written for this API, these scopes, this cost."""
        guard = KeyGuard(self.kh, api=asking.slug_of(world, request))
        needed = guard(*request.get("scopes", ()), cost=request.get("cost"))
        app = FastAPI()

        @app.api_route("/{rest:path}", methods=METHODS)
        async def handle(who: Annotated[Principal, Depends(needed)]) -> dict[str, Any]:
            return {
                "key": who.key_id,
                "application": who.application.id,
                "customer": who.customer,
                "subject": who.subject,
                "environment": who.environment,
                "scopes": sorted(who.scopes),
            }

        return app

    async def ask(self, world: World, request: dict[str, Any]) -> Answer:
        """Hand the request over; no client's library tidies the path before."""
        answer = Answer()
        await self.app(world, request)(scope_of(world, request), _nothing, answer.take)
        return answer


def scope_of(world: World, request: dict[str, Any]) -> dict[str, Any]:
    """The request as uvicorn tells it."""
    headers = asking.headers_of(world, request)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": asking.scheme_of(request),
        "server": ("api.example", 80),
        "client": None if request["address"] is None else (request["address"], 4711),
        "root_path": "",
        "method": request["method"],
        "path": unquote(request["path"]),
        "raw_path": request["path"].encode("latin-1"),
        "query_string": asking.query_of(world, request)[1:].encode(),
        "headers": [
            (name.lower().encode(), value.encode("latin-1")) for name, value in headers
        ],
    }


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def program(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    clock = Clock()
    with stocked(tmp_path_factory.mktemp("guard"), CASES.values(), "http://a") as stock:
        async with opened(stock, "guard", clock) as plane:

            async def already_open() -> Any:
                return plane

            kh = Keyhouse(already_open)
            async with kh.running():
                yield Program(stock, clock, kh, plane)


def check_who(
    world: World, expect: dict[str, Any], request: dict[str, Any], body: bytes
) -> None:
    """Whom the handler takes the caller for."""
    key = world.get(rows.Key, expect.get("key", "key"))
    app = world.get(rows.Application, "application")
    told = json.loads(body)
    assert told["key"] == key.id
    assert told["environment"] == key.environment
    assert told["application"] == app.id
    api = world.get(rows.Api, request["api"])
    assert told["subject"] == expect.get("subject")
    assert told["customer"] == telling.customer_name(world, api)


async def check(case: reading.Case, program: Program) -> None:
    """Ask all steps of a case, one after the other."""
    world = program.stock.worlds[case.name]
    for number, step in enumerate(case.steps, 1):
        expect, where = step.expected("guard"), f"step {number}: {step.request}"
        program.clock.wall_us = step.at_us
        program.demand_tls(case.world["require_tls"])
        answer = await program.ask(world, step.request)
        assert answer.status == telling.OUTCOMES[expect["code"]]["status"], (where, answer)
        telling.check_headers(world, expect, answer.headers, where)
        if expect["code"] == "valid":
            check_who(world, expect, step.request, answer.body)
            told = json.loads(answer.body)["scopes"]
            assert told == telling.scopes(world, expect, step.request), where
        else:
            telling.check_refusal(expect, answer.headers, answer.body, where)


@pytest.mark.parametrize("name", CASES)
async def test_guard_agrees(name: str, program: Program) -> None:
    await check(CASES[name], program)
