"""The side of an upstream: one connection, one exchange after the other."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from keyhouse.doors.gateway.config import BUFFER_BYTES_MAX, INTERIM_MAX
from keyhouse.doors.gateway.head import (
    ANSWER_RULES,
    CONNECTION,
    COST,
    CRLF,
    DROP,
    ENCODING,
    LENGTH,
    UPGRADE,
    joined,
    without_named,
)
from keyhouse.doors.gateway.refuse import (
    STATUS_LINES,
    UPSTREAM_FAILED,
    UPSTREAM_TIMEOUT,
    status_line,
)
from keyhouse.doors.gateway.timers import NEVER

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.gate import Gate
    from keyhouse.doors.gateway.pool import Origin

_log = logging.getLogger(__name__)
_BODYLESS: Final = (204, 304)
_NAMES_NOTHING: Final = frozenset((b"keep-alive", b"Keep-Alive", b"close", b"Close"))
_HEEDED: Final = (b"connection", b"proxy-connection")
"""Trailers that the parser takes to heart, and may then refuse to read on."""
_LAST_CHUNK: Final = b"0\r\n\r\n"


class Upstream(asyncio.Protocol):
    """A connection to an upstream; `exchange` is what it is busy with.

    A response is read into `_out` and written to the caller once for each
    piece that came. `_told` says that its head has been made out, `_over`
    that it has ended; bytes after that are `_surplus`, and mean that the
    connection cannot be trusted any more. `_rare` says that there is more to
    forget of it than of most.
    """

    __slots__ = (
        "_chunked",
        "_connection",
        "_encoding",
        "_exchange",
        "_fed",
        "_gate",
        "_interims",
        "_keep",
        "_length",
        "_origin",
        "_out",
        "_over",
        "_parser",
        "_passed",
        "_rare",
        "_reading",
        "_size",
        "_surplus",
        "_switches",
        "_told",
        "_transport",
        "_until_eof",
        "_upgrade",
        "_used",
        "_writable",
        "deadline",
    )

    _transport: asyncio.Transport

    # The parser looks for these too: an attribute that is missing costs more.
    on_status: Final = None
    on_chunk_header: Final = None
    on_chunk_complete: Final = None

    def __init__(self, gate: "Gate", origin: "Origin") -> None:
        self._gate = gate
        self._origin = origin
        self._exchange: Exchange | None = None
        self._parser = HttpResponseParser(self)
        self._used = False
        self._passed = 0
        self._switches = False
        self._reading = self._writable = True
        self.deadline = NEVER
        self._rare = True
        self._forget()

    def _forget(self) -> None:
        """Nothing is known of a response yet."""
        self._out: list[bytes] = [b""]
        self._fed = self._told = self._over = False
        self._length: bytes | None = None
        if self._rare:
            self._rare = self._surplus = self._chunked = self._until_eof = False
            self._size = self._interims = 0
            self._encoding: bytes | None = None
            self._connection: bytes | None = None
            self._upgrade: bytes | None = None

    # -- the exchange's part ----------------------------------------------------

    def begin(self, exchange: "Exchange") -> None:
        """Send the exchange's request; its answer goes to it."""
        gate = self._gate
        self._exchange = exchange
        exchange.upstream = self
        self.deadline = gate.watch.now + gate.upstream_patience
        caller = exchange.caller
        if exchange.received and not exchange.body:
            self._transport.write(exchange.head)
        else:
            self._transport.write(exchange.sent())
            if not exchange.received:
                caller.free()
        if self._reading is not caller.writable:
            self._keep_pace(exchange)

    def _keep_pace(self, exchange: "Exchange") -> None:
        if exchange.caller.writable:
            self.resume()
        else:
            self.pause()

    def send(self, pieces: list[bytes]) -> None:
        """Send more of the request's body."""
        self._wait_on()
        self._transport.write(b"".join(pieces))

    def pause(self) -> None:
        """Read no more: the caller does not keep up."""
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._wait_on()
            self._transport.resume_reading()

    def hand_over(self) -> asyncio.Transport:
        """Somebody else speaks on this connection now. Tell `connection_lost` when

        it is gone. It is none of its origin's any more, so that requests do not wait
        for a WebSocket to end.
        """
        self.resume()
        self._exchange = None
        self._origin.closed(self)
        self.deadline = NEVER
        return self._transport

    def abandon(self) -> None:
        """The exchange is over before its answer is: nothing here is of use."""
        self._exchange = None
        self.close()

    def close(self) -> None:
        """End the connection at once."""
        self._origin.closed(self)
        self._transport.abort()

    # -- the connection's part --------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is usable."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(BUFFER_BYTES_MAX)
        self._gate.watch.members.add(self)
        self._origin.opened(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then write what it made of it, once."""
        exchange = self._exchange
        if exchange is None:
            self.close()  # nobody asked
            return
        self._fed = True
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if self._switches and isinstance(error, HttpParserUpgrade):
                self._switch(exchange, data[error.args[0] :])
                return
            if not self._over:
                self._break(error.__context__ or error)
                return
            self._surplus = self._rare = True
        if self._told:
            out = self._out
            if out:
                exchange.caller.transport.write(b"".join(out))
                out.clear()
            elif not self._over and self._is_endless(exchange, len(data)):
                self._break("its trailers have no end")
                return
            if self._over:
                self._finish(exchange)
                return
        elif self._is_head_too_long(len(data)):
            self._break("its head has no end")
            return
        gate = self._gate
        self.deadline = gate.watch.now + gate.upstream_patience

    def eof_received(self) -> None:
        """The upstream sends no more: that may be how a body ends."""
        exchange = self._exchange
        if exchange is None:
            self._origin.closed(self)
        elif self._until_eof:
            self._keep = False
            if self._chunked:
                exchange.caller.transport.write(_LAST_CHUNK)
            self._finish(exchange)
        else:
            self._break("it ends too early")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, in the midst of something or not."""
        self._gate.watch.leave(self)
        self._origin.closed(self)
        if self._exchange is not None:
            self._break(exc or "it ends too early")

    def pause_writing(self) -> None:
        """The upstream does not keep up: the caller's body has to wait."""
        self._writable = False
        if self._exchange is not None:
            self._exchange.upstream_full()

    def resume_writing(self) -> None:
        """The upstream takes more."""
        self._writable = True
        self._wait_on()
        if self._exchange is not None:
            self._exchange.caller.free()

    def expired(self) -> None:
        """Nothing came for too long; that may be the caller's fault."""
        exchange = self._exchange
        if exchange is None:
            self.close()
        elif not self._reading or (self._writable and not exchange.received):
            self._wait_on()
        else:
            self._exchange = None
            self.close()
            exchange.fail(UPSTREAM_TIMEOUT)

    def _wait_on(self) -> None:
        self.deadline = self._gate.watch.now + self._gate.upstream_patience

    def _is_head_too_long(self, more: int) -> bool:
        self._rare = True
        self._size += more
        return self._size > self._gate.config.head_bytes_max

    def _is_endless(self, exchange: "Exchange", more: int) -> bool:
        """Whether too much has come since the last of the body."""
        if exchange.bytes_out != self._passed:
            self._passed = exchange.bytes_out
            self._size = 0
        return self._is_head_too_long(more)

    def _break(self, reason: object) -> None:
        """The answer will not come, or not to its end."""
        exchange = self._exchange
        self._exchange = None
        self.close()
        if exchange is None or (self._used and not self._fed and exchange.retry()):
            return
        _log.warning("an upstream's answer is broken: %s", reason)
        exchange.fail(UPSTREAM_FAILED)

    def _finish(self, exchange: "Exchange") -> None:
        """The answer is complete: use the connection again, or end it."""
        self._exchange = None
        if self._keep and self._writable and exchange.received and not self._surplus:
            if exchange.is_head:
                self._parser = HttpResponseParser(self)
            self._forget()
            self._used = True
            if not self._reading:
                self.resume()
            self._origin.release(self)
        else:
            self.close()
        exchange.finish()

    # -- the parser's part ------------------------------------------------------

    def on_message_begin(self) -> None:
        """A response begins; after the one that was asked for it is surplus."""
        if self._over:
            self._surplus = self._rare = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer."""
        if self._told:
            self._on_trailer(name, value)
            return
        rule = ANSWER_RULES[name]
        if rule.__class__ is bytes:
            self._out += (rule, value, CRLF)
        elif rule == LENGTH:
            self._length = value
        elif rule == CONNECTION:
            if value not in _NAMES_NOTHING:
                self._rare = True
                self._connection = joined(self._connection, value)
        elif rule != DROP:
            self._rare = True
            if rule == ENCODING:
                self._encoding = joined(self._encoding, value).lower()
            elif rule == UPGRADE:
                self._upgrade = joined(self._upgrade, value).lower()
            else:
                self._tell_cost(value)

    def _on_trailer(self, name: bytes, value: bytes) -> None:
        """One trailer: none goes on to the caller."""
        if name.lower() in _HEEDED:
            self._keep = False
        elif ANSWER_RULES[name] == COST:
            self._tell_cost(value)

    def _tell_cost(self, value: bytes) -> None:
        """What the call came to; told twice it is a list, which is no number."""
        if self._exchange is not None:
            told = self._exchange.cost_told
            self._exchange.cost_told = joined(told, value)

    def on_headers_complete(self) -> None:
        """Write the head of the answer, as the caller can read it."""
        exchange = self._exchange
        if self._over or exchange is None:
            return
        parser = self._parser
        status = parser.get_status_code()
        if status < 200:
            self._interim(exchange, status)
            return
        self._told = True
        self._keep = parser.should_keep_alive()
        if self._connection is not None:
            self._out = without_named(self._out, self._connection)
        out = self._out
        out[0] = STATUS_LINES.get(status) or status_line(status)
        if self._length is not None and status != 204:
            out += (b"Content-Length: ", self._length, CRLF)
        elif not exchange.is_head and status not in _BODYLESS:
            if self._encoding not in (None, b"chunked"):
                raise HttpParserError("a transfer encoding that is not ours to undo")
            self._rare = True
            self._until_eof = self._encoding is None
            self._chunked = exchange.frame_unknown_length(out)
        exchange.tell(status, out)
        self._over = exchange.is_head

    def on_body(self, piece: bytes) -> None:
        """A piece of the body, or what the parser takes for one after HEAD."""
        exchange = self._exchange
        if self._over or exchange is None:
            self._surplus = self._rare = True
            return
        exchange.bytes_out += len(piece)
        if self._chunked:
            self._out += (b"%x\r\n" % len(piece), piece, CRLF)
        else:
            self._out.append(piece)

    def on_message_complete(self) -> None:
        """A response has ended; an interim one is none."""
        if self._told and not self._over:
            self._over = True
            if self._chunked:
                self._out.append(_LAST_CHUNK)

    def _switch(self, exchange: "Exchange", more: bytes) -> None:
        out = self._out
        if self._connection is not None:
            out = without_named(out, self._connection)
        out[0] = status_line(101)
        exchange.switch(self, out, more)

    def _interim(self, exchange: "Exchange", status: int) -> None:
        """100 Continue, 103 Early Hints and their like go on as they come."""
        self._rare = True
        self._interims += 1
        if status == 101 and exchange.tunnels and self._upgrade == b"websocket":
            # Whether `Connection` agrees is seen in that the parser stops behind it.
            self._switches = True
            return
        if status == 101 or status < 100 or self._interims > INTERIM_MAX:
            raise HttpParserError("an upgrade, no status or too many interim responses")
        lines = self._out
        if self._connection is not None:
            lines = without_named(lines, self._connection)
        lines[0] = status_line(status)
        exchange.cost_told = None
        exchange.interim(status, b"".join((*lines, CRLF)))
        self._out = [b""]
        self._connection = self._length = self._encoding = None
