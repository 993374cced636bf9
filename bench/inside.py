"""How long a decision takes inside a process, on a real data plane.

`python -m bench.inside` prints `{"bare_us": …, "full_us": …, "guard_us": …}`: a
secret looked up in the cache, decided on and counted, for a key without
restrictions and limits and for one with a network, two rates and a quota; and
the guard's `verify` for the first, metering included.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from bench.crowd import SLUG, Crowd, everything, new_world, secret_of, settings_of
from keyhouse import Keyhouse
from keyhouse.core.addresses import parse_address
from keyhouse.core.decision import Decision
from keyhouse.core.request import Request
from keyhouse.services.plane import DataPlane

RUNS: Final = 15
CALLS: Final = 2_000
_PAUSE_SECONDS: Final = 0.02
"""Between runs: the flusher books, and leases come."""
_BARE, _FULL = 0, 1


async def _measured(folder: Path) -> dict[str, float]:
    settings = settings_of(folder)
    crowd = Crowd(settings, new_world(settings))
    crowd.write(range(_BARE, _BARE + 1))
    crowd.write(range(_FULL, _FULL + 1), **everything())
    crowd.done()
    kh = Keyhouse.from_env({"KEYHOUSE_DATA__DIR": str(folder)})
    async with kh.running():
        plane = kh.plane
        if not isinstance(plane, DataPlane):
            raise TypeError(plane)
        return {
            "bare_us": await _decided(plane, _BARE),
            "full_us": await _decided(plane, _FULL),
            "guard_us": await _guarded(kh, _BARE),
        }


async def _decided(plane: DataPlane, number: int) -> float:
    """Microseconds of `Verifier.verify`, from the secret to the decision."""
    secret, address = secret_of(number).encode(), parse_address("127.0.0.1")
    verify, loaded = plane.verifier.verify, plane.resolver.wait

    def asked() -> Request:
        return Request(secret, SLUG, address, "GET", "/items/7")

    def turns() -> float | None:
        requests = [asked() for _ in range(CALLS)]
        began = time.thread_time_ns()
        for request in requests:
            outcome = verify(request)
        took = time.thread_time_ns() - began
        # A lease is on its way: a run in which one had to wait does not count.
        done = isinstance(outcome, Decision) and outcome.allowed
        return took / CALLS / 1000 if done else None

    decision = await loaded(verify(asked()))
    if not decision.allowed:
        raise AssertionError(decision)
    return await _median(turns, lambda: loaded(verify(asked())))


async def _median(
    turns: Callable[[], float | None],
    between: Callable[[], Coroutine[Any, Any, object]],
) -> float:
    told: list[float] = []
    while len(told) < RUNS + 5:
        took = turns()
        if took is not None:
            told.append(took)
        await between()
        await asyncio.sleep(_PAUSE_SECONDS)
    return statistics.median(told[5:])


async def _guarded(kh: Keyhouse, number: int) -> float:
    """Microseconds of `Keyhouse.verify`, awaited one after the other."""
    secret = secret_of(number)
    told = []
    for _ in range(RUNS + 5):
        began = time.thread_time_ns()
        for _ in range(CALLS):
            decision = await kh.verify(secret, api=SLUG, address="127.0.0.1")
        told.append((time.thread_time_ns() - began) / CALLS / 1000)
        if not decision.allowed:
            raise AssertionError(decision)
        await asyncio.sleep(_PAUSE_SECONDS)
    return statistics.median(told[5:])


def main() -> None:
    """Measure and tell."""
    import uvloop

    from keyhouse.wiring import spare_collector

    spare_collector()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(uvloop.run(_measured(Path(folder) / "data"))))


if __name__ == "__main__":
    main()
