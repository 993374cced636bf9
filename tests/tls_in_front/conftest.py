"""Keyhouse behind proxies that speak TLS and HTTP/2, as the how-to sets them up."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import trustme
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from keyhouse_client import Client
from tests.forward_auth.conftest import upstream
from tests.forward_auth.proxies import config, front
from tests.journeys.conftest import Machine, free_port

__all__ = ["upstream"]

HOW_TO = Path(__file__).parents[2] / "docs/how-to/tls-in-front.md"
HOST = "api.example.com"
CALLER = "127.0.0.2"
"""An address of this machine's that the gateway does not trust."""
CERTIFICATES = "/etc/keyhouse"


class House(NamedTuple):
    """Keyhouse, running: its gateway's port, and a client of its management API."""

    port: int
    client: Client

    def key(self, **restrictions: Any) -> str:
        """The secret of a new key."""
        access = [{"api": "weather"}, {"api": "chat"}]
        made = self.client.keys.create("k", access, restrictions=restrictions)
        return str(made["secret"])


class Front(NamedTuple):
    """A proxy: its port, and what its certificate is checked with."""

    port: int
    trust: ssl.SSLContext

    def client(self, **more: Any) -> httpx.Client:
        """A caller from CALLER, who asks for HOST."""
        transport = httpx.HTTPTransport(verify=self.trust, http2=True, local_address=CALLER)
        return httpx.Client(
            transport=transport,
            base_url=f"https://127.0.0.1:{self.port}",
            timeout=20,
            **more,
        )

    def call(self, path: str, secret: str = "", **headers: str) -> httpx.Response:
        """GET a path of HOST."""
        sent = {"Host": f"{HOST}:{self.port}", "X-API-Key": secret, **headers}
        with self.client() as client:
            return client.get(path, headers=sent, extensions={"sni_hostname": HOST})

    @contextmanager
    def websocket(self, path: str, secret: str) -> Iterator[ClientConnection]:
        """A WebSocket from CALLER, open."""
        place = ("127.0.0.1", self.port)
        self.trust.set_alpn_protocols(["http/1.1"])  # `client` wants HTTP/2 of it
        with connect(
            f"wss://{HOST}:{self.port}{path}",
            sock=socket.create_connection(place, 20, (CALLER, 0)),
            ssl=self.trust,
            additional_headers={"X-API-Key": secret},
        ) as opened:
            yield opened


@pytest.fixture(scope="session")
def chat() -> Iterator[int]:
    """Sends each message back, behind the path and the addresses that it was told."""

    def answer(link: ServerConnection) -> None:
        assert link.request is not None
        told = f"{link.request.path} {link.request.headers['X-Forwarded-For']} "
        for message in link:
            link.send(told + str(message))

    with serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def house(
    tmp_path_factory: pytest.TempPathFactory, upstream: int, chat: int
) -> Iterator[House]:
    machine = Machine(tmp_path_factory.mktemp("house"))
    (machine.folder / "keyhouse.toml").write_text(
        '[gateway]\ntrusted_proxies = ["127.0.0.1/32"]\n', "utf-8"
    )
    kept = machine.folder / "management-key"
    try:
        ran = machine.run("bootstrap", "--out", str(kept))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        machine.serve()
        key = kept.read_text("utf-8").strip()
        with Client(f"http://{machine.management}", key) as client:
            url = {"test": f"http://127.0.0.1:{upstream}"}
            client.apis.create(slug="weather", upstreams=url, hosts=[HOST])
            url = {"test": f"http://127.0.0.1:{chat}"}
            client.apis.create(slug="chat", upstreams=url, hosts=[f"{HOST}/chat"])
            yield House(int(machine.gateway.rpartition(":")[2]), client)
    finally:
        machine.close()


@pytest.fixture(
    scope="session",
    params=("caddyfile", "nginx", "envoy"),
    ids=("caddy", "nginx", "envoy"),
)
def behind(
    request: pytest.FixtureRequest,
    house: House,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Front]:
    """A proxy before the gateway, with a certificate for HOST."""
    folder = tmp_path_factory.mktemp(request.param)
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(str(folder / "cert.pem"), append=True)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    made = Front(free_port(), trust)
    ports = {8443: made.port, 8080: house.port}
    text = config(request.param, ports, HOW_TO).replace(CERTIFICATES, str(folder))

    def ready() -> bool:
        return made.call("/.keyhouse/ready").status_code == 200

    with front(request.param, folder, text, ready, "auto_https disable_redirects"):
        yield made
