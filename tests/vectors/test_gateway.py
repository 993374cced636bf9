"""The vectors hold for the gateway, down to what reaches the upstream."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.doors.gateway.wire import Received
from tests.vectors import asking, reading, telling
from tests.vectors.filling import World
from tests.vectors.gate import Gate, running

CASES = reading.cases("gateway")
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gate(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gate]:
    async with running(tmp_path_factory.mktemp("gateway"), "gateway") as made:
        yield made


def lines_of(world: World, request: dict[str, Any]) -> list[str]:
    """The request as a trusted proxy hands it on."""
    host, target = "api.example", request.get("called")
    if target is None:
        target = f"/{asking.slug_of(world, request)}{world.filled(request['path'])}"
    else:
        host = request.get("called_at", "{host}").format(host=world.host)
    query = asking.query_of(world, request)
    lines = [f"{request['method']} {target}{query} HTTP/1.1", f"Host: {host}"]
    lines.append(f"X-Forwarded-For: {request['address']}")
    lines.append(f"X-Forwarded-Proto: {asking.scheme_of(request)}")
    return lines + [f"{name}: {value}" for name, value in asking.headers_of(world, request)]


def check_upstream(
    world: World, request: dict[str, Any], expect: dict[str, Any], got: Received
) -> None:
    """Whom the upstream takes the caller for, and that no key came that far."""
    told = expect.get("upstream", {})
    target = told.get("target", request["path"])
    if "target" not in told and "query" in request:
        target += "?" + request["query"]
    assert got.line == f"{request['method']} {target} HTTP/1.1"
    for name, value in telling.identity(world, expect, request).items():
        assert got.headers[name] == value, name
    for name, value in told.get("headers", {}).items():
        assert got.headers.get(name.lower()) == value, name
    head = got.head.decode("latin-1")
    assert not [one for one in world.secrets.values() if one.reveal() in head]
    assert not [one for one in world.tokens.values() if one in head]


@pytest.mark.parametrize("name", CASES)
async def test_gateway_agrees(name: str, gate: Gate) -> None:
    case, world = CASES[name], gate.stock.worlds[name]
    for number, step in enumerate(case.steps, 1):
        expect, request = step.expected("gateway"), step.request
        where = f"step {number}: {request}"
        gate.clock.wall_us = step.at_us
        gate.upstream.requests.clear()
        answer = await gate.ask(lines_of(world, request), strict=case.world["require_tls"])
        assert answer.status == telling.OUTCOMES[expect["code"]]["status"], (where, answer)
        telling.check_headers(world, expect, answer.headers, where)
        if expect["code"] == "valid":
            [got] = gate.upstream.requests
            check_upstream(world, request, expect, got)
            assert (
                got.headers["keyhouse-request-id"] == answer.headers["keyhouse-request-id"]
            )
        else:
            telling.check_refusal(expect, answer.headers, answer.body, where)
            assert not gate.upstream.requests, where
