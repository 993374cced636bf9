"""A steady load of clients that count, a fault, and the reckoning after it.

    load = Load(installation)
    load.add("plain"), load.add("limited", quota=200)
    async with load.on(gateway.port):
        await load.steady()
        ... the fault ...
        await load.steady()
    await load.reckon(gateway)

The clients of each key note for every call when it was sent, how long it took
and what came: so a test asks what happened within a stretch of time.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.faults.harness import (
    PATIENCE_SECONDS,
    Caller,
    Installation,
    Key,
    Running,
    Tally,
    until,
)

CLIENTS = 2
"""Of each key."""
PAUSE_SECONDS = 0.004
"""Between two calls of a client: how callers fare is to be seen, not how much is borne."""
STEADY = 15
"""So many answers of a key in a row show that it is served."""
GROWTH_MAX = 24 << 20
"""What a gateway may hold more after a fault than before."""


STALL_SECONDS = 0.05
"""The least time that these clients' own loop stands still to be made allowance for."""


class Call(NamedTuple):
    """One call. Times are the monotonic clock's; `status` 0 is no answer at all.

    `stalled` is for how much of that time the clients themselves stood still, so
    that the answer may have been there.
    """

    at: float
    took: float
    status: int
    stalled: float = 0.0

    @property
    def end(self) -> float:
        """When the answer was there."""
        return self.at + self.took


@dataclass
class Clients:
    """Those who call with one key."""

    key: Key
    quota: int | None
    api: str = "echo"
    tally: Tally = field(default_factory=Tally)
    calls: list[Call] = field(default_factory=list)

    def between(self, begin: float, end: float) -> list[Call]:
        """Calls that were sent and answered within that time."""
        return [call for call in self.calls if begin <= call.at and call.end <= end]

    def statuses(self, begin: float = 0, end: float = float("inf")) -> set[int]:
        """What came within that time."""
        return {call.status for call in self.between(begin, end)}

    def longest(self, begin: float = 0, end: float = float("inf")) -> float:
        """Seconds of the slowest call that was sent within that time, without those in

        which the clients stood still.
        """
        sent = (call for call in self.calls if begin <= call.at <= end)
        return max((call.took - call.stalled for call in sent), default=0.0)

    def last_served(self, before: float = float("inf")) -> float:
        """When the last call was sent, before a time, that got 200; 0 where none did."""
        served = [one.at for one in self.calls if one.status == 200 and one.at < before]
        return max(served, default=0.0)

    def __repr__(self) -> str:
        return f"{self.key.id}: {dict(self.tally.statuses)}, {self.tally.lost} lost"


class Stalls:
    """For how long the loop of the clients has stood still, for want of the machine."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._due = time.monotonic()

    async def watch(self) -> None:
        """Look again and again, until it is cancelled."""
        while True:
            self._due = time.monotonic() + STALL_SECONDS / 2
            await asyncio.sleep(STALL_SECONDS / 2)
            self.seconds = self.up_to_now()
            self._due = time.monotonic()

    def up_to_now(self) -> float:
        """Seconds in all, that which just ends included."""
        late = time.monotonic() - self._due
        return self.seconds + (late if late > STALL_SECONDS else 0.0)


class Load:
    """Clients of several keys of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.all: list[Clients] = []

    async def add(self, name: str, quota: int | None = None, api: str = "echo") -> Clients:
        """Clients of a new key, with a quota a month if one is given."""
        key = await asyncio.to_thread(self._installation.key, name, quota, api)
        clients = Clients(key, quota, api)
        self.all.append(clients)
        return clients

    @contextlib.asynccontextmanager
    async def on(self, *ports: int, clients: int = CLIENTS) -> AsyncIterator[None]:
        """All of them call until the block ends; each key at each port."""
        end, stalls = asyncio.Event(), Stalls()
        watching = asyncio.create_task(stalls.watch())
        tasks = [
            asyncio.create_task(_keep_calling(one, port, end, stalls))
            for one in self.all
            for port in ports
            for _ in range(clients)
        ]
        try:
            yield
        finally:
            end.set()
            await asyncio.gather(*tasks)
            watching.cancel()

    async def steady(
        self, status: int = 200, of: Iterable[Clients] | None = None, calls: int = STEADY
    ) -> float:
        """Wait until each key's last calls, sent from now on, all got `status`; the time.

        Calls that were on their way before do not count.
        """
        begin = time.monotonic()
        for one in self.all if of is None else of:
            await until(
                lambda one=one: _ends_with(one.calls, begin, status, calls),  # type: ignore[misc]
                lambda one=one: f"not {status} again: {_latest(one)}",  # type: ignore[misc]
            )
        return time.monotonic()

    async def reckon(self) -> None:
        """What was served, what the upstream saw and what was booked agree.

        Quotas are overspent by 0. What is booked or was seen by the upstream and
        not answered is no more than what was lost on its way.
        """
        for one in self.all:
            served, lost = one.tally.served, one.tally.lost
            seen = self._installation.upstream.seen[one.key.id]
            assert served <= seen <= served + lost, f"the upstream saw {seen} of {one}"
            if one.quota is not None:
                assert seen <= one.quota, f"{seen} of {one.quota} spent: {one}"
            await self.is_booked(one, served, served + lost)

    async def is_booked(self, one: Clients, least: int, most: int) -> None:
        """Wait until so many calls of a key are booked as allowed; never more."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            metered = await asyncio.to_thread(self._installation.metered, one.key)
            assert metered <= most, f"{metered} booked of {one}"
            if metered >= least:
                return
            assert time.monotonic() < deadline, f"{metered} booked of {one}"
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def memory_back(gateway: Running, most: int = GROWTH_MAX) -> AsyncIterator[None]:
    """The gateway holds no more memory after the block than before it."""
    before = gateway.resident_bytes
    yield
    await until(
        lambda: gateway.resident_bytes - before < most,
        lambda: f"grown by {(gateway.resident_bytes - before) >> 20} MiB",
    )


async def _keep_calling(
    one: Clients, port: int, end: asyncio.Event, stalls: "Stalls"
) -> None:
    caller = Caller(port, one.key, one.tally, api=one.api)
    while not end.is_set():
        at, stalled = time.monotonic(), stalls.up_to_now()
        status = await caller.call()
        took, stalled = time.monotonic() - at, stalls.up_to_now() - stalled
        one.calls.append(Call(at, took, status or 0, min(stalled, took)))
        await asyncio.sleep(PAUSE_SECONDS if status else 5 * PAUSE_SECONDS)
    caller.close()


def _ends_with(calls: list[Call], begin: float, status: int, count: int) -> bool:
    last = calls[-count:]
    if len(last) < count:
        return False
    return all(call.status == status and call.at >= begin for call in last)


def _latest(one: Clients) -> str:
    latest = Counter(call.status for call in one.calls[-50:])
    return f"{one}, of late {dict(latest)}"
