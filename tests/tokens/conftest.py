"""Two gateways on one database, SQLite and PostgreSQL, and a key to mint tokens with."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest_asyncio

from keyhouse import settings, wiring
from keyhouse.adapters.database import open_database
from keyhouse.adapters.system import SystemClock, load_keyring
from keyhouse.adapters.system.keyring_file import dump_keyring
from keyhouse.core import entities as rows
from keyhouse.doors.gateway import Plane
from keyhouse.ports import TokenKeys
from keyhouse.services.plane import DataPlane
from keyhouse.wiring.planes import users_of
from tests.contracts.conftest import (
    database_url,
    postgres,
    postgres_database,
    sqlite_template,
)
from tests.doors.gateway.wire import Answer, Client, RawUpstream
from tests.vectors.filling import Filling, World
from tests.vectors.gate import serving
from tests.vectors.house import Stock
from tests.vectors.reading import Case
from tests.vectors.signing import KEYS

__all__ = ["database_url", "postgres", "postgres_database", "sqlite_template"]

SCOPES = ["notes:read", "notes:write"]
API: dict[str, Any] = {
    "scopes": SCOPES,
    "user_limits": [
        {"name": "daily", "kind": "quota", "amount": 100, "window": "day"},
    ],
}
GIVEN: dict[str, Any] = {
    "apis": {"api": API, "maps": {}},
    "keys": {
        "key": {"environment": "test", "opens": {"api": SCOPES, "maps": []}},
        "second": {"environment": "test", "opens": {"api": ["notes:read"]}},
        "slow": {
            "environment": "test",
            "opens": {"api": ["notes:read"]},
            "limits": [
                {"name": "minute", "kind": "rate", "amount": 3, "period_seconds": 60},
                {"name": "daily", "kind": "quota", "amount": 1, "window": "day"},
            ],
        },
        "page": {
            "environment": "test",
            "kind": "publishable",
            "restrictions": {"referrers": ["*"]},
            "opens": {"api": ["notes:read"]},
        },
        "manager": {"kind": "management", "opens": {}},
    },
}
MINT = "/.keyhouse/v1/tokens"


class Counting:
    """A signer that counts how often it looked at a signature."""

    def __init__(self, real: TokenKeys) -> None:
        self._real = real
        self.checked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def verifies(self, key_id: str, content: bytes, signature: bytes) -> bool:
        self.checked += 1
        return self._real.verifies(key_id, content, signature)


@dataclass
class Node:
    """One gateway; `keys` is its signer."""

    plane: DataPlane
    port: int
    keys: Counting

    async def ask(self, line: str, *headers: str, body: bytes = b"") -> Answer:
        """Send a request and wait for the answer."""
        lines = [f"{line} HTTP/1.1", "Host: api.example", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        client = await Client.connect(self.port)
        client.send("\r\n".join((*lines, "", "")).encode("latin-1") + body)
        answer = await client.answer()
        await client.close()
        return answer

    async def told(self, path: str, secret: str, **fields: Any) -> tuple[int, Any]:
        """What an endpoint answers to JSON, with a key."""
        body = json.dumps(fields).encode()
        answer = await self.ask(f"POST {path}", f"X-API-Key: {secret}", body=body)
        return answer.status, json.loads(answer.body)

    async def form(self, path: str, secret: str, **fields: str) -> tuple[int, Any]:
        """What it answers to a form."""
        body = urlencode(fields).encode()
        answer = await self.ask(f"POST {path}", f"X-API-Key: {secret}", body=body)
        return answer.status, json.loads(answer.body)


@dataclass
class Town:
    """The installation: its rows, an application and its neighbour, two gateways."""

    stock: Stock
    own: World
    other: World
    upstream: RawUpstream
    nodes: list[Node] = field(default_factory=list)

    def secret(self, name: str, world: World | None = None) -> str:
        """The secret of a key."""
        return (world or self.own).secrets[name].reveal()

    async def mint(self, user: str = "alice", key: str = "key", **more: Any) -> str:
        """A token for a user, from the first gateway."""
        wanted = {"api": self.own.slugs["api"], "sub": user, **more}
        status, told = await self.nodes[0].told(MINT, self.secret(key), **wanted)
        assert status == 200, told
        return str(told["access_token"])

    async def call(self, token: str, *headers: str, node: int = 0) -> Answer:
        """Call the API with a token."""
        line = f"GET /{self.own.slugs['api']}/notes"
        bearer = f"Authorization: Bearer {token}"
        return await self.nodes[node].ask(line, bearer, *headers)

    async def code(self, token: str, *headers: str, node: int = 0) -> str:
        """What becomes of such a call: `valid`, or the code of the refusal."""
        answer = await self.call(token, *headers, node=node)
        return "valid" if answer.status == 200 else str(json.loads(answer.body)["code"])


def _world(stock: Stock, number: int, upstream: RawUpstream) -> World:
    case = Case(number, "a town", frozenset(), GIVEN, ())
    world = Filling(case, stock.keyring.active, upstream.url).fill()
    stock.add(world.rows)
    manager, api = world.ids["manager"], world.get(rows.Api, "api")
    row = rows.Access(
        id=f"{manager}/{api.id}",
        key_id=manager,
        resource=rows.Resource.API,
        resource_id=api.id,
        provider_id=api.organization_id,
        scopes=("keys:verify",),
        created_at=0,
    )
    stock.add([row])
    return world


async def _node(stack: AsyncExitStack, stock: Stock) -> Node:
    plane = wiring.data_plane(stock.loaded, stock.database, "gateway")
    assert plane.means.signer is not None
    keys = Counting(plane.means.signer)
    plane.means = replace(plane.means, signer=keys)
    await plane.open()
    stack.push_async_callback(plane.close)
    faces = Plane(
        plane.verifier,
        plane.resolver,
        plane.meter,
        plane.new_request_id,
        lambda: plane.is_ready,
        SystemClock().now_us,
        plane.recent,
        plane.reservations,
        keys,
        "https://keys.example",
        users_of(stock.loaded, stock.database, plane),
    )
    return Node(plane, await stack.enter_async_context(serving(faces)), keys)


@pytest_asyncio.fixture
async def town(tmp_path: Path, database_url: str) -> AsyncIterator[Town]:
    upstream = RawUpstream()
    await upstream.start()
    given = {"data.dir": tmp_path / "data", "data.database_url": database_url}
    loaded = settings.load(given, environ={})
    wiring.prepare(loaded)
    path = loaded.keyring_path
    path.write_text(dump_keyring(replace(load_keyring(path), signing=KEYS)))
    database = open_database(loaded.database_url)
    stock = Stock(loaded, database, load_keyring(path), {})
    async with AsyncExitStack() as stack:
        made = Town(stock, _world(stock, 1, upstream), _world(stock, 2, upstream), upstream)
        made.nodes = [await _node(stack, stock), await _node(stack, stock)]
        yield made
    # A node's round goes on in its thread when the node has closed.
    await asyncio.get_running_loop().shutdown_default_executor()
    database.dispose()
    await upstream.stop()
