"""One installation for all stories; each has keys and gateways of its own."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.faults.harness import Installation, Upstream


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def opened(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Installation]:
    async with Upstream().serving() as upstream:
        made = Installation(tmp_path_factory.mktemp("installation"), upstream)
        try:
            await asyncio.to_thread(made.open)
            yield made
        finally:
            await asyncio.to_thread(made.close)


@pytest_asyncio.fixture(loop_scope="session")
async def installation(opened: Installation) -> AsyncGenerator[Installation]:
    """Its gateways are ended after each story."""
    yield opened
    await asyncio.to_thread(opened.end_gateways)
