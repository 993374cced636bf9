"""A WebSocket behind its upgrade: bytes pass both ways until one side ends.

The upgrade is a request like any other: decided, limited and counted before it
goes on. Nothing of what a caller sends behind it reaches the upstream before that
has agreed with 101 (RFC 9110, 7.8); an answer that is another one is passed on.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from keyhouse.core.decision import Decision
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway.config import LINGER_SECONDS

if TYPE_CHECKING:
    from keyhouse.core.records import Line
    from keyhouse.core.request import Request
    from keyhouse.doors.gateway.caller import Caller
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.upstream import Upstream

LOOK_SECONDS: Final = 1.0
"""How often it is asked whether the key may still be used here."""
DOUBTS_MAX: Final = 10
"""How often in a row that may not be found out: beyond it the key counts as refused."""
STRANGERS: Final = (401, 403)
"""Statuses of refusals that end a tunnel."""


class Side(asyncio.Protocol):
    """One end of a tunnel; what it receives goes out at the other end."""

    __slots__ = ("_count", "_tunnel", "ended", "other", "reading", "transport")

    other: "Side"

    def __init__(
        self, tunnel: "Tunnel", transport: asyncio.Transport, count: Callable[[int], None]
    ) -> None:
        self.transport = transport
        self.ended = False
        self.reading = True
        self._tunnel = tunnel
        self._count = count

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        self._count(len(data))
        self._tunnel.touch()
        self.other.transport.write(data)

    def eof_received(self) -> bool:
        """This end sends no more; the other may have something left to say."""
        self.ended = True
        if self.other.ended:
            self._tunnel.close()
        elif self.other.transport.can_write_eof():
            if not self.other.transport.is_closing():
                self.other.transport.write_eof()
        else:
            self._tunnel.close()  # TLS ends both ways at once
        return True

    def pause_writing(self) -> None:
        """This end does not keep up: read no more of the other."""
        other = self.other
        if other.reading and not other.transport.is_closing():
            other.reading = False
            other.transport.pause_reading()

    def resume_writing(self) -> None:
        """This end has read what waited."""
        other = self.other
        if not other.reading and not other.transport.is_closing():
            other.reading = True
            other.transport.resume_reading()
        self._tunnel.touch()

    def connection_lost(self, exc: Exception | None) -> None:
        """This end is gone: the other gets what is on its way to it, and ends."""
        self._tunnel.lost(self, exc)


class Tunnel:
    """Two connections that belong together. The watch knows it as a connection.

    The caller and the exchange stay what they were to the gate, and are told of
    the end: so a tunnel is one of the callers, and is counted once, when it ends,
    as completed with 101 and its bytes both ways. Its latency is that of the 101.
    """

    __slots__ = (
        "_asked",
        "_caller",
        "_closing",
        "_doubts",
        "_exchange",
        "_far",
        "_idle_after",
        "_line",
        "_look_at",
        "_near",
        "_opened_ns",
        "_sides",
        "_upstream",
        "deadline",
    )

    deadline: float

    def __init__(
        self,
        exchange: "Exchange",
        far: asyncio.Transport,
        upstream: "Upstream",
        asked: "Request",
        line: "Line | None",
    ) -> None:
        self._exchange = exchange
        self._line = line
        self._caller: Caller = exchange.caller
        self._upstream = upstream
        self._asked = replace(asked)
        self._closing = False
        self._sides = 2
        self._doubts = 0
        self._opened_ns = perf_counter_ns()
        self._near = Side(self, self._caller.transport, self._count_in)
        self._far = Side(self, far, self._count_out)
        self._near.other, self._far.other = self._far, self._near

    def open(self, head: bytes, more: bytes) -> None:
        """Pass on the upstream's 101, and `more`, which came behind it."""
        caller, near, far = self._caller, self._near, self._far
        watch = caller.gate.watch
        watch.members.add(self)
        caller.gate.tunnels.add(self)
        self._look_at = watch.after(LOOK_SECONDS)
        self.touch()
        near.transport.set_protocol(near)
        far.transport.set_protocol(far)
        if not caller.writable:
            near.pause_writing()
        near.transport.write(head)
        if more:
            far.data_received(more)
        early, ended = caller.hand_over()
        if early:
            near.data_received(early)
        if ended:
            near.eof_received()
        if caller.gate.draining:
            self.close()

    @property
    def line(self) -> "Line | None":
        """The way that it was let through by."""
        return self._line

    def touch(self) -> None:
        """Something has passed."""
        gate = self._caller.gate
        if not self._closing:
            self._idle_after = gate.watch.after(gate.config.idle_seconds_max)
            self.deadline = min(self._idle_after, self._look_at)

    def close(self) -> None:
        """End both connections once they have sent what waits, or a little later."""
        if not self._closing:
            self._closing = True
            self.deadline = self._caller.gate.watch.after(LINGER_SECONDS)
            self._near.transport.close()
            self._far.transport.close()

    def lost(self, side: Side, exc: Exception | None) -> None:
        """One connection is gone, and with it the reason for the other."""
        self.close()
        gate = self._caller.gate
        self._sides -= 1
        if not self._sides:
            gate.tunnels.discard(self)
            gate.watch.leave(self)
        if side is self._far:
            self._upstream.connection_lost(exc)
            return
        # What was counted is how long the upstream took, not how long it was used.
        self._exchange.begun_ns += perf_counter_ns() - self._opened_ns
        self._caller.connection_lost(exc)

    def expired(self) -> None:
        """Time to look, or to end."""
        watch = self._caller.gate.watch
        if self._closing:
            self._near.transport.abort()
            self._far.transport.abort()
        elif self._idle_after <= watch.now:
            self.close()
        else:
            self._look_at = watch.after(LOOK_SECONDS)
            self.deadline = min(self._idle_after, self._look_at)
            self.look()

    def look(self) -> None:
        """Ask whether the key may still be used here. What it opened is paid for."""
        if self._closing:
            return
        plane = self._caller.gate.plane
        outcome = plane.verifier.look_again(self._asked)
        if isinstance(outcome, Decision):
            self._seen(outcome)
        else:
            plane.resolver.resolve(outcome, self._seen)

    def _seen(self, outcome: object) -> None:
        """A key that is refused now for what it is, is so for what it began."""
        if not isinstance(outcome, Decision) or outcome.verdict is Verdict.UNAVAILABLE:
            self._doubts += 1
        else:
            self._doubts = 0
            if outcome.verdict.status in STRANGERS:
                self.close()
        if self._doubts > DOUBTS_MAX:
            self.close()

    def _count_in(self, size: int) -> None:
        self._exchange.bytes_in += size

    def _count_out(self, size: int) -> None:
        self._exchange.bytes_out += size
