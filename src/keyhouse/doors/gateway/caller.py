"""The side of a caller: one connection, one request after the other."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade

from keyhouse.core.pending import Pending
from keyhouse.doors.gateway import closer_look, endpoints, refuse
from keyhouse.doors.gateway.config import (
    BUFFER_BYTES_MAX,
    LINGER_BYTES_MAX,
    LINGER_SECONDS,
)
from keyhouse.doors.gateway.exchange import Exchange
from keyhouse.doors.gateway.head import END
from keyhouse.doors.gateway.timers import NEVER
from keyhouse.doors.gateway.verify_memory import BEGINNING as VERIFY_BEGINNING

if TYPE_CHECKING:
    from keyhouse.doors.gateway.gate import Gate

_AT_ONCE: Final = struct.pack("ii", 1, 0)
_NEXT: Final = 1
_UPSTREAM: Final = 2


class Caller(asyncio.Protocol):
    """A caller's connection; `exchange` is the request that is being served.

    The next request is not so much as looked at before the answer to the
    one before it is complete: what came of it waits in `_rest`, and nothing
    more is read. So answers keep their order and a pipeline is bounded.
    """

    __slots__ = (
        "_ended",
        "_holds",
        "_left",
        "_lingering",
        "_rest",
        "_spare",
        "_unwritten",
        "deadline",
        "doubtful",
        "exchange",
        "gate",
        "seen",
        "transport",
        "trusted",
        "writable",
    )

    def __init__(self, gate: "Gate") -> None:
        self.gate = gate
        self.exchange: Exchange | None = None
        self.writable = True
        self.deadline = gate.watch.after(gate.config.head_seconds_max)
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._rest = b""
        self._spare: Exchange | None = None
        self._holds = 0
        self._ended = self._lingering = False
        self._left = LINGER_BYTES_MAX
        self._unwritten = 0

    # -- what the transport says ------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has come."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(BUFFER_BYTES_MAX)
        self.seen = self.gate.peers.direct(transport.get_extra_info("peername"))
        self.trusted = self.gate.peers.trusts(self.seen.address)
        self.doubtful = self.trusted or self.gate.config.require_tls
        self.gate.arrived(self)

    def data_received(self, data: bytes) -> None:
        """Serve a request that came in one piece; look closer at anything else."""
        if (
            self.exchange is not None
            or self._holds
            or self._lingering
            or not self.writable  # small answers pause nobody else
        ):
            self._take(data)
            return
        end = data.find(END) + 4
        if end == len(data) <= self.gate.config.head_bytes_max:
            exchange = self.exchange = self._spare or Exchange(self)
            if exchange.again(data):
                return
            exchange.forget()
            try:
                exchange.parser.feed_data(data)
            except (HttpParserError, HttpParserUpgrade) as error:
                self._unfed(exchange, error)
            if exchange.complete and not exchange.over:
                exchange.whole = data
                exchange.start()
        elif not (data.startswith(VERIFY_BEGINNING) and self._verify(data, end)):
            self._take(data)

    def _verify(self, data: bytes, end: int) -> bool:
        """Serve a call of verify that came in one piece behind a head that is known."""
        gate = self.gate
        known = gate.verify_heads.get(data[:end])
        if (
            known is None
            or end + known.length != len(data)
            or self.doubtful
            or gate.hosts.in_use
        ):
            return False
        exchange = self.exchange = self._spare or Exchange(self)
        exchange.forget()
        endpoints.verify(exchange, known.chosen, data[end:])
        return True

    def eof_received(self) -> bool:
        """The caller sends no more. Whom we owe an answer still gets it."""
        exchange = self.exchange
        self._ended = True
        if exchange is not None and not exchange.received:
            if not exchange.over:
                self.abort()
            return False
        return exchange is not None or bool(self._rest)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """The caller has gone."""
        exchange, self.exchange = self.exchange, None
        self._rest = b""
        if exchange is not None:
            exchange.abandon()
        if self._spare is not None:
            self._spare.let_go()
        self.gate.left(self)

    def pause_writing(self) -> None:
        """The caller does not keep up: the upstream has to wait."""
        self.writable = False
        self._unwritten = self.transport.get_write_buffer_size()
        self.deadline = self.gate.watch.after(self.gate.config.idle_seconds_max)
        if self.exchange is not None and self.exchange.upstream is not None:
            self.exchange.upstream.pause()

    def resume_writing(self) -> None:
        """The caller has read what waited."""
        self.writable = True
        self.deadline = self.gate.watch.after(self.gate.config.idle_seconds_max)
        if self.exchange is not None:
            if self.exchange.upstream is not None:
                self.exchange.upstream.resume()
        elif self._rest:
            self._go_on()

    # -- what comes in ------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        """Feed the parser message by message, as far as they can be served."""
        if self._lingering:
            self._left -= len(data)
            if self._left < 0:
                self.abort()
            return
        if self._rest:
            self._rest += data
            return
        view = memoryview(data)
        start = 0
        while start < len(data) and not self._lingering:
            exchange = self.exchange
            if exchange is None:
                waits = not self.writable or self.transport.is_closing()
            else:
                waits = exchange.received
            if waits:
                self._rest += data[start:]
                self._hold(_NEXT)
                return
            if exchange is None:
                exchange = self.exchange = self._spare or Exchange(self)
                exchange.forget()
                self.deadline = self.gate.watch.after(self.gate.config.head_seconds_max)
            end = exchange.slice_end(data, start)
            if exchange.complete:
                self._feed_body(exchange, view[start:end])
            elif self._feed_head(exchange, view[start:end]):
                end = self._begin(exchange, data, end)
            start = end

    def _begin(self, exchange: Exchange, data: bytes, end: int) -> int:
        """Serve what has a whole head, up to `end`; where what follows begins.

        A body that came along whole is taken in before: both go out in one write.
        """
        length = exchange.length
        if (
            length
            and length <= len(data) - end
            and not exchange.chunked
            and exchange.upgrade is None  # behind which the parser reads no more
        ):
            start, end = end, end + length
            self._feed(exchange, memoryview(data)[start:end])
            if exchange.over:
                return end
        exchange.start()
        return end

    def _feed_head(self, exchange: Exchange, piece: memoryview) -> bool:
        """Whether the head is whole now, and to be served."""
        room = self.gate.config.head_bytes_max - exchange.size
        if not exchange.size:
            exchange.whole = bytes(piece)
        else:
            exchange.whole = b""
        exchange.size += len(piece)
        if len(piece) > room:
            self._feed(exchange, piece[:room])  # to see what it is that is too long
            if not exchange.over:
                self._refuse(exchange, closer_look.too_long(exchange.target))
            return False
        self._feed(exchange, piece)
        return exchange.complete and not exchange.over

    def _feed_body(self, exchange: Exchange, piece: memoryview) -> None:
        if exchange.collected is None:
            self.deadline = self.gate.watch.after(self.gate.config.idle_seconds_max)
        self._feed(exchange, piece)
        if exchange.chunked and not exchange.over:
            exchange.wire_bytes += len(piece)
            if closer_look.is_lavish(exchange, self.gate.config.head_bytes_max):
                self._refuse(exchange, refuse.CHUNKS_LAVISH)
                return
        if self.exchange is exchange:
            exchange.progress()

    def _feed(self, exchange: Exchange, data: bytes | memoryview) -> None:
        try:
            exchange.parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._unfed(exchange, error)

    def _unfed(self, exchange: Exchange, error: Exception) -> None:
        """The parser stopped. At an upgrade the head is complete, and refused."""
        if isinstance(error, HttpParserCallbackError):
            raise error  # a fault of ours
        if not isinstance(error, HttpParserUpgrade):
            self._refuse(exchange, closer_look.unreadable(exchange))

    def _refuse(self, exchange: Exchange, problem: refuse.Problem) -> None:
        """What comes can't be followed: say so, if an answer is owed, and end."""
        if exchange.over:
            self.linger()
            return
        exchange.keep = exchange.received = False
        exchange.length = None
        exchange.fail(problem)

    def _go_on(self) -> None:
        self.gate.loop.call_soon(self._take_rest)

    def _take_rest(self) -> None:
        if self.exchange is None and self._rest and not self.transport.is_closing():
            data, self._rest = self._rest, b""
            self._take(data)
            if not self._rest:
                self._free(_NEXT)
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        """A caller that has ended gets no more answers than it is owed."""
        ended = self._ended or self.gate.ending
        if ended and self.exchange is None and not self._rest:
            self.transport.close()

    # -- what the exchange says ---------------------------------------------------

    def wait(self, outcome: object, then: Callable[[Any], None]) -> None:
        """Go on with what `outcome` comes to: at once, unless it has to be fetched."""
        if not isinstance(outcome, Pending):
            then(outcome)
            return
        self.wait_for_upstream()
        self.gate.newcomers.leave(self)
        self.gate.plane.resolver.resolve(outcome, then, self._broken)

    def _broken(self, _: Exception) -> None:
        """A fault of ours, after a wait; one before it ends the connection as well."""
        self.transport.abort()

    def wait_for_upstream(self) -> None:
        """The request needs a connection, which takes its time."""
        if self.exchange is not None:
            self.exchange.waited = True
        self.deadline = self.gate.watch.after(self.gate.config.upstream_seconds_max)

    def hold_for_upstream(self) -> None:
        """Read no more of the body until `free`."""
        self._hold(_UPSTREAM)

    def free(self) -> None:
        """The body can go on."""
        self._free(_UPSTREAM)

    def next(self) -> None:
        """The exchange is over and its request received: on to the next one."""
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            return
        gate = self.gate
        self.deadline = gate.watch.now + gate.idle_patience
        if not exchange.keep or ((self._ended or gate.ending) and not self._rest):
            exchange.let_go()
            if self._rest:
                self.linger()
            else:
                self.transport.close()
            return
        if exchange.waited:
            exchange.let_go()
            self._spare = None
        else:
            exchange.rest_from()
            self._spare = exchange
        if self._holds:
            self._free(_UPSTREAM)
        if self._rest:
            self._go_on()

    def linger(self) -> None:
        """The last answer is written. Drop what still comes, then close."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.let_go()
        if self._ended:
            self.transport.close()
            return
        self._lingering = True
        self._rest = b""
        self.deadline = self.gate.watch.after(LINGER_SECONDS)
        self._free(_NEXT | _UPSTREAM)
        self.transport.write_eof()

    def hand_over(self) -> tuple[bytes, bool]:
        """Somebody else speaks on this connection now: what came behind the request,

        and whether that was all. Tell `connection_lost` when it is gone.
        """
        self.deadline = NEVER
        rest, self._rest = self._rest, b""
        self._free(_NEXT | _UPSTREAM)
        return rest, self._ended

    def abort(self) -> None:
        """End at once; what was not sent is lost."""
        self.transport.abort()

    def reset(self) -> None:
        """Break the connection off, so that an answer cut short shows as such.

        To HTTP/1.0 an ordinary end would be the end of the body.
        """
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    # -- time -----------------------------------------------------------------------

    def expired(self) -> None:
        """Nothing happened for too long: find out whose fault it is."""
        exchange = self.exchange
        watch, config = self.gate.watch, self.gate.config
        if not self.writable:
            unwritten = self.transport.get_write_buffer_size()
            if unwritten < self._unwritten:
                self._unwritten = unwritten
                self.deadline = watch.after(config.idle_seconds_max)
            else:
                self.abort()
        elif exchange is None or self._lingering or self.transport.is_closing():
            self._close_idle()
        elif not exchange.complete:
            self._refuse(exchange, refuse.HEAD_TIMEOUT)
        elif exchange.over:
            self.abort()
        elif exchange.received or self._holds & _UPSTREAM:
            self._expired_waiting(exchange)
        else:
            self._refuse(exchange, refuse.HEAD_TIMEOUT)

    def _expired_waiting(self, exchange: Exchange) -> None:
        if exchange.upstream is not None:
            # The upstream's own deadline watches over it.
            self.deadline = self.gate.watch.after(self.gate.config.idle_seconds_max)
        else:
            exchange.late()

    def _close_idle(self) -> None:
        if self.transport.is_closing() or self._lingering:
            self.abort()
        else:
            self.transport.close()
            self.deadline = self.gate.watch.after(LINGER_SECONDS)

    def drain(self) -> None:
        """Finish what is in hand and then end; at once if it is nothing."""
        if self.exchange is None and not self._rest:
            self.transport.close()

    # -- reading --------------------------------------------------------------------

    def _hold(self, reason: int) -> None:
        if not self._holds and not self.transport.is_closing():
            self.transport.pause_reading()
        self._holds |= reason

    def _free(self, reason: int) -> None:
        held = self._holds
        self._holds = held & ~reason
        if held and not self._holds and not self.transport.is_closing():
            self.transport.resume_reading()
