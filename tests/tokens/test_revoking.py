"""Tokens that are refused before their time, at every gateway, within the bound of keys."""

import asyncio
import json
from typing import Any

import pytest

from keyhouse.core import entities as rows
from tests.tokens.conftest import MINT, Town
from tests.tokens.waiting import within_bound

INTROSPECT = f"{MINT}/introspect"
REVOKE = f"{MINT}/revoke"


async def test_what_one_gateway_minted_is_good_at_another_at_once(town: Town) -> None:
    assert await town.code(await town.mint(), node=1) == "valid"


async def test_a_signature_is_looked_at_once(town: Town) -> None:
    token = await town.mint()
    for _ in range(5):
        assert await town.code(token) == "valid"
    assert town.nodes[0].keys.checked == 1
    verifier = town.nodes[0].plane.verifier
    before = verifier.applied
    with town.stock.database.rows.writing() as tx:
        tx.update(town.own.get(rows.Key, "key"), name="renamed")

    async def heard() -> bool:
        return verifier.applied > before

    await within_bound(heard)
    assert await town.code(token) == "valid"
    assert town.nodes[0].keys.checked == 1, "a change of its key is no reason"


async def test_a_forged_one_is_looked_at_once_in_a_while(town: Town) -> None:
    token = await town.mint()
    head, claims, signature = token.split(".")
    forged = f"{head}.{claims}.{signature[::-1]}"
    codes = {await town.code(forged) for _ in range(5)}
    assert codes == {"unknown"}
    assert town.nodes[0].keys.checked <= 1


@pytest.mark.parametrize(
    ("said", "also"),
    [
        ({"token": "{token}"}, False),
        ({"sub": "alice"}, True),
        ({"sid": "s-1"}, True),
        ({"all": True}, True),
    ],
)
async def test_the_holder_of_the_key_revokes(
    town: Town, said: dict[str, Any], also: bool
) -> None:
    """In force at both gateways, also for a token that neither has seen."""
    token, unseen = await town.mint(sid="s-1"), await town.mint(sid="s-1")
    assert await town.code(token) == await town.code(token, node=1) == "valid"
    bob = await town.mint("bob", sid="s-2")
    body = {name: token if value == "{token}" else value for name, value in said.items()}
    status, _ = await town.nodes[0].told(REVOKE, town.secret("second"), **body)
    assert status == 200

    async def in_force() -> bool:
        codes = [await town.code(token), await town.code(token, node=1)]
        return codes == ["revoked", "revoked"]

    await within_bound(in_force)
    assert await town.code(unseen) == ("revoked" if also else "valid")
    assert await town.code(bob) == ("revoked" if "all" in said else "valid")
    assert await town.code(await town.mint(sid="s-1" if "sid" not in said else "s-3")) == (
        "valid"
    ), "who logs in again gets in"


async def test_what_befalls_the_key_befalls_its_tokens(town: Town) -> None:
    token, other = await town.mint(), await town.mint(key="second", scopes=[])
    assert await town.code(token) == await town.code(other) == "valid"
    with town.stock.database.rows.writing() as tx:
        tx.update(town.own.get(rows.Key, "key"), revoked_at=1)

    async def in_force() -> bool:
        return await town.code(token) == "revoked"

    await within_bound(in_force)
    assert await town.code(other) == "valid"
    with town.stock.database.rows.writing() as tx:
        tx.update(town.own.get(rows.Application, "application"), disabled_at=1)

    async def closed() -> bool:
        return await town.code(other) == "disabled"

    await within_bound(closed)


async def test_a_token_of_another_application_is_neither_told_nor_revoked(
    town: Town,
) -> None:
    token = await town.mint()
    stranger = town.secret("key", town.other)
    assert await town.nodes[0].told(REVOKE, stranger, token=token) == (200, {})
    assert await town.nodes[0].told(INTROSPECT, stranger, token=token) == (
        200,
        {"active": False},
    )
    managing = town.secret("manager", town.other)
    assert (await town.nodes[0].told(INTROSPECT, managing, token=token))[1] == {
        "active": False
    }
    await town.nodes[0].told(REVOKE, stranger, all=True)
    assert await town.code(await town.mint(), node=1) == "valid"
    assert await town.code(token) == "valid"


async def test_introspection_tells_of_a_good_token_alone(town: Town) -> None:
    token = await town.mint(sid="s-1", scopes=["notes:read"])
    status, told = await town.nodes[1].form(
        INTROSPECT, town.secret("second"), token=token, token_type_hint="access_token"
    )
    assert status == 200
    assert (told["active"], told["sub"], told["sid"]) == (True, "alice", "s-1")
    assert (told["scope"], told["aud"]) == ("notes:read", town.own.ids["api"])
    managing = town.secret("manager")
    assert (await town.nodes[0].told(INTROSPECT, managing, token=token))[1]["active"]
    assert town.nodes[0].plane.meter is not None
    await town.nodes[0].told(REVOKE, town.secret("key"), token=token)

    async def in_force() -> bool:
        found = await town.nodes[1].told(INTROSPECT, town.secret("key"), token=token)
        return bool(found == (200, {"active": False}))

    await within_bound(in_force)
    for garbage in ("", "x", "a.b.c", token[:-3]):
        found = await town.nodes[0].told(INTROSPECT, town.secret("key"), token=garbage)
        assert found == (200, {"active": False})


async def test_who_has_no_key_learns_nothing(town: Town) -> None:
    body = json.dumps({"token": await town.mint()}).encode()
    for path in (INTROSPECT, REVOKE):
        answer = await town.nodes[0].ask(f"POST {path}", body=body)
        assert answer.status == 401
        status, _ = await town.nodes[0].told(path, town.secret("page"), token="x")
        assert status == 403


@pytest.mark.parametrize(
    "said", [{}, {"sub": "a", "sid": "b"}, {"all": "yes"}, {"user": "a"}, {"sub": "é"}]
)
async def test_a_revocation_of_no_one_thing_is_refused(
    town: Town, said: dict[str, Any]
) -> None:
    status, told = await town.nodes[0].told(REVOKE, town.secret("key"), **said)
    assert (status, told["error"]) == (400, "invalid_request")


async def test_a_key_in_the_place_of_a_token_or_user_is_written_down_nowhere(
    town: Town,
) -> None:
    """As a token it opens nothing, so it is revoked as it is (RFC 7009, 2.2)."""
    key, text = town.secret("key"), town.secret("second")
    assert await town.nodes[0].told(REVOKE, key, token=text) == (200, {})
    for name in ("sub", "sid"):
        status, told = await town.nodes[0].told(REVOKE, key, **{name: text})
        assert (status, told["error"]) == (400, "invalid_request")
        assert text not in json.dumps(told)
    with town.stock.database.rows.reading() as tx:
        assert tx.find(rows.TokenRevocation) == []
        assert tx.find(rows.AuditRow, action="token.revoke") == []


async def test_a_revocation_is_written_down_with_who_did_it(town: Town) -> None:
    await town.nodes[0].told(REVOKE, town.secret("key"), sub="alice")
    with town.stock.database.rows.reading() as tx:
        (row,) = tx.find(rows.AuditRow, action="token.revoke")
    assert row.actor == town.own.ids["key"]
    assert (row.after["kind"], row.after["value"]) == ("user", "alice")


async def test_what_is_revoked_is_kept_until_all_of_it_has_ended(town: Town) -> None:
    await town.nodes[0].told(REVOKE, town.secret("key"), sub="alice")
    database = town.stock.database
    with database.rows.reading() as tx:
        (row,) = tx.find(rows.TokenRevocation)
    assert row.expires_at - row.created_at > 86_400 * 1_000_000
    assert database.upkeep.prune_revocations(row.expires_at, 10) == 0
    assert database.upkeep.prune_revocations(row.expires_at + 1, 10) == 1


async def test_many_may_revoke_the_same_at_once(town: Town) -> None:
    both = [town.nodes[number % 2] for number in range(8)]
    answers = await asyncio.gather(
        *(node.told(REVOKE, town.secret("key"), sub="alice") for node in both)
    )
    assert answers == [(200, {})] * len(both)
    with town.stock.database.rows.reading() as tx:
        assert len(tx.find(rows.TokenRevocation)) == 1
