"""What must hold for any bytes in any pieces: the one harness of hypothesis and atheris."""

import re
from itertools import pairwise
from typing import Final, NamedTuple

from tests.doors.gateway.raw import strict
from tests.doors.gateway.raw.cases import HOST, K
from tests.doors.gateway.raw.ends import PLAIN
from tests.doors.gateway.raw.still import Outcome, Still, StillLoop, Told, Wire

ASKED: Final = b"%b /weather/x HTTP/1.1\r\n" + HOST + K + b"\r\n"
SWITCH: Final = b"SWITCH"
"""The `method` that stands for a GET that asks for a WebSocket."""
ASKED_TO_SWITCH: Final = (
    ASKED[:-2] % b"GET" + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
)
_AGREED: Final = rb"(?s)HTTP/1\.[01] 101[ \r].*(?i:upgrade:[ \t]*websocket)[ \t]*\r\n"
PROBE: Final = b"GET /weather/p HTTP/1.1\r\n" + HOST + K + b"\r\n"
MINE: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine"
MINE_TOLD: Final = Told(200, ours=False, body=b"mine")

_LINE: Final = re.compile(rb"([A-Z]+) +([!-~]+) +(?:HTTP|RTSP|ICE)/1\.([01])\r\n")
_STATUS: Final = re.compile(rb"HTTP/\d\.\d ([0-9]{3})(?: [^\r\n]*)?\r\n")
_NAME_CHARACTERS: Final = bytes(byte for byte in range(256) if byte not in b"/?#")
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]+)(?:;[^\r\n]*)?\r\n")


class Read(NamedTuple):
    """A request as the second reader sees it in what the caller sent."""

    method: bytes
    target: bytes
    body: bytes


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


def check_requests(loop: StillLoop, data: bytes, cuts: list[int], *, ends: bool) -> None:
    """However cut, `data` comes to the same; and nothing is forwarded but what it says."""
    whole = _requests(loop, [data], ends=ends)
    assert _requests(loop, pieces(data, cuts), ends=ends) == whole
    # Request by request: a head like the one before it is not parsed again.
    heads = [found.end() for found in re.finditer(rb"\r\n\r\n", data)]
    assert _requests(loop, pieces(data, heads), ends=ends) == whole
    seen = read_requests(data)
    at = 0
    for request in whole.forwarded:
        meaning = Read(request.method, request.target, request.body)
        assert meaning in seen[at:], (meaning, seen)
        at = seen.index(meaning, at) + 1


def _requests(loop: StillLoop, given: list[bytes], *, ends: bool) -> Outcome:
    still = Still(loop)
    still.settle(_plainly)
    for piece in given:
        still.caller.deliver(piece)
        still.settle(_plainly)
    if ends:
        still.caller.deliver_end()
        still.settle(_plainly)
    outcome = still.outcome()
    return outcome._replace(forwarded=[_without_ids(one) for one in outcome.forwarded])


def forwarded(loop: StillLoop, data: bytes) -> list[strict.Request]:
    """What of it an upstream gets."""
    return _requests(loop, [data], ends=False).forwarded


def _plainly(wire: Wire, request: strict.Request) -> None:
    wire.deliver(PLAIN[:-2] if request.method == b"HEAD" else PLAIN)


def _without_ids(request: strict.Request) -> strict.Request:
    kept = tuple(
        (name, value)
        for name, value in request.fields
        if name.lower() not in (b"keyhouse-request-id", b"expect")
    )
    return request._replace(fields=kept)


def read_requests(data: bytes) -> list[Read]:
    """The requests in what a caller sent, up to the first that cannot be read.

    By RFC 9112 alone, with the leniencies that it allows: empty lines before a
    request, more than one space, chunk extensions and trailers.
    """
    found: list[Read] = []
    at = 0
    while True:
        at = _behind_empty_lines(data, at)
        line = _LINE.match(data, at)
        if line is None:
            return found
        try:
            fields, at = _fields(data, line.end())
            body, at = _body(data, at, fields, old=line[3] == b"0")
        except (strict.Unfit, strict.Unfinished):
            return found
        path = _path_of(line[2])
        slug, _, below = path[1:].partition(b"/")
        query = slug.partition(b"?")
        target = b"/" + (
            below if b"?" not in slug else b"?" + query[2] + _slash(below, path)
        )
        found.append(Read(line[1], _prefixed(query[0], target), body))


def _path_of(target: bytes) -> bytes:
    """RFC 9112, 3.2.2: an absolute target means the path in it."""
    scheme, colon, behind = target.partition(b"://")
    if not colon or scheme.lower() not in (b"http", b"https"):
        return target
    path = behind.lstrip(_NAME_CHARACTERS)
    return path if path.startswith(b"/") else b"/" + path


def _behind_empty_lines(data: bytes, at: int) -> int:
    """RFC 9112, 2.2; the parser also takes a CR or LF alone for one."""
    while data[at : at + 1] in (b"\r", b"\n"):
        at += 1
    return at


def _slash(below: bytes, target: bytes) -> bytes:
    return b"/" + below if target.count(b"/") > 1 else b""


def _prefixed(slug: bytes, target: bytes) -> bytes:
    return b"/base" + target if slug == b"based" else target


def _fields(data: bytes, at: int) -> tuple[strict.Fields, int]:
    found: list[tuple[bytes, bytes]] = []
    while not data.startswith(b"\r\n", at):
        end = data.find(b"\r\n", at)
        name, colon, value = data[at:end].partition(b":")
        if end < 0 or not colon or not re.fullmatch(strict._TOKEN, name):
            raise strict.Unfit(data[at:end])
        if re.search(rb"[\r\n\0]", value):
            raise strict.Unfit(value)
        found.append((name, value.strip(b" \t")))
        at = end + 2
    return tuple(found), at + 2


def _body(data: bytes, at: int, fields: strict.Fields, *, old: bool) -> tuple[bytes, int]:
    lengths = strict.values(fields, b"content-length")
    encodings = strict.values(fields, b"transfer-encoding")
    if encodings:
        if lengths or old or [one.lower() for one in encodings] != [b"chunked"]:
            raise strict.Unfit("framing")
        return _chunks(data, at)
    if not lengths:
        return b"", at
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]+", lengths[0]):
        raise strict.Unfit("length")
    end = at + int(lengths[0])
    if end > len(data):
        raise strict.Unfinished
    return data[at:end], end


def _chunks(data: bytes, at: int) -> tuple[bytes, int]:
    body = b""
    while True:
        size = _SIZE.match(data, at)
        if size is None:
            raise strict.Unfit("size")
        at = size.end()
        length = int(size[1], 16)
        if not length:
            return body, _fields(data, at)[1]
        end = at + length
        if data[end : end + 2] != b"\r\n":
            raise strict.Unfit("chunk")
        body += data[at:end]
        at = end + 2


def check_answers(
    loop: StillLoop, method: bytes, data: bytes, cuts: list[int], *, ends: bool
) -> None:
    """However cut, an upstream's bytes come to one answer, or none, and to no other's."""
    whole = _answers(loop, method, [data], ends=ends)
    cut = _answers(loop, method, pieces(data, cuts), ends=ends)
    assert cut.end == whole.end
    if whole.end == "reset":
        return
    if whole.end.startswith("a tunnel"):
        assert method == SWITCH
        assert re.search(_AGREED, data)
        return
    assert cut.told == whole.told
    finals = [one for one in whole.told if one.status >= 200]
    assert len(finals) <= 1
    if finals and not finals[0].ours:
        status, body = read_answer(method, data, ends=ends)
        assert finals[0] == Told(status, ours=False, body=body)


def _answers(loop: StillLoop, method: bytes, given: list[bytes], *, ends: bool) -> Outcome:
    still = Still(loop)
    still.caller.deliver(ASKED_TO_SWITCH if method == SWITCH else ASKED % method)
    still.loop.settle()
    [wire] = loop.wires
    for piece in given:
        wire.deliver(piece)
        still.loop.settle()
    if ends:
        wire.deliver_end()
        still.loop.settle()
    caller = still.caller
    before = len(caller.written)
    told, rest = finished(bytes(caller.written), method)
    if still.gate.tunnels:
        caller.deliver(b"mine")
        still.loop.settle()
        assert wire.written.endswith(b"\r\n\r\nmine")
        still.outcome(partly=True)
        return Outcome(told[:-1], [], f"a tunnel, and {rest!r}")
    if rest or not told or told[-1].status < 200 or caller.closing or caller.ended:
        end = "reset" if caller.was_reset else "waits" if not caller.closing else "ended"
        still.outcome(partly=True)
        return Outcome(told, [], end)
    caller.deliver(PROBE)
    still.settle(
        lambda wire, request: wire.deliver(MINE if request.target == b"/p" else b"")
    )
    assert bytes(caller.written[before:]).endswith(b"\r\n\r\nmine")
    assert finished(bytes(caller.written[before:]), b"GET") == ([MINE_TOLD], b"")
    still.outcome(partly=True)
    return Outcome(told, [], "open")


def finished(data: bytes, method: bytes) -> tuple[list[Told], bytes]:
    """The whole answers in what a caller got, and what is left."""
    found, rest = strict.answers(data, [method], ended=False)
    return [told(one) for one in found], rest


def told(answer: strict.Answer) -> Told:
    ours = answer.values(b"content-type") == [b"application/problem+json"]
    return Told(answer.status, ours, b"" if ours else answer.body)


def read_answer(method: bytes, data: bytes, *, ends: bool) -> tuple[int, bytes]:
    """The final answer in what an upstream sent, by RFC 9112 alone."""
    at = 0
    while True:
        at = _behind_empty_lines(data, at)
        line = _STATUS.match(data, at)
        if line is None:
            raise strict.Unfit(data[at:])
        fields, at = _fields(data, line.end())
        status = int(line[1])
        if status >= 200:
            break
    if method == b"HEAD" or status in (204, 304):
        return status, b""
    framed = strict.values(fields, b"content-length") + strict.values(
        fields, b"transfer-encoding"
    )
    if framed:
        return status, _body(data, at, fields, old=False)[0]
    if not ends:
        raise strict.Unfinished
    return status, data[at:]
