"""What is measured of two real workers, and when a change is in force at both."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from keyhouse_client import Client
from tests.contracts.conftest import postgres
from tests.journeys.conftest import Machine, free_port, until
from tests.servers.postgres import PostgresServer  # noqa: TC001 - one place for imports

__all__ = ["postgres"]

CALLS = 24


class Place(NamedTuple):
    """Where the management API is, and a key for all of it."""

    url: str
    api_key: str

    def client(self) -> Client:
        return Client(self.url, self.api_key)

    def metrics(self, secret: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {secret or self.api_key}"}
        return httpx.get(f"{self.url}/metrics", headers=headers)


@pytest.fixture(params=["sqlite", "postgresql"])
def served(machine: Machine, request: pytest.FixtureRequest) -> Machine:
    """A machine whose database is each of the two in turn."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        machine.more["KEYHOUSE_DATA__DATABASE_URL"] = server.url(server.create())
    return machine


def _place(machine: Machine) -> Place:
    kept = json.loads((machine.data / "cli.json").read_text())
    return Place(kept["management_url"], kept["api_key"])


def _started(machine: Machine) -> tuple[Any, Place]:
    machine.run("bootstrap")
    serve, _ = machine.serve("--workers", "2")
    return serve, _place(machine)


def _key(client: Client, name: str = "k") -> tuple[str, str]:
    made = client.keys.create(name, [{"api": "echo"}])
    return made["id"], str(made["secret"])


def _gateways(serve: Any) -> list[int]:
    children = psutil.Process(serve.pid).children()
    return sorted(one.pid for one in children if "gateway" in one.cmdline())


Values = dict[tuple[str, ...], float]


def _read(text: str) -> dict[str, Values]:
    """Values by sample, and by its labels' values in the order of their names."""
    found: dict[str, Values] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def _sum(values: Values, *labels: str) -> float:
    """Of all whose labels have these among them."""
    return sum(value for way, value in values.items() if set(labels) <= set(way))


def _eventually(check: Callable[[], bool], told: Callable[[], object]) -> None:
    assert until(check), told()


def test_one_look_tells_of_all_processes_of_the_machine(
    machine: Machine, upstream: str
) -> None:
    """Else an operator sees the half of the calls that one worker happened to get."""
    listen = machine.more["KEYHOUSE_METRICS__LISTEN"] = f"127.0.0.1:{free_port()}"
    serve, place = _started(machine)
    with place.client() as client:
        client.apis.create(slug="echo", upstreams={"test": upstream})
        key_id, secret = _key(client)
    url = f"http://{machine.gateway}/echo/a"
    for _ in range(CALLS):
        # A connection each, so that the kernel shares them out.
        assert httpx.get(url, headers={"X-API-Key": secret}).status_code == 200
    assert httpx.get(url, headers={"X-API-Key": f"{secret[:-1]}x"}).status_code == 401
    told: dict[str, Values] = {}

    def counted() -> bool:
        told.update(_read(place.metrics().text))
        decisions = told.get("keyhouse_decisions_total", {})
        return _sum(decisions, "valid", "proxy") == CALLS and _sum(decisions) == CALLS + 1

    _eventually(counted, lambda: told.get("keyhouse_decisions_total"))
    processes = {name for name, *_ in told["keyhouse_ready"]}
    assert processes == {"gateway-0", "gateway-1", "management-0"}
    assert set(told["keyhouse_ready"].values()) == {1}
    seconds = told["keyhouse_request_seconds_bucket"]
    assert sum(v for way, v in seconds.items() if "+Inf" in way) == CALLS + 1
    assert _sum(told["keyhouse_units_total"]) == CALLS
    assert _sum(told["keyhouse_change_applied_seq"]) > 0
    assert set(told["keyhouse_counters_up"].values()) == {1}
    operations = told["keyhouse_management_requests_total"]
    assert operations["create_key", "management-0", "201"] == 1
    assert _sum(told["keyhouse_job_runs_total"], "webhooks", "done") > 0
    text = place.metrics().text
    assert key_id not in text
    assert secret not in text
    own = httpx.get(f"http://{listen}/metrics")
    assert own.status_code == 200
    assert set(_read(own.text)) >= {"keyhouse_decisions_total", "keyhouse_build_info"}
    assert httpx.get(f"http://{listen}/").status_code == 404
    assert httpx.get(f"http://{machine.gateway}/metrics").status_code == 404

    victim = _gateways(serve)[0]
    os.kill(victim, signal.SIGKILL)

    def replaced() -> bool:
        now = _read(place.metrics().text).get("keyhouse_ready", {})
        same = {name for name, *_ in now} == processes
        return same and victim not in _gateways(serve)

    _eventually(replaced, lambda: place.metrics().text[-500:])


def test_metrics_are_for_whom_the_operator_means(machine: Machine) -> None:
    """They tell of all tenants: a stranger, and a key for other things, see nothing."""
    machine.run("bootstrap")
    machine.serve()
    place = _place(machine)
    with place.client() as client:
        [organization] = client.organizations.each()
        access = [{"organization": organization["id"], "scopes": ["keys:read"]}]
        narrow = client.keys.create("narrow", access, kind="management")
        access[0]["scopes"] = ["metrics:read"]
        meant = client.keys.create("prometheus", access, kind="management")
    assert httpx.get(f"{place.url}/metrics").status_code == 401
    refused = place.metrics(str(narrow["secret"]))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    answer = place.metrics(str(meant["secret"]))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_a_revocation_is_told_once_it_is_in_force_everywhere(
    served: Machine, upstream: str
) -> None:
    """A script that goes on then must find no worker that still lets the key through."""
    _, place = _started(served)
    with place.client() as client:
        client.apis.create(slug="echo", upstreams={"test": upstream})
        id, secret = _key(client)
    url = f"http://{served.gateway}/echo/a"
    header = {"X-API-Key": secret}
    assert {httpx.get(url, headers=header).status_code for _ in range(12)} == {200}
    ran = served.run("keys", "revoke", id, "--wait", "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["state"], told["change"]["in_force"]) == ("revoked", True)
    assert 0 < told["in_force_ms"] < 20_000
    assert (told["change"]["waiting"], told["change"]["nodes"]) == (0, [])
    assert {httpx.get(url, headers=header).status_code for _ in range(12)} == {401}
    again = served.run("keys", "revoke", id, "--wait")
    assert "nothing changed" in again.stdout

    def measured() -> bool:
        values = _read(place.metrics().text).get("keyhouse_revocation_seconds_count", {})
        return all(values.get((f"gateway-{n}",), 0) > 0 for n in (0, 1))

    _eventually(measured, lambda: place.metrics().text[-2000:])


def test_a_worker_that_is_stopped_is_waited_for(served: Machine, upstream: str) -> None:
    """It may wake and serve: till it has heard of the change, that is not in force."""
    serve, place = _started(served)
    with place.client() as client:
        client.apis.create(slug="echo", upstreams={"test": upstream})
        id, _ = _key(client)
        stopped = _gateways(serve)[0]
        os.kill(stopped, signal.SIGSTOP)
        try:
            made = httpx.post(
                f"{place.url}/v1/keys/{id}/revoke",
                headers={"Authorization": f"Bearer {place.api_key}"},
            )
            seq = int(made.headers["Keyhouse-Change-Seq"])
            _eventually(
                lambda: client.changes.get(seq)["waiting"] == 1,
                lambda: client.changes.get(seq),
            )
            told = client.changes.get(seq, wait_seconds=0.5)
            [node] = told["nodes"] or ()
            assert (told["in_force"], node["kind"]) == (False, "gateway")
            assert node["applied_seq"] < seq
            assert told["stale_until"] == node["stale_until"]
            assert told["made_at"] is not None
            assert told["made_at"] < node["stale_until"]
        finally:
            os.kill(stopped, signal.SIGCONT)
        assert client.changes.get(seq, wait_seconds=20)["in_force"]
        os.kill(stopped, signal.SIGKILL)
        seq_after = _switched(place, id)
        # Its spool is adopted, and so it is known to be gone.
        assert client.changes.get(seq_after, wait_seconds=25)["in_force"]


def _switched(place: Place, id: str) -> int:
    made = httpx.patch(
        f"{place.url}/v1/keys/{id}",
        headers={"Authorization": f"Bearer {place.api_key}"},
        json={"name": "other"},
    )
    return int(made.headers["Keyhouse-Change-Seq"])


@contextmanager
def _events() -> Iterator[str]:
    """An API that sends events without end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"9\r\ndata: a\n\n\r\n")
                    self.wfile.flush()
                    time.sleep(0.02)
            except OSError:
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    setattr(Handler, "do_GET", Handler.answer)  # noqa: B010  (the name is not ours)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_streams_of_a_revoked_key_are_closed_and_others_go_on(machine: Machine) -> None:
    """On each worker, soon after the change: a revoked key reads no more events."""
    with _events() as url:
        _, place = _started(machine)
        with place.client() as client:
            client.apis.create(slug="echo", upstreams={"test": url})
            (revoked, first), (_, second) = _key(client, "a"), _key(client, "b")
            streams = [_Stream(machine, first) for _ in range(6)]
            kept = _Stream(machine, second)
            assert until(lambda: all(one.seen for one in (*streams, kept)))
            client.keys.revoke(revoked)
            began = time.monotonic()
            assert until(lambda: all(one.ended for one in streams))
            took = time.monotonic() - began
            seen = kept.seen
            assert until(lambda: kept.seen > seen + 3)
        assert not kept.ended
        kept.close()
    # The promise is 0.1 s for 99 of 100; tests share their machine with others.
    assert took < 5


class _Stream:
    """A caller that reads events on a thread for as long as they come."""

    def __init__(self, machine: Machine, secret: str) -> None:
        self.seen = 0
        self.ended = False
        self._closing = False
        self._url = f"http://{machine.gateway}/echo/events"
        self._header = {"X-API-Key": secret}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        self._thread.join()

    def _run(self) -> None:
        try:
            with httpx.stream("GET", self._url, headers=self._header, timeout=30) as answer:
                assert answer.status_code == 200
                for _ in answer.iter_raw():
                    self.seen += 1
                    if self._closing:
                        return
        except httpx.TransportError:
            self.ended = True
