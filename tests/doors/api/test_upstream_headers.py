"""Headers for upstreams through the management API: set, replaced, never told again."""

import asyncio

import pytest

from keyhouse.adapters.database import open_database
from keyhouse.adapters.sealing import AeadSealer
from keyhouse.core.entities import UpstreamHeader
from keyhouse.core.records import ApiRecord, PartRef
from keyhouse.core.upstream_headers import Unseal, sealing_context
from keyhouse.ports import Sealed
from tests.doors.api.conftest import House, Tenant
from tests.servers.control import KEYRING

AT = "/v1/apis/weather/headers"
HUSH = "Bearer hush-hush"


def unsealer() -> Unseal:
    sealer = AeadSealer(KEYRING)

    def unseal(row: UpstreamHeader) -> bytes | None:
        sealed = Sealed(row.sealing_key_id, row.sealed)
        return sealer.unseal(sealed, sealing_context(row.api_id, row.name))

    return unseal


def loaded(house: House, unseal: Unseal | None) -> ApiRecord:
    """The API as a gateway, or without `unseal` a guard, loads it."""
    database = open_database(house.database.engine.url.render_as_string(), unseal)
    try:
        snapshot = database.keys.find_api("weather")
        api = snapshot.parts[PartRef("api", snapshot.api_id or "")]
    finally:
        database.dispose()
    assert isinstance(api, ApiRecord)
    return api


async def test_a_header_is_set_told_replaced_and_deleted(
    house: House, tenant: Tenant
) -> None:
    await tenant.make("/v1/apis", slug="weather")
    client = tenant.client
    told = await client.put(f"{AT}/Authorization", json={"value": HUSH})
    assert told.status_code == 200, told.text
    assert set(told.json()) == {"name", "set_at", "set_by"}
    assert told.json() == (await client.get(f"{AT}/authorization")).json()
    await client.put(f"{AT}/X-Internal-Key", json={"value": "inner"})
    listed = (await client.get(AT)).json()
    assert [one["name"] for one in listed["data"]] == ["Authorization", "X-Internal-Key"]
    headers = loaded(house, unsealer()).upstream_headers
    assert headers is not None
    assert headers.lines == (
        b"Authorization: Bearer hush-hush\r\nX-Internal-Key: inner\r\n"
    )
    assert headers.names == {b"authorization", b"x-internal-key"}
    await client.put(f"{AT}/authorization", json={"value": "Bearer other"})
    assert (await client.delete(f"{AT}/x_internal.key")).status_code == 204
    headers = loaded(house, unsealer()).upstream_headers
    assert headers is not None
    assert headers.lines == b"authorization: Bearer other\r\n"
    assert (await client.delete(f"{AT}/X-Internal-Key")).status_code == 404


async def test_a_guard_is_told_nothing_of_them(house: House, tenant: Tenant) -> None:
    await tenant.make("/v1/apis", slug="weather")
    await tenant.client.put(f"{AT}/Authorization", json={"value": HUSH})
    assert loaded(house, None).upstream_headers is None


async def test_no_answer_no_audit_and_no_row_tells_the_value(
    house: House, tenant: Tenant
) -> None:
    await tenant.make("/v1/apis", slug="weather")
    client = tenant.client
    answers = [
        await client.put(f"{AT}/Authorization", json={"value": HUSH}),
        await client.put(f"{AT}/Authorization", json={"value": HUSH + "\n"}),
        await client.put(f"{AT}/Host", json={"value": HUSH}),
        await client.get(AT),
        await client.get("/v1/apis/weather"),
        await client.delete(f"{AT}/Authorization"),
        await client.get("/v1/audit"),
    ]
    assert [one.status_code for one in answers] == [200, 422, 422, 200, 200, 204, 200]
    assert "hush" not in "".join(one.text for one in answers)
    rows = answers[-1].json()["data"][:2]
    assert [row["action"] for row in rows] == [
        "upstream_header.delete",
        "upstream_header.create",
    ]
    assert rows[1]["after"] == {"name": "Authorization"}
    await client.put(f"{AT}/Authorization", json={"value": HUSH})
    with house.database.rows.reading() as tx:
        (row,) = tx.find(UpstreamHeader)
    assert b"hush" not in row.sealed
    assert "hush" not in repr(row)
    assert str(row.sealed) not in repr(row)


async def test_a_row_that_was_copied_to_another_api_does_not_open(
    house: House, tenant: Tenant
) -> None:
    """Who can write the database, and has no keyring, moves no password about."""
    other = await tenant.make("/v1/apis", slug="maps")
    await tenant.make("/v1/apis", slug="weather")
    await tenant.client.put("/v1/apis/maps/headers/X-A", json={"value": HUSH})
    with house.database.rows.writing() as tx:
        (row,) = tx.find(UpstreamHeader, api_id=other["id"])
        mine = (await asyncio.to_thread(loaded, house, None)).id
        tx.update(row, api_id=mine)
    headers = loaded(house, unsealer()).upstream_headers
    assert headers is not None
    assert headers.lines is None


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "connection",
        "Content-Length",
        "content_length",
        "Transfer-Encoding",
        "Transfer.Encoding",
        "TE",
        "Trailer",
        "Upgrade",
        "Keep-Alive",
        "Expect",
        "Proxy-Authorization",
        "Keyhouse-Key-Id",
        "keyhouse_subject",
        "X-Forwarded-For",
        "X_Forwarded_Proto",
        "Forwarded",
        "X-Real-IP",
        "a%20b",
        "a%3Ab",
        "a%0D%0Ab",
        "%C3%A9",
        "x" * 65,
    ],
)
async def test_names_that_are_not_theirs_to_say(tenant: Tenant, name: str) -> None:
    await tenant.make("/v1/apis", slug="weather")
    refused = await tenant.client.put(f"{AT}/{name}", json={"value": "x"})
    assert refused.status_code == 422, refused.text
    (error,) = refused.json()["errors"]
    assert error["field"] == "name"
    assert error["reason"]
    assert error["mend"]


@pytest.mark.parametrize(
    "value", ["", " ", " x", "x ", "a\r\nX-Evil: 1", "a\nb", "a\0b", "\u00e9", "x" * 4097]
)
async def test_values_that_are_none(tenant: Tenant, value: str) -> None:
    await tenant.make("/v1/apis", slug="weather")
    refused = await tenant.client.put(f"{AT}/X-A", json={"value": value})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "value"


async def test_they_are_bounded(tenant: Tenant) -> None:
    await tenant.make("/v1/apis", slug="weather")
    for number in range(16):
        told = await tenant.client.put(f"{AT}/X-{number}", json={"value": "x"})
        assert told.status_code == 200
    assert (await tenant.client.put(f"{AT}/X-16", json={"value": "x"})).status_code == 409
    assert (await tenant.client.put(f"{AT}/X-15", json={"value": "y"})).status_code == 200


async def test_they_go_with_their_api(house: House, tenant: Tenant) -> None:
    await tenant.make("/v1/apis", slug="weather")
    await tenant.client.put(f"{AT}/X-A", json={"value": "x"})
    assert (await tenant.client.delete("/v1/apis/weather")).status_code == 204
    with house.database.rows.reading() as tx:
        assert tx.find(UpstreamHeader) == []


async def test_anothers_headers_are_not_there(house: House, tenant: Tenant) -> None:
    await tenant.make("/v1/apis", slug="weather")
    other = house.tenant("Other").client
    assert (await other.get(AT)).status_code == 404
    assert (await other.put(f"{AT}/X-A", json={"value": "x"})).status_code == 404
    assert (await other.delete(f"{AT}/X-A")).status_code == 404


async def test_a_change_is_told_to_gateways(house: House, tenant: Tenant) -> None:
    api = await tenant.make("/v1/apis", slug="weather")
    feed = house.database.feed()
    try:
        before = feed.read(0).head
        await tenant.client.put(f"{AT}/X-A", json={"value": "x"})
        told = [tuple(row.part) for row in feed.read(before).rows]
    finally:
        feed.close()
    assert told == [("api", api["id"])]
