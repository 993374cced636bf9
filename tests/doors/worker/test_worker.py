"""Jobs go on whatever befalls one round, and end when the process does."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from keyhouse.doors.worker import work
from keyhouse.ports import StoreUnavailable

Stopped = Callable[[], bool]
FAR = 3600.0
SECONDS_MAX = 10.0


def _nothing() -> None:
    return None


@dataclass
class Job:
    """A job as the worker sees one."""

    run: Callable[[Stopped], None]
    every_seconds: float = FAR
    end: Callable[[], None] = _nothing
    name: str = "chores"


@dataclass
class Rounds:
    """Plays what it is given, and sets `stop` in its last round."""

    stop: asyncio.Event
    errors: list[Exception | None]
    count: int = 0
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def __call__(self, stopped: Stopped) -> None:
        assert not stopped()
        self.count += 1
        error = self.errors.pop(0)
        if not self.errors:
            self.loop.call_soon_threadsafe(self.stop.set)
        if error is not None:
            raise error


async def test_the_first_round_is_at_once() -> None:
    """A process that is started anew each hour would never tidy up otherwise."""
    stop = asyncio.Event()
    rounds = Rounds(stop, [None])
    await asyncio.wait_for(work([Job(rounds)], stop), SECONDS_MAX)
    assert rounds.count == 1


@pytest.mark.parametrize(
    ("error", "level"),
    [(StoreUnavailable("away"), logging.WARNING), (ValueError("a fault"), logging.ERROR)],
)
async def test_a_round_that_fails_is_told_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture, error: Exception, level: int
) -> None:
    stop = asyncio.Event()
    rounds = Rounds(stop, [error, None, None])
    await asyncio.wait_for(work([Job(rounds, 0.001)], stop), SECONDS_MAX)
    assert rounds.count == 3
    assert [record.levelno for record in caplog.records] == [level]


async def test_a_stop_ends_the_wait_and_tells_the_round() -> None:
    """A stop of the process waits neither an hour nor for a year's log to go."""
    stop = asyncio.Event()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def until_stopped(stopped: Stopped) -> None:
        loop.call_soon_threadsafe(begun.set)
        while not stopped():
            pass

    running = asyncio.create_task(work([Job(until_stopped)], stop))
    await asyncio.wait_for(begun.wait(), SECONDS_MAX)
    stop.set()
    await asyncio.wait_for(running, SECONDS_MAX)


async def test_a_job_that_takes_long_holds_up_no_other() -> None:
    """Mail that hangs must not keep a rotation from taking effect."""
    stop = asyncio.Event()
    quick = Rounds(stop, [None, None, None])

    def slow(stopped: Stopped) -> None:
        while not stopped():
            pass

    jobs = [Job(slow), Job(quick, 0.001)]
    await asyncio.wait_for(work(jobs, stop), SECONDS_MAX)
    assert quick.count == 3


async def test_at_the_end_the_jobs_are_let_go() -> None:
    """Another process goes on at once, not when it takes this one for dead."""
    stop = asyncio.Event()
    ended: list[str] = []
    job = Job(Rounds(stop, [None]), end=lambda: ended.append("chores"))
    await asyncio.wait_for(work([job], stop), SECONDS_MAX)
    assert ended == ["chores"]
