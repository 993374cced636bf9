"""The gateway between a raw caller and a recording upstream."""

from collections.abc import AsyncIterator

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.raw.ends import Recorder


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    made = Recorder()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def gateway(recorder: Recorder) -> AsyncIterator[House]:
    made = House(recorder)  # type: ignore[arg-type]  # it is asked for its url alone
    await made.start(body_bytes_max=1_000_000)
    yield made
    await made.stop()
