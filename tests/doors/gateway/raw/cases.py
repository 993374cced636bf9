"""What a caller may put on the wire, and what has to come of it: data, no code.

A case is the bytes of one connection and, in order, what each request in them
comes to: refused with a status and a code, or one `Meaning`, which is all that
may reach the upstream. `kept` says whether the connection lives on after the
last of them. RFC 9110 is HTTP's semantics, RFC 9112 its form on the wire.
"""

from typing import NamedTuple

from tests.doors.gateway.doubles import KEY


class Refused(NamedTuple):
    status: int
    code: str = "bad_request"


class Meaning(NamedTuple):
    """A request as the upstream has to read it; `fields` are the caller's own."""

    method: bytes = b"GET"
    target: bytes = b"/x"
    fields: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


class Case(NamedTuple):
    name: str
    sent: bytes
    comes_to: tuple[Refused | Meaning, ...]
    kept: bool = True


LIMIT = 32_768
"""The size of a head, `head_bytes_max`; that of a body is a million here."""
LAVISH = LIMIT + 100
HOST = b"Host: api.test\r\n"
K = b"X-API-Key: " + KEY + b"\r\n"
GET_LINE = b"GET /weather/x HTTP/1.1\r\n"
POST_LINE = b"POST /weather/x HTTP/1.1\r\n"
GET = GET_LINE + HOST + K
POST = POST_LINE + HOST + K
SMUGGLED = b"GET /weather/smuggled HTTP/1.1\r\n" + HOST + K + b"\r\n"
POSTED = Meaning(b"POST", body=b"hello")
EMPTY_POST = Meaning(b"POST")
PLAIN = Meaning()
BAD = Refused(400)
NOT_CHUNKED = Refused(501, "transfer_encoding_unknown")
AMBIGUOUS = Refused(400, "ambiguous_path")


def line(target: bytes, method: bytes = b"GET") -> bytes:
    return b"%b %b HTTP/1.1\r\n" % (method, target) + HOST + K + b"\r\n"


def bad(name: str, sent: bytes, refused: Refused = BAD) -> Case:
    """Where nothing tells what comes next, the connection must end."""
    return Case(name, sent, (refused,), kept=False)


def field(name: str, sent: bytes, meaning: tuple[tuple[bytes, bytes], ...] | None) -> Case:
    if meaning is None:
        return bad(f"field: {name}", GET + sent + b"\r\n")
    return Case(f"field: {name}", GET + sent + b"\r\n", (Meaning(fields=meaning),))


def length(name: str, value: bytes, *, good: bool = False) -> Case:
    sent = POST + b"Content-Length:" + value + b"\r\n\r\nhello"
    return Case(f"length: {name}", sent, (POSTED if good else BAD,), kept=good)


def encoding(name: str, sent: bytes, comes_to: Refused | Meaning) -> Case:
    whole = POST + sent + b"\r\n5\r\nhello\r\n0\r\n\r\n"
    return Case(f"encoding: {name}", whole, (comes_to,), kept=isinstance(comes_to, Meaning))


def chunks(name: str, sent: bytes, comes_to: Refused | Meaning = POSTED) -> Case:
    whole = POST + b"Transfer-Encoding: chunked\r\n\r\n" + sent
    return Case(f"chunks: {name}", whole, (comes_to,), kept=isinstance(comes_to, Meaning))


def host(name: str, sent: bytes, *, good: bool = False, kept: bool = False) -> Case:
    whole = GET_LINE + K + sent + b"\r\n"
    return Case(f"host: {name}", whole, (PLAIN if good else BAD,), kept or good)


def target(
    name: str, sent: bytes, comes_to: Refused | Meaning, *, kept: bool = True
) -> Case:
    return Case(f"target: {name}", line(sent), (comes_to,), kept)


def version(name: str, sent: bytes, comes_to: Refused | Meaning, kept: bool) -> Case:
    return Case(f"version: {name}", sent, (comes_to,), kept)


# RFC 9112, 6.1 and 6.3: a request with both framings ought to be refused, and the
# connection closed. RFC 9112, 11.2: or else it is request smuggling.
BOTH_FRAMINGS = [
    bad(
        "both framings: length first",
        POST
        + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + SMUGGLED,
    ),
    bad(
        "both framings: encoding first",
        POST
        + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
        + SMUGGLED,
    ),
    bad(
        "both framings: with a field between",
        POST
        + b"Content-Length: 5\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + SMUGGLED,
    ),
    bad(
        "both framings: length of nothing",
        POST
        + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + SMUGGLED,
    ),
    bad(
        "both framings: the encoding disguised as identity",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello",
    ),
    bad(
        "both framings: the encoding disguised by a letter",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\nhello",
    ),
    Case(
        "both framings: an alias of the encoding means nothing",
        POST + b"Content-Length: 5\r\nTransfer_Encoding: chunked\r\n\r\nhello",
        (POSTED,),
    ),
    Case(
        "both framings: an alias of the length means nothing",
        POST
        + b"Content.Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        (POSTED,),
    ),
    Case(
        "both framings: named by Connection, still the length",
        POST + b"Connection: Content-Length\r\nContent-Length: 5\r\n\r\nhello",
        (POSTED,),
    ),
    Case(
        "both framings: named by Connection, still the encoding",
        POST
        + b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"5\r\nhello\r\n0\r\n\r\n",
        (POSTED,),
    ),
]

# RFC 9112, 6.1: whose last coding is not chunked has no length that can be known;
# chunked is applied once; HTTP/1.0 knows none of it. We know no other coding.
ENCODINGS = [
    encoding("chunked", b"Transfer-Encoding: chunked\r\n", POSTED),
    encoding("in capitals", b"TRANSFER-ENCODING: CHUNKED\r\n", POSTED),
    encoding("more space before it", b"Transfer-Encoding:  \t chunked\r\n", POSTED),
    encoding("a tab before it", b"Transfer-Encoding:\tchunked\r\n", POSTED),
    encoding("no space before it", b"Transfer-Encoding:chunked\r\n", POSTED),
    encoding("space behind it", b"Transfer-Encoding: chunked \t \r\n", BAD),
    encoding("then identity", b"Transfer-Encoding: chunked, identity\r\n", BAD),
    encoding(
        "identity then chunked", b"Transfer-Encoding: identity, chunked\r\n", NOT_CHUNKED
    ),
    encoding("identity", b"Transfer-Encoding: identity\r\n", NOT_CHUNKED),
    encoding("gzip", b"Transfer-Encoding: gzip\r\n", NOT_CHUNKED),
    encoding("gzip, chunked", b"Transfer-Encoding: gzip, chunked\r\n", NOT_CHUNKED),
    encoding("a letter before", b"Transfer-Encoding: xchunked\r\n", NOT_CHUNKED),
    encoding("a letter behind", b"Transfer-Encoding: chunkedx\r\n", NOT_CHUNKED),
    encoding("a parameter", b"Transfer-Encoding: chunked;q=1\r\n", NOT_CHUNKED),
    encoding("quoted", b'Transfer-Encoding: "chunked"\r\n', NOT_CHUNKED),
    encoding("an empty one before", b"Transfer-Encoding: ,chunked\r\n", NOT_CHUNKED),
    encoding("none at all", b"Transfer-Encoding:\r\n", BAD),
    encoding("two words", b"Transfer-Encoding: chunked chunked\r\n", NOT_CHUNKED),
    encoding("twice in one line", b"Transfer-Encoding: chunked, chunked\r\n", BAD),
    encoding(
        "twice in two lines",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        BAD,
    ),
    encoding(
        "two lines, chunked first",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        BAD,
    ),
    encoding(
        "two lines, chunked last",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        NOT_CHUNKED,
    ),
    encoding(
        "two lines, the first empty",
        b"Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
        BAD,
    ),
    encoding("folded", b"Transfer-Encoding:\r\n chunked\r\n", BAD),
    encoding("folded behind", b"Transfer-Encoding: chunked\r\n \r\n", BAD),
    encoding("a vertical tab before it", b"Transfer-Encoding: \x0bchunked\r\n", BAD),
    encoding("a vertical tab behind it", b"Transfer-Encoding: chunked\x0b\r\n", BAD),
    encoding("a form feed behind it", b"Transfer-Encoding: chunked\x0c\r\n", BAD),
    encoding("a NUL behind it", b"Transfer-Encoding: chunked\x00\r\n", BAD),
    encoding("a high byte behind it", b"Transfer-Encoding: chunked\xa0\r\n", NOT_CHUNKED),
    encoding("space before the colon", b"Transfer-Encoding : chunked\r\n", BAD),
    encoding("a bare CR before it", b"X: y\rTransfer-Encoding: chunked\r\n", BAD),
    encoding("a bare LF before it", b"X: y\nTransfer-Encoding: chunked\r\n", BAD),
    encoding("a NUL in its name", b"Transfer-Encoding\x00: chunked\r\n", BAD),
    Case(
        "encoding: HTTP/1.0 knows none",
        b"POST /weather/x HTTP/1.0\r\n"
        + K
        + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        (BAD,),
        kept=False,
    ),
    Case(
        "encoding: GET may have a body",
        GET + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        (Meaning(body=b"hello"),),
    ),
]

# RFC 9110, 8.6 and RFC 9112, 6.3: digits and nothing else; what is repeated or no
# number is an error that can't be recovered from.
LENGTHS = [
    length("plain", b" 5", good=True),
    length("no space before it", b"5", good=True),
    length("more space around it", b" \t 5 \t ", good=True),
    length("leading zeros", b" 0005", good=True),
    length("a plus", b" +5"),
    length("a minus", b" -5"),
    length("a list of two equal", b" 5,5"),
    length("a list of two unequal", b" 5, 6"),
    length("a list with nothing", b" 5,"),
    length("hexadecimal", b" 0x5"),
    length("a letter behind", b" 5a"),
    length("a fraction", b" 5.0"),
    length("an exponent", b" 5e0"),
    length("an underscore", b" 1_0"),
    length("two numbers", b" 5 5"),
    length("empty", b""),
    length("only space", b"  "),
    length("quoted", b' "5"'),
    length("digits of another script", b" \xd9\xa5"),
    length("wide digits in UTF-8", b" \xef\xbc\x95"),
    length("2 to the 64th", b" 18446744073709551616"),
    length("2 to the 64th and 5", b" 18446744073709551621"),
    length("a thousand digits", b" " + b"9" * 1000),
    length("a vertical tab before it", b" \x0b5"),
    length("a vertical tab behind it", b" 5\x0b"),
    length("a NUL behind it", b" 5\x00"),
    length("folded", b"\r\n 5"),
    length("two lines, equal", b" 5\r\nContent-Length: 5"),
    length("two lines, unequal", b" 5\r\nContent-Length: 6"),
    length("two lines, nothing first", b" 0\r\nContent-Length: 5"),
    length("two lines, spelt apart", b" 5\r\ncontent-length: 5"),
    bad(
        "length: space before the colon",
        POST + b"Content-Length : 5\r\n\r\nhello",
    ),
    bad(
        "length: larger than any body",
        POST + b"Content-Length: 9223372036854775807\r\n\r\nhello",
        Refused(413, "body_too_large"),
    ),
    Case(
        "length: nothing",
        POST + b"Content-Length: 0\r\n\r\n",
        (EMPTY_POST,),
    ),
    Case(
        "length: nothing, and a request behind it",
        POST + b"Content-Length: 0\r\n\r\n" + SMUGGLED,
        (EMPTY_POST, Meaning(target=b"/smuggled")),
    ),
    Case(
        "length: GET may have a body",
        GET + b"Content-Length: 5\r\n\r\nhello",
        (Meaning(body=b"hello"),),
    ),
    Case(
        "length: none means no body",
        POST + b"\r\n" + SMUGGLED,
        (
            EMPTY_POST,
            Meaning(target=b"/smuggled"),
        ),
    ),
]

# RFC 9112, 2.2 and 5 (bare CR, whitespace before the colon, folding); RFC 9110, 5.1
# (names are tokens), 5.5 (values hold no CR, LF or NUL).
FIELDS = [
    field("plain", b"X: y\r\n", ((b"X", b"y"),)),
    field("empty value", b"X:\r\n", ((b"X", b""),)),
    field("space around a value", b"X: \t y z \t\r\n", ((b"X", b"y z"),)),
    field("a tab within a value", b"X: y\tz\r\n", ((b"X", b"y\tz"),)),
    field("a colon within a value", b"X: y:z\r\n", ((b"X", b"y:z"),)),
    field("high bytes in a value", b"X: \xc3\xa9\xff\r\n", ((b"X", b"\xc3\xa9\xff"),)),
    field("every sort of token", b"!#$%&'*+-.^`|~9: y\r\n", ((b"!#$%&'*+-.^`|~9", b"y"),)),
    field("twice", b"X: y\r\nX: z\r\n", ((b"X", b"y"), (b"X", b"z"))),
    field("folded", b"X: y\r\n z\r\n", None),
    field("folded with a tab", b"X: y\r\n\tz\r\n", None),
    field("folded into nothing", b"X: y\r\n \r\n", None),
    field("a bare CR in a value", b"X: y\rz\r\n", None),
    field("a bare CR that would end the head", b"X: y\r\r\n", None),
    field("a bare LF in a value", b"X: y\nZ: z\r\n", None),
    field("an empty line of LFs", b"X: y\n\n", None),
    field("a NUL in a value", b"X: y\x00z\r\n", None),
    field("another control in a value", b"X: y\x01z\r\n", None),
    field("a DEL in a value", b"X: y\x7fz\r\n", None),
    field("an escape in a value", b"X: y\x1bz\r\n", None),
    field("space before the colon", b"X : y\r\n", None),
    field("a tab before the colon", b"X\t: y\r\n", None),
    field("an empty name", b": y\r\n", None),
    field("no colon", b"X\r\n", None),
    field("space within a name", b"X Y: z\r\n", None),
    field("a bracket in a name", b"X(Y): z\r\n", None),
    field("a slash in a name", b"X/Y: z\r\n", None),
    field("an at in a name", b"X@Y: z\r\n", None),
    field("a quote in a name", b'X"Y: z\r\n', None),
    field("a high byte in a name", b"X\xe9: z\r\n", None),
    field("a NUL in a name", b"X\x00Y: z\r\n", None),
    field("a CR in a name", b"X\rY: z\r\n", None),
    bad("field: space before the first", GET_LINE + b" X: y\r\n" + HOST + K + b"\r\n"),
    bad("field: a tab before the first", GET_LINE + b"\tX: y\r\n" + HOST + K + b"\r\n"),
    bad(
        "field: more than a hundred",
        GET + b"A: b\r\n" * 101 + b"\r\n",
        Refused(431, "head_too_large"),
    ),
    bad(
        "field: too long",
        GET + b"X: " + b"x" * LIMIT + b"\r\n\r\n",
        Refused(431, "head_too_large"),
    ),
    bad(
        "field: a name too long",
        GET + b"x" * LIMIT + b": y\r\n\r\n",
        Refused(431, "head_too_large"),
    ),
]

# RFC 9112, 3.2: a request without one Host, or with one that is none, is refused
# with 400. RFC 9110, 7.2; RFC 3986, 3.2.2.
HOSTS = [
    host("plain", b"Host: api.test\r\n", good=True),
    host("with a port", b"Host: api.test:8080\r\n", good=True),
    host("with an empty port", b"Host: api.test:\r\n", good=True),
    host("in capitals", b"HOST: API.TEST\r\n", good=True),
    host("an address", b"Host: 192.0.2.1:80\r\n", good=True),
    host("an address of IPv6", b"Host: [2001:db8::1]:80\r\n", good=True),
    host("space around it", b"Host: \t api.test \t\r\n", good=True),
    host("an underscore", b"Host: my_api.test\r\n", good=True),
    host("missing", b"", kept=True),
    host("empty", b"Host:\r\n"),
    host("twice, equal", b"Host: api.test\r\nHost: api.test\r\n"),
    host("twice, unequal", b"Host: api.test\r\nHost: evil.test\r\n"),
    host("twice, the first empty", b"Host:\r\nHost: api.test\r\n"),
    host("with a user", b"Host: user@api.test\r\n"),
    host("with a user and password", b"Host: u:p@api.test\r\n"),
    host("with a path", b"Host: api.test/x\r\n"),
    host("with a query", b"Host: api.test?x\r\n"),
    host("with a fragment", b"Host: api.test#x\r\n"),
    host("with a scheme", b"Host: http://api.test\r\n"),
    host("with a backslash", b"Host: api.test\\x\r\n"),
    host("two in a list", b"Host: api.test, evil.test\r\n"),
    host("a comma", b"Host: api.test,\r\n"),
    host("two with space", b"Host: api.test evil.test\r\n"),
    host("two with a tab", b"Host: api.test\tevil.test\r\n"),
    host("escaped", b"Host: api%2etest\r\n"),
    host("high bytes", b"Host: \xc3\xa4pi.test\r\n"),
    host("a NUL", b"Host: api.test\x00\r\n"),
    host("folded", b"Host:\r\n api.test\r\n"),
    host("a port of letters", b"Host: api.test:http\r\n"),
    host("two ports", b"Host: api.test:80:80\r\n"),
    host("an open bracket", b"Host: [2001:db8::1\r\n"),
    host("a quote", b'Host: "api.test"\r\n'),
    host("a semicolon", b"Host: api.test;x\r\n"),
    host("an angle", b"Host: <api.test>\r\n"),
    host("only a port", b"Host: :80\r\n"),
    host("space before the colon", b"Host : api.test\r\n"),
    Case(
        "host: an alias is dropped",
        GET + b"X-Forwarded_Host: evil.test\r\nX-Forwarded-Host: evil.test\r\n\r\n",
        (PLAIN,),
    ),
    Case(
        "host: HTTP/1.0 need not have one",
        b"GET /weather/x HTTP/1.0\r\n" + K + b"\r\n",
        (PLAIN,),
        kept=False,
    ),
]

# RFC 9112, 3.2; RFC 3986, 3 and 6.2.2: what a check reads is what the upstream reads.
NOT_A_PATH = Refused(400)
TARGETS = [
    target("plain", b"/weather/a/b", Meaning(target=b"/a/b")),
    target("a query", b"/weather/x?a=b&c", Meaning(target=b"/x?a=b&c")),
    target("a question in a query", b"/weather/x?a?b", Meaning(target=b"/x?a?b")),
    target("slashes in a query", b"/weather/x?//../", Meaning(target=b"/x?//../")),
    target("escapes in a query", b"/weather/x?%2e%2f%00", Meaning(target=b"/x?%2e%2f%00")),
    target("an escaped space", b"/weather/a%20b", Meaning(target=b"/a%20b")),
    target("an escape in the slug", b"/we%61ther/x", PLAIN),
    target("a tilde", b"/weather/~a", Meaning(target=b"/~a")),
    target("a plus", b"/weather/a+b", Meaning(target=b"/a+b")),
    target("dots in a name", b"/weather/a..b", Meaning(target=b"/a..b")),
    target("the slug alone", b"/weather", Meaning(target=b"/")),
    target("the slug and a query", b"/weather?x", Meaning(target=b"/?x")),
    target("dot segments", b"/weather/../other", AMBIGUOUS),
    target("a dot segment", b"/weather/./x", AMBIGUOUS),
    target("a dot segment at the end", b"/weather/..", AMBIGUOUS),
    target("escaped dots", b"/weather/%2e%2e/x", AMBIGUOUS),
    target("half-escaped dots", b"/weather/.%2E/x", AMBIGUOUS),
    target("an escaped slash", b"/weather/a%2fb", AMBIGUOUS),
    target("an escaped slash in capitals", b"/weather/a%2Fb", AMBIGUOUS),
    target("an escaped backslash", b"/weather/a%5cb", AMBIGUOUS),
    target("a backslash", b"/weather/a\\b", AMBIGUOUS),
    target("a parameter behind dots", b"/weather/..;/x", AMBIGUOUS),
    target("a parameter", b"/weather/x;y=1", AMBIGUOUS),
    target("an escaped semicolon", b"/weather/x%3By", AMBIGUOUS),
    target("doubly escaped", b"/weather/%252e%252e/x", AMBIGUOUS),
    target(
        "an overlong escape", b"/weather/%c0%ae%c0%ae/x", Meaning(target=b"/%c0%ae%c0%ae/x")
    ),
    target("an escaped NUL", b"/weather/x%00", AMBIGUOUS),
    target("an escaped line", b"/weather/x%0d%0aX:y", AMBIGUOUS),
    target("a broken escape", b"/weather/%zz", AMBIGUOUS),
    target("a cut escape", b"/weather/x%2", AMBIGUOUS),
    target("double slash first", b"//weather/x", AMBIGUOUS),
    target("double slash with an authority", b"//evil.test/weather/x", AMBIGUOUS),
    target("double slash within", b"/weather//x", AMBIGUOUS),
    target("the root", b"/", Refused(404, "api_not_found")),
    target("a fragment", b"/weather/x#y", AMBIGUOUS),
    target("a fragment behind a query", b"/weather/x?a#y", AMBIGUOUS),
    target("high bytes in the path", b"/weather/\xc3\xa9", BAD, kept=False),
    target("brackets", b"/weather/[x]", Meaning(target=b"/[x]")),
    target("an asterisk", b"*", NOT_A_PATH),
    Case("target: an asterisk for OPTIONS", line(b"*", b"OPTIONS"), (NOT_A_PATH,)),
    target("absolute", b"http://api.test/weather/x", PLAIN),
    target(
        "absolute, another host",
        b"http://other.test:80/weather/x?y",
        Meaning(target=b"/x?y"),
    ),
    target(
        "absolute, no path but a query", b"http://api.test?x", Refused(404, "api_not_found")
    ),
    target("absolute, dot segments", b"http://api.test/weather/../x", AMBIGUOUS),
    target("absolute, double slash", b"http://api.test//weather/x", AMBIGUOUS),
    target("absolute, no host", b"http:///weather/x", NOT_A_PATH),
    target("absolute, two hosts", b"http://api.test,evil.test/weather/x", NOT_A_PATH),
    target("absolute, a fragment", b"http://api.test/weather/x#y", AMBIGUOUS),
    target("absolute, a user", b"http://u@api.test/weather/x", NOT_A_PATH),
    target("absolute, no path", b"http://api.test", Refused(404, "api_not_found")),
    target("absolute, https", b"HTTPS://api.test/weather/x", PLAIN),
    target("absolute, a file", b"file:///etc/passwd", NOT_A_PATH),
    target("an authority", b"api.test:80", BAD, kept=False),
    target("no slash", b"weather/x", BAD, kept=False),
    target("a question first", b"?/weather/x", BAD, kept=False),
    target("a backslash first", b"\\weather/x", BAD, kept=False),
    target("a space within", b"/weather/a b", BAD, kept=False),
    target("a tab within", b"/weather/a\tb", BAD, kept=False),
    target("a form feed within", b"/weather/a\x0cb", BAD, kept=False),
    target("a vertical tab within", b"/weather/a\x0bb", BAD, kept=False),
    target("a NUL within", b"/weather/a\x00b", BAD, kept=False),
    target("a control within", b"/weather/a\x01b", BAD, kept=False),
    target("a DEL within", b"/weather/a\x7fb", BAD, kept=False),
    target("a bare CR within", b"/weather/a\rb", BAD, kept=False),
    target("a bare LF within", b"/weather/a\nb", BAD, kept=False),
    target("a tab in a query", b"/weather/x?a\tb", BAD, kept=False),
    target("a form feed in a query", b"/weather/x?a\x0cb", BAD, kept=False),
    target("a DEL in a query", b"/weather/x?a\x7fb", BAD, kept=False),
    target("high bytes in a query", b"/weather/x?\xc3\xa9", BAD, kept=False),
    target("empty", b"", BAD, kept=False),
    target(
        "too long",
        b"/weather/" + b"x" * 8192,
        Refused(414, "target_too_long"),
    ),
    target(
        "a query too long",
        b"/weather/x?" + b"x" * 8192,
        Refused(414, "target_too_long"),
    ),
    target(
        "as long as may be", b"/weather/" + b"x" * 8183, Meaning(target=b"/" + b"x" * 8183)
    ),
    bad(
        "target: longer than a head",
        b"GET /weather/" + b"x" * LIMIT + b" HTTP/1.1\r\n" + HOST + K + b"\r\n",
        Refused(414, "target_too_long"),
    ),
    Case(
        "target: CONNECT",
        line(b"api.test:80", b"CONNECT"),
        (Refused(405, "method_not_allowed"),),
        kept=False,
    ),
    Case(
        "target: TRACE",
        line(b"/weather/x", b"TRACE"),
        (Refused(405, "method_not_allowed"),),
    ),
    bad("target: an unknown method", line(b"/weather/x", b"BREW")),
    bad("target: a method in small letters", line(b"/weather/x", b"get")),
    bad("target: no method", b" /weather/x HTTP/1.1\r\n" + HOST + K + b"\r\n"),
    bad(
        "target: a tab behind the method",
        b"GET\t/weather/x HTTP/1.1\r\n" + HOST + K + b"\r\n",
    ),
    # Section 3 allows a reader to take any whitespace between words for one space.
    Case(
        "target: two spaces before it",
        b"GET  /weather/x HTTP/1.1\r\n" + HOST + K + b"\r\n",
        (PLAIN,),
    ),
    Case(
        "target: two spaces behind it",
        b"GET /weather/x  HTTP/1.1\r\n" + HOST + K + b"\r\n",
        (PLAIN,),
    ),
]

# RFC 9112, 2.3 and 9.3; RFC 9110, 2.5.
UNSUPPORTED = Refused(505, "version_unsupported")
VERSIONS = [
    version("0.9", b"GET /weather/x\r\n\r\n", UNSUPPORTED, kept=False),
    version(
        "0.9, written out", b"GET /weather/x HTTP/0.9\r\n\r\n", UNSUPPORTED, kept=False
    ),
    version(
        "0.9, and a request",
        b"GET /weather/x\n\r\n" + GET + b"\r\n",
        UNSUPPORTED,
        kept=False,
    ),
    version(
        "0.9, and the rest of a path",
        b"GET /query/x?api_key=" + KEY + b"\n\r\nGET /y HTTP/1.0\r\n\r\n",
        UNSUPPORTED,
        kept=False,
    ),
    version("1.0", b"GET /weather/x HTTP/1.0\r\n" + K + b"\r\n", PLAIN, kept=False),
    version(
        "1.0, kept",
        b"GET /weather/x HTTP/1.0\r\nConnection: keep-alive\r\n" + K + b"\r\n",
        PLAIN,
        kept=True,
    ),
    version("1.2", b"GET /weather/x HTTP/1.2\r\n" + HOST + K + b"\r\n", BAD, kept=False),
    version(
        "2.0", b"GET /weather/x HTTP/2.0\r\n" + HOST + K + b"\r\n", UNSUPPORTED, kept=False
    ),
    version("the preface of 2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD, kept=False),
    version("3.0", b"GET /weather/x HTTP/3.0\r\n" + HOST + K + b"\r\n", BAD, kept=False),
    version("11", b"GET /weather/x HTTP/11\r\n" + HOST + K + b"\r\n", BAD, kept=False),
    version("1.10", b"GET /weather/x HTTP/1.10\r\n" + HOST + K + b"\r\n", BAD, kept=False),
    version(
        "small letters", b"GET /weather/x http/1.1\r\n" + HOST + K + b"\r\n", BAD, False
    ),
    # The parser takes the name of a sister protocol for HTTP's; we pass on our own.
    version("RTSP", b"GET /weather/x RTSP/1.0\r\n" + HOST + K + b"\r\n", PLAIN, False),
    version(
        "ICE",
        b"SOURCE /weather/x ICE/1.0\r\n" + HOST + K + b"\r\n",
        Refused(405, "method_not_allowed"),
        kept=False,
    ),
    version(
        "another protocol", b"GET /weather/x SIP/2.0\r\n" + HOST + K + b"\r\n", BAD, False
    ),
    version(
        "space behind it", b"GET /weather/x HTTP/1.1 \r\n" + HOST + K + b"\r\n", BAD, False
    ),
    version("ended with LF", b"GET /weather/x HTTP/1.1\n" + HOST + K + b"\r\n", BAD, False),
    version("ended with CR", b"GET /weather/x HTTP/1.1\r" + HOST + K + b"\r\n", BAD, False),
    version("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", BAD, False),
    version("an empty line before", b"\r\n" + GET + b"\r\n", PLAIN, kept=True),
    version("empty lines before", b"\r\n\r\n\r\n" + GET + b"\r\n", PLAIN, kept=True),
    version("a bare LF before", b"\n" + GET + b"\r\n", PLAIN, kept=True),
    version("a space before", b" " + GET + b"\r\n", BAD, kept=False),
    version("a byte order mark before", b"\xef\xbb\xbf" + GET + b"\r\n", BAD, kept=False),
    version("kept by no word", GET + b"Connection: X-Nothing\r\n\r\n", PLAIN, kept=True),
    version("closed by a word", GET + b"Connection: close\r\n\r\n", PLAIN, kept=False),
    version("closed in a list", GET + b"Connection: X-Y, CLOSE\r\n\r\n", PLAIN, kept=False),
    version(
        "kept and closed",
        GET + b"Connection: keep-alive\r\nConnection: close\r\n\r\n",
        PLAIN,
        kept=False,
    ),
]

# RFC 9112, 7.1: a size is hexadecimal digits; 7.1.1: extensions are dropped, and
# bounded; 7.1.2 and RFC 9110, 6.5.1: trailers may be dropped.
END_OF_CHUNKS = b"0\r\n\r\n"
H = b"5\r\nhello\r\n"
CHUNKS = [
    chunks("one", H + END_OF_CHUNKS),
    chunks("none", END_OF_CHUNKS, EMPTY_POST),
    chunks("several", b"2\r\nhe\r\n3\r\nllo\r\n" + END_OF_CHUNKS),
    chunks(
        "of single bytes", b"".join(b"1\r\n%c\r\n" % c for c in b"hello") + END_OF_CHUNKS
    ),
    chunks(
        "hexadecimal in capitals",
        b"A\r\n0123456789\r\n0\r\n\r\n",
        Meaning(b"POST", body=b"0123456789"),
    ),
    chunks(
        "hexadecimal in small letters",
        b"a\r\n0123456789\r\n0\r\n\r\n",
        Meaning(b"POST", body=b"0123456789"),
    ),
    chunks("leading zeros", b"0005\r\nhello\r\n" + END_OF_CHUNKS),
    chunks("several zeros at the end", H + b"000\r\n\r\n"),
    chunks(
        "the end of a head within",
        b"4\r\n\r\n\r\n\r\n" + END_OF_CHUNKS,
        Meaning(b"POST", body=b"\r\n\r\n"),
    ),
    chunks(
        "an end within",
        b"5\r\n0\r\n\r\n\r\n" + END_OF_CHUNKS,
        Meaning(b"POST", body=b"0\r\n\r\n"),
    ),
    chunks("an extension", b"5;a=b\r\nhello\r\n0;c\r\n\r\n"),
    chunks("an extension without a value", b"5;a\r\nhello\r\n" + END_OF_CHUNKS),
    chunks("a quoted extension", b'5;a="b;c"\r\nhello\r\n' + END_OF_CHUNKS),
    chunks(
        "a quoted extension with an escape", b'5;a="b\\"c"\r\nhello\r\n' + END_OF_CHUNKS
    ),
    chunks(
        "a quoted extension with the end of a line",
        b'5;a="\r\nb"\r\nhello\r\n' + END_OF_CHUNKS,
        BAD,
    ),
    chunks(
        "a quoted extension without its end", b'5;a="b\r\nhello\r\n' + END_OF_CHUNKS, BAD
    ),
    chunks("a bare LF in an extension", b"5;a\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks(
        "a bare LF in a quoted extension", b'5;a="\n"\r\nhello\r\n' + END_OF_CHUNKS, BAD
    ),
    chunks("a bare CR in an extension", b"5;a\rb\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a NUL in an extension", b"5;a\x00\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks(
        "an oversize extension",
        b"5;a=" + b"b" * LAVISH + b"\r\nhello\r\n" + END_OF_CHUNKS,
        BAD,
    ),
    chunks(
        "many extensions",
        b"".join(b"1;" + b"a" * 200 + b"\r\n%c\r\n" % c for c in b"hello" * 40)
        + END_OF_CHUNKS,
        BAD,
    ),
    chunks("oversize zeros", b"0" * LAVISH + b"5\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size that overflows", b"10000000000000005\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size of many digits", b"F" * 40 + b"\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size with space behind", b"5 \r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size with a tab behind", b"5\t\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size with space before", b" 5\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a negative size", b"-5\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size with a plus", b"+5\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size with 0x", b"0x5\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size with a letter", b"5g\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size with an underscore", b"0_5\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("no size", b"\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("no size but an extension", b";a\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size ended with LF", b"5\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("a size ended with CR", b"5\rhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("data ended with LF", b"5\r\nhello\n" + END_OF_CHUNKS, BAD),
    chunks("data ended with CR", b"5\r\nhello\r" + END_OF_CHUNKS, BAD),
    chunks("data longer than its size", b"3\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("data shorter than its size", b"7\r\nhello\r\n" + END_OF_CHUNKS, BAD),
    chunks("the last one ended with LF", H + b"0\n\n", BAD),
    chunks("the last one ended with LFs", H + b"0\r\n\n", BAD),
    chunks("a trailer", H + b"0\r\nX: y\r\n\r\n"),
    chunks("trailers", H + b"0\r\nX: y\r\nZ:\r\n\r\n"),
    chunks("a length for a trailer", H + b"0\r\nContent-Length: 50\r\n\r\n", BAD),
    chunks("an encoding for a trailer", H + b"0\r\nTransfer-Encoding: gzip\r\n\r\n", BAD),
    chunks("a Host for a trailer", H + b"0\r\nHost: evil.test\r\n\r\n"),
    chunks("a key for a trailer", H + b"0\r\n" + K + b"Authorization: Bearer x\r\n\r\n"),
    chunks("an identity for a trailer", H + b"0\r\nKeyhouse-Key-Id: key_two\r\n\r\n"),
    chunks("a Connection for a trailer", H + b"0\r\nConnection: close\r\n\r\n"),
    chunks(
        "an upgrade for a trailer", H + b"0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    ),
    chunks("a folded trailer", H + b"0\r\nX: y\r\n z\r\n\r\n", BAD),
    chunks("a trailer without a colon", H + b"0\r\nX\r\n\r\n", BAD),
    chunks("a trailer with a bare LF", H + b"0\r\nX: y\nZ: z\r\n\r\n", BAD),
    chunks("a trailer too long", H + b"0\r\nX: " + b"y" * LAVISH + b"\r\n\r\n", BAD),
    chunks(
        "a body too large", b"F4241\r\n" + b"x" * 1_000_001, Refused(413, "body_too_large")
    ),
    Case(
        "chunks: a request behind the last",
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + H + END_OF_CHUNKS + SMUGGLED,
        (POSTED, Meaning(target=b"/smuggled")),
    ),
    Case(
        "chunks: garbage behind the last",
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + H + END_OF_CHUNKS + b"X\r\n\r\n",
        (POSTED, BAD),
        kept=False,
    ),
    Case(
        "chunks: more chunks behind the last",
        POST
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + H
        + END_OF_CHUNKS
        + H
        + END_OF_CHUNKS,
        (POSTED, BAD),
        kept=False,
    ),
]

# RFC 9112, 9.3.2 and 11.2: a body stays a body, and the next request is its own.
NO_KEY = Refused(401, "missing")
INNER = b"GET /weather/inner HTTP/1.1\r\n" + HOST + K + b"\r\n"
PIPELINES = [
    Case("pipeline: two", GET + b"\r\n" + SMUGGLED, (PLAIN, Meaning(target=b"/smuggled"))),
    Case(
        "pipeline: a request within a body",
        POST + b"Content-Length: %d\r\n\r\n" % len(INNER) + INNER + SMUGGLED,
        (Meaning(b"POST", body=INNER), Meaning(target=b"/smuggled")),
    ),
    Case(
        "pipeline: a request within a chunk",
        POST
        + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(INNER)
        + INNER
        + b"\r\n0\r\n\r\n"
        + SMUGGLED,
        (Meaning(b"POST", body=INNER), Meaning(target=b"/smuggled")),
    ),
    Case(
        "pipeline: the second has no key",
        GET + b"\r\n" + b"GET /weather/y HTTP/1.1\r\n" + HOST + b"\r\n",
        (PLAIN, NO_KEY),
    ),
    Case(
        "pipeline: the first has no key",
        b"GET /weather/y HTTP/1.1\r\n" + HOST + b"\r\n" + GET + b"\r\n",
        (NO_KEY, PLAIN),
    ),
    Case(
        "pipeline: a refused body is not read as a request",
        POST_LINE
        + HOST
        + b"Content-Length: %d\r\n\r\n" % len(INNER)
        + INNER
        + GET
        + b"\r\n",
        (NO_KEY, PLAIN),
    ),
    Case(
        "pipeline: nothing behind what ends the connection",
        GET + b"Connection: close\r\n\r\n" + SMUGGLED,
        (PLAIN,),
        kept=False,
    ),
    Case(
        "pipeline: nothing behind an error",
        GET + b"X : y\r\n\r\n" + SMUGGLED,
        (BAD,),
        kept=False,
    ),
    Case(
        "pipeline: a good one before an error",
        GET + b"\r\n" + GET + b"X : y\r\n\r\n" + SMUGGLED,
        (PLAIN, BAD),
        kept=False,
    ),
    Case(
        "pipeline: nothing behind an upgrade that is ignored",
        GET + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n" + SMUGGLED,
        (PLAIN,),
        kept=False,
    ),
    Case(
        "pipeline: nothing behind a WebSocket that the upstream does not open",
        GET + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n" + SMUGGLED,
        (Meaning(fields=((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))),),
        kept=False,
    ),
    Case(
        "pipeline: an upgrade that is not connected is none",
        GET + b"Upgrade: websocket\r\n\r\n" + SMUGGLED,
        (PLAIN, Meaning(target=b"/smuggled")),
    ),
    Case(
        "pipeline: a WebSocket is asked for with GET",
        POST + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        (EMPTY_POST,),
        kept=False,
    ),
    Case(
        "pipeline: one of several upgrades is ignored",
        GET + b"Connection: upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
        (PLAIN,),
        kept=False,
    ),
    Case(
        "pipeline: HTTP/1.0 does not upgrade",
        b"GET /weather/x HTTP/1.0\r\n"
        + K
        + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        (PLAIN,),
        kept=False,
    ),
    Case(
        "pipeline: nothing behind an upgrade with a body",
        POST
        + b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello"
        + SMUGGLED,
        (Refused(501, "upgrade_unsupported"),),
        kept=False,
    ),
    Case(
        "pipeline: nothing behind a refused upgrade without Host",
        b"POST /weather/x HTTP/1.1\r\n"
        + K
        + b"Connection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n"
        + SMUGGLED,
        (BAD,),
        kept=False,
    ),
    Case(
        "pipeline: nothing behind an unknown expectation",
        POST + b"Expect: miracles\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
        (Refused(417, "expectation_unknown"),),
        kept=False,
    ),
    Case(
        "pipeline: an empty line between",
        GET + b"\r\n\r\n" + SMUGGLED,
        (PLAIN, Meaning(target=b"/smuggled")),
    ),
    Case(
        "pipeline: a body that comes with its expectation",
        POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
        (POSTED, Meaning(target=b"/smuggled")),
    ),
]

CASES = [
    *BOTH_FRAMINGS,
    *ENCODINGS,
    *LENGTHS,
    *FIELDS,
    *HOSTS,
    *TARGETS,
    *VERSIONS,
    *CHUNKS,
    *PIPELINES,
]
