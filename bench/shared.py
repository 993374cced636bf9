"""Rates that nodes count together, on a Valkey, beside those that one counts alone."""

import contextlib
import os
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from bench import gateway, goals, peers, results
from bench.pace import Pace
from bench.processes import Cores, spent
from bench.results import Row
from bench.scene import Rounds
from bench.side_by_side import rate_of
from tests.servers.valkey import ValkeyServer

_PART = "Rates on Valkey"


def shared_rates(cores: Cores, pace: Pace, folder: Path) -> list[Row]:
    """Three exact rates on a key. Valkey is on the load's core, as the upstream is."""
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(peers.upstream(cores))
        valkey = stack.enter_context(_valkey(cores))
        prepared = gateway.prepare(folder, cores, upstream, limits=gateway.THREE_RATES)
        named = {
            "in memory": {},
            "on Valkey": {"KEYHOUSE_DATA__COUNTERS_URL": valkey.url},
        }
        targets = [
            stack.enter_context(
                gateway.gateway(prepared, cores.server, name=name, more=more)
            )
            .proxy()
            .alone
            for name, more in named.items()
        ]
        before = spent([valkey.process.pid]).cpu_seconds
        ran = Rounds(cores, pace).run(targets, warm_seconds=1)
        took = spent([valkey.process.pid]).cpu_seconds - before
    alone, shared = (rate_of(name, ran) for name in named)
    answered = sum(samples["on Valkey"].requests for samples in ran)
    rows = [
        results.median("in memory, requests/s", alone),
        results.median("on Valkey, requests/s", shared),
        results.median(
            "in memory, CPU µs a request", [one["in memory"].cpu_us for one in ran]
        ),
        results.median(
            "on Valkey, CPU µs a request of the gateway",
            [one["on Valkey"].cpu_us for one in ran],
        ),
        results.single(
            "on Valkey, CPU µs a request of Valkey itself", took / answered * 1e6
        ),
    ]
    ratio = [b / a for a, b in zip(alone, shared, strict=True)]
    goal = results.median(goals.SHARED_RATES, ratio)
    return [goal, *[replace(row, part=_PART) for row in rows]]


@contextlib.contextmanager
def _valkey(cores: Cores) -> Generator[ValkeyServer]:
    server = ValkeyServer()
    try:
        for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {cores.load})
        yield server
    finally:
        server.stop()
