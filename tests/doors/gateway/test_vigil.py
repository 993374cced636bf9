"""Answers that go on and on: a key that is revoked ends what it has opened."""

import asyncio
from dataclasses import replace

import pytest

from keyhouse.core.forgetting import parts_of
from keyhouse.core.plan_records import SubscriptionRecord
from keyhouse.core.records import Change, CustomerRecord, PartRef, RevocationsRecord
from keyhouse.core.user_lines import beside, user_line
from keyhouse.core.user_tokens import UserToken
from keyhouse.doors.gateway import vigil
from keyhouse.ports import Changes
from tests.core.rows import line as line_of
from tests.doors.gateway.conftest import House, until
from tests.doors.gateway.doubles import FENCED, KEY, LIMITED
from tests.doors.gateway.wire import Client, Link

EVENT = b"data: tick\n\n"
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)


@pytest.fixture(autouse=True)
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a change has the gateway look, unless a test says otherwise."""
    monkeypatch.setattr(vigil, "LOOK_SECONDS", 60.0)


async def _events(link: Link) -> None:
    """An upstream that sends events without end."""
    await link.head()
    link.send(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    while True:
        link.send(CHUNK)
        await link.writer.drain()
        await asyncio.sleep(0.01)


def _ask(key: bytes) -> bytes:
    return b"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: " + key + b"\r\n\r\n"


async def _opened(house: House, key: bytes) -> Client:
    client = await house.client()
    client.send(_ask(key))
    async with asyncio.timeout(5):
        await client.reader.readuntil(EVENT)
    return client


def _revoke(house: House, key: bytes, *, part: str = "") -> None:
    """As the change log tells it: the key is another one, and its part is named."""
    record = house.verifier.keys[key]
    house.verifier.keys[key] = replace(record, revoked=True)
    house.verifier._lines.clear()
    seq = house.recent.head + 1
    change = Change(seq, PartRef("key", part or record.id))
    house.recent.hear(Changes(seq, (change,)))


async def test_a_stream_of_events_ends_with_its_key_and_others_go_on(
    house: House,
) -> None:
    """Or a revoked key would go on reading for as long as its stream lasts."""
    house.upstream.play = _events
    await house.start()
    ending, lasting = await _opened(house, KEY), await _opened(house, LIMITED)
    asked = len(house.verifier.requests)
    _revoke(house, KEY)
    assert await ending.is_reset()
    for _ in range(3):
        await lasting.reader.readuntil(EVENT)
    assert len(house.verifier.requests) == asked + 1, "others were asked about for nothing"
    await until(lambda: len(house.meter.completed_rows) == 1)
    assert house.meter.completed_rows[0]["status"] == 200


async def test_a_change_of_something_else_ends_nothing(house: House) -> None:
    house.upstream.play = _events
    await house.start()
    client = await _opened(house, KEY)
    asked = len(house.verifier.requests)
    _revoke(house, FENCED)
    await client.reader.readuntil(EVENT)
    assert len(house.verifier.requests) == asked


async def test_a_stream_ends_where_the_change_log_was_begun_anew(house: House) -> None:
    """Which changes there were is not known then: all that goes on is asked about."""
    house.upstream.play = _events
    await house.start()
    ending, lasting = await _opened(house, KEY), await _opened(house, LIMITED)
    house.verifier.keys.pop(KEY)
    house.recent.hear(Changes(99, forget_all=True))
    assert await ending.is_reset()
    await lasting.reader.readuntil(EVENT)


async def test_a_request_at_work_gets_its_answer(house: House) -> None:
    """What the upstream has done is told, though the key was revoked meanwhile."""
    go = asyncio.Event()

    async def play(link: Link) -> None:
        house.upstream.requests.append(await link.request())
        await go.wait()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    house.upstream.play = play
    await house.start()
    client = await house.client()
    client.send(_ask(KEY))
    await until(lambda: len(house.upstream.requests) == 1)
    _revoke(house, KEY)
    go.set()
    assert (await client.answer()).body == b"ok"


async def test_what_waits_for_long_ends_though_no_answer_has_begun(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a stream that begins late would be one that nothing ends."""
    monkeypatch.setattr(vigil, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(vigil, "LONG_NS", 1_000_000)

    async def play(link: Link) -> None:
        house.upstream.requests.append(await link.request())
        await asyncio.Event().wait()

    house.upstream.play = play
    await house.start()
    client = await house.client()
    client.send(_ask(KEY))
    await until(lambda: len(house.upstream.requests) == 1)
    record = house.verifier.keys[KEY]
    house.verifier.keys[KEY] = replace(record, revoked=True)
    house.verifier._lines.clear()
    answer = await client.answer()
    assert answer.status == 401
    assert b'"revoked"' in answer.body
    [completed] = house.meter.completed_rows
    assert completed["status"] == 401


async def test_a_stream_does_not_outlast_what_can_be_known_of_its_key(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away for long must not keep a revoked key's stream open."""
    monkeypatch.setattr(vigil, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(vigil, "LONG_NS", 1_000_000)
    house.upstream.play = _events
    await house.start()
    client = await _opened(house, KEY)
    seen = len(house.verifier.requests)
    house.verifier.failure = RuntimeError("the store is away")
    await until(lambda: len(house.verifier.requests) > seen + 3)
    house.verifier.failure = None
    await client.reader.readuntil(EVENT)
    house.verifier.failure = RuntimeError("the store is away")
    assert await client.is_reset()


async def test_a_stream_does_not_end_with_its_limit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has been paid for; and to be looked at again is no call, and costs nothing."""
    monkeypatch.setattr(vigil, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(vigil, "LONG_NS", 1_000_000)
    house.upstream.play = _events
    await house.start()
    first, second = await _opened(house, LIMITED), await _opened(house, LIMITED)
    await until(lambda: house.verifier.looks > 10)
    for client in (first, second):
        await client.reader.readuntil(EVENT)
    assert len(house.verifier.requests) == house.verifier.looks + 2


def test_whatever_a_line_is_made_of_touches_it() -> None:
    """A change of a part that it did not know would leave open what it has closed."""
    api = line_of().api
    token = UserToken("tok", "u", "", "app_a", api.id, "key_2", "sec_2", 0, 9, frozenset())
    minter = user_line(line_of(id="key_2"), token, RevocationsRecord("app_a", {}))
    line = replace(
        beside(line_of(), minter),
        customer=CustomerRecord("cus_1", "org_a", "c", disabled=False, rates=(), quotas=()),
        subscription=SubscriptionRecord("sub_1", ("s",), "pln_1", active=True, terms=()),
    )
    parts = parts_of(line)
    assert len(parts) == 10
    for part in parts:
        assert vigil.touches(line, {part.id}), part
    assert not vigil.touches(line, {"key_3"})
