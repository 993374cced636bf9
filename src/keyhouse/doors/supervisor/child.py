"""One process that is to run: started, watched, started again, replaced."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from keyhouse.doors.supervisor.pulse import Pulse, is_traced
from keyhouse.doors.supervisor.readiness import is_ready
from keyhouse.doors.supervisor.started import Started
from keyhouse.doors.supervisor.tether import tethered

WRONG_USE = 2
"""The exit code of a process whose settings are wrong: another try is of no use."""

_log = logging.getLogger("keyhouse.supervisor")

HUNG, ENDED = "hung", "ended"
Tell = Callable[[str, str], None]
"""Is told the plan of a process that has to be started anew, and why: HUNG or ENDED."""


def nobody(_name: str, _why: str) -> None:
    """Nobody wants to know."""


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
    takeover_seconds: float = 3.0
    """How long one that hangs is let be while the one that replaces it gets ready."""
    hung_seconds: float = 0.0
    """A process that has not moved for so long is replaced; 0: none is."""

    @property
    def look_seconds(self) -> float:
        """How often it is looked whether a process moves."""
        return min(1.0, self.hung_seconds / 4)


class Plan(NamedTuple):
    """What to run. Where there is a socket, `--listen-fd N` is added to the command.

    Whether the process can serve is asked over HTTP at `ready_path`, or of
    `probe`; without either it says so itself: `--ready-fd N` is added, and it
    writes a line there. Where hung ones are to be replaced, such a one also shows
    that it moves: `--beat-fd N` is added, for a `pulse.Beating`. One with a `probe`
    moves as long as that says so.
    """

    name: str
    command: tuple[str, ...]
    socket: socket.socket | None
    ready_path: str
    environment: Mapping[str, str]
    probe: Callable[[], Awaitable[bool]] | None = None


class Child:
    """Keeps the process of a plan running. One event loop only."""

    def __init__(self, plan: Plan, timing: Timing, tell: Tell = nobody) -> None:
        self.plan = plan
        self.was_ready = False
        self._tell = tell
        self._replacing = asyncio.Lock()
        self._timing = timing
        self._now: Started | None = None
        self._next: Started | None = None
        self._stopping = asyncio.Event()
        self._was_hung = False

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
            if not self._was_hung:
                self._tell(self.plan.name, ENDED)
            self._was_hung = False
            await self._pause(code, failures)
        if self._next is not None:
            await self._next.wait()
        return 0

    async def is_ready(self) -> bool:
        """Whether the process of now can serve."""
        return self._now is not None and await self._is_ready(self._now)

    def is_hung(self) -> bool:
        """Whether the process of now has not moved for too long, as of this look.

        To be asked every `look_seconds`. Not while it is being replaced anyway, nor
        while a debugger holds it.
        """
        now, bound = self._now, self._timing.hung_seconds
        if now is None or now.silent_seconds() < bound or not bound:
            return False
        if self._stopping.is_set() or self._next is not None or self._replacing.locked():
            return False
        return not is_traced(now.process.pid)

    async def ask(self) -> None:
        """See whether a process that has a probe still answers."""
        now = self._now
        if now is not None and self.plan.probe is not None and await self.plan.probe():
            now.answers += 1

    async def replace(self) -> bool:
        """Put another process in the place of the one that runs, on the same socket.

        Both serve until the new one is ready and the old one has finished what
        it has in hand. False where the new one does not get ready: then it is
        ended, and the old one goes on. Only for a plan whose process says itself
        that it is ready: over HTTP, the old one would answer for it.
        """
        if not self._speaks:
            raise ValueError(f"{self.plan.name} cannot say that it is ready")
        async with self._replacing:
            if self._now is None or self._next is not None or self._stopping.is_set():
                return False
            new = await self._start_next()
            if not await self._gets_ready(new, self._timing.renewal_seconds):
                _log.error(
                    "%s: the new process is not ready; the old goes on", self.plan.name
                )
                self._next = None
                new.send(signal.SIGKILL)
                await new.wait()
                return False
            await self._end_for(new, signal.SIGTERM)
            return True

    async def replace_hung(self) -> None:
        """Put another process in the place of the one that does not move, and kill it.

        The new one comes first: what waits at the socket need not wait for a start.
        But not for long: what it needs may be held by the very one that hangs. One
        that moves again meanwhile finishes what it has in hand, as in `replace`.
        Where there is no socket, it is killed and started again as one that ended.
        """
        async with self._replacing:
            hung = self._now
            if hung is None or self._stopping.is_set():
                return
            beats, pid = hung.beats, hung.process.pid
            seconds = self._timing.hung_seconds
            _log.error(
                "%s hangs: pid %d has not moved for %g s (gateway.hung_seconds_max); "
                "another takes its place",
                *(self.plan.name, pid, seconds),
            )
            self._tell(self.plan.name, HUNG)
            if self.plan.socket is None:
                self._was_hung = True
                hung.send(signal.SIGKILL)
                await hung.process.wait()
                return
            new = None
            try:
                new = await self._start_next()
                await self._gets_ready(new, self._timing.takeover_seconds)
            except OSError as error:
                _log.error("%s: no other process can be started: %s", self.plan.name, error)
            if self._now is hung:
                moved = hung.beats != beats
                await self._end_for(new, signal.SIGTERM if moved else signal.SIGKILL)

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

    @property
    def _speaks(self) -> bool:
        """Whether the process says itself that it can serve, and shows that it moves."""
        return not self.plan.ready_path and self.plan.probe is None

    async def _start_next(self) -> Started:
        """Start the one that goes on when the one of now has ended."""
        new = self._next = await self._start()
        if self._stopping.is_set():
            new.send(signal.SIGTERM)
        return new

    async def _end_for(self, new: Started | None, number: signal.Signals) -> None:
        """End the process of now in favour of `new`; by force where it takes too long."""
        old = self._now
        if old is not None and old is not new:
            old.send(number)
            try:
                await asyncio.wait_for(old.process.wait(), self._timing.grace_seconds)
            except TimeoutError:
                old.send(signal.SIGKILL)
        if new is not None:
            _log.info("%s goes on as pid %d", self.plan.name, new.process.pid)

    async def _start(self) -> Started:
        command, passed = [*self.plan.command], []
        if self.plan.socket is not None:
            passed.append(self.plan.socket.fileno())
            command += ("--listen-fd", str(passed[0]))
        told = told_to = pulse = None
        if self._speaks:
            told, told_to = os.pipe()
            passed.append(told_to)
            command += ("--ready-fd", str(told_to))
        if self._speaks and self._timing.hung_seconds:
            pulse = Pulse()
            passed.append(pulse.fd)
            command += ("--beat-fd", str(pulse.fd))
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
        return Started(process, told, pulse, self._timing.look_seconds)

    async def _is_ready(self, started: Started) -> bool:
        if self.plan.probe is not None:
            return await self.plan.probe()
        if self.plan.ready_path and self.plan.socket is not None:
            return await is_ready(self.plan.socket, self.plan.ready_path)
        return started.has_told

    async def _gets_ready(self, started: Started, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
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
