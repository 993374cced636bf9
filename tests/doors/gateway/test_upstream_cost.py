"""What a call came to, told by the upstream: counted so, and not told to the caller."""

import logging
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from keyhouse.core.compilation import compile_route
from keyhouse.core.entities import CostFrom, Route
from keyhouse.core.patterns import Endpoints
from tests.doors.gateway.conftest import House, until
from tests.doors.gateway.doubles import KEY, MANAGER, api_record
from tests.doors.gateway.test_verify import verify
from tests.doors.gateway.wire import Answer, Link, ok

RESERVED = 50


def route(cost_from: CostFrom) -> Route:
    return Route(
        id="rte_1",
        organization_id="org_1",
        api_id="api_weather",
        position=1,
        method="*",
        path="/**",
        scopes=(),
        cost=RESERVED,
        created_at=0,
        updated_at=0,
        cost_from=cost_from,
    )


async def begin(
    house: House, cost_from: CostFrom = CostFrom.UPSTREAM, url: str = "", **settings: Any
) -> None:
    costs = frozenset(("rte_1",) if cost_from is CostFrom.UPSTREAM else ())
    house.verifier.apis["weather"] = api_record(
        "weather",
        url or house.upstream.url,
        endpoints=Endpoints([("*", "/**")]),
        routes=(compile_route(route(cost_from), ZoneInfo),),
        upstream_costs=costs,
    )
    await house.start(**settings)


def call(method: str = "GET", *headers: str, body: bytes = b"") -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    start = f"{method} /weather/x HTTP/1.1\r\nHost: a\r\n"
    return f"{start}X-API-Key: {KEY.decode()}\r\n{lines}\r\n".encode() + body


async def ended(house: House, count: int = 1) -> list[dict[str, Any]]:
    await until(lambda: len(house.meter.completed_rows) >= count)
    return house.meter.completed_rows


async def spent(house: House) -> int:
    """What the one call came to; what it gave back is known to the leases as well."""
    [row] = await ended(house)
    assert [units for _, units in house.verifier.refunded] == [row["refund"]] * bool(
        row["refund"]
    )
    return RESERVED - int(row["refund"])


async def ask(house: House, answer: bytes) -> Answer:
    house.upstream.reply(answer)
    return await house.ask(call())


@pytest.mark.parametrize(("told", "cost"), [("7", 7), ("0", 0), ("50", 50), ("007", 7)])
async def test_a_call_comes_to_what_its_upstream_says(
    house: House, told: str, cost: int
) -> None:
    await begin(house)
    answer = await ask(house, ok(b"hi", f"Keyhouse-Cost: {told}", "X-Kept: 1"))
    assert (answer.status, answer.body) == (200, b"hi")
    assert "keyhouse-cost" not in answer.headers
    assert answer.headers["x-kept"] == "1"
    assert await spent(house) == cost


@pytest.mark.parametrize(
    "told",
    ["", "-1", "1.5", "ten", "51", "9" * 40, "\xb2", "1, 2"],
)
async def test_what_is_no_cost_or_too_much_leaves_the_whole_reservation(
    house: House, told: str
) -> None:
    await begin(house)
    assert (await ask(house, ok(b"hi", f"Keyhouse-Cost: {told}"))).status == 200
    assert await spent(house) == RESERVED


async def test_a_cost_told_twice_is_none(house: House) -> None:
    await begin(house)
    await ask(house, ok(b"hi", "Keyhouse-Cost: 3", "Keyhouse-Cost: 4"))
    assert await spent(house) == RESERVED


async def test_more_than_was_reserved_is_warned_of_once_a_route(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyhouse.doors.gateway.settling._warned", set())
    await begin(house)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await ask(house, ok(b"hi", "Keyhouse-Cost: 51"))
    await ended(house, 3)
    assert [one for one in caplog.messages if "rte_1" in one] == [
        "a call of route rte_1 came to 51 units, and 50 were reserved: raise its cost"
    ]


async def test_nothing_told_leaves_the_whole_reservation(house: House) -> None:
    await begin(house)
    await ask(house, ok(b"hi"))
    assert await spent(house) == RESERVED


async def test_a_streamed_answer_tells_its_cost_in_a_trailer(house: House) -> None:
    await begin(house)
    answer = await ask(
        house,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Keyhouse-Cost\r\n\r\n"
        b"2\r\nhi\r\n0\r\nKeyhouse-Cost: 9\r\nX-Other: 1\r\n\r\n",
    )
    assert (answer.status, answer.body) == (200, b"hi")
    assert await spent(house) == 9


async def test_the_next_call_of_a_connection_does_not_inherit_a_cost(
    house: House,
) -> None:
    await begin(house)
    answers = [ok(b"a", "Keyhouse-Cost: 3"), ok(b"b"), ok(b"c", "Keyhouse-Cost: 5")]

    async def play(link: Link) -> None:
        for answer in answers:
            await link.request()
            link.send(answer)

    house.upstream.play = play
    client = await house.client()
    for _ in answers:
        client.send(call())
        assert (await client.answer()).status == 200
    rows = await ended(house, 3)
    assert [row["refund"] for row in rows] == [47, 0, 45]


async def test_an_interim_answers_cost_is_none(house: House) -> None:
    await begin(house)
    early = b"HTTP/1.1 103 Early Hints\r\nKeyhouse-Cost: 1\r\n\r\n"
    house.upstream.reply(early + ok(b"hi"))
    client = await house.client()
    client.send(call())
    await client.reader.readuntil(b"hi")
    assert await spent(house) == RESERVED


async def test_where_the_route_says_its_cost_the_upstream_does_not(house: House) -> None:
    await begin(house, CostFrom.ROUTE)
    answer = await ask(house, ok(b"hi", "Keyhouse-Cost: 7"))
    assert "keyhouse-cost" not in answer.headers
    assert await spent(house) == RESERVED


@pytest.mark.parametrize(
    "broken",
    [b"", b"HTTP/1.1 200 OK\r\nKeyhouse-Cost: 5\r\nContent-Le", b"nonsense\r\n\r\n"],
)
async def test_an_answer_that_never_came_costs_nothing(house: House, broken: bytes) -> None:
    await begin(house)
    house.upstream.reply(broken, end=True)
    assert (await house.ask(call())).status == 502
    assert await spent(house) == 0


async def test_an_answer_that_is_late_costs_nothing(house: House) -> None:
    await begin(house, upstream_seconds_max=0.1)
    house.upstream.reply(b"")
    assert (await house.ask(call())).status == 504
    assert await spent(house) == 0


async def test_an_upstream_that_is_not_there_costs_nothing(house: House) -> None:
    await begin(house, url="http://127.0.0.1:9")
    assert (await house.ask(call())).status == 502
    assert await spent(house) == 0


async def test_an_upstreams_own_500_is_an_answer(house: House) -> None:
    await begin(house)
    broken = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    assert (await ask(house, broken)).status == 500
    assert await spent(house) == RESERVED


async def test_an_answer_cut_short_comes_to_what_was_told(house: House) -> None:
    await begin(house)
    part = b"HTTP/1.1 200 OK\r\nKeyhouse-Cost: 4\r\nContent-Length: 10\r\n\r\nhalf"
    house.upstream.reply(part, end=True)
    client = await house.client()
    client.send(call())
    assert await client.is_reset()
    assert await spent(house) in (0, 4)  # 0 where it broke before its head went on


async def test_who_does_not_wait_pays_the_whole(house: House) -> None:
    await begin(house)
    house.upstream.reply(b"")
    client = await house.client()
    client.send(call())
    await until(lambda: len(house.upstream.requests) == 1)
    client.reset()
    assert await spent(house) == RESERVED


async def test_where_the_spool_is_full_nothing_comes_back(house: House) -> None:
    """Units that are spent again before it is written down would be overspent."""
    await begin(house)
    house.meter.lost = True
    await ask(house, ok(b"hi", "Keyhouse-Cost: 7"))
    await ended(house)
    assert house.verifier.refunded == []


async def test_a_websocket_tells_its_cost_with_its_101(house: House) -> None:
    await begin(house)
    switching = (
        b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Keyhouse-Cost: 2\r\n\r\n"
    )
    house.upstream.reply(switching, end=True)
    client = await house.client()
    client.send(call("GET", "Connection: Upgrade", "Upgrade: websocket"))
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101")
    assert b"cost" not in head.lower()
    await client.close()
    assert await spent(house) == 2


async def test_whoever_serves_elsewhere_is_not_refunded_by_being_answered(
    house: House,
) -> None:
    await begin(house)
    body = {"api": "weather", "secret": KEY.decode(), "method": "GET", "path": "/x"}
    assert (await verify(house, body, MANAGER)).status == 200
    assert await spent(house) == RESERVED
