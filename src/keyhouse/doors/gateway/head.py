"""The head of a request, as llhttp tells it: what goes on, and what is for us.

A header is known by one look into a table of rules: bytes are the beginning
of the line that goes on to the upstream, a number is a header with a meaning.
"""

import re
from typing import Final

from httptools import HttpRequestParser

from keyhouse.core.apps import APP_HEADERS
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.config import HEADERS_MAX

CRLF: Final = b"\r\n"
END: Final = b"\r\n\r\n"
KEY_HEADER: Final = b"x-api-key"

DROP: Final = 0
KEY: Final = 1
HOST: Final = 2
AUTHORIZATION: Final = 3
LENGTH: Final = 4
ENCODING: Final = 5
CONNECTION: Final = 6
EXPECT: Final = 7
REFERRER: Final = 8
ORIGIN: Final = 9
UPGRADE: Final = 10
FORWARDED_FOR: Final = 11
FORWARDED_PROTO: Final = 12
FORWARDED_HOST: Final = 13
FORWARDED: Final = 14
BROWSER: Final = 15
APP: Final = 16
COST: Final = 17
CLAIM: Final = 18

Rule = bytes | int

_OURS: Final = b"keyhouse-"
_SENT_BY_BROWSERS: Final = b"sec-fetch-"
"""Headers that no page can set, and no program has a reason to (Fetch Metadata)."""
_SENT_BY_FETCH: Final = b"sec-fetch-mode"
"""But for this one: Node.js's own `fetch` sends it too. Browsers never send it alone."""
_TOLD_BY_PROXIES: Final = b"x-forwarded-"
"""Who calls and how, in names that proxies make up (X-Forwarded-User, -Client-Cert)."""
_MEANINGS: Final[dict[bytes, int]] = {
    KEY_HEADER: KEY,
    b"host": HOST,
    b"authorization": AUTHORIZATION,
    b"content-length": LENGTH,
    b"transfer-encoding": ENCODING,
    b"connection": CONNECTION,
    b"expect": EXPECT,
    b"referer": REFERRER,
    b"origin": ORIGIN,
    b"x-forwarded-for": FORWARDED_FOR,
    b"x-forwarded-proto": FORWARDED_PROTO,
    b"x-forwarded-host": FORWARDED_HOST,
    b"forwarded": FORWARDED,
    **{name.encode("ascii"): APP for name in APP_HEADERS},
    b"upgrade": UPGRADE,
    # Meant for the next hop, which is us (RFC 9110, 7.6.1), or a claim about
    # the caller that only we may make; `Proxy` becomes HTTP_PROXY under CGI.
    **dict.fromkeys(
        (
            b"keep-alive",
            b"proxy-connection",
            b"proxy-authorization",
            b"proxy",
            b"te",
            b"trailer",
            b"http2-settings",
            b"x-real-ip",
            b"x-forwarded-port",
            b"x-forwarded-server",
            b"x-forwarded-ssl",
            b"x-forwarded-scheme",
            b"x-forwarded-prefix",
        ),
        DROP,
    ),
}
_MARKS: Final = b"origin"
"""Whoever gives a meaning to it does so to what else browsers send."""
_ANSWER_MEANINGS: Final[dict[bytes, int]] = {
    b"content-length": LENGTH,
    b"transfer-encoding": ENCODING,
    b"connection": CONNECTION,
    b"upgrade": UPGRADE,
    b"keyhouse-cost": COST,
    **dict.fromkeys(
        (
            b"keep-alive",
            b"proxy-connection",
            b"proxy-authenticate",
            b"trailer",
            # What stands behind us is nobody's business.
            b"server",
            b"x-powered-by",
            b"ratelimit",
            b"ratelimit-policy",
        ),
        DROP,
    ),
}
_RULES_MAX: Final = 2048
_NAME_MAX: Final = 64


class Rules(dict[bytes, Rule]):
    """What to do with a header of that name, learnt once for each spelling."""

    def __init__(self, meanings: dict[bytes, int]) -> None:
        super().__init__()
        self._meanings = meanings

    def __missing__(self, name: bytes) -> Rule:
        """The rule of a name not seen so far.

        `_` and `.` become `-` in many a framework, so a header that would
        then read like one of ours, or like one that has a meaning, is dropped.
        """
        lower = name.lower()
        plain = lower.replace(b"_", b"-").replace(b".", b"-")
        rule: Rule
        if plain.startswith(_OURS):
            rule = self._meanings.get(lower, DROP)
        elif plain in self._meanings:
            rule = self._meanings[plain] if plain == lower else DROP
        elif plain.startswith(_SENT_BY_BROWSERS) and _MARKS in self._meanings:
            rule = BROWSER if plain == lower else DROP
            if lower == _SENT_BY_FETCH:
                rule = name + b": "
        elif plain.startswith(_TOLD_BY_PROXIES) and _MARKS in self._meanings:
            rule = CLAIM if plain == lower else DROP
        else:
            rule = name + b": "
        if len(self) < _RULES_MAX and len(name) <= _NAME_MAX:
            self[name] = rule
        return rule


_HOSTS_MAX: Final = 1024
_HOST_LENGTH_MAX: Final = 255
is_host: Final = re.compile(
    rb"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?"
).fullmatch
"""A name or address and a port (RFC 9110, 7.2), without what RFC 3986 also allows in

a name: `,` would make a list of X-Forwarded-Host, `%` and `;` read differently.
"""
HOSTS: Final[set[bytes]] = set()
"""Hosts in use, which have been looked at."""

_SPENT: Final = HttpRequestParser(object())

REQUEST_RULES: Final = Rules(_MEANINGS)
ANSWER_RULES: Final = Rules(_ANSWER_MEANINGS)


class RequestHead:
    """Collects a request's head; the callbacks are llhttp's.

    `lines` holds the headers that go on, three items each, after one place
    that is kept for the request line; `claims` those that only we may read, in
    the same form. `fault` is why it cannot be served.
    `odd` says that something in it needs a closer look, `rare` that there are
    headers with a meaning beside Host and the key. `marked` says that some of
    it bears on the decision: an Origin, a browser's own header, an app. `size` counts
    the bytes of the head, `bytes_in` those of the body, `wire_bytes` those that a
    chunked body took on the wire. `waited` says that the parser, or something
    outside, may still know of this request, so that it must not be used again.
    `tunnels` says that it asks for a WebSocket.
    """

    __slots__ = (
        "app",
        "app_told",
        "authorization",
        "browser",
        "bytes_in",
        "chunked",
        "claims",
        "complete",
        "connection",
        "expect",
        "fault",
        "forwarded",
        "forwarded_for",
        "forwarded_host",
        "forwarded_proto",
        "headers",
        "host",
        "keep",
        "key",
        "key_id",
        "length",
        "lines",
        "marked",
        "odd",
        "origin",
        "parser",
        "rare",
        "received",
        "referrer",
        "size",
        "tail",
        "target",
        "tunnels",
        "upgrade",
        "user_token",
        "waited",
        "wire_bytes",
    )

    host: bytes | None
    app_told: dict[bytes, bytes] | None
    key: bytes | None
    key_id: str | None
    user_token: bytes | None
    authorization: bytes | None
    connection: bytes | None
    forwarded: bytes | None
    upgrade: bytes | None
    forwarded_for: bytes | None
    forwarded_proto: bytes | None
    forwarded_host: bytes | None
    length: int | None
    fault: refuse.Problem | None

    # The parser looks for these too: an attribute that is missing costs more.
    on_message_begin: Final = None
    on_chunk_header: Final = None
    on_chunk_complete: Final = None

    def __init__(self) -> None:
        self.parser = HttpRequestParser(self)
        self.rare = True
        self.waited = False
        self.forget()

    def forget(self) -> None:
        """Nothing is known of a request."""
        self.target = b""
        self.lines = [b""]
        self.headers = self.size = self.bytes_in = 0
        self.host = self.key = None
        self.keep = self.complete = self.received = False
        if self.rare:
            self._forget_rare()

    def _forget_rare(self) -> None:
        """What few requests have, and so need not be forgotten after each."""
        self.tail = b""
        self.authorization = self.connection = self.upgrade = self.key_id = None
        self.user_token = None
        self.tunnels = False
        self.forwarded_for = self.forwarded_proto = self.forwarded_host = None
        self.forwarded = self.length = self.fault = None
        self.wire_bytes = 0
        self.referrer = self.origin = self.app = ""
        self.app_told = None
        self.claims: list[bytes] = []
        self.chunked = self.expect = self.odd = self.rare = False
        self.browser = self.marked = False

    def on_url(self, piece: bytes) -> None:
        """The target, or a part of it."""
        if not self.target:
            self.target = piece
        elif not self.complete:
            self.target += piece
        else:
            # HTTP/0.9 ends with its line, so that another request may come in its slice.
            self._refuse(refuse.VERSION_UNSUPPORTED)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer, which is dropped."""
        if self.complete:
            # The parser may take a trailer to heart, `Connection: close` for one.
            self.waited = True
            return
        self.headers += 1
        rule = REQUEST_RULES[name]
        if rule.__class__ is bytes:
            self.lines += (rule, value, CRLF)
        elif rule == KEY:
            key = self.key
            self.key = value.strip(b" \t") if key is None else joined(key, value)
        elif rule == HOST:
            if self.host is not None:
                self._refuse(refuse.bad_request("The Host header came twice."))
            host = self.host = value.strip(b" \t")
            if host not in HOSTS:
                self._look_at_host(host)
        elif rule != DROP:
            self.rare = True
            self._meaning(int(rule), name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self.complete = True
        # Known here only: after the last byte the parser has forgotten it.
        self.keep = self.parser.should_keep_alive()
        if self.headers > HEADERS_MAX:
            self._refuse(refuse.TOO_MANY_HEADERS)

    def let_go(self) -> None:
        """Feed no more: breaks the circle that parser and callbacks make."""
        self.parser = _SPENT

    def slice_end(self, data: bytes, start: int) -> int:
        """Where to stop feeding: behind no more than this message's last byte.

        llhttp cannot be paused between two messages, so it never gets to see
        the second. A head ends with an empty line, and so does a chunked
        body, which may hold more of them.
        """
        if self.complete and self.length is not None:
            return min(len(data), start + self.length - self.bytes_in)
        if self.tail:
            found = (self.tail + data[start : start + 3]).find(END)
            if found >= 0:
                end = start + found + 4 - len(self.tail)
                self.tail = b""
                return end
        found = data.find(END, start)
        if found >= 0:
            self.tail = b""
            return found + 4
        self.tail = (self.tail + data[max(start, len(data) - 3) :])[-3:]
        return len(data)

    def has_header(self, name: bytes) -> bool:
        """Whether a header of that lower-case name goes on, or is among the claims."""
        names = (*self.lines[1::3], *self.claims[::3])
        return any(line[:-2].lower() == name for line in names if len(line) > 1)

    def take_header(self, name: bytes) -> list[bytes]:
        """Cut the header of that lower-case name out; its values, or those claimed."""
        claims = self.claims
        values = [
            claims[place + 1]
            for place in range(0, len(claims), 3)
            if claims[place][:-2].lower() == name
        ]
        lines = self.lines
        kept = lines[:1]
        for place in range(1, len(lines), 3):
            if lines[place][:-2].lower() == name:
                values.append(lines[place + 1].strip(b" \t"))
            else:
                kept += lines[place : place + 3]
        self.lines = kept
        return values

    def _look_at_host(self, host: bytes) -> None:
        if not is_host(host):
            self._refuse(refuse.bad_request("The Host header names no host."))
        elif len(HOSTS) < _HOSTS_MAX and len(host) <= _HOST_LENGTH_MAX:
            HOSTS.add(host)

    def _refuse(self, problem: refuse.Problem) -> None:
        self.odd = self.rare = True
        self.fault = self.fault or problem

    def _meaning(self, rule: int, name: bytes, value: bytes) -> None:
        if rule == LENGTH:
            # No digits but ASCII ones, no sign, no second one: llhttp saw to that.
            self.length = int(value)
        elif rule == AUTHORIZATION:
            self.authorization = joined(self.authorization, value)
        elif rule == REFERRER:
            self.referrer = value.decode("latin-1")
            self.lines += (b"Referer: ", value, CRLF)
        elif rule == ORIGIN:
            self.origin = value.decode("latin-1")
            self.browser = self.browser or bool(value)
            self.marked = True
            self.lines += (b"Origin: ", value, CRLF)
        elif rule >= FORWARDED_FOR:
            self._of_caller(rule, name, value)
        else:
            self._hop(rule, value)

    def _of_caller(self, rule: int, name: bytes, value: bytes) -> None:
        """Who calls, and how they came."""
        if rule == FORWARDED_FOR:
            self.forwarded_for = joined(self.forwarded_for, value)
        elif rule == FORWARDED_PROTO:
            self.forwarded_proto = value
        elif rule == FORWARDED:
            self.forwarded = joined(self.forwarded, value)
        elif rule == FORWARDED_HOST:
            self.odd = True
            self.forwarded_host = value
        elif rule == CLAIM:
            self.claims += (name + b": ", value, CRLF)
        else:
            self.marked = True
            self.lines += (name + b": ", value, CRLF)
            if rule == BROWSER:
                self.browser = True
            else:
                self._name_app(name.lower(), value)

    def _name_app(self, name: bytes, value: bytes) -> None:
        told = self.app_told or {}
        told[name] = joined(told.get(name), value)
        self.app_told = told

    def _hop(self, rule: int, value: bytes) -> None:
        """What concerns this connection alone."""
        self.odd = True
        if rule == CONNECTION:
            self.connection = joined(self.connection, value)
        elif rule == UPGRADE:
            self.upgrade = joined(self.upgrade, value)
        elif rule == ENCODING:
            self.chunked = value.lower() == b"chunked"
            if not self.chunked:
                self._refuse(refuse.ENCODING_UNKNOWN)
        elif rule == EXPECT:
            self.expect = value.lower() == b"100-continue"
            if not self.expect:
                self._refuse(refuse.EXPECTATION_UNKNOWN)


def joined(before: bytes | None, value: bytes) -> bytes:
    """A header that came more than once is a list (RFC 9110, 5.3)."""
    value = value.strip(b" \t")
    return value if before is None else b"%b, %b" % (before, value)


def without_lines(out: list[bytes], beginnings: tuple[bytes, ...]) -> list[bytes]:
    """The head of an answer, without lines that begin so, in whatever case."""
    kept, place = out[:1], 1
    while place < len(out):
        # A line is three pieces, or a whole one where we wrote it.
        length = 1 if out[place].endswith(b"\n") else 3
        if not out[place].lower().startswith(beginnings):
            kept += out[place : place + length]
        place += length
    return kept


def without_named(lines: list[bytes], connection: bytes) -> list[bytes]:
    """`lines` without the headers that a Connection header names."""
    named = {token.strip(b" \t").lower() for token in connection.split(b",")}
    if named <= {b"close", b"keep-alive", b"upgrade", b"te", b""}:
        return lines
    kept = lines[:1]
    for place in range(1, len(lines), 3):
        if lines[place][:-2].lower() not in named:
            kept += lines[place : place + 3]
    return kept
