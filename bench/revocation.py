"""How long a revoked key goes on being served, by real processes.

Each key is called without a pause at every gateway while it is revoked through
the management API. Told is the time from the API's answer until the last of
the gateways has refused it for the first time; 0 where all had before.
"""

import contextlib
import http.client
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from bench import gateway, goals, peers, results
from bench.crowd import SLUG
from bench.processes import BenchFailed, Cores
from bench.results import Row
from keyhouse_client import Client
from tests.servers.postgres import PostgresServer

REVOCATIONS = 100
NODES = 3
_SECONDS_MAX = 30.0
_PART = "Revocation"


def here(cores: Cores, folder: Path) -> list[Row]:
    """One gateway on SQLite."""
    with peers.upstream(cores) as upstream:
        prepared = gateway.prepare(folder, cores, upstream)
        told = _delays(prepared, cores, 1)
    return _rows(goals.REVOKED_HERE, "one machine", told)


def on_nodes(cores: Cores, folder: Path) -> list[Row]:
    """Three gateways on one PostgreSQL, which does not wait for its disk."""
    with peers.upstream(cores) as upstream, _postgres() as url:
        more = {"KEYHOUSE_DATA__DATABASE_URL": url}
        prepared = gateway.prepare(folder, cores, upstream, more=more)
        told = _delays(prepared, cores, NODES)
    return _rows(goals.REVOKED_THERE, "three nodes, PostgreSQL", told)


@contextlib.contextmanager
def _postgres() -> Generator[str]:
    server = PostgresServer()
    try:
        yield server.url(server.create())
    finally:
        server.stop()


def _rows(goal: str, where: str, told: Sequence[float]) -> list[Row]:
    ordered = sorted(one * 1000 for one in told)
    # Of a hundred: all but one are no slower than this.
    p99 = ordered[-(-len(ordered) * 99 // 100) - 1]
    spread = (round(ordered[0], 2), round(ordered[-1], 2))
    median = results.single(f"{where}, p50, ms", ordered[len(ordered) // 2])
    return [results.single(goal, p99, spread), replace(median, part=_PART)]


def _delays(prepared: gateway.Prepared, cores: Cores, nodes: int) -> list[float]:
    """Seconds, of each revocation."""
    with contextlib.ExitStack() as stack:
        ports = [
            stack.enter_context(gateway.gateway(prepared, cores.server)).port
            for _ in range(nodes)
        ]
        key, port = prepared.management_key, prepared.management_port
        served = gateway.management(prepared.environ, key, port, cores)
        client = stack.enter_context(served)
        return [_delay(client, ports, number) for number in range(REVOCATIONS)]


def _delay(client: Client, ports: Sequence[int], number: int) -> float:
    made = client.keys.create(f"to be revoked {number}", [{"api": SLUG}])
    callers = [_Caller(port, str(made["secret"])) for port in ports]
    for caller in callers:
        if not caller.served.wait(_SECONDS_MAX):
            raise BenchFailed("a new key is not served")
    client.keys.revoke(made["id"])
    revoked_at = time.monotonic()
    for caller in callers:
        caller.join(_SECONDS_MAX)
        if caller.refused_at is None:
            raise BenchFailed(caller.failure or "a revoked key goes on being served")
    return max(0.0, *((one.refused_at or 0.0) - revoked_at for one in callers))


class _Caller(threading.Thread):
    """Calls until it is refused; `served` once it was answered."""

    def __init__(self, port: int, secret: str) -> None:
        super().__init__(daemon=True)
        self.served = threading.Event()
        self.refused_at: float | None = None
        self.failure = ""
        self._port = port
        self._headers = {"X-API-Key": secret}
        self.start()

    def run(self) -> None:
        """Call without a pause."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        with contextlib.closing(connection):
            deadline = time.monotonic() + 2 * _SECONDS_MAX
            while time.monotonic() < deadline:
                connection.request("GET", f"/{SLUG}/", headers=self._headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.served.set()
                elif answer.status == 401 and self.served.is_set():
                    self.refused_at = time.monotonic()
                    return
                elif answer.status != 401:
                    self.failure = f"a gateway answers {answer.status}"
                    return
