"""Rate counters that all nodes share: `ports.RateCounter` on Valkey.

What comes within one turn of the event loop is asked at once, in one script
for each slot of a cluster; while answers are on their way, more gathers. Where
the counters are away, `limits.on_outage` says what happens, and nobody waits.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any, Final

from valkey.exceptions import NoScriptError

from keyhouse.adapters.valkey.address import ANSWER_SECONDS_MAX, Connect
from keyhouse.adapters.valkey.script import (
    DIGEST,
    SCRIPT,
    Asked,
    answers,
    arguments,
    is_of_batch,
)
from keyhouse.adapters.valkey.shards import Shards
from keyhouse.core.limits import RateLimit, left_of, shared, stood
from keyhouse.core.pending import Pending
from keyhouse.core.records import RateUse
from keyhouse.ports import RateAnswer, RateCounter, Slowed, Uncounted

BATCH_MAX: Final = 256
"""Requests in one script: while it runs, Valkey does nothing else."""
COUNTERS_MAX: Final = 4096
"""Counters in one script, for the same reason; a request is never divided."""
IN_FLIGHT_MAX: Final = 2
NAMES_MAX: Final = 65_536
_log = logging.getLogger(__name__)
Then = Callable[[object], None]


class OnOutage(StrEnum):
    """What happens while the counters are away."""

    LOCAL = "local"
    OPEN = "open"
    CLOSED = "closed"


class _Names(dict[str, bytes]):
    """The keys of counters. What one request takes has the tag of the API's

    organization in it, so that it lies in one slot of a cluster.
    """

    def __missing__(self, counter: str) -> bytes:
        if len(self) >= NAMES_MAX:
            self.clear()
        provider, _, rest = counter.partition("|")
        name = self[counter] = f"kh:{{{provider}}}:{rest}".encode()
        return name


class _Lane:
    """What waits to be asked in one slot, and how much of it is on its way."""

    __slots__ = ("in_flight", "is_called", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[tuple[Asked, Then]] = deque()
        self.in_flight = 0
        self.is_called = False

    def next_batch(self) -> list[tuple[Asked, Then]]:
        """What goes into one script: at least one request, where one waits."""
        batch: list[tuple[Asked, Then]] = []
        counters = 0
        while self.waiting and len(batch) < BATCH_MAX:
            counters += len(self.waiting[0][0].uses)
            if batch and counters > COUNTERS_MAX:
                break
            batch.append(self.waiting.popleft())
        return batch


@lru_cache(NAMES_MAX)
def _share(limit: RateLimit, nodes: int) -> RateLimit:
    return shared(limit, nodes)


class ValkeyRateCounter:
    """`ports.RateCounter` for any number of nodes; one event loop uses it.

    `local` counts while the counters are away, each node its share of a limit.
    `clock_us` is for tests: the time to count by instead of the server's.
    """

    def __init__(
        self,
        connect: Connect,
        local: RateCounter,
        on_outage: OnOutage = OnOutage.LOCAL,
        clock_us: Callable[[], int] | None = None,
    ) -> None:
        self._connect = connect
        self._local = local
        self._on_outage = on_outage
        self._clock_us = clock_us
        self._names = _Names()
        self._lanes: dict[str, _Lane] = {}
        self._shards = Shards()
        self._blamed = False
        self._spent_here: dict[str, int] = {}
        self._nodes = 1
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_answered(self) -> bool | None:
        """Whether they answered when they were last asked."""
        return self._shards.is_answered

    def share_among(self, nodes: int) -> None:
        """How many nodes count, should each have to count for itself."""
        self._nodes = max(nodes, 1)

    async def close(self) -> None:
        """Let what is on its way land, and close the connections."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * ANSWER_SECONDS_MAX)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def take(
        self, uses: Sequence[RateUse], cost: int, now_us: int
    ) -> RateAnswer | Pending[RateAnswer]:
        """Spend `cost` on all of `uses` or on none; results in their order."""
        if not uses:
            return ()
        breaker = self._shards.breaker(_organization(uses))
        if not breaker.lets_through(time.monotonic()):
            return self._without(uses, cost, now_us)
        asked = Asked(uses, cost, now_us, self._ahead(uses, now_us))
        return Pending(None, _nothing, _as_it_is, partial(self._join, asked))

    # -- asking --------------------------------------------------------------------

    def _join(self, asked: Asked, then: Then) -> None:
        """Have it asked with whatever else comes in this turn of the loop."""
        if self._client is None:
            self._loop = asyncio.get_running_loop()
            self._client = self._connect.client()
            if self._connect.is_cluster:
                self._shards.are_of(self._client)
        slot = _organization(asked.uses) if self._connect.is_cluster else ""
        lane = self._lanes.get(slot)
        if lane is None:
            lane = self._lanes[slot] = _Lane()
        lane.waiting.append((asked, then))
        if not lane.is_called and lane.in_flight < IN_FLIGHT_MAX:
            lane.is_called = True
            self._loop.call_soon(self._send, slot, lane)

    def _send(self, slot: str, lane: _Lane) -> None:
        lane.is_called = False
        if not lane.waiting:
            return
        batch = lane.next_batch()
        lane.in_flight += 1
        task = self._loop.create_task(self._ask(slot, lane, batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, slot: str, lane: _Lane, batch: list[tuple[Asked, Then]]) -> None:
        asked = [one for one, _ in batch]
        breaker = self._shards.breaker(slot)
        told: Sequence[RateAnswer]
        try:
            told = answers(asked, await self._run(asked))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            # Whatever it is: nobody may wait for ever.
            self._failed(slot, error)
            told = [self._without(one.uses, one.cost, one.now_us) for one in asked]
        else:
            breaker.answered()
        lane.in_flight -= 1
        if lane.waiting:
            self._send(slot, lane)
        elif not lane.in_flight:
            self._lanes.pop(slot, None)
        for (_, then), answer in zip(batch, told, strict=True):
            then(answer)

    def _failed(self, slot: str, error: BaseException) -> None:
        # Whose node it was may be known only since it was asked.
        breaker = self._shards.breaker(slot)
        if not is_of_batch(error):
            breaker.failed(time.monotonic(), repr(error))
            return
        breaker.answered()
        # Once: what is wrong with a counter is so for each batch that it is in.
        if not self._blamed:
            _log.error("rates were not counted together: %s", error)
        self._blamed = True

    async def _run(self, asked: Sequence[Asked]) -> Sequence[int]:
        clock_us = self._clock_us() if self._clock_us else 0
        keys, numbers = arguments(asked, self._names, clock_us)
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            try:
                return await self._evaluate("evalsha", DIGEST, keys, numbers)
            except NoScriptError:
                return await self._evaluate("eval", SCRIPT, keys, numbers)

    async def _evaluate(
        self, how: str, script: str, keys: list[bytes], numbers: list[int]
    ) -> Sequence[int]:
        told: Sequence[int] = await getattr(self._client, how)(
            script, len(keys), *keys, *numbers
        )
        return told

    # -- while they are away ---------------------------------------------------------

    def _without(self, uses: Sequence[RateUse], cost: int, now_us: int) -> RateAnswer:
        """The answer without the counters."""
        if self._on_outage is OnOutage.CLOSED:
            return Uncounted()
        if self._on_outage is OnOutage.OPEN:
            return left_of(stood(limit, 0, 0, now_us) for _, limit in uses)
        return self._counted_here(uses, cost, now_us)

    def _counted_here(self, uses: Sequence[RateUse], cost: int, now_us: int) -> RateAnswer:
        here = [RateUse(name, _share(limit, self._nodes)) for name, limit in uses]
        told = self._local.take(here, cost, now_us)
        if isinstance(told, Pending):
            raise TypeError("counters of this process do not wait for others")
        if not isinstance(told, Slowed | Uncounted):
            self._remember(here, told, now_us)
        return told

    def _remember(self, here: Sequence[RateUse], left: Sequence[int], now_us: int) -> None:
        """How far each counter is, for the time when it is asked again."""
        if len(self._spent_here) > NAMES_MAX:
            self._spent_here.clear()
        for (name, limit), remaining in zip(here, left[::2], strict=True):
            spent_us = limit.tolerance_us - remaining * limit.interval_us
            self._spent_here[name] = now_us + spent_us

    def _ahead(self, uses: Sequence[RateUse], now_us: int) -> Sequence[int]:
        """How far ahead each counter is to be at least, for what was let pass here.

        So that a burst that was used up during an outage is not there again.
        """
        spent_here = self._spent_here
        if not spent_here:
            return (0,) * len(uses)
        ahead = [max(spent_here.get(name, 0) - now_us, 0) for name, _ in uses]
        for (name, _), left_us in zip(uses, ahead, strict=True):
            if not left_us:
                spent_here.pop(name, None)
        return ahead


def _organization(uses: Sequence[RateUse]) -> str:
    """Whose counters they are: all that one request takes are of one."""
    return uses[0].counter.partition("|")[0]


def _nothing() -> object:
    """What `begin` does is all there is to do."""
    return None


def _as_it_is(answer: Any) -> RateAnswer:  # noqa: ANN401 - what `begin` gave
    told: RateAnswer = answer
    return told
