"""Minting is a call of the key: counted, logged, and held back by its rate limits."""

import asyncio
import json
from collections import Counter
from typing import Any

from keyhouse.core.grains import even_cuts
from keyhouse.core.usage import MINTING, LogRow
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.ports import UsageWanted
from tests.doors.gateway.wire import Client
from tests.tokens.conftest import MINT, Town
from tests.tokens.waiting import eventually


async def minted(town: Town, secret: str, api: str = "") -> tuple[int, Any]:
    """What becomes of a wish for a token."""
    wanted = {"api": api or town.own.slugs["api"], "sub": "alice"}
    return await town.nodes[0].told(MINT, secret, **wanted)


def lines(town: Town) -> list[LogRow]:
    """The request log of the organization."""
    reports, own = town.stock.database.reports, town.own.ids["organization"]
    page = reports.requests(own, after=None, limit=100, equals={})
    return [row for row in page.rows if row.use.route_id == MINTING]


async def booked(town: Town, count: int) -> list[LogRow]:
    """Wait until so many of them are in the log."""

    async def there() -> bool:
        return len(await asyncio.to_thread(lines, town)) == count

    await eventually(there)
    return await asyncio.to_thread(lines, town)


async def test_it_is_in_usage_and_in_the_log_as_a_call_of_no_unit(town: Town) -> None:
    """A key that mints all day would look as if it lay unused."""
    ids = town.own.ids
    for _ in range(2):
        assert (await minted(town, town.secret("key")))[0] == 200
    status, _ = await town.nodes[0].told(
        MINT, town.secret("key"), api=ids["api"], sub="alice", scopes=["maps:read"]
    )
    assert status == 400
    rows = await booked(town, 3)
    assert {(row.method, row.path, row.use.key_id) for row in rows} == {
        ("POST", MINT, ids["key"])
    }
    assert Counter(row.status for row in rows) == {200: 2, 400: 1}
    cuts = even_cuts(rows[-1].at_us - 60_000_000, rows[0].at_us + 60_000_000, 86_400)
    wanted = UsageWanted(ids["organization"], cuts, ("route",), {"key": ids["key"]})
    usage = town.stock.database.reports.usage(wanted)
    (row,) = [one for one in usage if one.group["route"] == MINTING]
    assert (row.requests, row.units) == (3, 0)


async def test_it_takes_of_the_keys_rate_and_nothing_of_its_quota(town: Town) -> None:
    """Else whoever has a key could have a gateway sign without end."""
    slow = town.secret("slow")
    line = f"GET /{town.own.slugs['api']}/notes"
    assert (await town.nodes[0].ask(line, f"X-API-Key: {slow}")).status == 200
    answers = [await minted(town, slow) for _ in range(3)]
    assert [status for status, _ in answers] == [200, 200, 429]
    assert answers[-1][1]["code"] == "rate_limited"
    assert 0 < answers[-1][1]["retry_after"] <= 20
    verdicts = [BY_NUMBER[row.verdict].code for row in await booked(town, 3)]
    assert verdicts == ["rate_limited", "valid", "valid"]


async def test_what_is_refused_is_counted_too(town: Town) -> None:
    good = town.secret("key")
    unknown = f"{good[:-8]}AAAAAAAA"
    for secret, code in (
        (unknown, "unknown"),
        (town.secret("page"), "referrer_not_allowed"),
        (town.secret("key", town.other), "api_not_allowed"),
    ):
        status, told = await minted(town, secret)
        assert (status // 100, told["code"]) == (4, code)
    body = json.dumps({"api": town.own.slugs["api"], "sub": "alice"}).encode()
    assert (await town.nodes[0].ask(f"POST {MINT}", body=body)).status == 401
    page = (f"X-API-Key: {town.secret('page')}", "Referer: https://notes.example/")
    answer = await town.nodes[0].ask(f"POST {MINT}", *page, body=body)
    assert json.loads(answer.body)["code"] == "server_key_needed"
    verdicts = Counter(BY_NUMBER[row.verdict].code for row in await booked(town, 5))
    assert verdicts == {
        "malformed": 1,
        "referrer_not_allowed": 1,
        "api_not_allowed": 2,
        "missing": 1,
    }


async def test_a_stranger_is_refused_at_the_head_and_counted(town: Town) -> None:
    """Who sends a long body that does not come is a caller without a key all the same."""
    good = town.secret("key")
    for secret, code in (("", "missing"), (f"{good[:-8]}AAAAAAAA", "unknown")):
        client = await Client.connect(town.nodes[0].port)
        lines = f"X-API-Key: {secret}\r\n" if secret else ""
        client.send(
            f"POST {MINT} HTTP/1.1\r\nHost: a\r\n{lines}"
            "Content-Length: 60000\r\n\r\n{".encode()
        )
        answer = await client.answer()
        assert (answer.status, json.loads(answer.body)["code"]) == (401, code)
        await client.close()
    wanted = {("tokens", "missing"): 1, ("tokens", "malformed"): 1}

    async def told() -> bool:
        readings: dict[str, Any] = {}
        town.nodes[0].plane.totals.add_to(readings)
        return bool(wanted.items() <= readings["decisions_total"].items())

    await eventually(told)


async def test_a_long_body_of_who_has_a_key_is_read(town: Town) -> None:
    """In pieces, each behind the other; what it asks for is looked at then."""
    body = json.dumps({"api": town.own.slugs["api"], "sub": "alice", "x": "y" * 9000})
    client = await Client.connect(town.nodes[0].port)
    client.send(
        f"POST {MINT} HTTP/1.1\r\nHost: a\r\nX-API-Key: {town.secret('key')}\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    )
    assert (await client.answer()).status == 100
    client.send(body[:4000].encode())
    await asyncio.sleep(0.01)
    client.send(body[4000:].encode())
    answer = await client.answer()
    assert (answer.status, json.loads(answer.body)["errors"][0]["field"]) == (400, "x")
    await client.close()
