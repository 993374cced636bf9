"""An installation for each story, ended with it."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.faults.harness import Installation, Upstream


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncGenerator[Installation]:
    async with Upstream().serving() as upstream:
        made = Installation(tmp_path, upstream)
        try:
            await asyncio.to_thread(made.open)
            yield made
        finally:
            await asyncio.to_thread(made.close)
