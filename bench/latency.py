"""Latencies under an open-loop load, at half of what each can do."""

import statistics
from dataclasses import replace

from bench import goals, results
from bench.due import Due
from bench.peers import envoy, haproxy, nginx
from bench.results import Row
from bench.scene import Scene
from bench.side_by_side import Samples, rate_of

RATE_MAX = 20_000.0
"""What the load can do beside the upstream, without being late itself."""
_AFTER_PAUSE = "Keyhouse in the first second after a pause, p99"
_PART = f"Latency at half of the top rate, at most {RATE_MAX:,.0f} requests/s, µs"


def latencies(scene: Scene, at_once: Samples) -> list[Row]:
    """What the gateway adds, and how quick each is at half of its own top rate."""
    ours, quiet = scene.ours.proxy().alone, scene.named(nginx.BARE)[0]
    rate = _half("Keyhouse", at_once)
    beside = [ours, scene.straight, quiet._replace(name="nginx at the gateway's rate")]
    seen: dict[str, list[Due]] = {one.name: [] for one in beside}
    first: list[Due] = []
    for _ in range(scene.rounds.pace.rounds):
        for target in beside:
            begun, told = scene.rounds.due(target, rate)
            seen[target.name].append(told)
            if target is ours:
                first.append(begun)
    mine, straight = seen["Keyhouse"], seen["straight"]
    added = [a.p99_us - b.p99_us for a, b in zip(mine, straight, strict=True)]
    median = [a.p50_us - b.p50_us for a, b in zip(mine, straight, strict=True)]
    rows = [
        results.single("requests/s at which the gateway is measured", rate),
        results.median("p50 that the gateway adds", median),
        *_told(seen),
        results.median(_AFTER_PAUSE, [one.p99_us for one in first]),
        results.median("the load's own lateness, p99", [a.late_p99_us for a in straight]),
    ]
    if scene.rounds.pace.is_full:
        rows += _others(scene, at_once)
    parted = [replace(row, part=_PART) for row in rows]
    return [results.median(goals.ADDED_P99, added), *parted]


def _others(scene: Scene, at_once: Samples) -> list[Row]:
    """Each at half of its own top rate."""
    checking = scene.named(envoy.ENVOY, nginx.LUA, haproxy.HAPROXY)
    targets = [scene.ours.verify(), *checking]
    seen: dict[str, list[Due]] = {one.name: [] for one in targets}
    for _ in range(scene.rounds.pace.rounds):
        for target in targets:
            rate = _half(target.name, at_once)
            seen[target.name].append(scene.rounds.due(target, rate)[1])
    return _told(seen)


def _half(name: str, at_once: Samples) -> float:
    return min(statistics.median(rate_of(name, at_once)) / 2, RATE_MAX)


def _told(seen: dict[str, list[Due]]) -> list[Row]:
    return [
        results.median(f"{name}, {told}", [getattr(one, f"{told}_us") for one in runs])
        for name, runs in seen.items()
        for told in ("p50", "p99")
    ]
