"""Latencies under an open-loop load, see `bench.paced`: run, and what it saw."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.load import CONNECTIONS, Target
from bench.processes import BenchFailed


class Due(NamedTuple):
    """A run or a part of one: latencies from when each request was due."""

    p50_us: float
    p99_us: float
    max_us: float
    late_p99_us: float


def due(
    target: Target,
    *,
    core: int,
    rate: float,
    seconds: float,
    connections: int = CONNECTIONS,
) -> Due:
    """Requests to `target` at an even rate. Raises BenchFailed on any error."""
    return due_in_parts(
        target, core=core, rate=rate, seconds=[seconds], connections=connections
    )[0]


def due_in_parts(
    target: Target,
    *,
    core: int,
    rate: float,
    seconds: Sequence[float],
    connections: int = CONNECTIONS,
) -> list[Due]:
    """The same without a pause and over the same connections, of which parts are told.

    They take so many `seconds` each.
    """
    asked = {
        "port": urlsplit(target.url).port,
        "requests": [one.decode("latin-1") for one in _requests(target)],
        "rate": rate,
        "counts": [max(int(rate * one), 1) for one in seconds],
        "connections": connections,
    }
    ran = subprocess.run(
        ["taskset", "--cpu-list", str(core), sys.executable, "-m", "bench.paced"],
        check=False,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=sum(seconds) + 60,
        cwd=Path(__file__).parents[1],
    )
    if ran.returncode:
        raise BenchFailed(f"{target.name} at {rate:,.0f}/s:\n{ran.stderr[-2000:]}")
    return [Due(**part) for part in json.loads(ran.stdout)]


def once(target: Target, *, core: int, rate: float) -> None:
    """Each of the target's keys once, and slowly: then they are all known."""
    due(target, core=core, rate=rate, seconds=len(target.keys) / rate, connections=8)


def _requests(target: Target) -> Sequence[bytes]:
    """As wrk writes them: one, or one for each key."""
    return [_request(target, key) for key in target.keys or ("",)]


def _request(target: Target, key: str) -> bytes:
    parts = urlsplit(target.url)
    headers = {"Host": parts.netloc, **target.headers}
    body = target.body.replace("@KEY@", key)
    if key and body == target.body:
        headers["X-API-Key"] = key
    if body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    method = "POST" if body else "GET"
    lines = [
        f"{method} {parts.path} HTTP/1.1",
        *(": ".join(one) for one in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")
