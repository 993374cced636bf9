"""What few requests need: the rare headers, credentials in unusual places."""

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from keyhouse.core.apps import app_of
from keyhouse.core.credentials import is_wrapped
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request
from keyhouse.core.secret import holds_ours
from keyhouse.core.transport import transport_refusal
from keyhouse.core.upstream_headers import plain_name
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.config import TARGET_BYTES_MAX
from keyhouse.doors.gateway.head import CRLF, KEY_HEADER, is_host, without_named
from keyhouse.doors.gateway.query import cut_parameter

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange

_is_absolute: Final = re.compile(rb"(?i:https?)://([^/?#]*)([/?].*|)").fullmatch
UPGRADE_LINES: Final = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
_BESIDES_MAX: Final = 8
"""Bytes of framing for a byte of data."""


def examine(exchange: "Exchange") -> refuse.Problem | None:
    """Why this request cannot be served, None if it can.

    Sets `http10`, `seen`, `exposed` and what `Connection` asks for.
    """
    parser, caller = exchange.parser, exchange.caller
    version = parser.get_http_version()
    exchange.http10 = version == "1.0"
    exchange.rare = True
    if parser.should_upgrade():
        # The parser reads no body here, so nobody knows where the next request begins.
        exchange.keep = False
    if version not in ("1.0", "1.1"):
        exchange.keep = False
        return refuse.VERSION_UNSUPPORTED
    if exchange.fault is not None:
        exchange.keep = False
        return exchange.fault
    if exchange.host is None and not exchange.http10:
        return refuse.NO_HOST
    if exchange.chunked and exchange.http10:
        exchange.keep = False
        return refuse.CHUNKED_TOO_EARLY
    if parser.should_upgrade() and not _may_upgrade(exchange):
        return refuse.UPGRADE_UNSUPPORTED
    if exchange.connection is not None:
        exchange.lines = without_named(exchange.lines, exchange.connection)
    if exchange.http10:
        exchange.expect = False
    if caller.trusted:
        exchange.seen = caller.gate.peers.behind(
            caller.seen,
            exchange.forwarded_for,
            exchange.forwarded_proto,
            exchange.forwarded,
        )
    else:
        exchange.forwarded_host = None
    required = caller.gate.config.require_tls
    refusal = transport_refusal(tls=exchange.seen.tls, require_tls=required)
    exchange.exposed = refusal is not None
    exchange.marked = exchange.marked or exchange.exposed
    return None


def _may_upgrade(exchange: "Exchange") -> bool:
    """Whether a request for an upgrade can be served; sets `tunnels` for a WebSocket

    (RFC 6455, 4.1). Any other upgrade is ignored, as RFC 9110, 7.8 allows; but not
    where there is a body, which the parser would leave unread.
    """
    exchange.tunnels = (
        exchange.upgrade is not None
        and exchange.upgrade.lower() == b"websocket"
        and exchange.parser.get_method() == b"GET"
        and not exchange.http10
    )
    return not exchange.chunked and not exchange.length


def read_absolute(exchange: "Exchange") -> None:
    """Read an absolute target as the path in it. Its host counts, and not the one

    in Host (RFC 9112, 3.2.2). A target of any other form stays as it is.
    """
    found = _is_absolute(exchange.target)
    if found is not None and is_host(found[1]):
        rest: bytes = found[2]
        exchange.host = found[1]
        exchange.target = rest if rest.startswith(b"/") else b"/" + rest
        exchange.odd = exchange.rare = True


def wrong_line(exchange: "Exchange", method: str | None) -> refuse.Problem:
    """What is wrong with a request line."""
    if exchange.parser.should_upgrade():
        exchange.keep = False  # behind CONNECT comes no request
    if method is None:
        return refuse.METHOD_NOT_ALLOWED
    if len(exchange.target) > TARGET_BYTES_MAX:
        return refuse.TARGET_TOO_LONG
    return refuse.NOT_ORIGIN_FORM


def unreadable(exchange: "Exchange") -> refuse.Problem:
    """Why the parser stopped.

    Within a head it is chance whether the header before has been told of yet. A
    complete one without headers is HTTP/0.9's, with something behind its line.
    """
    if not exchange.complete:
        return refuse.UNREADABLE
    if not exchange.headers:
        return refuse.VERSION_UNSUPPORTED
    return exchange.fault or refuse.UNREADABLE


def too_long(target: bytes) -> refuse.Problem:
    """Which part of a head took up the room for all of it."""
    in_line = len(target) > TARGET_BYTES_MAX
    return refuse.TARGET_TOO_LONG if in_line else refuse.HEAD_TOO_LARGE


def is_lavish(exchange: "Exchange", most: int) -> bool:
    """Whether a chunked body brings much besides its data (RFC 9112, 7.1.1).

    Extensions, zeros before a size and trailers cost the sender nothing and us
    the reading. A chunk of one byte takes five more, so that is for free.
    """
    besides = exchange.wire_bytes - exchange.bytes_in
    return besides > most + _BESIDES_MAX * exchange.bytes_in


def credentials(exchange: "Exchange", api: ApiRecord) -> tuple[bytes | None, bytes | None]:
    """The value of the API's own key header, and that of its query parameter."""
    key = key_of(exchange, api)
    if api.query_parameter is None or not exchange.query:
        return key, None
    cut = cut_parameter(exchange.query, api.query_parameter)
    if not cut.values:
        return key, None
    path = exchange.rest.partition(b"?")[0]
    exchange.rest = b"%s?%s" % (path, cut.rest) if cut.rest else path
    return key, b", ".join(cut.values)


def with_token(exchange: "Exchange", secret: bytes, token: bytes) -> bytes | None:
    """Take a user's token that came beside a key; None where it stands in the address.

    Like the key it goes no further. Such a head is read anew each time, as only one
    credential is looked for in one that is like the one before it.
    """
    if holds(exchange.rest, token):
        exchange.fail(refuse.KEY_IN_PATH)
        return None
    exchange.user_token = token
    exchange.lines = without_secret(exchange.lines, token)
    exchange.whole = b""
    return secret


def holds(target: bytes, secret: bytes) -> bool:
    """Whether `secret` stands in a target, in whatever spelling."""
    if target.find(secret) >= 0:  # see `Exchange._decide`
        return True
    return target.find(b"%") >= 0 and secret in unquote_to_bytes(target)


def flag_exposed(exchange: "Exchange", secret: bytes | None, slug: str) -> None:
    """Have the key flagged whose secret came over plain HTTP, after the answer."""
    if secret is not None:
        plane, address = exchange.gate.plane, exchange.seen.address
        told = Request(secret, slug, address, key_id=exchange.key_id)
        plane.resolver.resolve(plane.verifier.exposed(told), by_and_by)


def by_and_by(_: object) -> None:
    """Nobody waits for it."""


def name_app(exchange: "Exchange") -> None:
    """Find out which app the headers name."""
    if exchange.app_told is not None:
        told = exchange.app_told.items()
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in told}
        exchange.app = app_of(headers)


def key_of(exchange: "Exchange", api: ApiRecord) -> bytes | None:
    """The value of the API's key header, whichever that is."""
    if api.key_header == KEY_HEADER:
        return exchange.key
    return _own_header(exchange, api.key_header)


def _own_header(exchange: "Exchange", name: bytes) -> bytes | None:
    """The value of the key header; X-API-Key is then an ordinary one.

    A key of ours that stands there by mistake goes no further.
    """
    if exchange.key is not None and not holds_ours(exchange.key):
        exchange.lines += (b"X-API-Key: ", exchange.key, CRLF)
    if name != b"authorization":
        values = exchange.take_header(name)
        return b", ".join(values) if values else None
    value = exchange.authorization
    if value is None or is_wrapped(value):
        return None
    exchange.authorization = None
    return value


def body_lines(exchange: "Exchange") -> bytes:
    """The end of the line before, how the body comes, and the end of the head."""
    lines = b"\r\n"
    if exchange.length is not None:
        lines += b"Content-Length: %d\r\n" % exchange.length
    elif exchange.chunked:
        lines += b"Transfer-Encoding: chunked\r\n"
    if exchange.expect and not exchange.received:
        lines += b"Expect: 100-continue\r\n"
    if exchange.tunnels:
        lines += UPGRADE_LINES
    return lines + b"\r\n"


def without_replaced(lines: list[bytes], names: frozenset[bytes]) -> list[bytes]:
    """`lines` without the caller's own headers of names that the gateway adds.

    `_` and `.` become `-` in many a framework, so those count as well.
    """
    kept = lines[:1]
    for place in range(1, len(lines), 3):
        if plain_name(lines[place][:-2].decode("latin-1")).encode("latin-1") not in names:
            kept += lines[place : place + 3]
    return kept


def without_secret(lines: list[bytes], secret: bytes) -> list[bytes]:
    """`lines` without those in whose value `secret` stands."""
    kept = lines[:1]
    for place in range(1, len(lines), 3):
        if secret not in lines[place + 1]:
            kept += lines[place : place + 3]
    return kept
