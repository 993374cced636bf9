"""The vectors hold for the verify endpoint."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from keyhouse.core import entities as rows
from keyhouse.core.ids import make_id
from keyhouse.core.secret import Secret
from tests.vectors import asking, reading, telling
from tests.vectors.filling import Filling, World
from tests.vectors.gate import Gate, running
from tests.vectors.house import Stock

CASES = reading.cases("verify")
TOLD = (
    "address",
    "method",
    "path",
    "referrer",
    "origin",
    "app",
    "browser",
    "tls",
    "environment",
    "scopes",
    "cost",
)
"""The members of a step's request that are members of the body as well."""
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Desk:
    """The endpoint, and a key that may verify for every API."""

    gate: Gate
    managing: Secret

    async def ask(self, body: dict[str, Any], *, strict: bool) -> dict[str, Any]:
        """The verdict; that verify itself was allowed is seen to."""
        lines = [
            "POST /.keyhouse/v1/verify HTTP/1.1",
            "Host: api.example",
            f"Authorization: Bearer {self.managing.reveal()}",
            "X-Forwarded-Proto: https",
        ]
        answer = await self.gate.ask(lines, json.dumps(body).encode(), strict=strict)
        assert answer.status == 200, answer.body
        told: dict[str, Any] = json.loads(answer.body)
        assert told["request_id"] == answer.headers["keyhouse-request-id"]
        return told


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with running(tmp_path_factory.mktemp("verify"), "verify") as gate:
        yield Desk(gate, manager(gate.stock))


def manager(stock: Stock) -> Secret:
    """A management key of an organization of its own, for all APIs there are."""
    given = {"keys": {"manager": {"kind": "management", "opens": {}}}, "apis": {}}
    case = reading.Case(-1, "the manager", frozenset(), given, ())
    world = Filling(case, stock.keyring.active, "").fill()
    apis = [api for one in stock.worlds.values() for api in one.all(rows.Api)]
    stock.add([*world.rows, *(access(world.ids["manager"], api) for api in apis)])
    return world.secrets["manager"]


def access(key_id: str, api: rows.Api) -> rows.Access:
    return rows.Access(
        id=make_id("key", 1, os.urandom(10)),
        key_id=key_id,
        resource=rows.Resource.API,
        resource_id=api.id,
        provider_id=api.organization_id,
        scopes=("keys:verify",),
        created_at=0,
    )


def body_of(world: World, request: dict[str, Any]) -> dict[str, Any]:
    """What a caller of verify sends; it has one secret, and no place for another."""
    given = dict(request["credentials"]) or {"header": ""}
    bearer = given.pop("authorization", None)
    if bearer is not None:
        given["token" if given else "header"] = bearer.removeprefix("Bearer ")
    value = given.pop("header")
    assert set(given) <= {"token"}
    told = {name: world.filled(one) for name, one in given.items()}
    told |= {name: request[name] for name in TOLD if request.get(name) is not None}
    return {"secret": world.filled(value), "api": asking.slug_of(world, request), **told}


def check_who(
    world: World, expect: dict[str, Any], request: dict[str, Any], told: dict[str, Any]
) -> None:
    """An allowed answer names the caller."""
    key = world.get(rows.Key, expect.get("key", "key"))
    app = world.get(rows.Application, "application")
    assert told["key"] == {"id": key.id, "name": key.name, "environment": key.environment}
    assert told["application"]["id"] == app.id
    api = world.get(rows.Api, request["api"])
    assert told["subject"] == expect.get("subject")
    assert told["customer"] == telling.customer_name(world, api)
    assert told["detail"]


@pytest.mark.parametrize("name", CASES)
async def test_verify_agrees(name: str, desk: Desk) -> None:
    case, world = CASES[name], desk.gate.stock.worlds[name]
    for number, step in enumerate(case.steps, 1):
        expect, where = step.expected("verify"), f"step {number}: {step.request}"
        desk.gate.clock.wall_us = step.at_us
        strict = case.world["require_tls"]
        told = await desk.ask(body_of(world, step.request), strict=strict)
        assert told["code"] == telling.shown(expect["code"]), where
        assert told["allowed"] is (expect["code"] == "valid"), where
        assert told["status"] == telling.OUTCOMES[expect["code"]]["status"], where
        assert told["scopes_missing"] == expect.get("scopes_missing", []), where
        wait = telling.retry_after(expect)
        assert told["retry_after"] == (wait and int(wait)), where
        left = {
            one["name"]: telling.numbers(one["remaining"], one["reset_seconds"])
            for one in told["limits"]
        }
        if "left" in expect or expect["code"] not in telling.COUNTED:
            assert left == expect.get("left", {}), where
        if told["allowed"]:
            check_who(world, expect, step.request, told)
            assert told["scopes"] == telling.scopes(world, expect, step.request), where
