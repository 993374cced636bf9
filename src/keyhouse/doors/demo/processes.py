"""The programs of the demo: started, awaited, ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

START_SECONDS_MAX = 180.0
STOP_SECONDS_MAX = 35.0
_POLL_SECONDS = 0.05

Tether = Callable[[Sequence[str]], list[str]]
"""Writes a command so that it ends with the process that starts it."""


class DidNotStart(Exception):
    """A program of the demo ended, or does not answer; its words are in the text."""


class Processes:
    """What was started, ended in reverse when the block is left.

    All output goes into `log`. To be used by the main thread.
    """

    def __init__(self, tether: Tether, log: Path) -> None:
        self._tether = tether
        self._log = log
        self._running: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a program that ends with this process."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  (commands of our own)
                self._tether(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                pass_fds=pass_fds,
                process_group=0,  # Ctrl-C is for the demo, which ends its programs
            )
        self._running.append(process)
        return process

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for a program that ends of itself. DidNotStart if it failed."""
        if process.wait(START_SECONDS_MAX) != 0:
            raise DidNotStart(self._words())

    def answers(self, process: subprocess.Popen[bytes], url: str) -> None:
        """Wait until the program answers 200 at `url`."""
        end = time.monotonic() + START_SECONDS_MAX
        while not answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise DidNotStart(self._words())
            time.sleep(_POLL_SECONDS)

    def line(self, process: subprocess.Popen[bytes], pipe: int) -> bytes:
        """The one line that a program writes into a pipe when it is ready."""
        with os.fdopen(pipe, "rb") as reader:
            found = reader.readline()
        if not found:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS_MAX)
            raise DidNotStart(self._words())
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in reversed(self._running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_SECONDS_MAX)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _words(self) -> str:
        lines = self._log.read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-20:]) or "it ended without a word"


def answers(url: str) -> bool:
    """Whether a GET is answered with 200 now."""
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
            return int(probe.getsockname()[1])
    raise DidNotStart("no free port on 127.0.0.1")
