"""Upkeep goes on whatever befalls one round, and ends when the process does."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from keyhouse.doors.worker import work
from keyhouse.ports import StoreUnavailable

Stopped = Callable[[], bool]
FAR = 3600.0
SECONDS_MAX = 10.0


class Rounds:
    """Upkeep that plays what it is given, and sets `stop` in its last round."""

    def __init__(self, stop: asyncio.Event, *errors: Exception | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = stop
        self._errors = list(errors)
        self.count = 0

    def __call__(self, stopped: Stopped) -> int:
        assert not stopped()
        self.count += 1
        error = self._errors.pop(0)
        if not self._errors:
            self._loop.call_soon_threadsafe(self._stop.set)
        if error is not None:
            raise error
        return 1


async def test_the_first_round_is_at_once() -> None:
    """A process that is started anew each hour would never tidy up otherwise."""
    stop = asyncio.Event()
    rounds = Rounds(stop, None)
    await asyncio.wait_for(work(rounds, stop, FAR), SECONDS_MAX)
    assert rounds.count == 1


@pytest.mark.parametrize(
    ("error", "level"),
    [(StoreUnavailable("away"), logging.WARNING), (ValueError("a fault"), logging.ERROR)],
)
async def test_a_round_that_fails_is_told_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture, error: Exception, level: int
) -> None:
    stop = asyncio.Event()
    rounds = Rounds(stop, error, None, None)
    await asyncio.wait_for(work(rounds, stop, 0.001), SECONDS_MAX)
    assert rounds.count == 3
    assert [record.levelno for record in caplog.records] == [level]


async def test_a_stop_ends_the_wait_and_tells_the_round() -> None:
    """A stop of the process waits neither an hour nor for a year's log to go."""
    stop = asyncio.Event()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def until_stopped(stopped: Stopped) -> int:
        loop.call_soon_threadsafe(begun.set)
        while not stopped():
            pass
        return 0

    running = asyncio.create_task(work(until_stopped, stop, FAR))
    await asyncio.wait_for(begun.wait(), SECONDS_MAX)
    stop.set()
    await asyncio.wait_for(running, SECONDS_MAX)
