"""One process that is to run: started, watched, started again, replaced."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable

from keyhouse.doors.supervisor.plan import Plan, Timing
from keyhouse.doors.supervisor.pulse import is_traced
from keyhouse.doors.supervisor.readiness import is_ready
from keyhouse.doors.supervisor.started import Started, start

WRONG_USE = 2
"""The exit code of a process whose settings are wrong: another try is of no use."""

_log = logging.getLogger("keyhouse.supervisor")

HUNG, ENDED = "hung", "ended"
Tell = Callable[[str, str], None]
"""Is told the plan of a process that has to be started anew, and why: HUNG or ENDED."""


def nobody(_name: str, _why: str) -> None:
    """Nobody wants to know."""


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
        self._is_told = False

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
            if not self._is_told:
                self._say(ENDED)
            self._is_told = False
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
        now = self._now
        if now is None or not self._timing.hung_seconds or not self.plan.shows:
            return False
        if now.silent_seconds() < self._patience(now):
            return False
        if self._stopping.is_set() or self._next is not None or self._replacing.locked():
            return False
        return not is_traced(now.process.pid)

    async def look(self) -> None:
        """Have the process of now replaced if it hangs. To be asked as `is_hung` is."""
        if self.is_hung():
            await self.replace_hung()

    async def ask(self) -> None:
        """See whether a process that has a probe still answers."""
        now = self._now
        if now is not None and self.plan.probe is not None and await self.plan.probe():
            now.answers += 1

    async def replace(self) -> bool:
        """Put another process in the place of the one that runs, on the same socket.

        Both serve until the new one is ready and the old one has finished what
        it has in hand. False where the new one does not get ready: then it is
        ended, and the old one goes on. Where none runs, between an end and the next
        start, that start does it. Only for a plan whose process says itself that it
        is ready: over HTTP, the old one would answer for it.
        """
        if not self.plan.speaks:
            raise ValueError(f"{self.plan.name} cannot say that it is ready")
        async with self._replacing:
            if not await self._settles():
                return False
            if self._now is None:
                _log.info("%s has no process now; the next start is new", self.plan.name)
                return True
            try:
                new = await self._start_next()
            except OSError as error:
                _log.error(
                    "%s can't be started: %s; the old goes on", self.plan.name, error
                )
                return False
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
        Where there is no socket, or it has never served, it is killed and started
        again as one that ended.
        """
        async with self._replacing:
            hung = self._now
            if hung is None or self._stopping.is_set():
                return
            beats = hung.beats
            _log.error(
                "%s hangs%s: pid %d has not moved for %g s (gateway.hung_seconds_max); "
                "another takes its place",
                self.plan.name,
                "" if hung.has_served else " at its start",
                hung.process.pid,
                self._patience(hung),
            )
            self._say(HUNG)
            if self.plan.socket is None or not hung.has_served:
                self._is_told = True
                hung.send(signal.SIGKILL)
                await hung.process.wait()
                return
            new: Started | None = None
            try:
                new = await self._start_next()
                await self._gets_ready(new, self._timing.takeover_seconds)
            except Exception as error:  # noqa: BLE001  (whatever: the one that hangs goes)
                _log.exception(
                    "%s: no other can be started before it ends: %s", self.plan.name, error
                )
            if self._now is hung:
                self._is_told = new is None
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
        if started is None:
            try:
                started = await start(self.plan, self._timing)
            except OSError as error:  # no memory or no descriptors, for now
                _log.error("%s can't be started: %s", self.plan.name, error)
                self._is_told = True
                return 1
        self._now = started
        if self._stopping.is_set():
            self._send(signal.SIGTERM)
        code = await self._now.wait()
        self._now = None
        return code

    async def _settles(self) -> bool:
        """Wait for one that is still to take another's place, from a replacement

        before; says why not where it does not, or where all is to end.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.grace_seconds):
                while (  # noqa: ASYNC110 - it is set in many places
                    self._next is not None and not self._stopping.is_set()
                ):
                    await asyncio.sleep(self._timing.poll_seconds)
        if self._stopping.is_set():
            _log.info("%s is to end; it is not replaced", self.plan.name)
            return False
        if self._next is not None:
            _log.error("%s has not ended yet; it is not replaced again", self.plan.name)
            return False
        return True

    def _patience(self, started: Started) -> float:
        """For how many seconds it may not move."""
        timing = self._timing
        return timing.hung_seconds if started.has_served else timing.start_seconds

    def _say(self, why: str) -> None:
        """Tell that the process is started anew; who listens can't end that."""
        try:
            self._tell(self.plan.name, why)
        except Exception:  # noqa: BLE001  (of somebody else, who only counts)
            _log.exception("that %s was started anew is not counted", self.plan.name)

    async def _start_next(self) -> Started:
        """Start the one that goes on when the one of now has ended."""
        new = self._next = await start(self.plan, self._timing)
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
