"""The vectors hold for the guard in front of a Keyhouse elsewhere, asked over HTTP.

It is asked what the guard on a data folder is asked, and must answer the same.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from keyhouse import Keyhouse
from tests.vectors import reading
from tests.vectors.gate import running
from tests.vectors.test_guard import Program, check
from tests.vectors.test_verify import manager

if TYPE_CHECKING:
    from pathlib import Path

CASES = reading.cases("guard")
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def program(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    folder: Path = tmp_path_factory.mktemp("remote")
    async with running(folder, "guard") as gate:
        environ = {
            "KEYHOUSE_URL": f"http://127.0.0.1:{gate.port}",
            "KEYHOUSE_API_KEY": manager(gate.stock).reveal(),
        }
        async with Keyhouse.from_env(environ).running() as kh:
            yield Program(gate.stock, gate.clock, kh)


@pytest.mark.parametrize("name", CASES)
async def test_a_guard_elsewhere_agrees(name: str, program: Program) -> None:
    await check(CASES[name], program)
