"""What many wait for at once is asked in one go: leases of a thousand keys."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from keyhouse.core.pending import Pending
from keyhouse.ports import StoreUnavailable
from keyhouse.services.verify import Resolver
from keyhouse.services.verify.resolver import TOGETHER_MAX


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    made = Resolver(asyncio.get_running_loop())
    yield made
    await asyncio.to_thread(made.close)


class Store:
    """Answers a round with its numbers and how many they were, once it may."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.rounds: list[list[int]] = []
        self.fault: Exception | None = None

    def together(self, parts: Sequence[int]) -> list[tuple[int, int]]:
        assert self.open.wait(20)
        self.rounds.append(list(parts))
        if self.fault is not None and len(parts) > 1:
            raise self.fault
        return [(part, len(parts)) for part in parts]

    def ask(self, number: int, seconds: float | None = None) -> Pending[Any]:
        def alone() -> object:
            if number == 13:
                raise ValueError("unlucky")
            return (number, 1)

        return Pending(
            ("lease", number),
            alone,
            lambda result: result,
            seconds_max=seconds,
            late=lambda _: None,
            together=self.together,
            part=number,
        )


async def test_the_first_goes_at_once_and_the_others_as_one(resolver: Resolver) -> None:
    """A transaction for each would let a few hundred calls pass a second."""
    store = Store()
    asked = [asyncio.create_task(resolver.wait(store.ask(n))) for n in range(100)]
    await asyncio.sleep(0)
    store.open.set()
    told = await asyncio.gather(*asked)
    assert told == [(0, 1), *((n, 99) for n in range(1, 100))]
    assert [len(one) for one in store.rounds] == [1, 99]
    assert await resolver.wait(store.ask(7)) == (7, 1)


async def test_a_round_is_bounded(resolver: Resolver) -> None:
    """Whoever waits to write must get a turn between."""
    store = Store()
    count = 2 * TOGETHER_MAX + 1
    asked = [asyncio.create_task(resolver.wait(store.ask(n))) for n in range(count)]
    await asyncio.sleep(0)
    store.open.set()
    await asyncio.gather(*asked)
    assert [len(one) for one in store.rounds] == [1, TOGETHER_MAX, TOGETHER_MAX]


async def test_a_fault_of_one_is_not_the_others(resolver: Resolver) -> None:
    store = Store()
    store.fault = ValueError("one of them")
    asked = [asyncio.create_task(resolver.wait(store.ask(n))) for n in range(20)]
    await asyncio.sleep(0)
    store.open.set()
    told = await asyncio.gather(*asked)
    assert [n for n, one in enumerate(told) if isinstance(one, ValueError)] == [13]
    assert told[5] == (5, 1)


async def test_without_the_database_each_is_told_so(resolver: Resolver) -> None:
    """And none is tried again alone."""
    store = Store()
    store.fault = StoreUnavailable("gone")
    asked = [asyncio.create_task(resolver.wait(store.ask(n))) for n in range(20)]
    await asyncio.sleep(0)
    store.open.set()
    told = await asyncio.gather(*asked)
    assert told[0] == (0, 1)
    assert {type(one) for one in told[1:]} == {StoreUnavailable}
    assert len(store.rounds) == 2


async def test_who_waits_behind_a_round_that_hangs_waits_no_longer_than_it_may(
    resolver: Resolver,
) -> None:
    """What had not begun is never asked: nobody would hear of it."""
    store = Store()
    told = await asyncio.gather(*(resolver.wait(store.ask(n, 0.1)) for n in range(20)))
    assert {type(one) for one in told} == {StoreUnavailable}
    store.open.set()
    async with asyncio.timeout(10):
        while not store.rounds:  # noqa: ASYNC110 - it is a list
            await asyncio.sleep(0.01)
    assert await resolver.wait(store.ask(5)) == (5, 1)
    assert store.rounds == [[0], [5]]
