"""Waiting for what comes true soon."""

import asyncio
import time
from collections.abc import Awaitable, Callable

BOUND_SECONDS = 1.0
"""In which a revocation is in force across nodes."""


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    """Wait until `holds`."""
    await _wait(holds, seconds)


async def within_bound(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until `holds`, no longer than a revocation may take."""
    await _wait(holds, BOUND_SECONDS)


async def _wait(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < until, f"not so within {seconds} s"
        await asyncio.sleep(0.01)
