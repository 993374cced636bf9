"""One process that was started: whether it can serve, lives, and moves."""

import asyncio
import logging
import os
import signal
from contextlib import ExitStack

from keyhouse.doors.supervisor.plan import Plan, Timing
from keyhouse.doors.supervisor.pulse import Pulse, Silence
from keyhouse.doors.supervisor.tether import tethered

_log = logging.getLogger("keyhouse.supervisor")


class Started:
    """A process, and what it says of itself: once that it can serve, and its pulse.

    `told` is the pipe's end on which it says the first, `pulse` shows the second;
    each None where it does not. `answers` counts those of one that has to be asked.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        told: int | None,
        pulse: Pulse | None,
        look_seconds: float,
    ) -> None:
        self.process = process
        self.has_told = False
        self.answers = 0
        self._told = told
        self._pulse = pulse
        self._silence = Silence(look_seconds)
        if told is not None:
            asyncio.get_running_loop().add_reader(told, self._hear)

    @property
    def has_served(self) -> bool:
        """Whether it could serve once, as it said itself or by its answers."""
        return self.has_told or self.answers > 0

    @property
    def beats(self) -> int:
        """How often it has shown that it moves; 0 where it shows nothing."""
        return self.answers if self._pulse is None else self._pulse.count

    def silent_seconds(self) -> float:
        """How long it has not moved, as of this look."""
        return self._silence.look(self.beats, asyncio.get_running_loop().time())

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
        self._close_told()

    def _close(self) -> None:
        self._close_told()
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.close()

    def _close_told(self) -> None:
        if self._told is not None:
            asyncio.get_running_loop().remove_reader(self._told)
            os.close(self._told)
            self._told = None


async def start(plan: Plan, timing: Timing) -> Started:
    """A new process of the plan. Raises OSError, and leaves nothing open then."""
    command, passed = [*plan.command], []
    told = pulse = None
    with ExitStack() as handed, ExitStack() as kept:
        if plan.socket is not None:
            passed.append(plan.socket.fileno())
            command += ("--listen-fd", str(passed[-1]))
        if plan.speaks:
            told, told_to = os.pipe()
            kept.callback(os.close, told)
            handed.callback(os.close, told_to)
            passed.append(told_to)
            command += ("--ready-fd", str(told_to))
        if plan.speaks and timing.hung_seconds:
            pulse = Pulse()
            kept.callback(pulse.close)
            passed.append(pulse.fd)
            command += ("--beat-fd", str(pulse.fd))
        process = await asyncio.create_subprocess_exec(
            *tethered(command),
            pass_fds=passed,
            process_group=0,  # Ctrl-C is for the parent, which passes on a SIGTERM
            stdin=asyncio.subprocess.DEVNULL,
            env=dict(plan.environment),
        )
        kept.pop_all()
    _log.debug("%s started, pid %d", plan.name, process.pid)
    return Started(process, told, pulse, timing.look_seconds)
