"""Programs under measurement: each on the core it is told, ended when done."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 40.0

_PORTS = (15_000, 32_000)


class BenchFailed(Exception):
    """Nothing can be told of this run; the text says why."""


class Cores(NamedTuple):
    """The core of what is measured, and that of load and upstream."""

    server: int
    load: int


def two_cores() -> Cores:
    """Two cores this process may run on, as far apart as there are."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise BenchFailed("two cores are needed: one for the server, one for the load")
    return Cores(usable[0], usable[-1])


class Spent(NamedTuple):
    """What processes and all that they started have taken so far, and hold now.

    Memory that they share counts once (PSS).
    """

    cpu_seconds: float
    resident_bytes: int


def spent(pids: Sequence[int], *, memory: bool = False) -> Spent:
    """Of these processes. Raises BenchFailed where one has ended."""
    seconds, held = 0.0, 0
    try:
        for pid in pids:
            first = psutil.Process(pid)
            for process in (first, *first.children(recursive=True)):
                times = process.cpu_times()
                seconds += times.user + times.system
                held += process.memory_full_info().pss if memory else 0
    except psutil.NoSuchProcess as gone:
        raise BenchFailed(f"process {gone.pid} has ended under load") from None
    return Spent(seconds, held)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody had a moment ago.

    Of those that the system gives to no connection by itself: under load it
    may take any of the others before a program listens there.
    """
    while True:
        port = random.randrange(*_PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    core: int | str,
    port: int,
    environ: Mapping[str, str] | None = None,
) -> Generator[int]:
    """A program pinned to one core, or several as taskset writes them, and

    listening on `port`; yields its pid.

    Ended by SIGTERM at the end, and waited for. Raises BenchFailed with the
    end of what it printed when it does not come up or does not end.
    """
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=dict(environ) if environ is not None else None,
            start_new_session=True,
        )
        try:
            if not _listens(process, port):
                raise BenchFailed(f"{name} did not start:\n{_tail(printed.fileno())}")
            yield process.pid
            if process.poll() is not None:
                raise BenchFailed(f"{name} ended by itself:\n{_tail(printed.fileno())}")
        finally:
            _stop(process)


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        # Its own session: children that outlived it go with it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(descriptor: int) -> str:
    return Path(f"/proc/self/fd/{descriptor}").read_text("utf-8", "replace")[-3000:]
