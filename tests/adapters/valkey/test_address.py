"""A wrong address is told in words, before anything is opened."""

import pytest
from valkey.asyncio import Valkey, ValkeyCluster

from keyhouse.adapters.valkey import AddressError, connector


def test_one_server_with_its_credentials_and_database() -> None:
    connect = connector("valkey://me:p%40ss@counters.example:7000/3")
    client = connect.client()
    known = client.connection_pool.connection_kwargs
    assert isinstance(client, Valkey)
    assert not connect.is_cluster
    wanted = {"host": "counters.example", "port": 7000, "db": 3, "username": "me"}
    assert {name: known[name] for name in wanted} == wanted
    assert known["password"] == "p@ss"


def test_tls_is_a_scheme_of_its_own() -> None:
    pool = connector("valkeys://counters.example").client().connection_pool
    assert "SSL" in pool.connection_class.__name__


async def test_a_cluster_is_named_by_any_of_its_nodes() -> None:
    connect = connector("valkey+cluster://one.example:7000,[::1]:7001")
    assert connect.is_cluster
    assert isinstance(connect.client(), ValkeyCluster)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://counters.example", "valkey://host:port"),
        ("valkey://", "valkey://host:port"),
        ("valkey://one.example,two.example", "several hosts"),
        ("valkey://one.example:many", "which is none"),
        ("valkey+cluster://one.example,:7000", "which is none"),
        ("valkey://one.example/first", "number of a database"),
    ],
)
def test_an_address_that_is_none(url: str, told: str) -> None:
    with pytest.raises(AddressError, match=told):
        connector(url)
