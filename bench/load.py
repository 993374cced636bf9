"""wrk, and what it saw. A run in which anything failed counts for nothing."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.processes import BenchFailed

CONNECTIONS = 64
_SUMS = "SUMS "
_ERRORS = ("connect", "read", "write", "status", "timeout")
_SCRIPT = Path(__file__).parent / "wrk.lua"


class Target(NamedTuple):
    """Something that answers 200: where, and what it is sent.

    With a `body` it is sent POSTs of that JSON, otherwise GETs. `varied` sends
    each of them with a path and a trace header of its own.
    """

    name: str
    url: str
    headers: Mapping[str, str]
    body: str = ""
    varied: bool = False


class Sample(NamedTuple):
    """One run of wrk: all of its requests were answered well."""

    requests: int
    seconds: float
    p50_us: int
    p99_us: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def load(
    target: Target, *, core: int, seconds: int, connections: int = CONNECTIONS
) -> Sample:
    """Load `target` from one thread of `core`. Raises BenchFailed on any error."""
    command = [
        *("taskset", "--cpu-list", str(core), "wrk", "--threads", "1"),
        *("--connections", str(connections), "--duration", f"{seconds}s"),
        *("--timeout", "10s", "--script", str(_SCRIPT)),
        *(part for pair in target.headers.items() for part in ("-H", ": ".join(pair))),
        *(target.url, "--", "varied" if target.varied else "same"),
        *filter(None, [target.body]),
    ]
    ran = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=seconds + 30
    )
    return _sample(target.name, _sums(target.name, ran.stdout + ran.stderr))


def _sums(name: str, printed: str) -> Mapping[str, int]:
    for line in printed.splitlines():
        if line.startswith(_SUMS):
            sums: dict[str, int] = json.loads(line.removeprefix(_SUMS))
            return sums
    raise BenchFailed(f"wrk told nothing of {name}:\n{printed[-2000:]}")


def _sample(name: str, sums: Mapping[str, int]) -> Sample:
    errors = {what: sums[what] for what in _ERRORS if sums[what]}
    if errors or not sums["requests"]:
        raise BenchFailed(f"{name}: {sums['requests']} answers, errors {errors or 'none'}")
    return Sample(
        sums["requests"], sums["duration_us"] / 1e6, sums["p50_us"], sums["p99_us"]
    )


def interleaved(
    targets: Sequence[Target],
    *,
    core: int,
    rounds: int,
    seconds: int,
    connections: int = CONNECTIONS,
) -> list[dict[str, Sample]]:
    """A, B, C, A, B, C, …: what slows the machine for a while slows them all.

    One mapping a round, by the targets' names.
    """
    return [
        {
            target.name: load(target, core=core, seconds=seconds, connections=connections)
            for target in targets
        }
        for _ in range(rounds)
    ]
