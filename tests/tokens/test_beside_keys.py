"""A token and other credentials in one request, and what is none of ours."""

import asyncio
import json
import time
from typing import Any

from keyhouse.core import entities as rows
from keyhouse.core.observations import Dimension
from keyhouse.doors.guard import Keyhouse
from tests.tokens.conftest import Town
from tests.tokens.waiting import eventually
from tests.vectors.signing import FOREIGN, signer


async def test_a_key_of_another_application_conflicts(town: Town) -> None:
    token = await town.mint()
    stranger = f"X-API-Key: {town.secret('key', town.other)}"
    assert await town.code(token, stranger) == "conflicting_credentials"
    own = f"X-API-Key: {town.secret('second')}"
    assert await town.code(token, own) == "valid"
    sent = town.upstream.requests[-1]
    assert sent.headers["keyhouse-key-id"] == town.own.ids["second"]
    assert sent.headers["keyhouse-subject"] == "alice"
    assert token.encode() not in sent.head


async def test_two_tokens_conflict_and_go_no_further(town: Town) -> None:
    first, second = await town.mint(), await town.mint("bob")
    assert await town.code(first, f"Authorization: Bearer {second}") == (
        "conflicting_credentials"
    )


async def test_a_jwt_that_is_not_ours_goes_to_the_upstream_beside_a_key(town: Town) -> None:
    theirs = signer(FOREIGN).sign("at+jwt", {"sub": "theirs"}).decode()
    key = f"X-API-Key: {town.secret('key')}"
    assert await town.code(theirs, key) == "valid"
    sent = town.upstream.requests[-1]
    assert sent.headers["authorization"] == f"Bearer {theirs}"
    assert sent.headers["keyhouse-subject"] == ""


async def test_a_token_is_no_key(town: Town) -> None:
    token = await town.mint()
    line = f"GET /{town.own.slugs['api']}/notes"
    answer = await town.nodes[0].ask(line, f"X-API-Key: {token}")
    assert (answer.status, json.loads(answer.body)["code"]) == (401, "unknown")


async def test_a_token_in_the_address_is_refused(town: Town) -> None:
    token = await town.mint()
    line = f"GET /{town.own.slugs['api']}/notes?t={token}"
    bearer = f"Authorization: Bearer {token}"
    for more in ([], [f"X-API-Key: {town.secret('key')}"]):
        answer = await town.nodes[0].ask(line, bearer, *more)
        assert json.loads(answer.body)["code"] == "key_in_path"


async def test_it_is_told_to_whoever_asks_about_users(town: Town) -> None:
    """Usage by user: each user inside its application, counted once."""
    alice, bob = await town.mint(), await town.mint("bob")
    for token in (alice, alice, bob):
        assert await town.code(token) == "valid"
    await booked(town, 3)
    application = town.own.ids["application"]
    assert users_of(town) == {f"{application}/alice": 2, f"{application}/bob": 1}


def users_of(town: Town) -> dict[str, int]:
    """Who called how often, as it is booked."""
    now_us, ids = int(time.time() * 1_000_000), town.own.ids
    found = town.stock.database.reports.observed(
        ids["organization"],
        Dimension.USER,
        since_us=now_us - 1,
        until_us=now_us + 60_000_000,
        equals={"api": ids["api"]},
    )
    seen: dict[str, int] = {}
    for row in found:
        seen[row.value] = seen.get(row.value, 0) + row.requests
    return seen


async def booked(town: Town, requests: int) -> None:
    """Wait until so many requests of users are booked."""

    async def all_of_them() -> bool:
        return sum((await asyncio.to_thread(users_of, town)).values()) == requests

    await eventually(all_of_them)


async def test_a_program_that_asks_itself_is_told_the_user(town: Town) -> None:
    """`kh.verify` takes a token where it takes a key, and one beside a key."""
    plane = town.nodes[1].plane

    async def opened() -> Any:
        return plane

    kh = Keyhouse(opened)
    kh._plane, slug = plane, town.own.slugs["api"]
    token = await town.mint(scopes=["notes:read"])
    alone = await kh.verify(token, api=slug, scopes=["notes:read"])
    assert (alone.code, alone.subject) == ("valid", "alice")
    assert alone.scopes == {"notes:read"}
    more = await kh.verify(token, api=slug, scopes=["notes:write"])
    assert (more.code, more.scopes_missing) == ("scope_missing", ("notes:write",))
    beside = await kh.verify(town.secret("second"), token=token, api=slug)
    assert (beside.code, beside.subject) == ("valid", "alice")
    stranger = await kh.verify(town.secret("key", town.other), token=token, api=slug)
    assert stranger.code == "conflicting_credentials"
    twice = await kh.verify(token, token=token, api=slug)
    assert twice.code == "conflicting_credentials"
    assert (await kh.verify(town.secret("key"), token="x", api=slug)).code == "malformed"
    assert (await kh.verify(token + "A" * 9999, api=slug)).code == "malformed"


async def test_a_users_quota_makes_no_event(town: Town) -> None:
    """There may be as many as there are users, and all of them reach theirs."""
    limits = [{"name": "daily", "quota": 2, "window": "day"}]
    token = await town.mint(limits=limits)
    codes = [await town.code(token) for _ in range(3)]
    assert codes[-1] == "quota_exceeded"
    await booked(town, 3)
    with town.stock.database.rows.reading() as tx:
        assert tx.page(rows.BudgetMark, after=None, limit=1).rows == []
