"""What an upstream may put on the wire, and what a caller gets of it: data, no code.

An answer is passed on with its one meaning, told to be broken with 502, or, where
its head has been passed on already, broken off so that nobody takes a part for
the whole. Whatever it is, the next caller gets an answer of its own.
"""

from typing import NamedTuple

from tests.doors.gateway.raw.cases import LIMIT


class Told(NamedTuple):
    """What the caller has to read; `fields` are the upstream's own, `before` the

    interim responses. Where `kept`, the upstream's connection is used again.
    """

    body: bytes = b""
    status: int = 200
    fields: tuple[tuple[bytes, bytes], ...] = ()
    before: tuple[int, ...] = ()
    kept: bool = True


class Broken(NamedTuple):
    """The connection is reset, in the midst of the answer or before it."""


class Failed(NamedTuple):
    """502, behind these interim responses."""

    before: tuple[int, ...] = ()


class AnswerCase(NamedTuple):
    """`ends` says that the upstream sends no more behind it."""

    name: str
    sent: bytes
    comes_to: Told | Broken | Failed
    method: bytes = b"GET"
    ends: bool = False


BROKEN = Broken()
FAILED = Failed()
HELLO = Told(b"hello")
OPEN = Told(b"hello", kept=False)
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 5\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = LENGTH + b"hello"
END = b"0\r\n\r\n"
H = b"5\r\nhello\r\n"


def fails(name: str, sent: bytes, *, ends: bool = False) -> AnswerCase:
    return AnswerCase(name, sent, FAILED, ends=ends)


def field(name: str, sent: bytes, *fields: tuple[bytes, bytes]) -> AnswerCase:
    whole = OK + sent + b"\r\nContent-Length: 5\r\n\r\nhello"
    return AnswerCase(
        f"field: {name}", whole, Told(b"hello", fields=fields) if fields else FAILED
    )


def chunks(name: str, sent: bytes, comes_to: Told | Broken = HELLO) -> AnswerCase:
    return AnswerCase(f"chunks: {name}", CHUNKED + sent, comes_to)


def status(name: str, line: bytes, comes_to: Told | Failed) -> AnswerCase:
    return AnswerCase(f"status: {name}", line + b"\r\nContent-Length: 0\r\n\r\n", comes_to)


# RFC 9112, 6.3: how long an answer is.
FRAMINGS = [
    AnswerCase("framing: a length", WHOLE, HELLO),
    AnswerCase("framing: chunks", CHUNKED + H + END, HELLO),
    AnswerCase("framing: until the end", OK + b"\r\nhello", OPEN, ends=True),
    AnswerCase(
        "framing: HTTP/1.0 until the end", b"HTTP/1.0 200 OK\r\n\r\nhello", OPEN, ends=True
    ),
    AnswerCase(
        "framing: HTTP/1.0 with a length",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        OPEN,
    ),
    AnswerCase(
        "framing: HTTP/1.0 kept",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
        HELLO,
    ),
    AnswerCase(
        "framing: closed",
        OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
        OPEN,
    ),
    AnswerCase("framing: nothing", OK + b"Content-Length: 0\r\n\r\n", Told()),
    AnswerCase("framing: half-closed behind it", WHOLE, OPEN, ends=True),
    AnswerCase("framing: cut", LENGTH + b"hel", BROKEN, ends=True),
    AnswerCase("framing: nothing of a length", LENGTH, BROKEN, ends=True),
    AnswerCase("framing: cut in the head", OK + b"Content-Len", FAILED, ends=True),
    AnswerCase("framing: no answer", b"", FAILED, ends=True),
    fails(
        "framing: both, length first",
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + END,
    ),
    fails(
        "framing: both, encoding first",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + END,
    ),
    fails("framing: lengths, equal", OK + b"Content-Length: 5\r\n" + WHOLE[len(OK) :]),
    fails("framing: lengths, unequal", OK + b"Content-Length: 6\r\n" + WHOLE[len(OK) :]),
    fails("framing: a list of lengths", OK + b"Content-Length: 5, 5\r\n\r\nhello"),
    fails("framing: a length with a plus", OK + b"Content-Length: +5\r\n\r\nhello"),
    fails("framing: a negative length", OK + b"Content-Length: -5\r\n\r\nhello"),
    fails("framing: an empty length", OK + b"Content-Length:\r\n\r\nhello"),
    fails("framing: a length in hexadecimal", OK + b"Content-Length: 0x5\r\n\r\nhello"),
    fails(
        "framing: too great a length", OK + b"Content-Length: 18446744073709551621\r\n\r\n"
    ),
    AnswerCase("framing: leading zeros", OK + b"Content-Length: 0005\r\n\r\nhello", HELLO),
    fails("framing: gzip", OK + b"Transfer-Encoding: gzip\r\n\r\nhello", ends=True),
    fails("framing: gzip, chunked", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + END),
    fails("framing: identity", OK + b"Transfer-Encoding: identity\r\n\r\nhello", ends=True),
    fails("framing: xchunked", OK + b"Transfer-Encoding: xchunked\r\n\r\nhello", ends=True),
    fails(
        "framing: chunked twice", OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + END
    ),
    fails(
        "framing: chunked in two lines",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + END,
    ),
    fails("framing: an empty encoding", OK + b"Transfer-Encoding:\r\n\r\nhello", ends=True),
    fails(
        "framing: a folded encoding", OK + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + END
    ),
]

# RFC 9110, 9.3.2, 15.3.5 and 15.4.5: no body, whatever is said or sent.
BODYLESS = [
    AnswerCase("bodyless: HEAD", LENGTH, Told(), b"HEAD"),
    # The parser knows nothing of HEAD, and takes this for a body without end.
    AnswerCase("bodyless: HEAD without a length", OK + b"\r\n", Told(kept=False), b"HEAD"),
    AnswerCase("bodyless: HEAD of chunks", CHUNKED, Told(), b"HEAD"),
    AnswerCase("bodyless: HEAD with a body", WHOLE, Told(kept=False), b"HEAD"),
    AnswerCase("bodyless: HEAD with chunks", CHUNKED + H + END, Told(kept=False), b"HEAD"),
    AnswerCase("bodyless: 204", b"HTTP/1.1 204 X\r\n\r\n", Told(status=204)),
    AnswerCase(
        "bodyless: 204 with a length",
        b"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n",
        Told(status=204),
    ),
    AnswerCase(
        "bodyless: 204 with a body",
        b"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\nhello",
        Told(status=204, kept=False),
    ),
    AnswerCase(
        "bodyless: 204 with chunks",
        b"HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n" + H + END,
        Told(status=204, kept=False),
    ),
    AnswerCase("bodyless: 304", b"HTTP/1.1 304 X\r\n\r\n", Told(status=304)),
    AnswerCase(
        "bodyless: 304 with a length",
        b"HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n",
        Told(status=304),
    ),
    AnswerCase(
        "bodyless: 304 with a body",
        b"HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\nhello",
        Told(status=304, kept=False),
    ),
]

# RFC 9112, 7.1. The head of an answer has been passed on when a chunk turns out bad.
CHUNKS = [
    chunks("none", END, Told()),
    chunks("several", b"2\r\nhe\r\n3\r\nllo\r\n" + END),
    chunks("leading zeros", b"0005\r\nhello\r\n" + END),
    chunks("an extension", b"5;a=b\r\nhello\r\n" + END),
    chunks("a trailer", H + b"0\r\nX: y\r\n\r\n"),
    chunks("an identity for a trailer", H + b"0\r\nKeyhouse-Request-Id: x\r\n\r\n"),
    chunks("a cookie for a trailer", H + b"0\r\nSet-Cookie: a=b\r\n\r\n"),
    chunks("a Connection for a trailer", H + b"0\r\nConnection: close\r\n\r\n", OPEN),
    chunks("a length for a trailer", H + b"0\r\nContent-Length: 9\r\n\r\n", BROKEN),
    chunks("a trailer without end", H + b"0\r\nX: " + b"y" * LIMIT * 20, BROKEN),
    chunks("a size with 0x", b"0x5\r\nhello\r\n" + END, BROKEN),
    chunks("a negative size", b"-5\r\nhello\r\n" + END, BROKEN),
    chunks("a size that overflows", b"10000000000000005\r\nhello\r\n" + END, BROKEN),
    chunks("a size with space behind", b"5 \r\nhello\r\n" + END, BROKEN),
    chunks("a size ended with LF", b"5\nhello\r\n" + END, BROKEN),
    chunks("a bare LF in an extension", b"5;a\nhello\r\n" + END, BROKEN),
    chunks("data longer than its size", b"3\r\nhello\r\n" + END, BROKEN),
    chunks("data ended with LF", b"5\r\nhello\n" + END, BROKEN),
    AnswerCase("chunks: cut", CHUNKED + H, BROKEN, ends=True),
    AnswerCase("chunks: cut in the last", CHUNKED + H + b"0\r\n", BROKEN, ends=True),
]

# RFC 9110, 5.5; RFC 9112, 5.1 and 5.2: a proxy lets no injection pass.
FIELDS = [
    field("plain", b"X: y", (b"X", b"y")),
    field("high bytes", b"X: \xc3\xa9", (b"X", b"\xc3\xa9")),
    field(
        "twice",
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2",
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
    ),
    field("folded", b"X: y\r\n z"),
    field("a bare CR", b"X: y\rSet-Cookie: a=1"),
    field("a bare LF", b"X: y\nSet-Cookie: a=1"),
    field("a NUL", b"X: y\x00z"),
    field("a control", b"X: y\x01z"),
    field("a DEL", b"X: y\x7fz"),
    field("space before the colon", b"X : y"),
    field("an empty name", b": y"),
    field("no colon", b"X"),
    field("space within a name", b"X Y: z"),
    field("a high byte in a name", b"X\xe9: z"),
    field(
        "hop-by-hop beside another", b"Connection: X-Hop\r\nX-Hop: 1\r\nY: z", (b"Y", b"z")
    ),
    field(
        "claims of ours", b"Keyhouse-Request-Id: x\r\nRateLimit: y\r\nY: z", (b"Y", b"z")
    ),
    fails("field: a head without end", OK + b"X: " + b"x" * LIMIT * 12),
    fails("field: a head of too many", OK + b"X: y\r\n" * LIMIT * 2),
]

# RFC 9110, 15: three digits, and the first of them says the class; RFC 9112, 4.
STATUSES = [
    status("200", b"HTTP/1.1 200 OK", Told()),
    status("no reason", b"HTTP/1.1 200 ", Told()),
    status("no space either", b"HTTP/1.1 200", Told()),
    status("a reason with high bytes", b"HTTP/1.1 200 \xc3\xa9", Told()),
    status("unknown", b"HTTP/1.1 299 X", Told(status=299)),
    status("500", b"HTTP/1.1 500 X", Told(status=500)),
    status("of no class", b"HTTP/1.1 999 X", Told(status=999)),
    status("two digits", b"HTTP/1.1 99 X", FAILED),
    status("two digits with a zero", b"HTTP/1.1 099 X", FAILED),
    status("zeros", b"HTTP/1.1 000 X", FAILED),
    status("four digits", b"HTTP/1.1 2000 X", FAILED),
    status("negative", b"HTTP/1.1 -200 X", FAILED),
    status("no digits", b"HTTP/1.1 OK", FAILED),
    status("a NUL in the reason", b"HTTP/1.1 200 O\x00K", Told()),
    status("a bare CR in the reason", b"HTTP/1.1 200 O\rX: y", FAILED),
    status("another protocol", b"SSH-2.0-x", FAILED),
    status("another version", b"HTTP/3.0 200 OK", FAILED),
    status("small letters", b"http/1.1 200 OK", FAILED),
    status("two spaces", b"HTTP/1.1  200 OK", FAILED),
    AnswerCase("status: an empty line before", b"\r\n" + WHOLE, HELLO),
    fails("status: garbage", b"garbage\r\n\r\n"),
    fails("status: HTTP/0.9", b"<html>hello</html>", ends=True),
    fails("status: TLS", b"\x15\x03\x01\x00\x02\x02\x46"),
]

# RFC 9110, 15.2: interim responses come before the one that counts; 7.8: nobody
# switches who was not asked to. RFC 9110, 10.1.1: who did not expect gets no 100.
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
INTERIMS = [
    AnswerCase("interim: hints", HINTS + WHOLE, HELLO._replace(before=(103,))),
    AnswerCase("interim: several", HINTS * 3 + WHOLE, HELLO._replace(before=(103,) * 3)),
    AnswerCase("interim: unasked 100", b"HTTP/1.1 100 C\r\n\r\n" + WHOLE, HELLO),
    AnswerCase(
        "interim: with a length",
        b"HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\n" + WHOLE,
        HELLO._replace(before=(103,)),
    ),
    AnswerCase(
        "interim: with an encoding",
        b"HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n" + WHOLE,
        HELLO._replace(before=(103,)),
    ),
    AnswerCase(
        "interim: 102", b"HTTP/1.1 102 X\r\n\r\n" + WHOLE, HELLO._replace(before=(102,))
    ),
    AnswerCase("interim: a flood", HINTS * 100 + WHOLE, Failed((103,) * 16)),
    AnswerCase("interim: and nothing else", HINTS, Failed((103,)), ends=True),
    fails(
        "interim: 101 unasked",
        b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ),
    fails(
        "interim: 101 unasked, to a WebSocket",
        b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello",
    ),
    fails("interim: 101 without a word", b"HTTP/1.1 101 S\r\n\r\n"),
    fails("interim: 101 before another", b"HTTP/1.1 101 S\r\n\r\n" + WHOLE),
]

# RFC 9112, 9.2 and 11.1: what nobody asked for answers nobody (response splitting).
POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
SURPLUS = [
    AnswerCase("surplus: an answer", WHOLE + POISON, OPEN),
    AnswerCase("surplus: a part of one", WHOLE + POISON[:20], OPEN),
    AnswerCase("surplus: a byte", WHOLE + b"x", OPEN),
    AnswerCase("surplus: an empty line answers nothing", WHOLE + b"\r\n", HELLO),
    AnswerCase("surplus: behind chunks", CHUNKED + H + END + POISON, OPEN),
    AnswerCase(
        "surplus: behind nothing",
        OK + b"Content-Length: 0\r\n\r\n" + POISON,
        Told(kept=False),
    ),
    AnswerCase("surplus: behind HEAD", LENGTH + POISON, Told(kept=False), b"HEAD"),
    AnswerCase(
        "surplus: behind 204",
        b"HTTP/1.1 204 X\r\n\r\n" + POISON,
        Told(status=204, kept=False),
    ),
    AnswerCase(
        "surplus: behind 304",
        b"HTTP/1.1 304 X\r\n\r\n" + POISON,
        Told(status=304, kept=False),
    ),
    AnswerCase(
        "surplus: behind what closes",
        OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello" + POISON,
        OPEN,
    ),
]

ANSWERS = [*FRAMINGS, *BODYLESS, *CHUNKS, *FIELDS, *STATUSES, *INTERIMS, *SURPLUS]
