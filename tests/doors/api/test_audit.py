"""The audit: filtered, exported, and free of secrets whatever was done."""

import base64
import hashlib
import json
import random
import re
from typing import Any

import pytest
import sqlalchemy as sa

from keyhouse.core.entities import AuditRow, SecretRow
from keyhouse.core.moments import format_time
from keyhouse.services.audit.queries import EXPORTED_AT_ONCE
from tests.doors.api.conftest import House, Tenant

AT = "/v1/audit/export"


async def lines(tenant: Tenant, **query: str) -> list[dict[str, Any]]:
    answer = await tenant.client.get(AT, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/jsonl"
    assert answer.text.endswith("\n") or not answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def written(house: House, tenant: Tenant, count: int) -> list[str]:
    """So many more audit rows, a second apart, from 2020 on; their ids."""
    from keyhouse.core.ids import AUDIT, ENTROPY_BYTES, make_id

    start_us = 1_577_836_800_000_000
    made = []
    with house.database.rows.writing() as tx:
        for number in range(count):
            at = start_us + number * 1_000_000
            made.append(make_id(AUDIT, at, number.to_bytes(ENTROPY_BYTES, "big")))
            organization = tenant.organization
            row = AuditRow(
                id=made[-1],
                at=at,
                organization_id=organization,
                provider_id=organization,
                consumer_id=organization,
                actor="usr_1",
                action="key.revoke",
                subject=f"key_{number}",
                after={"name": "line\n\u2028ends ü"},
            )
            tx.insert(row)
    return made


async def test_an_export_is_all_of_it_in_order(house: House, tenant: Tenant) -> None:
    """More than one part: it is read as it is sent."""
    made = written(house, tenant, 2 * EXPORTED_AT_ONCE + 7)
    found = await lines(tenant)
    ids = [row["id"] for row in found]
    assert ids == sorted(ids)
    assert ids[: len(made)] == made
    listed = (await tenant.client.get("/v1/audit?limit=1")).json()["data"]
    assert found[-1] == listed[0], "what was done a moment ago is in it, in the same form"


async def test_an_export_of_a_time_and_one_that_goes_on(
    house: House, tenant: Tenant
) -> None:
    made = written(house, tenant, 20)
    times = {"since": "2020-01-01T00:00:05Z", "until": "2020-01-01T00:00:10Z"}
    assert [row["id"] for row in await lines(tenant, **times)] == made[5:10]
    rest = await lines(tenant, after=made[7], until="2020-01-01T00:00:10Z")
    assert [row["id"] for row in rest] == made[8:10]
    assert await lines(tenant, since="2099-01-01T00:00:00Z") == []


async def test_an_export_holds_nothing_of_another_tenant(house: House) -> None:
    ours, theirs = house.tenant("Ours"), house.tenant("Theirs")
    written(house, theirs, 3)
    told = str(await lines(ours))
    assert theirs.organization not in told
    assert "key_1" not in told


@pytest.mark.parametrize("after", ["x", "key_06TbZQ2dGmM8vXk1cPqRst", "\x00"])
async def test_a_place_that_is_none_is_refused(tenant: Tenant, after: str) -> None:
    answer = await tenant.client.get(AT, params={"after": after})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_it_needs_the_scope_for_the_whole_organization(
    house: House, tenant: Tenant
) -> None:
    held = {"project": tenant.project, "scopes": ["audit:read"]}
    key = await tenant.key(kind="management", access=[held])
    assert (await house.client(key["secret"]).get(AT)).status_code == 403


async def test_the_list_is_of_a_time_too(house: House, tenant: Tenant) -> None:
    made = written(house, tenant, 20)
    first = format_time(1_577_836_800_000_000)
    query = {"since": first, "until": "2020-01-01T00:00:10Z", "limit": "4"}
    pages: list[str] = []
    while True:
        page = (await tenant.client.get("/v1/audit", params=query)).json()
        pages += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert pages == list(reversed(made[:10]))
    one = {"since": first, "subject": "key_3", "actor": "usr_1", "action": "key.revoke"}
    found = (await tenant.client.get("/v1/audit", params=one)).json()["data"]
    assert [row["id"] for row in found] == [made[3]]


# -- no secret, whatever is done ------------------------------------------------------


class Walk:
    """Does this and that with secrets, and remembers each one."""

    def __init__(self, tenant: Tenant, seed: int) -> None:
        self.tenant = tenant
        self.random = random.Random(seed)
        self.secrets: list[str] = []
        self.keys: list[str] = []
        self.hooks: list[str] = []
        self.done = 0

    async def step(self) -> None:
        acts = (
            self.make_key,
            self.rotate_key,
            self.change_key,
            self.end_secret,
            self.make_hook,
            self.rotate_hook,
            self.change_hook,
            self.set_header,
            self.make_manager,
            self.invite,
            self.test_hook,
        )
        await self.random.choice(acts)()
        self.done += 1

    async def make_key(self) -> None:
        key = await self.tenant.key(metadata={"note": "theirs"})
        self.keys.append(key["id"])
        self.secrets.append(key["secret"])

    async def make_manager(self) -> None:
        held = {"organization": self.tenant.organization, "scopes": ["keys:read"]}
        key = await self.tenant.key(kind="management", access=[held])
        self.secrets.append(key["secret"])

    async def rotate_key(self) -> None:
        at = f"/v1/keys/{await self._key()}/rotate"
        made = await self.tenant.client.post(at, json={"overlap_seconds": 60})
        if made.status_code == 201:  # ten work at once, and no more
            self.secrets.append(made.json()["secret"])

    async def change_key(self) -> None:
        at = f"/v1/keys/{await self._key()}"
        change = {"name": f"name {self.done}", "ends_at": "2099-01-01T00:00:00Z"}
        assert (await self.tenant.client.patch(at, json=change)).status_code == 200

    async def end_secret(self) -> None:
        at = f"/v1/keys/{await self._key()}/secrets"
        secrets = (await self.tenant.client.get(at)).json()["data"]
        await self.tenant.client.delete(f"{at}/{self.random.choice(secrets)['id']}")

    async def set_header(self) -> None:
        value = f"Bearer {self.random.randbytes(20).hex()}"
        at = "/v1/apis/weather/headers/Authorization"
        assert (await self.tenant.client.put(at, json={"value": value})).is_success
        self.secrets.append(value.removeprefix("Bearer "))

    async def make_hook(self) -> None:
        if len(self.hooks) > 15:
            return
        token = self.random.randbytes(12).hex()
        url = f"https://hooks.example.com/{token}"
        made = await self.tenant.make("/v1/webhooks", url=url, events=["*"])
        self.hooks.append(made["id"])
        self.secrets += [made["secret"], token]

    async def rotate_hook(self) -> None:
        at = f"/v1/webhooks/{await self._hook()}/rotate-secret"
        made = await self.tenant.client.post(at, json={"overlap_seconds": 60})
        self.secrets.append(made.json()["secret"])

    async def change_hook(self) -> None:
        token = self.random.randbytes(12).hex()
        at = f"/v1/webhooks/{await self._hook()}"
        change = {"url": f"https://hooks.example.com/x?key={token}"}
        assert (await self.tenant.client.patch(at, json=change)).status_code == 200
        self.secrets.append(token)

    async def test_hook(self) -> None:
        at = f"/v1/webhooks/{await self._hook()}/test"
        assert (await self.tenant.client.post(at)).status_code == 200

    async def invite(self) -> None:
        to = {"email": f"ada{self.done}@example.com", "role": "viewer"}
        await self.tenant.make("/v1/invitations", **to)

    async def _key(self) -> str:
        if not self.keys:
            await self.make_key()
        return self.random.choice(self.keys)

    async def _hook(self) -> str:
        if not self.hooks:
            await self.make_hook()
        return self.random.choice(self.hooks)


def _forms(secret: str) -> set[str]:
    """A secret as it may stand somewhere: whole, its own part, hashed, encoded."""
    # A ticket may hold an underscore anywhere, so a part of it may be one letter.
    own = secret.removeprefix("whsec_") if secret.startswith("whsec_") else secret
    body = own.rpartition("_")[2] if own.startswith("kh_") else own
    raw = secret.encode()
    return {
        secret,
        body,
        hashlib.sha256(raw).hexdigest(),
        hashlib.blake2b(raw, digest_size=32).hexdigest(),
        base64.b64encode(raw).decode(),
    }


def _told(house: House) -> str:
    """All that audit, events and deliveries hold, and remembered answers too."""
    tables = sa.MetaData()
    with house.database.engine.connect() as connection:
        tables.reflect(connection, only=["audit", "event", "delivery", "idempotency"])
        rows = [
            tuple(row)
            for table in tables.sorted_tables
            for row in connection.execute(sa.select(table))
        ]
    return repr(rows)


@pytest.mark.parametrize("seed", range(4))
async def test_no_secret_comes_into_audit_or_events_whatever_is_done(
    house: House, tenant: Tenant, seed: int
) -> None:
    await tenant.weather()
    walk = Walk(tenant, seed)
    for _ in range(40):
        await walk.step()
    words = [word for mail in house.letters.sent for word in mail.text.split()]
    tickets = [word.rpartition("/")[2] for word in words if "/invitations/" in word]
    assert len(tickets) == len(house.letters.sent)
    told = _told(house)
    assert len(told) > 10_000, "the walk leaves hardly a trace"
    for secret in (*walk.secrets, *tickets, tenant.secret):
        for form in _forms(secret):
            assert form not in told, "a secret, or something made of it, is told"
    with house.database.rows.reading() as tx:
        digests = [row.digest for row in tx.find(SecretRow)]
    assert len(digests) > len(walk.keys)
    for digest in digests:
        assert digest.hex() not in told
        assert base64.b64encode(digest).decode() not in told
        assert repr(digest)[2:-1] not in told


async def test_what_is_done_to_a_subscription_is_read_by_both_sides(house: House) -> None:
    """A consumer finds why its keys are refused, and not who works at the provider."""
    provider, consumer, stranger = map(house.tenant, ("Ours", "Theirs", "Nobody's"))
    await provider.weather()
    opened = [{"api": "weather"}]
    offer = {"slug": "basic", "visibility": "public", "access": opened}
    plan = await provider.make("/v1/plans", **offer)
    app = await consumer.make("/v1/applications", name="a")
    joined = {"plan": plan["id"], "application": app["id"]}
    id = (await consumer.make("/v1/subscriptions", **joined))["id"]
    suspended = await provider.client.post(f"/v1/subscriptions/{id}/suspend")
    request_id = suspended.headers["Keyhouse-Request-Id"]

    async def told(tenant: Tenant, **query: str) -> list[tuple[str, bool]]:
        """What was done, and whether it is told by whom."""
        query = {"subject": id, "limit": "1", **query}
        listed: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while not listed or cursor:
            page = await tenant.client.get("/v1/audit", params={**query, **cursor})
            listed += page.json()["data"]
            after = page.json()["next_cursor"]
            cursor = {"cursor": after} if after else {}
            if not listed:
                break
        if "actor" not in query:
            rows = [row for row in await lines(tenant) if row["subject"] == id]
            assert rows == listed[::-1]
        return [(row["action"], bool(row["actor"])) for row in listed]

    made, stopped = "subscription.create", "subscription.suspend"
    assert await told(provider) == [(stopped, True), (made, False)]
    assert await told(consumer) == [(stopped, False), (made, True)]
    assert await told(stranger) == []
    (theirs,) = [row for row in await lines(provider) if row["action"] == made]
    assert "created_by" not in theirs["after"]
    (own,) = [row for row in await lines(provider) if row["action"] == stopped]
    assert (own["request_id"], own["after"]["state"]) == (request_id, "suspended")
    assert await told(consumer, actor=own["actor"]) == []
    assert await told(provider, actor=own["actor"]) == [(stopped, True)]


async def test_it_tells_times_as_times_whatever_is_done(
    house: House, tenant: Tenant
) -> None:
    """No microseconds: they are the one thing with so many digits."""
    await tenant.weather()
    walk = Walk(tenant, 1)
    for _ in range(30):
        await walk.step()
    daily = {"name": "daily", "quota": 100, "window": "day"}
    more = {"slug": "basic", "access": [{"api": "weather"}], "limits": [daily]}
    plan = (await tenant.make("/v1/plans", **more))["id"]
    app = (await tenant.make("/v1/applications", name="Shop"))["id"]
    joined = {"plan": plan, "application": app}
    at = f"/v1/subscriptions/{(await tenant.make('/v1/subscriptions', **joined))['id']}"
    override = {**daily, "quota": 500, "ends_at": "2099-01-01T00:00:00Z"}
    given = await tenant.client.patch(at, json={"overrides": [override]})
    assert given.status_code == 200, given.text
    less = {"limits": [{**daily, "quota": 10}], "applies": "next_window"}
    assert (await tenant.client.patch(f"/v1/plans/{plan}", json=less)).is_success
    for act in ("suspend", "resume"):
        assert (await tenant.client.post(f"{at}/{act}")).is_success
    for act in ("disable", "enable", "revoke"):
        assert (await tenant.client.post(f"/v1/keys/{walk.keys[0]}/{act}")).is_success
    rows = await lines(tenant)
    text = json.dumps([[row["before"], row["after"]] for row in rows])
    for told in ("2099-01-01T00:00:00Z", "state_since", "revoked_at"):
        assert told in text
    assert re.findall(r'"\w+": \d{14,}', text) == []
    listed = (await tenant.client.get("/v1/audit?limit=100")).json()["data"]
    assert listed == rows[::-1][:100]
