"""Who speaks when: half-closed peers, answers too early, expectations."""

import pytest

from tests.doors.gateway.conftest import House, until
from tests.doors.gateway.raw import strict
from tests.doors.gateway.raw.cases import GET, POST, SMUGGLED
from tests.doors.gateway.raw.ends import PLAIN, RawCaller, Recorder, Wire

UPLOAD = POST + b"Content-Length: 10\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"


def statuses(caller: RawCaller) -> list[int]:
    answers, rest = strict.answers(bytes(caller.got), [], ended=caller.ended)
    assert rest == b""
    return [answer.status for answer in answers]


async def test_a_caller_that_ends_before_it_began_is_let_go(gateway: House) -> None:
    async with RawCaller.connected(gateway.port) as caller:
        caller.end()
        await caller.until(lambda: caller.ended)
        assert not caller.got


@pytest.mark.parametrize(
    "part",
    [
        b"G",
        GET[:-5],
        GET,
        GET + b"\r",
        UPLOAD + b"\r\n",
        UPLOAD + b"\r\nhello",
        CHUNKED + b"\r\n",
        CHUNKED + b"\r\n5\r\nhello\r\n",
        CHUNKED + b"\r\n5\r\nhello\r\n0\r\n",
        CHUNKED + b"\r\n5\r\nhello\r\n0\r\nX: y\r\n",
    ],
)
async def test_a_request_cut_by_its_caller_reaches_nobody_whole(
    gateway: House, recorder: Recorder, part: bytes
) -> None:
    """RFC 9112, 8: it is incomplete, whatever its sender wished to say."""
    async with RawCaller.connected(gateway.port) as caller:
        caller.send(part)
        caller.end()
        await caller.until(lambda: caller.ended)
        assert not caller.got
    await until(lambda: all(one.ended or not one.got for one in recorder.wires))
    whole, parts = recorder.reached()
    assert (whole, len(parts) <= 1) == ([], True)


@pytest.mark.parametrize("behind", [b"", SMUGGLED, SMUGGLED * 3])
async def test_a_caller_that_ends_behind_its_requests_is_answered(
    gateway: House, recorder: Recorder, behind: bytes
) -> None:
    async with RawCaller.connected(gateway.port) as caller:
        caller.send(UPLOAD + b"\r\n0123456789" + behind)
        caller.end()
        await caller.until(lambda: caller.ended)
        assert statuses(caller) == [200] * (1 + len(behind) // len(SMUGGLED))
        assert not caller.was_reset
    assert len(recorder.reached()[0]) == 1 + len(behind) // len(SMUGGLED)


@pytest.mark.parametrize("kind", [UPLOAD, CHUNKED])
@pytest.mark.parametrize("expecting", [b"", b"Expect: 100-continue\r\n"])
async def test_an_early_answer_ends_both_connections(
    gateway: House, recorder: Recorder, kind: bytes, expecting: bytes
) -> None:
    """RFC 9112, 9.3: the rest of a body must not be read as the next request."""

    def look(wire: Wire) -> None:
        if wire.got.endswith(b"\r\n\r\n") and not wire.answered:
            wire.answered = 1
            wire.send(PLAIN)

    recorder.look = look  # type: ignore[method-assign]  # answers a head alone
    async with RawCaller.connected(gateway.port) as caller:
        caller.send(kind + expecting + b"\r\n")
        await caller.until(lambda: caller.ended)
        assert statuses(caller) == [200]
        assert b"Connection: close\r\n" in caller.got
        caller.send(b"5\r\nhello\r\n0\r\n\r\n" + SMUGGLED)
        caller.end()
        await until(lambda: not gateway.server.connections)  # type: ignore[union-attr]
    await until(lambda: recorder.wires[0].ended)
    assert (len(recorder.wires), recorder.reached()[0]) == (1, [])


@pytest.mark.parametrize("status", [417, 413, 401, 307])
async def test_a_final_answer_to_an_expectation_is_passed_on(
    gateway: House, recorder: Recorder, status: int
) -> None:
    """RFC 9110, 10.1.1: the body that was not asked for does not come."""

    def look(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)

    recorder.look = look  # type: ignore[method-assign]  # answers a head alone
    async with RawCaller.connected(gateway.port) as caller:
        caller.send(UPLOAD + b"Expect: 100-continue\r\n\r\n")
        await caller.until(lambda: caller.ended)
        assert statuses(caller) == [status]
    assert b"Expect: 100-continue\r\n" in recorder.wires[0].got


@pytest.mark.parametrize("kind", [UPLOAD, CHUNKED])
async def test_a_body_comes_once_its_caller_is_told_to_go_on(
    gateway: House, recorder: Recorder, kind: bytes
) -> None:
    look = recorder.look

    def go_on(wire: Wire) -> None:
        if wire.got.endswith(b"\r\n\r\n") and b"Expect" in wire.got and not wire.greeted:
            wire.greeted = True
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        look(wire)

    recorder.look = go_on  # type: ignore[method-assign]  # also answers a head
    async with RawCaller.connected(gateway.port) as caller:
        caller.send(kind + b"Expect: 100-continue\r\n\r\n")
        await caller.until(lambda: statuses(caller) == [100])
        caller.send(
            b"0123456789" if kind is UPLOAD else b"A\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
        )
        await caller.until(lambda: statuses(caller) == [100, 200])
        caller.send(SMUGGLED)
        await caller.until(lambda: statuses(caller) == [100, 200, 200])
    assert [one.body for one in recorder.reached()[0]] == [b"0123456789", b""]


async def test_http_1_0_expects_nothing(gateway: House, recorder: Recorder) -> None:
    """RFC 9110, 10.1.1."""
    async with RawCaller.connected(gateway.port) as caller:
        head = UPLOAD.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Expect: 100-continue\r\n\r\n"
        caller.send(head + b"01234")
        await until(lambda: bool(recorder.wires and recorder.wires[0].got))
        caller.send(b"56789")
        await caller.until(lambda: caller.ended)
        assert statuses(caller) == [200]
    [request] = recorder.reached()[0]
    assert request.values(b"expect") == []


@pytest.mark.parametrize("greeting", [b"SSH-2.0-x\r\n", b"x", PLAIN, PLAIN * 2])
async def test_an_upstream_that_speaks_first_speaks_to_nobody_else(
    gateway: House, recorder: Recorder, greeting: bytes
) -> None:
    """RFC 9112, 9.2. One to whom it may be an answer to is the most it reaches."""
    recorder.greet = lambda wire: wire.send(greeting)
    recorder.reply = lambda wire, request: None
    for _ in range(3):
        async with RawCaller.connected(gateway.port) as caller:
            caller.send(POST + b"Content-Length: 0\r\n\r\n")
            await caller.until(lambda: bool(statuses(caller)))
            assert statuses(caller) in ([200], [502])
    assert len(recorder.wires) == 3


async def test_what_an_upstream_says_later_answers_nobody(
    gateway: House, recorder: Recorder
) -> None:
    async with RawCaller.connected(gateway.port) as caller:
        caller.send(GET + b"\r\n")
        await caller.until(lambda: statuses(caller) == [200])
        recorder.wires[0].send(PLAIN.replace(b"ok", b"no"))
        await until(lambda: recorder.wires[0].ended)
        caller.send(GET + b"\r\n")
        await caller.until(lambda: statuses(caller) == [200, 200])
        assert b"no" not in caller.got.split(b"\r\n")
    assert len(recorder.wires) == 2


async def test_an_upstream_that_half_closes_before_its_answer_has_failed(
    gateway: House, recorder: Recorder
) -> None:
    recorder.greet = lambda wire: wire.half_close()
    async with RawCaller.connected(gateway.port) as caller:
        caller.send(POST + b"Content-Length: 0\r\n\r\n")
        await caller.until(lambda: statuses(caller) == [502])
