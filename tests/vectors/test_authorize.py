"""The vectors hold for forward-auth: what a proxy is told of the request it holds."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.vectors import asking, reading, telling
from tests.vectors.filling import World
from tests.vectors.gate import Gate, running

CASES = reading.cases("authorize")
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gate(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gate]:
    async with running(tmp_path_factory.mktemp("authorize"), "authorize") as made:
        yield made


def lines_of(world: World, request: dict[str, Any]) -> list[str]:
    """The question of a proxy that serves the API at its root."""
    lines = [
        f"GET /.keyhouse/v1/authorize?api={asking.slug_of(world, request)} HTTP/1.1",
        "Host: api.example",
        f"X-Forwarded-For: {request['address'] or 'unknown'}",
        f"X-Forwarded-Proto: {asking.scheme_of(request)}",
    ]
    if request["method"] is not None:
        lines.append(f"X-Forwarded-Method: {request['method']}")
    if request["path"] is not None:
        target = request["path"] + asking.query_of(world, request)
        lines.append(f"X-Forwarded-Uri: {target}")
    return lines + [f"{name}: {value}" for name, value in asking.headers_of(world, request)]


@pytest.mark.parametrize("name", CASES)
async def test_authorize_agrees(name: str, gate: Gate) -> None:
    case, world = CASES[name], gate.stock.worlds[name]
    for number, step in enumerate(case.steps, 1):
        expect, request = step.expected("authorize"), step.request
        where = f"step {number}: {request}"
        gate.clock.wall_us = step.at_us
        answer = await gate.ask(lines_of(world, request), strict=case.world["require_tls"])
        assert answer.status == telling.OUTCOMES[expect["code"]]["status"], (where, answer)
        telling.check_headers(world, expect, answer.headers, where)
        if expect["code"] == "valid":
            for told, value in telling.identity(world, expect, request).items():
                assert answer.headers[told] == value, where
        else:
            assert answer.headers["keyhouse-status"] == str(answer.status), where
            telling.check_refusal(expect, answer.headers, answer.body, where)
