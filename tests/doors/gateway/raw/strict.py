"""A second opinion on HTTP/1.1: what reached a peer, read without any leniency.

It shares nothing with the gateway or llhttp. A request as we forward it and an
answer as we pass it on must be readable here, to their last byte; whoever reads
less strictly then reads the same.
"""

import re
from typing import Final, NamedTuple

_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE: Final = re.compile(rb"(%b) (/[!-~]*) HTTP/1\.1\r\n" % _TOKEN)
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 ([1-9][0-9]{2}) [\t -~\x80-\xff]*\r\n")
_FIELD: Final = re.compile(rb"(%b): ?((?:[!-~\x80-\xff][\t -~\x80-\xff]*)?)\r\n" % _TOKEN)
_CHUNK_SIZE: Final = re.compile(rb"(0|[1-9A-Fa-f][0-9A-Fa-f]{0,15})\r\n")
_LENGTH: Final = re.compile(rb"[0-9]{1,19}")

Fields = tuple[tuple[bytes, bytes], ...]


class Unfit(ValueError):
    """These bytes are not HTTP/1.1 in its one plain form."""


class Unfinished(Exception):
    """So far it may be; more bytes have to come."""


class Request(NamedTuple):
    method: bytes
    target: bytes
    fields: Fields
    body: bytes
    framing: str

    def values(self, name: bytes) -> list[bytes]:
        return values(self.fields, name)


class Answer(NamedTuple):
    status: int
    fields: Fields
    body: bytes

    def values(self, name: bytes) -> list[bytes]:
        return values(self.fields, name)


def values(fields: Fields, name: bytes) -> list[bytes]:
    return [value for key, value in fields if key.lower() == name]


def requests(data: bytes) -> tuple[list[Request], bytes]:
    """The whole requests in `data`, and what is left of one that is not whole."""
    found: list[Request] = []
    at = 0
    while at < len(data):
        try:
            line, after = _line(_REQUEST_LINE, data, at)
            fields, after = _fields(data, after)
            if len(values(fields, b"host")) != 1:
                raise Unfit("not one Host")
            body, after, framing = _body(data, after, fields, open_ended=False)
        except Unfinished:
            break
        found.append(Request(line[1], line[2], fields, body, framing))
        at = after
    return found, data[at:]


def answers(
    data: bytes, methods: list[bytes], *, ended: bool
) -> tuple[list[Answer], bytes]:
    """The answers in `data`, interim ones too; `methods` says what was asked for.

    `ended` says that the connection has ended, which may end a body.
    """
    found: list[Answer] = []
    asked = list(methods)
    at = 0
    while at < len(data):
        try:
            line, after = _line(_STATUS_LINE, data, at)
            fields, after = _fields(data, after)
            status = int(line[1])
            if 100 <= status < 200:
                body = b""
            else:
                method = asked.pop(0) if asked else b"GET"
                body, after = _answer_body(data, after, fields, status, method, ended)
        except Unfinished:
            break
        found.append(Answer(status, fields, body))
        at = after
        if status == 101:
            break  # what follows is not HTTP
    return found, data[at:]


def _answer_body(
    data: bytes, at: int, fields: Fields, status: int, method: bytes, ended: bool
) -> tuple[bytes, int]:
    """RFC 9112, 6.3."""
    if method == b"HEAD" or status in (204, 304):
        return b"", at
    body, after, framing = _body(data, at, fields, open_ended=True)
    if framing == "open" and not ended:
        raise Unfinished
    return body, after


def _line(pattern: re.Pattern[bytes], data: bytes, at: int) -> tuple[re.Match[bytes], int]:
    match = pattern.match(data, at)
    if match is None:
        if b"\n" in data[at:]:
            raise Unfit(data[at : data.index(b"\n", at) + 1])
        raise Unfinished
    return match, match.end()


def _fields(data: bytes, at: int) -> tuple[Fields, int]:
    found: list[tuple[bytes, bytes]] = []
    while True:
        if data.startswith(b"\r\n", at):
            return tuple(found), at + 2
        if at == len(data) or data[at:] == b"\r":
            raise Unfinished
        match, at = _line(_FIELD, data, at)
        found.append((match[1], match[2].rstrip(b" \t")))


def _body(
    data: bytes, at: int, fields: Fields, *, open_ended: bool
) -> tuple[bytes, int, str]:
    lengths = values(fields, b"content-length")
    encodings = values(fields, b"transfer-encoding")
    if encodings:
        if lengths or encodings != [b"chunked"]:
            raise Unfit("two framings")
        body, at = _chunks(data, at)
        return body, at, "chunked"
    if not lengths:
        if open_ended:
            return data[at:], len(data), "open"
        return b"", at, "none"
    if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]):
        raise Unfit("not one plain Content-Length")
    end = at + int(lengths[0])
    if end > len(data):
        raise Unfinished
    return data[at:end], end, "length"


def _chunks(data: bytes, at: int) -> tuple[bytes, int]:
    """No extension and no trailer: we pass none on."""
    body = b""
    while True:
        match, at = _line(_CHUNK_SIZE, data, at)
        end = at + int(match[1], 16)
        if end + 2 > len(data):
            raise Unfinished
        if data[end : end + 2] != b"\r\n":
            raise Unfit("a chunk that is longer than it says")
        if end == at:
            return body, end + 2
        body += data[at:end]
        at = end + 2
