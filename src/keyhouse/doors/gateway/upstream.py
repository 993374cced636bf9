"""The side of an upstream: one connection, one exchange after the other."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from keyhouse.doors.gateway.config import BUFFER_BYTES_MAX, INTERIM_MAX
from keyhouse.doors.gateway.head import (
    ANSWER_RULES,
    CONNECTION,
    CRLF,
    DROP,
    ENCODING,
    LENGTH,
    without_named,
)
from keyhouse.doors.gateway.refuse import UPSTREAM_FAILED, UPSTREAM_TIMEOUT, status_line
from keyhouse.doors.gateway.timers import NEVER

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.gate import Gate
    from keyhouse.doors.gateway.pool import Origin

_log = logging.getLogger(__name__)
_BODYLESS: Final = (204, 304)
_LAST_CHUNK: Final = b"0\r\n\r\n"


class Upstream(asyncio.Protocol):
    """A connection to an upstream; `exchange` is what it is busy with.

    A response is read into `_out` and written to the caller once for each
    piece that came. `_over` says that the response has ended; bytes after
    that mean that the connection cannot be trusted any more.
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
        "_reading",
        "_size",
        "_surplus",
        "_told",
        "_transport",
        "_until_eof",
        "_used",
        "_writable",
        "deadline",
    )

    def __init__(self, gate: "Gate", origin: "Origin") -> None:
        self._gate = gate
        self._origin = origin
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._parser = HttpResponseParser(self)
        self._used = False
        self._reading = self._writable = True
        self.deadline = NEVER
        self._forget()

    def _forget(self) -> None:
        self._out: list[bytes] = [b""]
        self._size = 0
        self._fed = self._told = self._over = self._surplus = False
        self._chunked = self._until_eof = self._keep = False
        self._length: bytes | None = None
        self._encoding: bytes | None = None
        self._connection: bytes | None = None
        self._interims = 0

    # -- the exchange's part ----------------------------------------------------

    def begin(self, exchange: "Exchange") -> None:
        """Send the exchange's request; its answer goes to it."""
        self._exchange = exchange
        exchange.upstream = self
        self.deadline = self._gate.watch.after(self._gate.config.upstream_seconds_max)
        transport = cast("asyncio.Transport", self._transport)
        transport.write(exchange.sent())
        if not exchange.received:
            exchange.caller.free()
        if not exchange.caller.writable:
            self.pause()

    def send(self, pieces: list[bytes]) -> None:
        """Send more of the request's body."""
        self.deadline = self._gate.watch.after(self._gate.config.upstream_seconds_max)
        if self._transport is not None:
            self._transport.write(b"".join(pieces))

    @property
    def writable(self) -> bool:
        """Whether the upstream takes what is sent."""
        return self._writable

    def pause(self) -> None:
        """Read no more: the caller does not keep up."""
        transport = self._transport
        if self._reading and transport is not None and not transport.is_closing():
            self._reading = False
            transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        transport = self._transport
        if not self._reading and transport is not None and not transport.is_closing():
            self._reading = True
            self.deadline = self._gate.watch.after(self._gate.config.upstream_seconds_max)
            transport.resume_reading()

    def abandon(self) -> None:
        """The exchange is over before its answer is: nothing here is of use."""
        self._exchange = None
        self.close()

    def close(self) -> None:
        """End the connection at once."""
        self._origin.closed(self)
        if self._transport is not None:
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
        gate = self._gate
        self.deadline = gate.watch.after(gate.config.upstream_seconds_max)
        if not self._told:
            self._size += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self._over:
                _log.warning(
                    "an upstream's answer is broken: %s", error.__context__ or error
                )
                self._break()
                return
            self._surplus = True
        if self._told:
            if self._out:
                exchange.caller.write(b"".join(self._out))
                self._out.clear()
            if self._over:
                self._finish(exchange)
        elif self._size > gate.config.head_bytes_max:
            self._break()

    def eof_received(self) -> None:
        """The upstream sends no more: that may be how a body ends."""
        exchange = self._exchange
        if exchange is None:
            self._origin.closed(self)
        elif self._until_eof:
            self._keep = False
            if self._chunked:
                exchange.caller.write(_LAST_CHUNK)
            self._finish(exchange)
        else:
            self._break()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """It is gone, in the midst of something or not."""
        self._gate.watch.leave(self)
        self._origin.closed(self)
        self._transport = None
        if self._exchange is not None:
            self._break()

    def pause_writing(self) -> None:
        """The upstream does not keep up: the caller's body has to wait."""
        self._writable = False
        if self._exchange is not None:
            self._exchange.upstream_full()

    def resume_writing(self) -> None:
        """The upstream takes more."""
        self._writable = True
        self.deadline = self._gate.watch.after(self._gate.config.upstream_seconds_max)
        if self._exchange is not None:
            self._exchange.caller.free()

    def expired(self) -> None:
        """Nothing came for too long; that may be the caller's fault."""
        exchange = self._exchange
        if exchange is None:
            self.close()
        elif not self._reading or (self._writable and not exchange.received):
            self.deadline = self._gate.watch.after(self._gate.config.upstream_seconds_max)
        else:
            self._exchange = None
            self.close()
            exchange.fail(UPSTREAM_TIMEOUT)

    def _break(self) -> None:
        """The answer will not come, or not to its end."""
        exchange = self._exchange
        self._exchange = None
        self.close()
        if exchange is None:
            return
        if self._used and not self._fed and exchange.retry():
            return
        exchange.fail(UPSTREAM_FAILED)

    def _finish(self, exchange: "Exchange") -> None:
        """The answer is complete: use the connection again, or end it."""
        self._exchange = None
        self._used = True
        clean = self._keep and self._writable and not self._surplus
        if clean and exchange.received:
            if exchange.is_head:
                self._parser = HttpResponseParser(self)
            self._forget()
            self.resume()
            exchange.upstream = None
            self._origin.release(self)
        else:
            self.close()
        exchange.finish()

    # -- the parser's part ------------------------------------------------------

    def on_message_begin(self) -> None:
        """A response begins; after the one that was asked for it is surplus."""
        if self._over:
            self._surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer, which is dropped."""
        if self._told:
            return
        rule = ANSWER_RULES[name]
        if rule.__class__ is bytes:
            self._out += (rule, value, CRLF)
        elif rule == LENGTH:
            self._length = value.strip(b" \t")
        elif rule == ENCODING:
            known = self._encoding is None and value.strip(b" \t").lower() == b"chunked"
            self._encoding = b"chunked" if known else b"unknown"
        elif rule != DROP and rule == CONNECTION:
            before = self._connection
            self._connection = value if before is None else b"%s,%s" % (before, value)

    def on_headers_complete(self) -> None:
        """Write the head of the answer, as the caller can read it."""
        if self._over:
            return
        exchange = cast("Exchange", self._exchange)
        status = self._parser.get_status_code()
        if status < 200:
            self._interim(exchange, status)
            return
        if self._encoding not in (None, b"chunked"):
            raise HttpParserError("a transfer encoding that is not ours to undo")
        self._told = True
        self._keep = self._parser.should_keep_alive()
        out = self._out
        if self._connection is not None:
            out = self._out = without_named(out, self._connection)
        bodyless = exchange.is_head or status in _BODYLESS
        if self._length is not None and status != 204:
            out += (b"Content-Length: ", self._length, CRLF)
        elif not bodyless:
            self._until_eof = self._encoding is None
            self._chunked = exchange.frame_unknown_length(out)
        exchange.tell(status, out)
        out[0] = status_line(status)
        out.append(CRLF)
        self._over = exchange.is_head

    def on_body(self, piece: bytes) -> None:
        """A piece of the body, or what the parser takes for one after HEAD."""
        if self._over:
            self._surplus = True
            return
        exchange = cast("Exchange", self._exchange)
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

    def _interim(self, exchange: "Exchange", status: int) -> None:
        """100 Continue, 103 Early Hints and their like go on as they come."""
        self._interims += 1
        if status == 101 or self._interims > INTERIM_MAX:
            raise HttpParserError("an upgrade or too many interim responses")
        lines = self._out
        if self._connection is not None:
            lines = without_named(lines, self._connection)
        lines[0] = status_line(status)
        exchange.interim(status, b"".join((*lines, CRLF)))
        self._out = [b""]
        self._connection = self._length = self._encoding = None
