"""What needs no socket, each in a process of its own, pinned to the server's core."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench import goals, results
from bench.pace import Pace
from bench.processes import BenchFailed, Cores
from bench.results import Row

KEYS_VARIABLE: Final = "KEYHOUSE_BENCH_KEYS"
"""How many keys a cold one is looked for among: 10000000 is what the goal is about."""
_COLD_KEYS: Final = 100_000
_GOAL_KEYS: Final = 10_000_000
_HELD_KEYS: Final = (2_000, 6_000)
_HELD: Final = {
    "own": "and its own application",
    "full": "and its own application, with a network, two rates and a quota",
    "grown": "and its own application, as the process grows",
}
_PART: Final = "In a process"
_TIMEOUT_SECONDS: Final = 4 * 3600


def decided(cores: Cores, pace: Pace) -> list[Row]:
    """Decisions, beside what Python libraries take to check a key."""
    every: list[tuple[dict[str, float], float, float]] = []
    for _ in range(3 if pace.is_full else 1):
        ours, drf = _ran(cores, "inside"), _ran(cores, "drf")["us"]
        every.append((ours, drf, _ran(cores, "keygate_check")["us"]))
    told = [
        results.median(goals.DECIDED_BARE, [ours["bare_us"] for ours, _, _ in every]),
        results.median(goals.DECIDED_FULL, [ours["full_us"] for ours, _, _ in every]),
        results.median(
            goals.GUARD_TO_DRF, [drf / ours["guard_us"] for ours, drf, _ in every]
        ),
    ]
    compared = [
        results.median(
            "guard ÷ fastapi-keygate, checks a second",
            [other / ours["guard_us"] for ours, _, other in every],
        ),
        results.median(
            "guard, metering included, µs", [ours["guard_us"] for ours, _, _ in every]
        ),
        results.median("djangorestframework-api-key, µs", [drf for _, drf, _ in every]),
        results.median("fastapi-keygate, µs", [other for _, _, other in every]),
        results.single(
            "core's walk alone, every check on, µs",
            _ran(cores, "decide", "--json")["us"],
        ),
        results.single(
            "a proxied request in the gateway's own code, µs",
            _ran(cores, "request", "--json")["us"],
        ),
    ]
    return [*told, *_parted(compared)]


def held(cores: Cores, pace: Pace) -> list[Row]:
    """Memory of a key in the cache."""
    keys = _HELD_KEYS[pace.is_full]
    kinds = () if pace.is_full else ("bare",)
    told = _ran(cores, "holding", str(keys), *kinds)
    compared = [
        results.single(f"memory of a cached key {what}, bytes", told[f"{name}_bytes"])
        for name, what in _HELD.items()
        if f"{name}_bytes" in told
    ]
    return [results.single(goals.HELD, told["bare_bytes"]), *_parted(compared)]


def cold(cores: Cores) -> list[Row]:
    """The first request of a key, whose rows may be in the memory of the system."""
    keys = int(os.environ.get(KEYS_VARIABLE, _COLD_KEYS))
    rows: list[Row] = []
    for kind, name, goal in (
        ("sqlite", "SQLite", goals.COLD_SQLITE),
        ("postgresql", "PostgreSQL", goals.COLD_POSTGRESQL),
    ):
        told = _ran(cores, "cold", str(keys), kind)
        what = f"cold key among {keys:,}, {name}"
        p50 = goal if keys == _GOAL_KEYS else f"{what}, ms"
        rows.append(replace(results.single(p50, told["p50_ms"]), part=_PART))
        rows += _parted(
            [
                results.single(f"{what}, p99, ms", told["p99_ms"]),
                results.single(f"{what}, CPU of ours, ms", told["cpu_ms"]),
            ]
        )
    return rows


def _ran(cores: Cores, name: str, *more: str) -> dict[str, float]:
    """What a module of the bench measures by itself and prints as JSON."""
    pinned = ["taskset", "--cpu-list", str(cores.server), sys.executable]
    ran = subprocess.run(
        [*pinned, "-m", f"bench.{name}", *more],
        check=False,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        cwd=Path(__file__).parents[1],
    )
    if ran.returncode:
        raise BenchFailed(f"bench.{name} failed:\n{ran.stderr[-2000:]}")
    told: dict[str, float] = json.loads(ran.stdout)
    return told


def _parted(rows: list[Row]) -> list[Row]:
    return [replace(row, part=_PART) for row in rows]
