"""`GET /.keyhouse/v1/changes` and what goes with it: how guards elsewhere keep up."""

import json
from typing import Any

import pytest

from keyhouse.core.records import Change, PartRef
from keyhouse.ports import Changes, StoreUnavailable
from tests.doors.gateway.conftest import House, until, within
from tests.doors.gateway.doubles import BYSTANDER, FENCED, KEY, MANAGER
from tests.doors.gateway.test_verify import verify
from tests.doors.gateway.wire import Answer, Client

FENCED_PART = PartRef("key", "key_fenced")


def lines(path: str, manager: bytes = MANAGER) -> bytes:
    credential = b"X-API-Key: %b\r\n" % manager if manager else b""
    return b"GET %b HTTP/1.1\r\nHost: a\r\n%b\r\n" % (path.encode(), credential)


async def get(house: House, path: str, manager: bytes = MANAGER) -> Answer:
    return await house.ask(lines(path, manager))


async def changes(house: House, query: str) -> dict[str, Any]:
    answer = await get(house, f"/.keyhouse/v1/changes{query}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def asking(house: House, query: str) -> Client:
    """Somebody who waits for news."""
    client = await house.client()
    client.send(lines(f"/.keyhouse/v1/changes{query}"))
    waiters = house.waiters
    before = len(waiters._waiting)
    await until(lambda: len(waiters._waiting) > before)
    return client


def happen(house: House, seq: int, *parts: PartRef) -> None:
    house.recent.hear(Changes(seq, tuple(Change(seq, part) for part in parts)))


async def test_what_to_forget_is_told_by_tokens_of_the_asker(house: House) -> None:
    await house.start()
    house.recent.start(10)
    happen(house, 11, FENCED_PART)
    token = house.recent.token("key_manager", FENCED_PART)
    assert await changes(house, "?after=10") == {
        "head": 11,
        "log": house.recent.log,
        "forget_all": False,
        "forget": [token],
        "require_tls": False,
    }
    assert b"key_fenced" not in (await get(house, "/.keyhouse/v1/changes?after=10")).body


async def test_whoever_begins_or_is_too_far_behind_forgets_all(house: House) -> None:
    await house.start()
    house.recent.start(10)
    for query in ("", "?after=9", "?after=11", "?after=0&wait=0"):
        found = await changes(house, query)
        assert (found["head"], found["forget_all"], found["forget"]) == (10, True, [])


async def test_beyond_a_thousand_parts_all_is_forgotten(house: House) -> None:
    await house.start()
    happen(house, 1, *[PartRef("key", f"key_{n}") for n in range(1001)])
    assert (await changes(house, "?after=0"))["forget_all"]


async def test_an_asker_waits_until_something_changes(house: House) -> None:
    await house.start()
    client = await asking(house, "?after=0&wait=10")
    with within(2):
        happen(house, 1, FENCED_PART)
        found = json.loads((await client.answer()).body)
    assert (found["head"], len(found["forget"])) == (1, 1)


async def test_an_asker_is_told_when_nothing_changed(house: House) -> None:
    """That nothing changed is news of its own: it confirms what is remembered."""
    await house.start()
    with within(5):
        found = await changes(house, "?after=0&wait=1")
    assert (found["head"], found["forget_all"], found["forget"]) == (0, False, [])


async def test_one_who_is_ahead_waits_for_this_gateway_to_catch_up(house: House) -> None:
    await house.start()
    client = await asking(house, "?after=2&wait=10")
    happen(house, 1, PartRef("key", "key_1"))
    happen(house, 2, PartRef("key", "key_2"))
    happen(house, 3, PartRef("key", "key_3"))
    found = json.loads((await client.answer()).body)
    assert (found["head"], found["forget_all"], len(found["forget"])) == (3, False, 1)


async def test_a_gateway_that_does_not_know_says_nothing(house: House) -> None:
    await house.start()
    client = await asking(house, "?after=0&wait=1")
    house.ready = False
    assert (await client.answer()).status == 503
    assert (await get(house, "/.keyhouse/v1/changes?after=0")).status == 503


async def test_those_who_wait_do_not_hold_up_a_restart(house: House) -> None:
    await house.start()
    client = await asking(house, "?after=0&wait=10")
    with within(3):
        assert house.server is not None
        await house.server.drain(8)
        assert (await client.answer()).status == 200


async def test_so_many_wait_and_no_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyhouse.doors.gateway.waiters.OF_ONE_MAX", 3)
    await house.start()
    waiting = [await asking(house, "?after=0&wait=10") for _ in range(3)]
    with within(2):
        assert (await changes(house, "?after=0&wait=10"))["head"] == 0
    happen(house, 1, FENCED_PART)
    for client in waiting:
        await client.answer()
    assert not house.waiters._waiting
    assert not house.waiters._of_one


async def test_one_who_left_is_forgotten(house: House) -> None:
    await house.start()
    client = await asking(house, "?after=0&wait=10")
    client.reset()
    await until(lambda: house.server is not None and not house.server.connections)
    happen(house, 1, FENCED_PART)
    assert not house.waiters._waiting


@pytest.mark.parametrize(
    "query",
    [
        "?after=x",
        "?after=-1",
        "?after=1e3",
        "?wait=11",
        "?wait=x",
        "?after=1&until=2",
        "?x",
    ],
)
async def test_a_question_that_cannot_be_read_is_refused(house: House, query: str) -> None:
    await house.start()
    assert (await get(house, f"/.keyhouse/v1/changes{query}")).status == 400


@pytest.mark.parametrize("path", ["changes", "changes?after=0", "apis/weather"])
@pytest.mark.parametrize(
    ("manager", "status", "code"),
    [
        (b"", 401, "missing"),
        (b"kh_mk_unknown", 401, "unknown"),
        (KEY, 401, "unknown"),
        (BYSTANDER, 403, "scope_missing"),
    ],
)
async def test_only_a_key_that_may_verify_is_answered(
    house: House, path: str, manager: bytes, status: int, code: str
) -> None:
    await house.start()
    answer = await get(house, f"/.keyhouse/v1/{path}", manager)
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)


async def test_these_are_only_read(house: House) -> None:
    await house.start()
    for path in (b"changes", b"apis/weather"):
        told = await house.ask(
            b"DELETE /.keyhouse/v1/%b HTTP/1.1\r\nHost: a\r\n\r\n" % path
        )
        assert (told.status, told.headers["allow"]) == (405, "GET, HEAD")


async def test_it_is_told_where_callers_of_an_api_put_their_key(house: House) -> None:
    await house.start()
    answer = await get(house, "/.keyhouse/v1/apis/weather")
    part = PartRef("api", "api_weather")
    assert json.loads(answer.body) == {
        "slug": "weather",
        "key_header": "x-api-key",
        "query_parameter": None,
        "imported": None,
        "seq": 7,
        "log": house.recent.log,
        "forget": [house.recent.token("key_manager", part)],
    }


async def test_an_api_of_others_reads_like_one_that_is_not_there(house: House) -> None:
    await house.start()
    bodies = []
    for slug in ("query", "nowhere", "", "weather/x"):
        answer = await get(house, f"/.keyhouse/v1/apis/{slug}")
        assert answer.status == 404
        body = json.loads(answer.body)
        del body["request_id"]
        bodies.append(body)
    assert all(body == bodies[0] for body in bodies)


async def test_without_the_database_no_api_is_told(house: House) -> None:
    await house.start()
    house.verifier.failure = StoreUnavailable("gone")
    assert (await get(house, "/.keyhouse/v1/apis/weather")).status == 503


async def test_a_watched_batch_tells_on_what_a_refusal_rests(house: House) -> None:
    await house.start()
    entries = [{"secret": one.decode(), "api": "weather"} for one in (FENCED, KEY, b"x")]
    answer = await verify(house, {"requests": entries, "watch": True})
    found = json.loads(answer.body)
    assert (found["seq"], found["log"]) == (7, house.recent.log)
    refused, allowed, unknown = found["results"]
    assert house.recent.token("key_manager", FENCED_PART) in refused["forget"]
    assert "forget" not in allowed
    assert "forget" not in unknown
    plain = json.loads((await verify(house, {"requests": entries})).body)
    assert "seq" not in plain
    assert not any("forget" in one for one in plain["results"])


async def test_a_watch_that_is_no_boolean_is_refused(house: House) -> None:
    await house.start()
    answer = await verify(house, {"requests": [], "watch": 1})
    assert json.loads(answer.body)["errors"][0]["field"] == "watch"
