"""Hosts of APIs: each leads to one API of the installation, whoever's it is."""

from dataclasses import replace

import pytest

from keyhouse.core.entities import ApiHost
from keyhouse.core.keyring import Keyring
from tests.doors.api.conftest import House, Tenant
from tests.servers.control import PEPPER


def kept(house: House) -> dict[str, str]:
    """The index of hosts: host to API."""
    with house.database.rows.reading() as tx:
        return {row.id: row.api_id for row in tx.find(ApiHost)}


async def test_hosts_are_given_changed_and_taken_away(house: House, tenant: Tenant) -> None:
    made = await tenant.make("/v1/apis", slug="weather", hosts=["api.example.com"])
    assert (made["hosts"], made["prefix"]) == (["api.example.com"], "strip")
    assert kept(house) == {"api.example.com": made["id"]}
    at = "/v1/apis/weather"
    hosts = ["*.example.com", "api.example.com", "weather"]
    changed = await tenant.client.patch(at, json={"hosts": hosts, "prefix": "keep"})
    assert changed.json() == (await tenant.client.get(at)).json()
    assert (changed.json()["hosts"], changed.json()["prefix"]) == (hosts, "keep")
    assert set(kept(house)) == set(hosts)
    assert (await tenant.client.patch(at, json={"name": "W"})).json()["hosts"] == hosts
    cleared = await tenant.client.patch(at, json={"hosts": None, "prefix": None})
    assert (cleared.json()["hosts"], cleared.json()["prefix"]) == ([], "strip")
    assert kept(house) == {}


async def test_a_host_is_free_again_once_its_api_is_gone(
    house: House, tenant: Tenant
) -> None:
    await tenant.make("/v1/apis", slug="weather", hosts=["api.example.com"])
    assert (await tenant.client.delete("/v1/apis/weather")).status_code == 204
    assert kept(house) == {}
    await tenant.make("/v1/apis", slug="maps", hosts=["api.example.com"])


async def test_a_change_of_hosts_is_told_to_gateways(house: House, tenant: Tenant) -> None:
    """By name: a gateway forgets what it knew of hosts, and of the API."""
    api = await tenant.make("/v1/apis", slug="weather", hosts=["api.example.com"])
    feed = house.database.feed()
    try:
        before = feed.read(0).head
        await tenant.client.patch("/v1/apis/weather", json={"hosts": ["b.example.com"]})
        told = {tuple(row.part) for row in feed.read(before).rows}
        before = feed.read(0).head
        await tenant.client.patch("/v1/apis/weather", json={"name": "W"})
        told_later = {tuple(row.part) for row in feed.read(before).rows}
    finally:
        feed.close()
    assert told == {
        ("api", api["id"]),
        ("host", "api.example.com"),
        ("host", "b.example.com"),
    }
    assert told_later == {("api", api["id"])}


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("api.example.com", "api.example.com"),
        ("*.example.com", "*.example.com"),
        ("*.example.com", "api.example.com"),
        ("api.example.com", "*.example.com"),
    ],
)
async def test_nobody_takes_anothers_host_nor_one_from_below_its_star(
    house: House, theirs: str, mine: str
) -> None:
    other, tenant = house.tenant("Other"), house.tenant("Acme")
    await other.make("/v1/apis", slug="theirs", hosts=[theirs])
    body = {"slug": "mine", "hosts": ["free.example.org", mine]}
    refused = await tenant.client.post("/v1/apis", json=body)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["field"] == "hosts"
    assert (await tenant.client.get("/v1/apis")).json()["data"] == []
    assert set(kept(house)) == {theirs}


async def test_one_organization_shares_out_what_is_below_its_star(
    house: House, tenant: Tenant
) -> None:
    await tenant.make("/v1/apis", slug="all", hosts=["*.example.com"])
    await tenant.make("/v1/apis", slug="one", hosts=["one.example.com"])
    twice = {"slug": "two", "hosts": ["one.example.com"]}
    assert (await tenant.client.post("/v1/apis", json=twice)).status_code == 409
    deeper = house.tenant("Other")
    await deeper.make("/v1/apis", slug="deeper", hosts=["a.one.example.com"])


async def test_apis_share_a_host_by_prefixes(house: House, tenant: Tenant) -> None:
    """Each change says which place is wrong, or whose, and leaves all as it was."""
    hosts = ["api.example.com", "api.example.com/weather"]
    made = await tenant.make("/v1/apis", slug="weather", hosts=hosts)
    assert made["hosts"] == hosts
    maps = await tenant.make("/v1/apis", slug="maps", hosts=["api.example.com/maps"])
    assert kept(house)["api.example.com/maps"] == maps["id"]
    twice = {"slug": "two", "hosts": ["api.example.com/maps"]}
    refused = await tenant.client.post("/v1/apis", json=twice)
    assert refused.status_code == 409
    (error,) = refused.json()["errors"]
    assert error["field"] == "hosts"
    assert error["reason"] == "has api.example.com/maps, which another API has"
    wrong = {"hosts": ["api.example.com/maps", "api.example.com/a/../b"]}
    refused = await tenant.client.patch("/v1/apis/maps", json=wrong)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["field"], error["mend"]) == (
        "hosts.1",
        "leave empty segments, . and .. out of the prefix",
    )
    assert set(kept(house)) == {*hosts, "api.example.com/maps"}


async def test_a_prefix_on_anothers_host_is_refused_like_the_host_itself(
    house: House,
) -> None:
    """In the same words, whether there is such a prefix or not."""
    other, tenant = house.tenant("Other"), house.tenant("Acme")
    await other.make("/v1/apis", slug="theirs", hosts=["api.example.com/theirs"])
    told = []
    for place in ("", "/theirs", "/free", "/theirs/below"):
        body = {"slug": "mine", "hosts": [f"api.example.com{place}"]}
        refused = await tenant.client.post("/v1/apis", json=body)
        assert refused.status_code == 409
        told.append(refused.json()["errors"])
    assert told == [told[0]] * 4
    assert "theirs" not in str(told)


async def test_a_change_of_prefixes_is_told_to_gateways(
    house: House, tenant: Tenant
) -> None:
    api = await tenant.make("/v1/apis", slug="weather", hosts=["api.example.com"])
    feed = house.database.feed()
    try:
        before = feed.read(0).head
        hosts = {"hosts": ["api.example.com", "api.example.com/v1"]}
        await tenant.client.patch("/v1/apis/weather", json=hosts)
        told = {tuple(row.part) for row in feed.read(before).rows}
    finally:
        feed.close()
    assert told == {("api", api["id"]), ("host", "api.example.com/v1")}


async def test_a_name_of_keyhouse_itself_is_no_apis(tenant: Tenant) -> None:
    refused = await tenant.client.post(
        "/v1/apis", json={"slug": "mine", "hosts": ["gateway.example"]}
    )
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "hosts.0"


async def test_the_audit_tells_which_hosts(tenant: Tenant) -> None:
    await tenant.make("/v1/apis", slug="weather")
    await tenant.client.patch("/v1/apis/weather", json={"hosts": ["api.example.com"]})
    row = (await tenant.client.get("/v1/audit")).json()["data"][0]
    assert row["before"] == {"hosts": []}
    assert row["after"] == {"hosts": ["api.example.com"]}


async def test_an_upstream_is_told_by_a_signed_token_if_there_is_a_key_to_sign_it(
    house: House, tenant: Tenant
) -> None:
    made = await tenant.make("/v1/apis", slug="weather")
    assert made["identity"] == "headers"
    at, signed = "/v1/apis/weather", {"identity": "signed"}
    assert (await tenant.client.patch(at, json=signed)).json()["identity"] == "signed"
    cleared = await tenant.client.patch(at, json={"identity": None})
    assert cleared.json()["identity"] == "headers"
    house.app.state.office = replace(house.office, keyring=Keyring((PEPPER,)))
    refused = await tenant.client.patch(at, json=signed)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["field"], error["reason"]) == ("identity", "cannot be signed")
    assert "new-signing-key" in error["mend"]
