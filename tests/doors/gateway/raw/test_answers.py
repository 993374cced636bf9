"""The table of `answer_cases`: one meaning, 502, or broken off."""

import json
from collections.abc import Callable

import pytest

from tests.doors.gateway.conftest import House, until
from tests.doors.gateway.raw import strict
from tests.doors.gateway.raw.answer_cases import ANSWERS, AnswerCase, Broken, Failed, Told
from tests.doors.gateway.raw.cases import GET
from tests.doors.gateway.raw.ends import RawCaller, Recorder, Wire

ASKED = GET + b"\r\n"
PROBE = ASKED.replace(b"/weather/x", b"/weather/probe")
OURS = {
    b"keyhouse-request-id",
    b"content-length",
    b"transfer-encoding",
    b"connection",
}


def answering(case: AnswerCase) -> Callable[[Wire, strict.Request], None]:
    """The case's bytes for the first request, and plain answers to probes."""

    def reply(wire: Wire, request: strict.Request) -> None:
        if request.target == b"/probe":
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine")
            return
        wire.send(case.sent)
        if case.ends:
            wire.half_close()

    return reply


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
async def test_a_case(gateway: House, recorder: Recorder, case: AnswerCase) -> None:
    recorder.reply = answering(case)
    async with RawCaller.connected(gateway.port) as caller:
        # Not repeatable, so that what is broken is told at once.
        method = b"POST" if case.method == b"GET" else case.method
        asked = ASKED.replace(b"GET", method, 1)
        caller.send(asked)
        comes_to = case.comes_to
        if isinstance(comes_to, Broken):
            await caller.until(lambda: caller.ended)
            assert caller.was_reset
        else:
            await check_answer(caller, method, comes_to)
        await check_next(gateway, caller)
    used_again = isinstance(comes_to, Told) and comes_to.kept
    assert len(recorder.wires) == (1 if used_again else 2)
    await until(lambda: len(gateway.meter.completed_rows) == 2)
    status = gateway.meter.completed_rows[0]["status"]
    assert status == expected_status(comes_to)


def expected_status(comes_to: Told | Broken | Failed) -> int:
    if isinstance(comes_to, Failed):
        return 502
    return comes_to.status if isinstance(comes_to, Told) else 200


async def check_answer(caller: RawCaller, method: bytes, comes_to: Told | Failed) -> None:
    count = len(comes_to.before) + 1

    def read() -> tuple[list[strict.Answer], bytes]:
        return strict.answers(bytes(caller.got), [method], ended=caller.ended)

    await caller.until(lambda: len(read()[0]) == count or caller.ended)
    answers, rest = read()
    assert [answer.status for answer in answers[:-1]] == list(comes_to.before)
    assert rest == b""
    if isinstance(comes_to, Failed):
        assert answers[-1].status == 502
        assert json.loads(answers[-1].body)["code"] == "upstream_failed"
    else:
        assert told(answers[-1]) == comes_to._replace(before=(), kept=True)


def told(answer: strict.Answer) -> Told:
    theirs = tuple(pair for pair in answer.fields if pair[0].lower() not in OURS)
    assert len(answer.values(b"keyhouse-request-id")) == 1
    return Told(answer.body, answer.status, theirs)


async def check_next(gateway: House, caller: RawCaller) -> None:
    """The next request gets its own answer, on the same connection if there is one."""
    if caller.ended:
        async with RawCaller.connected(gateway.port) as other:
            await check_mine(other)
    else:
        caller.got.clear()
        await check_mine(caller)


async def check_mine(caller: RawCaller) -> None:
    caller.send(PROBE)
    await caller.until(lambda: bool(caller.got.endswith(b"mine")) or caller.ended)
    [answer], rest = strict.answers(bytes(caller.got), [], ended=False)
    assert (answer.status, answer.body, rest) == (200, b"mine", b"")
