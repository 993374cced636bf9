"""The gateway without a network: real protocols and parsers on transports of ours.

A loop whose clock stands still until it is told to go on, and transports that
hand over bytes in exactly the pieces they are given. So one run is a function of
its input, quick enough to be fuzzed, and whatever is raised comes out.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from keyhouse.doors.gateway import GatewayConfig, Plane
from keyhouse.doors.gateway.caller import Caller
from keyhouse.doors.gateway.gate import Gate
from keyhouse.services.reserve import Reservations
from keyhouse.services.verify import RecentChanges
from tests.doors.gateway.doubles import KEYRING, NOW_US, Meter, Settlements, Verifier
from tests.doors.gateway.raw import strict

NAP_SECONDS = 20.0
NAPS_MAX = 20


class StillLoop(asyncio.SelectorEventLoop):
    """Time passes when `nap` says so; connections are made to `Wire`s."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.raised: list[BaseException] = []
        self.wires: list[Wire] = []
        super().__init__()
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self.now

    def settle(self) -> None:
        """Run until nothing is left to be run now."""
        while self._ready:  # type: ignore[attr-defined]  # the loop has no public word for it
            self.call_soon(self.stop)
            self.run_forever()
        if self.raised:
            raise self.raised[0]

    def nap(self) -> None:
        self.now += NAP_SECONDS
        self.call_soon(lambda: None)
        self.settle()

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        return [(0, 0, 0, "", (host, port))]

    async def create_connection(  # type: ignore[override]  # as the pool asks for one
        self, factory: Any, *_: Any, **__: Any
    ) -> Any:
        wire = Wire(self, factory())
        self.wires.append(wire)
        wire.protocol.connection_made(wire)
        return wire, wire.protocol

    def _note(self, _: Any, context: dict[str, Any]) -> None:
        self.raised.append(context.get("exception") or AssertionError(context["message"]))


class Wire(asyncio.Transport):
    """The gateway's end of a connection, and what a peer sees and does of it."""

    def __init__(self, loop: StillLoop, protocol: Any) -> None:
        super().__init__()
        self.protocol = protocol
        self.written = bytearray()
        self.ended = self.closing = self.lost = self.was_reset = False
        self.answered = self.writes = 0
        self._loop = loop
        self._reading = True
        self._waiting: list[bytes] = []

    # -- the peer's part

    def deliver(self, data: bytes) -> None:
        """The peer sends this, in one piece."""
        if data and not self.closing:
            self._waiting.append(data)
            self._hand_over()

    def deliver_end(self) -> None:
        """The peer sends no more."""
        if not self.closing and not self.protocol.eof_received():
            self.close()

    def _hand_over(self) -> None:
        while self._waiting and self._reading and not self.closing:
            self.protocol.data_received(self._waiting.pop(0))

    # -- asyncio's part

    def write(self, data: Any) -> None:
        if not self.closing and not self.ended:
            self.written += data
            self.writes += 1

    def write_eof(self) -> None:
        self.ended = True

    def can_write_eof(self) -> bool:
        return True

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            self._loop.call_soon(self._lose)

    def abort(self) -> None:
        self.close()

    def _lose(self) -> None:
        self.lost = True
        self.protocol.connection_lost(None)

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        assert self._reading
        self._reading = False

    def resume_reading(self) -> None:
        assert not self._reading
        self._reading = True
        self._loop.call_soon(self._hand_over)

    def set_write_buffer_limits(self, high: Any = None, low: Any = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 1), "socket": self}.get(name, default)

    def setsockopt(self, *_: Any) -> None:
        """Only ever set so that the end is a reset."""
        self.was_reset = True


class AtOnce:
    """A resolver that has everything."""

    def resolve(
        self,
        outcome: object,
        then: Callable[[Any], None],
        failed: Callable[[Exception], None] = print,
    ) -> None:
        then(outcome)


class Told(NamedTuple):
    """One answer as a caller has to read it; a code where it is ours."""

    status: int
    ours: bool
    body: bytes


class Outcome(NamedTuple):
    """What came of a run. `end` is how the caller's connection stood before time

    passed: open, ended or reset.
    """

    told: list[Told]
    forwarded: list[strict.Request]
    end: str


class Still:
    """One gateway, one caller, and as many upstream connections as it likes."""

    def __init__(self, loop: StillLoop) -> None:
        loop.wires.clear()
        loop.raised.clear()
        self.loop = loop
        self.meter = Meter()
        plane = Plane(
            Verifier("http://127.0.0.1:9"),
            AtOnce(),
            self.meter,
            self.meter.new_request_id,
            lambda: True,
            lambda: NOW_US,
            RecentChanges(bytes(32)),
            Reservations(Settlements(), KEYRING, lambda: NOW_US),
        )
        self.gate = Gate(GatewayConfig(), plane, loop, lambda _: None)
        self.gate.watch.start()
        self.caller = Wire(loop, Caller(self.gate))
        self.caller.protocol.connection_made(self.caller)

    def settle(self, reply: Callable[[Wire, strict.Request], None]) -> None:
        """Run, and have the upstream answer each request that is whole."""
        again = True
        while again:
            self.loop.settle()
            again = False
            for wire in tuple(self.loop.wires):
                found, _ = strict.requests(bytes(wire.written))
                for request in found[wire.answered :]:
                    wire.answered += 1
                    reply(wire, request)
                    again = True

    def outcome(self, *, partly: bool = False) -> Outcome:
        """What came of it; then time passes, and all has to end by itself.

        `partly` says that there may be a part of an answer, which is not looked at.
        """
        caller = self.caller
        told = [] if partly else list(answers(bytes(caller.written)))
        end = "ended" if caller.ended or caller.closing else "open"
        outcome = Outcome(told, self.forwarded(), "reset" if caller.was_reset else end)
        for _ in range(NAPS_MAX):
            self.loop.nap()
        assert caller.lost, "the caller's connection hangs"
        assert all(wire.lost for wire in self.loop.wires), "an upstream's connection hangs"
        assert not self.gate.callers
        served, completed = self.meter.served_rows, self.meter.completed_rows
        assert len(served) == len(completed), "a request was not counted to its end"
        self.gate.watch.stop()
        return outcome

    def outcome_so_far(self) -> list[Told]:
        """What the caller was told up to now."""
        return list(answers(bytes(self.caller.written)))

    def forwarded(self) -> list[strict.Request]:
        """The whole requests that reached the upstream, each of them well-formed."""
        found: list[strict.Request] = []
        for wire in self.loop.wires:
            whole, rest = strict.requests(bytes(wire.written))
            found += whole
            if rest and not wire.closing and not self.gate.tunnels:
                assert wire.protocol._exchange is not None, "half a request, and no end"
        return sorted(found, key=lambda one: one.values(b"keyhouse-request-id"))


def answers(data: bytes) -> Iterator[Told]:
    """What the caller got. Behind the head of an answer to HEAD comes the next one."""
    at = 0
    while at < len(data):
        match, after = strict._line(strict._STATUS_LINE, data, at)
        fields, after = strict._fields(data, after)
        status = int(match[1])
        body = b""
        bare = after == len(data) or data.startswith(b"HTTP/1.1 ", after)
        if not bare and status >= 200 and status not in (204, 304):
            body, after, _ = strict._body(data, after, fields, open_ended=True)
        ours = strict.values(fields, b"content-type") == [b"application/problem+json"]
        yield Told(status, ours, b"" if ours else body)
        at = after
