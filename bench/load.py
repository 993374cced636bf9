"""wrk, and what it saw. A run in which anything failed counts for nothing."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.processes import BenchFailed, spent

CONNECTIONS = 64
_SUMS = "SUMS "
_ERRORS = ("connect", "read", "write", "status", "timeout")
_SCRIPT = Path(__file__).parent / "wrk.lua"


class Target(NamedTuple):
    """Something that answers 200: where, and what it is sent.

    With a `body` it is sent POSTs of that JSON, otherwise GETs. `varied` sends
    each of them with a path and a trace header of its own, and puts a number
    of its own at `@N@` of the body. With `keys` each has the next of them, in
    X-API-Key or at `@KEY@` of the body. `serving` are the processes whose CPU
    time counts.
    """

    name: str
    url: str
    headers: Mapping[str, str]
    body: str = ""
    varied: bool = False
    keys: Sequence[str] = ()
    serving: tuple[int, ...] = ()

    @property
    def alone(self) -> "Target":
        """The same with one caller's key."""
        return self._replace(keys=())


class Sample(NamedTuple):
    """One run of wrk: all of its requests were answered well."""

    requests: int
    seconds: float
    p50_us: int
    p99_us: int
    cpu_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU time of the serving processes for a request."""
        return self.cpu_seconds / self.requests * 1e6


def load(
    target: Target, *, core: int, seconds: int, connections: int = CONNECTIONS
) -> Sample:
    """Load `target` from one thread of `core`. Raises BenchFailed on any error."""
    with tempfile.NamedTemporaryFile("w", suffix=".keys") as keys:
        keys.write("".join(f"{key}\n" for key in target.keys))
        keys.flush()
        command = _command(target, core, seconds, connections, keys.name)
        before = spent(target.serving).cpu_seconds
        ran = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=seconds + 30
        )
        took = spent(target.serving).cpu_seconds - before
    sample = _sample(target.name, _sums(target.name, ran.stdout + ran.stderr))
    return sample._replace(cpu_seconds=took)


def _command(
    target: Target, core: int, seconds: int, connections: int, keys: str
) -> list[str]:
    headers = target.headers
    if target.keys:
        headers = {name: one for name, one in headers.items() if name != "X-API-Key"}
    return [
        *("taskset", "--cpu-list", str(core), "wrk", "--threads", "1"),
        *("--connections", str(connections), "--duration", f"{seconds}s"),
        *("--timeout", "10s", "--script", str(_SCRIPT)),
        *(part for pair in headers.items() for part in ("-H", ": ".join(pair))),
        *(target.url, "--", "varied" if target.varied else "same"),
        *(keys if target.keys else "-", *filter(None, [target.body])),
    ]


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
