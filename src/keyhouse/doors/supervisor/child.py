"""One process that is to run: started, watched, started again, replaced."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from keyhouse.doors.supervisor.readiness import is_ready
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
    renewal_seconds: float = 60.0
    """How long a process may take to get ready before it replaces another."""


class Plan(NamedTuple):
    """What to run. Where there is a socket, `--listen-fd N` is added to the command.

    Whether the process can serve is asked over HTTP at `ready_path`, or of
    `probe`; without either it says so itself: `--ready-fd N` is added, and it
    writes a line there.
    """

    name: str
    command: tuple[str, ...]
    socket: socket.socket | None
    ready_path: str
    environment: Mapping[str, str]
    probe: Callable[[], Awaitable[bool]] | None = None


class _Started:
    """A process, and whether it has said that it can serve."""

    def __init__(self, process: asyncio.subprocess.Process, told: int | None) -> None:
        self.process = process
        self.has_told = False
        self._told = told
        if told is not None:
            asyncio.get_running_loop().add_reader(told, self._hear)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        code = await self.process.wait()
        self._close()
        return code

    def _hear(self) -> None:
        self.has_told = self.has_told or bool(os.read(self._told or 0, 64))
        self._close()

    def _close(self) -> None:
        if self._told is not None:
            asyncio.get_running_loop().remove_reader(self._told)
            os.close(self._told)
            self._told = None


class Child:
    """Keeps the process of a plan running. One event loop only."""

    def __init__(self, plan: Plan, timing: Timing) -> None:
        self.plan = plan
        self.was_ready = False
        self._timing = timing
        self._now: _Started | None = None
        self._next: _Started | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process id of now, None between two processes."""
        return None if self._now is None else self._now.process.pid

    async def keep(self) -> int:
        """Run until stopped (0), or until it is hopeless (the last exit code)."""
        clock = asyncio.get_running_loop().time
        failures = 0
        while not self._stopping.is_set():
            began = clock()
            code = await self._run_once()
            if self._stopping.is_set():
                break
            if self._next is not None:
                failures = 0
                continue
            failures = 0 if clock() - began > self._timing.steady_seconds else failures + 1
            if self._hopeless(code, failures):
                _log.error("%s %s; giving up", self.plan.name, _ended(code))
                return code or 1
            await self._pause(code, failures)
        if self._next is not None:
            await self._next.wait()
        return 0

    async def is_ready(self) -> bool:
        """Whether the process of now can serve."""
        return self._now is not None and await self._is_ready(self._now)

    async def replace(self) -> bool:
        """Put another process in the place of the one that runs, on the same socket.

        Both serve until the new one is ready and the old one has finished what
        it has in hand. False where the new one does not get ready: then it is
        ended, and the old one goes on. Only for a plan whose process says itself
        that it is ready: over HTTP, the old one would answer for it.
        """
        if self.plan.ready_path or self.plan.probe is not None:
            raise ValueError(f"{self.plan.name} cannot say that it is ready")
        old = self._now
        if old is None or self._next is not None or self._stopping.is_set():
            return False
        new = await self._start()
        if not await self._gets_ready(new):
            _log.error("%s: the new process is not ready; the old goes on", self.plan.name)
            new.send(signal.SIGKILL)
            await new.wait()
            return False
        self._next = new
        old.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(old.process.wait(), self._timing.grace_seconds)
        except TimeoutError:
            old.send(signal.SIGKILL)
        _log.info("%s goes on as pid %d", self.plan.name, new.process.pid)
        return True

    def stop(self) -> None:
        """Ask the process to finish what it has in hand, and start no other."""
        self._stopping.set()
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self._stopping.set()
        self._send(signal.SIGKILL)

    async def _run_once(self) -> int:
        started, self._next = self._next, None
        self._now = started or await self._start()
        if self._stopping.is_set():
            self._send(signal.SIGTERM)
        code = await self._now.wait()
        self._now = None
        return code

    async def _start(self) -> _Started:
        command, passed = [*self.plan.command], []
        if self.plan.socket is not None:
            passed.append(self.plan.socket.fileno())
            command += ("--listen-fd", str(passed[0]))
        told = told_to = None
        if not self.plan.ready_path and self.plan.probe is None:
            told, told_to = os.pipe()
            passed.append(told_to)
            command += ("--ready-fd", str(told_to))
        process = await asyncio.create_subprocess_exec(
            *tethered(command),
            pass_fds=passed,
            process_group=0,  # Ctrl-C is for the parent, which passes on a SIGTERM
            stdin=asyncio.subprocess.DEVNULL,
            env=dict(self.plan.environment),
        )
        if told_to is not None:
            os.close(told_to)
        _log.debug("%s started, pid %d", self.plan.name, process.pid)
        return _Started(process, told)

    async def _is_ready(self, started: _Started) -> bool:
        if self.plan.probe is not None:
            return await self.plan.probe()
        if self.plan.ready_path and self.plan.socket is not None:
            return await is_ready(self.plan.socket, self.plan.ready_path)
        return started.has_told

    async def _gets_ready(self, started: _Started) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.renewal_seconds):
                while started.process.returncode is None:
                    if await self._is_ready(started):
                        return True
                    await asyncio.sleep(self._timing.poll_seconds)
        return False

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
        for started in (self._now, self._next):
            if started is not None:
                started.send(number)


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"
