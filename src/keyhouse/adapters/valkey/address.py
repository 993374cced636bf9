"""Where the counters are: `data.counters_url`."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from valkey.asyncio import Valkey, ValkeyCluster
from valkey.asyncio.cluster import ClusterNode

ANSWER_SECONDS_MAX: Final = 0.25
"""A counter that does not answer by then is taken to be away: requests wait for it."""
_PORT: Final = 6379
_CLUSTER: Final = "+cluster"
_UNIX: Final = "valkey+unix://"
_PLAIN: Final = ("valkey", "redis")
_TLS: Final = ("valkeys", "rediss")
_OPTIONS: Final[dict[str, Any]] = {
    "socket_timeout": ANSWER_SECONDS_MAX,
    "socket_connect_timeout": ANSWER_SECONDS_MAX,
}


class AddressError(ValueError):
    """An address that cannot be one; the text follows the setting's name."""


class Connect(NamedTuple):
    """Makes a client. In a cluster the keys of one script lie in one slot."""

    client: Callable[[], Any]
    is_cluster: bool


def connector(url: str) -> Connect:
    """What `url` names; nothing is opened yet.

    `valkey://user:password@host:port/0`, `valkeys://` with TLS, and
    `valkey+cluster://host:port,host:port` with any of a cluster's nodes;
    `valkey+unix:///path` for a socket of this machine.
    Raises AddressError.
    """
    if url.startswith(_UNIX):
        path = url.removeprefix(_UNIX)
        return Connect(partial(Valkey, unix_socket_path=path, **_OPTIONS), is_cluster=False)
    parts = urlsplit(url)
    scheme = parts.scheme.removesuffix(_CLUSTER)
    if scheme not in (*_PLAIN, *_TLS) or not parts.netloc:
        raise AddressError("is valkey://host:port, valkeys://… or valkey+cluster://…")
    options: dict[str, Any] = {**_OPTIONS, "ssl": scheme in _TLS, **_who(parts)}
    if parts.scheme != scheme:
        return Connect(partial(_cluster, _hosts(parts), options), is_cluster=True)
    ((host, port),) = _one(_hosts(parts))
    number = parts.path.strip("/") or "0"
    if not number.isdecimal():
        raise AddressError("ends after the port, or with the number of a database")
    known: dict[str, Any] = {"host": host, "port": port, "db": int(number)}
    return Connect(partial(Valkey, **known, **options), is_cluster=False)


def _cluster(hosts: list[tuple[str, int]], options: dict[str, Any]) -> ValkeyCluster:
    nodes = [ClusterNode(host, port) for host, port in hosts]
    # A counter is asked again by the next request, not by this one.
    return ValkeyCluster(startup_nodes=nodes, cluster_error_retry_attempts=1, **options)


def _who(parts: SplitResult) -> dict[str, str]:
    known = {"username": parts.username, "password": parts.password}
    return {name: unquote(value) for name, value in known.items() if value}


def _hosts(parts: SplitResult) -> list[tuple[str, int]]:
    _, _, hosts = parts.netloc.rpartition("@")
    return [_host(text) for text in hosts.split(",")]


def _host(text: str) -> tuple[str, int]:
    try:
        one = urlsplit(f"//{text}")
        host, port = one.hostname, one.port
    except ValueError:
        raise AddressError(f"names the host {text!r}, which is none") from None
    if not host:
        raise AddressError(f"names the host {text!r}, which is none")
    return host, port or _PORT


def _one(hosts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    if len(hosts) != 1:
        raise AddressError("names several hosts: write valkey+cluster:// for a cluster")
    return hosts
