"""What a supervisor is to run, and how patient it is with that."""

import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple


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
    def start_seconds(self) -> float:
        """As `hung_seconds`, for one that has not served yet.

        Its first seconds go to modules and to the database's answer, before it has a
        loop that could turn.
        """
        return self.renewal_seconds + self.hung_seconds

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

    @property
    def speaks(self) -> bool:
        """Whether the process says itself that it can serve, and shows that it moves."""
        return not self.ready_path and self.probe is None

    @property
    def shows(self) -> bool:
        """Whether anything tells that the process moves."""
        return self.speaks or self.probe is not None
