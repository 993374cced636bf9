"""A gateway that trusts this machine's proxies, an API behind them, keys to it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from keyhouse_client import Client
from tests.forward_auth.proxies import KINDS, proxy
from tests.journeys.conftest import Machine, free_port

API = "weather"
ADMIN: dict[str, Any] = {"method": "*", "path": "/admin/**", "scopes": ["admin:do"]}
"""A route that no key of these tests has the scope for."""


class House(NamedTuple):
    """Keyhouse, running: its gateway's port, and a client of its management API."""

    port: int
    client: Client

    def key(self, name: str, **wishes: Any) -> dict[str, Any]:
        """A new key to the API."""
        access = [{"api": API, "scopes": ["forecast:read"]}]
        return {**self.client.keys.create(name, access, **wishes)}


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    machine = Machine(tmp_path_factory.mktemp("house"))
    (machine.folder / "keyhouse.toml").write_text(
        '[gateway]\ntrusted_proxies = ["127.0.0.0/8"]\n', "utf-8"
    )
    kept = machine.folder / "management-key"
    try:
        ran = machine.run("bootstrap", "--out", str(kept))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        machine.serve()
        key = kept.read_text("utf-8").strip()
        with Client(f"http://{machine.management}", key) as client:
            api = client.apis.create(
                slug=API,
                upstreams={},
                scopes=["forecast:read", "admin:do"],
                query_parameter="key",
            )
            client.apis.routes(api["id"]).create(**ADMIN)
            yield House(int(machine.gateway.rpartition(":")[2]), client)
    finally:
        machine.close()


@pytest.fixture(scope="session")
def upstream() -> Iterator[int]:
    """Answers every request with its own path and headers."""

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            body = json.dumps(
                {
                    "method": self.command,
                    "path": self.path,
                    "headers": [[n.lower(), value] for n, value in self.headers.items()],
                    "body": self.rfile.read(size).decode(),
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    for name in ("do_GET", "do_POST"):
        setattr(Echo, name, Echo.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session", params=KINDS, ids=("nginx", "traefik", "caddy", "envoy"))
def kind(request: pytest.FixtureRequest) -> str:
    """Which proxy it is, by the language of its configuration."""
    named: str = request.param
    return named


@pytest.fixture(scope="session")
def through(
    kind: str, house: House, upstream: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a proxy that asks Keyhouse."""
    folder = tmp_path_factory.mktemp(kind)
    ports = {8081: free_port(), 8080: house.port, 3000: upstream}
    with proxy(kind, folder, ports) as url:
        yield url
