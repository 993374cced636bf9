"""Asking elsewhere: what one tick wants goes in one call, and nothing hangs."""

import asyncio
from typing import Any

import pytest

from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from keyhouse.services.remote.batches import CALLS_MAX
from tests.services.remote.elsewhere import (
    KEY,
    OTHER,
    VALID,
    Elsewhere,
    code,
    settled,
    verdict,
)


async def test_requests_of_one_tick_go_in_one_call() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        codes = await asyncio.gather(*[code(plane) for _ in range(60)])
    assert codes == ["valid"] * 60
    assert [len(batch) for batch in elsewhere.batches] == [60]


async def test_a_call_holds_no_more_than_the_endpoint_takes() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        await asyncio.gather(*[code(plane) for _ in range(250)])
        assert [len(batch) for batch in elsewhere.batches] == [100, 100, 50]
        del elsewhere.batches[:]
        long = [code(plane, path="/" + "x" * 7000) for _ in range(20)]
        assert await asyncio.gather(*long) == ["valid"] * 20
    assert len(elsewhere.batches) == 3


async def test_each_gets_the_verdict_on_its_own_request() -> None:
    elsewhere = Elsewhere()
    elsewhere.by_secret[OTHER.decode()] = verdict("ip_not_allowed", 403)
    async with elsewhere.opened() as plane:
        codes = await asyncio.gather(*[code(plane, one) for one in (KEY, OTHER, KEY)])
    assert codes == ["valid", "ip_not_allowed", "valid"]


async def test_while_many_calls_are_out_the_others_gather() -> None:
    elsewhere = Elsewhere()
    elsewhere.hold = asyncio.Event()
    async with elsewhere.opened() as plane:
        asking = []
        for _ in range(40):
            asking.append(asyncio.ensure_future(code(plane)))
            await settled()
        assert len(elsewhere.batches) == CALLS_MAX
        elsewhere.hold.set()
        assert await asyncio.gather(*asking) == ["valid"] * 40
    assert len(elsewhere.batches) == CALLS_MAX + 1


async def test_one_who_left_before_it_was_sent_spends_nothing() -> None:
    elsewhere = Elsewhere()
    elsewhere.hold = asyncio.Event()
    async with elsewhere.opened() as plane:
        out = []
        for _ in range(CALLS_MAX):
            out.append(asyncio.ensure_future(code(plane)))
            await settled()
        leaves = asyncio.ensure_future(code(plane, OTHER))
        await settled()
        leaves.cancel()
        elsewhere.hold.set()
        await asyncio.gather(*out)
        await settled()
    assert OTHER.decode() not in {one["secret"] for one in elsewhere.asked}


async def test_what_is_asked_is_what_was_requested() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        await code(
            plane,
            address=0xFFFF_CB00_7109,
            method="GET",
            path="/a%20b",
            referrer="http://r/",
            origin="http://o",
            app="app",
            tls=True,
            environment="test",
            scopes=("a:b",),
            cost=0,
        )
        await code(plane)
    full, bare = elsewhere.asked
    assert full == {
        "secret": KEY.decode(),
        "api": "weather",
        "address": "203.0.113.9",
        "method": "GET",
        "path": "/a%20b",
        "referrer": "http://r/",
        "origin": "http://o",
        "app": "app",
        "tls": True,
        "environment": "test",
        "scopes": ["a:b"],
        "cost": 0,
    }
    assert bare == {"secret": KEY.decode(), "api": "weather"}


async def test_a_decision_tells_what_one_made_here_would_tell() -> None:
    elsewhere = Elsewhere()
    rate = {"name": "minute", "kind": "rate", "amount": 60, "window_seconds": 60}
    quota = {"name": "daily", "kind": "quota", "amount": 9, "window_seconds": 86_400}
    left: list[dict[str, Any]] = [
        {**rate, "remaining": 59, "reset_seconds": 1},
        {**quota, "remaining": 8, "reset_seconds": 3600},
    ]
    elsewhere.result = {**VALID, "limits": left}
    async with elsewhere.opened() as plane:
        request_id, decision = await plane.admit(Request(KEY, "weather"), None, "")
        elsewhere.result = verdict("rate_limited", 429, limits=left, retry_after=7)
        _, refused = await plane.admit(Request(KEY, "weather"), None, "")
    assert request_id == "req_0000000000000000000000"
    assert [{**one._asdict(), "kind": one.kind.value} for one in decision.limits] == left
    assert (decision.customer, decision.scopes) == ("acme-7", frozenset(("a:b",)))
    assert decision.key is not None
    assert decision.key.id == "key_1"
    assert (refused.verdict, refused.retry_us) == (Verdict.RATE_LIMITED, 7_000_000)
    assert refused.line is decision.line


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        "valid",
        {},
        {**VALID, "allowed": "yes"},
        {**VALID, "allowed": False},
        {**VALID, "code": "excellent"},
        {**VALID, "key": None},
        {**VALID, "request_id": "req_1\r\nSet-Cookie: x"},
        {**VALID, "limits": [{"name": "x"}]},
        {**VALID, "limits": [{}]},
        {**verdict("revoked", 401), "allowed": True},
        {**verdict("revoked", 401), "forget": [1]},
        {"allowed": False, "code": "api_not_found", "detail": "no", "errors": []},
    ],
)
async def test_what_is_no_verdict_lets_nobody_pass(result: object) -> None:
    elsewhere = Elsewhere()
    elsewhere.result = result
    async with elsewhere.opened() as plane:
        assert await code(plane) == "unavailable"


@pytest.mark.parametrize("answer", [None, [], {}, {"results": []}, {"results": [VALID]}])
async def test_what_is_no_answer_lets_nobody_pass(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Elsewhere()

    async def post(path: str, body: bytes, seconds: float) -> object:
        return answer

    monkeypatch.setattr(elsewhere, "post", post)
    async with elsewhere.opened() as plane:
        assert await code(plane) == "unavailable"


async def test_nobody_waits_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyhouse.services.remote.batches.VERIFY_SECONDS_MAX", 0.05)
    elsewhere = Elsewhere()
    elsewhere.hold = asyncio.Event()
    async with elsewhere.opened() as plane:
        async with asyncio.timeout(2):
            assert await code(plane) == "unavailable"
        elsewhere.hold.set()


async def test_a_request_that_is_too_long_is_not_sent() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        assert await code(plane, referrer="x" * 61_000) == "unavailable"
        assert await code(plane) == "valid"


async def test_when_nobody_answers_it_is_not_asked_again_and_again() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        elsewhere.gone = True
        codes = [await code(plane) for _ in range(50)]
        assert codes == ["unavailable"] * 50
        assert len(elsewhere.batches) == 3
        elsewhere.clock.at_us += 300_000
        for _ in range(10):
            await code(plane)
        assert len(elsewhere.batches) == 4


async def test_after_an_outage_one_call_finds_out_and_the_others_follow() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        elsewhere.gone = True
        for _ in range(5):
            await code(plane)
        elsewhere.gone = False
        elsewhere.hold = asyncio.Event()
        elsewhere.clock.at_us += 300_000
        del elsewhere.batches[:]
        first = asyncio.ensure_future(code(plane))
        await settled()
        assert (
            await asyncio.gather(*[code(plane) for _ in range(300)])
            == ["unavailable"] * 300
        )
        elsewhere.hold.set()
        assert await first == "valid"
        assert await asyncio.gather(*[code(plane) for _ in range(50)]) == ["valid"] * 50
    assert [len(batch) for batch in elsewhere.batches] == [1, 50]


async def test_a_sign_of_life_ends_the_pause() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        elsewhere.gone = True
        for _ in range(20):
            await code(plane)
            elsewhere.clock.at_us += 6_000_000
        elsewhere.gone = False
        elsewhere.clock.at_us -= 5_999_999
        assert await code(plane) == "unavailable"
        await elsewhere.tell()
        assert await code(plane) == "valid"


async def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyhouse.services.remote.batches.WAITING_MAX", 5)
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        codes = await asyncio.gather(*[code(plane) for _ in range(8)])
    assert codes == ["valid"] * 5 + ["unavailable"] * 3


async def test_no_secret_is_in_a_log_or_a_repr(caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = Elsewhere()
    caplog.set_level("DEBUG")
    async with elsewhere.opened() as plane:
        await code(plane)
        elsewhere.gone = True
        for _ in range(5):
            await code(plane)
        told = repr(plane) + repr(vars(plane))
    assert KEY.decode() not in told + caplog.text


async def test_half_a_character_in_what_a_caller_sent_is_asked_about_all_the_same() -> None:
    """JSON can write it, and UTF-8 can't."""
    elsewhere = Elsewhere()
    half = "\ud800"
    odd: dict[str, Any] = {
        "path": f"/{half}",
        "method": half,
        "referrer": half,
        "origin": half,
    }
    async with elsewhere.opened() as plane:
        assert await code(plane, app=half, key_id=half, **odd) == "valid"
        assert await code(plane, half.encode("utf-8", "surrogatepass")) == "malformed"
    [[asked], *_] = elsewhere.batches
    assert asked.items() >= odd.items()
