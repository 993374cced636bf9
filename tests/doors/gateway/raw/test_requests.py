"""The table of `cases`: refused, or forwarded with one single meaning."""

import asyncio
import json
from collections.abc import Sequence
from itertools import chain

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY
from tests.doors.gateway.raw import strict
from tests.doors.gateway.raw.cases import CASES, GET, Case, Meaning, Refused
from tests.doors.gateway.raw.ends import RawCaller, Recorder

PROBE = GET.replace(b"/weather/x", b"/weather/probe") + b"\r\n"
PROBED = Meaning(target=b"/probe")
OURS = {
    b"host",
    b"keyhouse-key-id",
    b"keyhouse-application",
    b"keyhouse-customer",
    b"keyhouse-subject",
    b"keyhouse-environment",
    b"keyhouse-scopes",
    b"keyhouse-request-id",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
}
FRAMING = {b"content-length", b"transfer-encoding", b"expect"}


def test_the_table_is_a_table() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 150


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("way", ["whole", "warm", "split"])
async def test_a_case(gateway: House, recorder: Recorder, case: Case, way: str) -> None:
    await check_case(gateway, recorder, case, way)


async def check_case(gateway: House, recorder: Recorder, case: Case, way: str) -> None:
    """`warm` has a connection to the upstream ready, `split` sends in small pieces."""
    before: list[Meaning] = []
    if way == "warm":
        await ask(gateway, PROBE, PROBED)
        before.append(PROBED)
    comes_to = list(case.comes_to)
    async with RawCaller.connected(gateway.port) as caller:
        await send(caller, case.sent, split=way == "split")
        check_answers(await answered(caller, len(comes_to)), comes_to)
        if case.kept:
            caller.send(PROBE)
            comes_to.append(PROBED)
            check_answers(await answered(caller, len(comes_to)), comes_to)
        else:
            await caller.until(lambda: caller.ended)
            check_answers(strict.answers(bytes(caller.got), [], ended=True), comes_to)
    meanings = before + [one for one in comes_to if isinstance(one, Meaning)]
    check_reached(recorder, meanings, cut=not case.kept)


async def ask(gateway: House, sent: bytes, meaning: Meaning) -> None:
    async with RawCaller.connected(gateway.port) as caller:
        caller.send(sent)
        check_answers(await answered(caller, 1), [meaning])


async def send(caller: RawCaller, data: bytes, *, split: bool) -> None:
    size = max(1, len(data) // 500) if split else len(data)
    for start in range(0, len(data), size):
        caller.send(data[start : start + size])
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def answered(caller: RawCaller, count: int) -> tuple[list[strict.Answer], bytes]:
    """The first answers, once they have come."""

    def read() -> tuple[list[strict.Answer], bytes]:
        return strict.answers(bytes(caller.got), [], ended=caller.ended)

    await caller.until(lambda: len(read()[0]) >= count or caller.ended)
    return read()


def check_answers(
    got: tuple[list[strict.Answer], bytes], comes_to: Sequence[Meaning | Refused]
) -> None:
    answers, rest = got
    told = []
    for answer in answers:
        is_ours = answer.values(b"content-type") == [b"application/problem+json"]
        told.append((answer.status, json.loads(answer.body)["code"] if is_ours else ""))
    assert told == [
        (200, "") if isinstance(one, Meaning) else (one.status, one.code)
        for one in comes_to
    ]
    assert rest == b""


def check_reached(recorder: Recorder, meanings: list[Meaning], *, cut: bool) -> None:
    """These requests and nothing else, but the part of one that was broken off."""
    requests, parts = recorder.reached()
    assert [meaning_of(request, recorder.port) for request in requests] == meanings
    assert len(parts) <= cut


def meaning_of(request: strict.Request, port: int) -> Meaning:
    """What the request says beside what we say ourselves, which is checked here."""
    theirs = tuple(
        (name, value)
        for name, value in request.fields
        if name.lower() not in OURS | FRAMING
    )
    assert request.values(b"host") == [b"127.0.0.1:%d" % port]
    assert request.values(b"keyhouse-key-id") == [b"key_one"]
    assert all(len(request.values(name)) == 1 for name in OURS)
    assert b"," not in request.values(b"x-forwarded-host")[0]
    assert KEY not in b"".join((request.target, *chain.from_iterable(request.fields)))
    return Meaning(request.method, request.target, theirs, request.body)
