"""Tokens of users over REST: what an API says of them, and their revocation."""

from typing import Any

import pytest

from keyhouse.core.entities import TokenRevocation
from keyhouse.core.observations import OTHER, Dimension, ObservationGroup, Seen
from keyhouse.core.usage import UsageBatch
from keyhouse.core.user_tokens import KIND, MARK, Mint, claims_of
from keyhouse.services.tokens import commands
from tests.doors.api.conftest import House, Tenant
from tests.scale.at_home import statements
from tests.vectors.signing import EDDSA, signer

REVOKE = "/v1/tokens/revoke"
DAILY = {"name": "daily", "quota": 100, "window": "day"}
TOKEN_ID = "tok_032A9g5pvkHnjAAwtYgdo9"


async def application(tenant: Tenant) -> str:
    return str((await tenant.make("/v1/applications", name="app"))["id"])


def minted(application_id: str) -> str:
    mint = Mint(
        id=TOKEN_ID,
        issuer="i",
        subject="alice",
        session="",
        application_id=application_id,
        api_id="api_1",
        key_id="key_1",
        secret_id="sec_1",
        environment="test",
        now_us=1_768_392_000_000_000,
        seconds=60,
        scopes=(),
    )
    return signer(EDDSA).sign(KIND, claims_of(mint), MARK).decode()


async def test_an_api_says_how_long_tokens_last_and_what_users_meet(tenant: Tenant) -> None:
    made = await tenant.weather()
    assert (made["token_seconds_max"], made["user_limits"]) == (3600, [])
    wanted = {"token_seconds_max": 600, "user_limits": [DAILY]}
    at = f"/v1/apis/{made['id']}"
    changed = (await tenant.client.patch(at, json=wanted)).json()
    assert changed["token_seconds_max"] == 600
    assert changed["user_limits"][0]["quota"] == 100
    cleared = {"token_seconds_max": None, "user_limits": None}
    told = (await tenant.client.patch(at, json=cleared)).json()
    assert (told["token_seconds_max"], told["user_limits"]) == (3600, [])


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"token_seconds_max": 0}, "token_seconds_max"),
        ({"token_seconds_max": 86_401}, "token_seconds_max"),
        ({"user_limits": [{**DAILY, "quota": 0}]}, "user_limits.0.amount"),
        ({"user_limits": [DAILY, DAILY]}, "user_limits.1.name"),
    ],
)
async def test_what_users_cannot_get_is_refused_by_name(
    tenant: Tenant, wish: dict[str, Any], field: str
) -> None:
    await tenant.weather()
    answer = await tenant.client.patch("/v1/apis/weather", json=wish)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field.rsplit(".", 1)[0])


@pytest.mark.parametrize(
    ("said", "kind", "value"),
    [
        ({"token": TOKEN_ID}, "token", TOKEN_ID),
        ({"session": "s-1"}, "session", "s-1"),
        ({"user": "alice"}, "user", "alice"),
        ({"all": True}, "application", None),
    ],
)
async def test_tokens_are_revoked_again_and_again(
    house: House, tenant: Tenant, said: dict[str, Any], kind: str, value: str | None
) -> None:
    app = await application(tenant)
    body = {"application": app, **said}
    first = await tenant.client.post(REVOKE, json=body)
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["application"], told["kind"], told["value"]) == (app, kind, value or app)
    assert int(first.headers["Keyhouse-Change-Seq"]) > 0
    again = (await tenant.client.post(REVOKE, json=body)).json()
    assert again["before"] >= told["before"]
    with house.office.rows.reading() as tx:
        assert len(tx.find(TokenRevocation, application_id=app)) == 1
    audit = (await tenant.client.get("/v1/audit?action=token.revoke")).json()["data"]
    assert len(audit) == 2


async def test_a_whole_token_is_revoked_by_its_id_and_kept_nowhere(
    house: House, tenant: Tenant
) -> None:
    app = await application(tenant)
    token = minted(app)
    told = (
        await tenant.client.post(REVOKE, json={"application": app, "token": token})
    ).json()
    assert told["value"] == TOKEN_ID
    with house.office.rows.reading() as tx:
        assert token not in repr(tx.find(TokenRevocation))
    audit = (await tenant.client.get("/v1/audit")).text
    assert token not in audit
    elsewhere = {"application": await application(tenant), "token": token}
    assert (await tenant.client.post(REVOKE, json=elsewhere)).status_code == 404


@pytest.mark.parametrize("field", ["token", "session", "user", "key"])
@pytest.mark.parametrize("around", ["{}", "Bearer:{}"])
async def test_a_key_that_is_sent_for_a_token_is_refused_and_kept_nowhere(
    house: House, tenant: Tenant, field: str, around: str
) -> None:
    """Else it would be told to webhooks, stay in the audit, and go on working."""
    await tenant.weather()
    key = await tenant.key()
    body = {"application": key["application"], field: around.format(key["secret"])}
    answer = await tenant.client.post(REVOKE, json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], "/v1/secrets/revoke" in answer.text) == (field, True)
    assert key["secret"] not in answer.text
    with house.office.rows.reading() as tx:
        assert tx.find(TokenRevocation) == []
    assert key["secret"] not in (await tenant.client.get("/v1/audit")).text


@pytest.mark.parametrize("text", ["", "alice", "old.system.key", TOKEN_ID[:-1], "a.b.c"])
async def test_what_is_no_token_is_not_taken_for_one(
    house: House, tenant: Tenant, text: str
) -> None:
    """Whoever mistypes must not go away in the belief that it is revoked."""
    app = await application(tenant)
    answer = await tenant.client.post(REVOKE, json={"application": app, "token": text})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "token"
    assert not text or text not in answer.text
    with house.office.rows.reading() as tx:
        assert tx.find(TokenRevocation) == []


async def test_all_tokens_of_a_key_are_revoked(tenant: Tenant) -> None:
    await tenant.weather()
    key = await tenant.key()
    body = {"application": key["application"], "key": key["id"]}
    told = (await tenant.client.post(REVOKE, json=body)).json()
    assert (told["kind"], told["value"]) == ("key", key["id"])
    other = {"application": await application(tenant), "key": key["id"]}
    assert (await tenant.client.post(REVOKE, json=other)).status_code == 404


async def test_what_is_not_one_thing_is_refused(tenant: Tenant) -> None:
    app = await application(tenant)
    for said in ({}, {"user": "a", "session": "b"}, {"user": "é"}, {"user": ""}):
        answer = await tenant.client.post(REVOKE, json={"application": app, **said})
        assert answer.status_code == 422, said


async def test_nobody_revokes_what_is_not_theirs(house: House, tenant: Tenant) -> None:
    """What another organization has reads as what is not there."""
    app = await application(tenant)
    stranger = house.tenant("Other")
    body = {"application": app, "user": "alice"}
    answer = await stranger.client.post(REVOKE, json=body)
    assert answer.status_code == 404
    missing = {"application": "app_06TbZQ2dGmM8vXk1cPqRst", "user": "alice"}
    assert (await stranger.client.post(REVOKE, json=missing)).json()["detail"] == (
        answer.json()["detail"]
    )


async def test_revocations_have_a_bound_and_all_of_them_make_room(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "REVOCATIONS_MAX", 2)
    app = await application(tenant)
    for user in ("a", "b"):
        body = {"application": app, "user": user}
        assert (await tenant.client.post(REVOKE, json=body)).status_code == 200
    full = await tenant.client.post(REVOKE, json={"application": app, "user": "c"})
    assert full.status_code == 409
    assert "revoke all tokens" in full.text
    every = {"application": app, "all": True}
    assert (await tenant.client.post(REVOKE, json=every)).status_code == 200
    more = {"application": app, "user": "c"}
    assert (await tenant.client.post(REVOKE, json=more)).status_code == 200
    last = {"application": app, "user": "d"}
    assert (await tenant.client.post(REVOKE, json=last)).status_code == 409
    assert (await tenant.client.post(REVOKE, json=every)).status_code == 200
    assert (await tenant.client.post(REVOKE, json=last)).status_code == 200


async def test_ten_thousand_revocations_are_counted_and_removed_at_once(
    house: House, tenant: Tenant
) -> None:
    """Nobody else writes while each of them is read or removed."""
    app, gone = await application(tenant), await application(tenant)
    for number in range(3):
        for id in (app, gone):
            body = {"application": id, "user": f"user-{number}"}
            assert (await tenant.client.post(REVOKE, json=body)).status_code == 200
    one = {"application": app, "user": "alice"}
    with statements(house.database) as asked:
        assert (await tenant.client.post(REVOKE, json=one)).status_code == 200
    told = [text for text in asked if "FROM token_revocation" in text]
    whole = [text for text in told if "count(" not in text]
    assert (len(told), len(whole)) == (2, 1), "of the rows only its own is read"
    with statements(house.database, ("DELETE",)) as asked:
        every = {"application": app, "all": True}
        assert (await tenant.client.post(REVOKE, json=every)).status_code == 200
    assert len([text for text in asked if "token_revocation" in text]) == 1
    with house.office.rows.reading() as tx:
        assert len(tx.find(TokenRevocation, application_id=app)) == 1
    with statements(house.database, ("DELETE",)) as asked:
        assert (await tenant.client.delete(f"/v1/applications/{gone}")).status_code == 204
    assert len([text for text in asked if "token_revocation" in text]) == 1


async def test_an_application_goes_with_its_revocations(tenant: Tenant) -> None:
    app = await application(tenant)
    await tenant.client.post(REVOKE, json={"application": app, "user": "alice"})
    assert (await tenant.client.delete(f"/v1/applications/{app}")).status_code == 204


async def test_users_are_told_by_how_much_they_call(house: House, tenant: Tenant) -> None:
    await tenant.weather()
    key = await tenant.key()
    (opened,) = key["access"]
    now_us = house.office.clock.now_us()
    day, own = now_us // 86_400_000_000, tenant.organization
    group = ObservationGroup(day, own, own, opened["api"], key["id"], 0, Dimension.USER)
    app = key["application"]
    seen = {
        f"{app}/alice": Seen(7, now_us, now_us),
        f"{app}/a/b": Seen(9, now_us, now_us),
        OTHER: Seen(3, now_us, now_us),
    }
    house.database.sink.open_spool("spl_u", "nod_1", "boot")
    batch = UsageBatch("spl_u", 0, 1, observations={group: seen})
    assert house.database.sink.book(batch)
    answer = await tenant.client.get("/v1/usage/users?api=weather")
    rows = [(one["user"], one["requests"]) for one in answer.json()["data"]]
    assert rows == [("a/b", 9), ("alice", 7), (None, 3)]
    assert answer.json()["data"][0]["application"] == app
    stranger = house.tenant("Other")
    assert (await stranger.client.get("/v1/usage/users")).json()["data"] == []
