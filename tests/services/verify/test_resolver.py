"""What waits for the database, and what becomes of it where that does not answer."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from keyhouse.core.pending import Pending
from keyhouse.ports import StoreUnavailable
from keyhouse.services.verify import Resolver
from keyhouse.services.verify.resolver import THREADS

SECONDS = 0.2


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    made = Resolver(asyncio.get_running_loop())
    yield made
    await asyncio.to_thread(made.close)


def asked(
    work: Callable[[], object],
    seconds: float | None = SECONDS,
    need: str = "one",
    late: Callable[[object], None] | None = None,
) -> Pending[Any]:
    return Pending((need,), work, lambda result: result, seconds_max=seconds, late=late)


async def test_many_share_one_answer(resolver: Resolver) -> None:
    runs: list[int] = []

    def work() -> int:
        runs.append(1)
        time.sleep(0.02)
        return 7

    told = await asyncio.gather(*(resolver.wait(asked(work)) for _ in range(20)))
    assert told == [7] * 20
    assert runs == [1]


async def test_an_answer_that_does_not_come_keeps_nobody_longer_than_it_may(
    resolver: Resolver,
) -> None:
    """And whoever asks while the old question is open is told at once."""
    answer = threading.Event()
    late: list[object] = []

    def work() -> object:
        assert answer.wait(20)
        return "late"

    def ask() -> Pending[Any]:
        return asked(work, late=late.append)

    began = time.monotonic()
    told = await asyncio.gather(*(resolver.wait(ask()) for _ in range(3)))
    assert [type(one) for one in told] == [StoreUnavailable] * 3
    assert SECONDS <= time.monotonic() - began < 10
    began = time.monotonic()
    assert isinstance(await resolver.wait(ask()), StoreUnavailable)
    assert time.monotonic() - began < SECONDS
    answer.set()
    async with asyncio.timeout(10):
        while not late:  # noqa: ASYNC110 - it is a list
            await asyncio.sleep(0.01)
    assert late == ["late"]
    assert await resolver.wait(asked(lambda: "new")) == "new"


async def test_what_no_thread_has_begun_is_forgotten_when_nobody_waits(
    resolver: Resolver,
) -> None:
    """Else a flood of questions at a database that hangs is asked when that is back."""
    answer = threading.Event()
    run: list[int] = []
    holding = [
        asyncio.create_task(resolver.wait(asked(answer.wait, None, f"held {n}")))
        for n in range(THREADS)
    ]
    await asyncio.sleep(0)

    def waiting(n: int) -> Pending[Any]:
        return asked(lambda: run.append(n), need=f"late {n}")

    told = await asyncio.gather(*(resolver.wait(waiting(n)) for n in range(50)))
    assert {type(one) for one in told} == {StoreUnavailable}
    answer.set()
    await asyncio.gather(*holding)
    assert await resolver.wait(asked(lambda: "new")) == "new"
    assert run == []


async def test_what_may_take_its_time_is_waited_for(resolver: Resolver) -> None:
    def work() -> str:
        time.sleep(2 * SECONDS)
        return "slow"

    assert await resolver.wait(asked(work, None)) == "slow"


async def test_what_comes_for_a_waiter_that_gave_up_is_handed_back(
    resolver: Resolver,
) -> None:
    """Else the units that were spent for it are nobody's."""
    answer = threading.Event()
    unwanted: list[object] = []
    waiter = asyncio.create_task(
        resolver.wait(asked(lambda: answer.wait(20), None), unwanted.append)
    )
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    answer.set()
    assert await resolver.wait(asked(lambda: False, None, "one")) is True
    assert unwanted == [True]


async def test_so_is_what_comes_in_the_turn_in_which_it_gives_up(
    resolver: Resolver,
) -> None:
    unwanted: list[object] = []
    takers: list[Callable[[object], None]] = []
    pending: Pending[Any] = Pending(None, lambda: None, lambda got: got, takers.append)
    waiter = asyncio.create_task(resolver.wait(pending, unwanted.append))
    await asyncio.sleep(0)
    (taker,) = takers
    taker("late")
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert unwanted == ["late"]


async def test_a_fault_in_going_on_leaves_nobody_waiting(resolver: Resolver) -> None:
    def resume(_: object) -> object:
        raise ArithmeticError("ours")

    pending: Pending[Any] = Pending(("one",), lambda: 1, resume)
    async with asyncio.timeout(10):
        with pytest.raises(ArithmeticError, match="ours"):
            await resolver.wait(pending)


class SleepyLoop(asyncio.SelectorEventLoop):
    """Its clock can be set forward, as it is for a process that was stopped."""

    slept = 0.0

    def time(self) -> float:
        return super().time() + self.slept


def _asking(times_stopped: int) -> object:
    """What comes of a question during which the process was stopped so often."""
    answer = threading.Event()
    loop = SleepyLoop()

    async def ask() -> object:
        resolver = Resolver(loop)
        pending = asked(lambda: answer.wait(20), seconds=60)
        waiting = asyncio.ensure_future(resolver.wait(pending))
        for _ in range(times_stopped):
            await asyncio.sleep(0)
            loop.slept += 3600
            # The timer has its turn now, before the thread has.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        answer.set()
        told = await waiting
        await asyncio.to_thread(resolver.close)
        return told

    try:
        return loop.run_until_complete(ask())
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_an_answer_that_came_while_the_process_slept_is_waited_for() -> None:
    """SIGSTOP, the answer comes, SIGCONT: it is not the database that was silent."""
    assert _asking(times_stopped=1) is True


def test_but_not_again_and_again() -> None:
    assert isinstance(_asking(times_stopped=2), StoreUnavailable)
