"""The vectors hold for the guard around a whole ASGI application."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from keyhouse import Keyhouse, Principal
from keyhouse.asgi import KeyhouseMiddleware
from tests.vectors import asking, reading
from tests.vectors.filling import World
from tests.vectors.house import Clock, opened, stocked
from tests.vectors.test_guard import Program, check

CASES = reading.cases("guard")
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def tells_who_calls(scope: Any, receive: Any, send: Any) -> None:
    """A plain application, which answers every path."""
    who: Principal = scope["state"]["keyhouse"]
    body = {
        "key": who.key_id,
        "application": who.application.id,
        "customer": who.customer,
        "subject": who.subject,
        "environment": who.environment,
        "scopes": sorted(who.scopes),
    }
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


class Wrapped(Program):
    """A program that knows nothing of keys, behind the middleware."""

    def app(self, world: World, request: dict[str, Any]) -> Any:
        """As it would be written for this API, these scopes, this cost."""
        return KeyhouseMiddleware(
            tells_who_calls,
            self.kh,
            api=asking.slug_of(world, request),
            scopes=request.get("scopes", ()),
            cost=request.get("cost"),
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def program(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wrapped]:
    clock = Clock()
    folder = tmp_path_factory.mktemp("middleware")
    with stocked(folder, CASES.values(), "http://a") as stock:
        async with opened(stock, "guard", clock) as plane:

            async def already_open() -> Any:
                return plane

            kh = Keyhouse(already_open)
            async with kh.running():
                yield Wrapped(stock, clock, kh, plane)


@pytest.mark.parametrize("name", CASES)
async def test_the_middleware_agrees(name: str, program: Wrapped) -> None:
    await check(CASES[name], program)
