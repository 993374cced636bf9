"""The vectors hold for the guard in front of a Keyhouse elsewhere, asked over HTTP.

It is asked what the guard on a data folder is asked, and must answer the same.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast

import pytest
import pytest_asyncio

from keyhouse import Keyhouse
from tests.vectors import reading
from tests.vectors.gate import running
from tests.vectors.test_guard import Program, check
from tests.vectors.test_verify import manager

if TYPE_CHECKING:
    from pathlib import Path

if TYPE_CHECKING:
    from keyhouse.services.plane import DataPlane

CASES = reading.cases("guard")
pytestmark = pytest.mark.asyncio(loop_scope="module")


class Saying:
    """What is followed, and a gateway that says of itself what a case needs.

    One that demands TLS of everybody would demand it of the guard as well.
    """

    def __init__(self, following: Any, require_tls: bool) -> None:
        self._following = following
        self.require_tls = require_tls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._following, name)


class Elsewhere(Program):
    """A program that asks a gateway."""

    def demand_tls(self, required: bool) -> None:
        """Be told so by the gateway."""
        plane: Any = self.kh.plane
        real = plane._following
        if isinstance(real, Saying):
            real = real._following
        plane._following = Saying(real, required)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def program(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    folder: Path = tmp_path_factory.mktemp("remote")
    async with running(folder, "guard") as gate:
        environ = {
            "KEYHOUSE_URL": f"http://127.0.0.1:{gate.port}",
            "KEYHOUSE_API_KEY": manager(gate.stock).reveal(),
        }
        async with Keyhouse.from_env(environ).running() as kh:
            yield Elsewhere(gate.stock, gate.clock, kh, cast("DataPlane", None))


@pytest.mark.parametrize("name", CASES)
async def test_a_guard_elsewhere_agrees(name: str, program: Program) -> None:
    await check(CASES[name], program)
