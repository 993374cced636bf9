"""One process that is to run: started, watched, started again."""

import asyncio
import logging
import signal
import socket
from collections.abc import Mapping
from typing import NamedTuple

from keyhouse.doors.supervisor.tether import tethered

WRONG_USE = 2
"""The exit code of a process whose settings are wrong: another try is of no use."""

_log = logging.getLogger("keyhouse.supervisor")


class Timing(NamedTuple):
    """How patient a supervisor is, in seconds."""

    grace_seconds: float = 30.0
    pause_seconds: float = 0.05
    pause_seconds_max: float = 5.0
    steady_seconds: float = 10.0
    """A process that ran so long did well; its next pause is the short one."""
    first_starts_max: int = 5
    """Starts without ever being ready, after which the supervisor gives up."""
    poll_seconds: float = 0.05


class Plan(NamedTuple):
    """What to run. `--listen-fd N` is added to the command; `ready_path` is

    asked over HTTP and answers 200 once the process can serve.
    """

    name: str
    command: tuple[str, ...]
    socket: socket.socket
    ready_path: str
    environment: Mapping[str, str]


class Child:
    """Keeps the process of a plan running. One event loop only."""

    def __init__(self, plan: Plan, timing: Timing) -> None:
        self.plan = plan
        self.was_ready = False
        self._timing = timing
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process id of now, None between two processes."""
        return None if self._process is None else self._process.pid

    async def keep(self) -> int:
        """Run until stopped (0), or until it is hopeless (the last exit code)."""
        clock = asyncio.get_running_loop().time
        failures = 0
        while not self._stopping.is_set():
            began = clock()
            code = await self._run_once()
            if self._stopping.is_set():
                break
            failures = 0 if clock() - began > self._timing.steady_seconds else failures + 1
            if self._hopeless(code, failures):
                _log.error("%s %s; giving up", self.plan.name, _ended(code))
                return code or 1
            await self._pause(code, failures)
        return 0

    def stop(self) -> None:
        """Ask the process to finish what it has in hand, and start no other."""
        self._stopping.set()
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self._stopping.set()
        self._send(signal.SIGKILL)

    async def _run_once(self) -> int:
        fd = self.plan.socket.fileno()
        self._process = await asyncio.create_subprocess_exec(
            *tethered([*self.plan.command, "--listen-fd", str(fd)]),
            pass_fds=[fd],
            process_group=0,  # Ctrl-C is for the parent, which passes on a SIGTERM
            stdin=asyncio.subprocess.DEVNULL,
            env=dict(self.plan.environment),
        )
        _log.debug("%s started, pid %d", self.plan.name, self._process.pid)
        if self._stopping.is_set():
            self._send(signal.SIGTERM)
        code = await self._process.wait()
        self._process = None
        return code

    def _hopeless(self, code: int, failures: int) -> bool:
        if self.was_ready:
            return False
        return code == WRONG_USE or failures >= self._timing.first_starts_max

    async def _pause(self, code: int, failures: int) -> None:
        doubled = self._timing.pause_seconds * 2 ** min(failures, 16)
        seconds = min(doubled, self._timing.pause_seconds_max)
        _log.warning("%s %s; starts again in %.1f s", self.plan.name, _ended(code), seconds)
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"
