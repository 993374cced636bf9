"""`/v1/changes/{seq}`, and the number that writes tell."""

import asyncio
from typing import Any

import pytest

from keyhouse.core.entities import Role
from keyhouse.doors.api import changes
from keyhouse.ports import Node
from tests.doors.api.conftest import House, Tenant


def _node(house: House, applied: int, **more: Any) -> Node:
    now_us = house.office.clock.now_us()
    node = Node("nod_06TbZQ2dGmM8vXk1cPqRst", "boot", "gateway", 7, applied, now_us)
    node = node._replace(**more)
    house.database.nodes.announce(node)
    return node


async def _revoked(tenant: Tenant) -> int:
    await tenant.weather()
    key = await tenant.key()
    answer = await tenant.client.post(f"/v1/keys/{key['id']}/revoke", json={})
    return int(answer.headers["Keyhouse-Change-Seq"])


async def test_a_change_waits_for_the_nodes_that_have_not_told(
    house: House, tenant: Tenant
) -> None:
    seq = await _revoked(tenant)
    node = _node(house, seq - 1)
    told = (await tenant.client.get(f"/v1/changes/{seq}")).json()
    assert (told["seq"], told["in_force"], told["waiting"]) == (seq, False, 1)
    [waited] = told["nodes"]
    assert (waited["id"], waited["kind"], waited["applied_seq"]) == (
        node.id,
        "gateway",
        seq - 1,
    )
    assert told["made_at"] <= told["checked_at"] < told["stale_until"]
    assert waited["stale_until"] == told["stale_until"]
    _node(house, seq)
    told = (await tenant.client.get(f"/v1/changes/{seq}")).json()
    assert (told["in_force"], told["waiting"], told["nodes"]) == (True, 0, [])
    assert told["stale_until"] is None


async def test_whoever_waits_hears_of_it_when_it_is_so(
    house: House, tenant: Tenant
) -> None:
    seq = await _revoked(tenant)
    _node(house, seq - 1)
    at = f"/v1/changes/{seq}"
    soon = await tenant.client.get(at, params={"wait_seconds": 0.05})
    assert soon.json()["in_force"] is False
    waiting = asyncio.create_task(tenant.client.get(at, params={"wait_seconds": 30}))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    _node(house, seq)
    async with asyncio.timeout(10):
        assert (await waiting).json()["in_force"] is True


async def test_only_so_many_wait(
    house: House, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tenant's scripts must not keep all others from waiting."""
    monkeypatch.setattr(changes, "OF_ONE_MAX", 1)
    seq = await _revoked(tenant)
    _node(house, seq - 1)
    query = {"wait_seconds": 30}
    first = asyncio.create_task(tenant.client.get(f"/v1/changes/{seq}", params=query))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(10):
        second = await tenant.client.get(f"/v1/changes/{seq}", params=query)
        assert second.json()["in_force"] is False
        other = house.tenant("Globex")
        third = asyncio.create_task(other.client.get(f"/v1/changes/{seq}", params=query))
        await asyncio.sleep(0.1)
        assert not third.done()
        _node(house, seq)
        assert (await first).json()["in_force"]
        assert (await third).json()["in_force"]


async def test_no_tenant_learns_of_nodes_where_others_may_sign_up(
    house: House, tenant: Tenant
) -> None:
    """How many machines an operator has, and how they are, is no tenant's affair."""
    seq = await _revoked(tenant)
    node = _node(house, seq - 1)
    house.people = house.app.state.people = _open(house)
    answer = await tenant.client.get(f"/v1/changes/{seq}")
    assert (answer.json()["waiting"], answer.json()["nodes"]) == (1, None)
    assert node.id not in answer.text


def _open(house: House) -> Any:
    people = house.people
    return type(people)(
        office=people.office,
        hasher=people.hasher,
        mailer=people.mailer,
        admits="invited",
        public_url=people.public_url,
    )


async def test_any_key_and_any_member_may_ask(house: House, tenant: Tenant) -> None:
    seq = await _revoked(tenant)
    access = [{"organization": tenant.organization, "scopes": ["usage:read"]}]
    narrow = await tenant.key(kind="management", access=access, environment=None)
    at = f"/v1/changes/{seq}"
    assert (await house.client(narrow["secret"]).get(at)).status_code == 200
    viewer = house.browser(tenant.member(house, Role.VIEWER))
    assert (await viewer.get(at)).status_code == 200
    assert (await house.client(None).get(at)).status_code == 401


async def test_a_number_that_is_none_is_refused(tenant: Tenant) -> None:
    seq = await _revoked(tenant)
    assert (await tenant.client.get(f"/v1/changes/{seq + 1}")).status_code == 404
    for wrong in ("0", "-1", "x", "9" * 30):
        assert (await tenant.client.get(f"/v1/changes/{wrong}")).status_code == 422
    for wrong in ("-1", "31", "x"):
        answer = await tenant.client.get(f"/v1/changes/{seq}?wait_seconds={wrong}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "wait_seconds"


async def test_what_takes_many_transactions_tells_its_last_change(
    house: House, tenant: Tenant
) -> None:
    """Or nobody could wait for a revocation of all keys of an application."""
    await tenant.weather()
    key = await tenant.key(name="A")
    await tenant.key(name="B")
    body = {"application": key["application"]}
    done = await tenant.client.post("/v1/keys/revoke", json=body)
    seq = int(done.headers["Keyhouse-Change-Seq"])
    assert house.database.nodes.standing(seq).head == seq
    again = await tenant.client.post("/v1/keys/revoke", json=body)
    assert "Keyhouse-Change-Seq" not in again.headers
