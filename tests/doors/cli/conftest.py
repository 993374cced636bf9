import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from keyhouse import settings, wiring
from keyhouse.core.secret import Secret
from keyhouse.doors.cli.app import build_cli
from keyhouse.doors.cli.entries import (
    KeptMail,
    Progress,
    Ready,
    Serving,
    ShownSetting,
    Sources,
    WrongUse,
)
from keyhouse.services.people import PeopleDesk

Run = Callable[..., Result]
MANAGEMENT_SECRET = "kh_mk_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"
KEY_SECRET = "kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"


@dataclass
class Asked:
    method: str
    path: str
    body: Any
    authorization: str


@dataclass
class Server:
    """Stands for the management API and the gateway: answers what it is told to."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    other: Callable[[str, str], tuple[int, Any]] | None = None
    """What it answers where nothing was said."""

    def answer(self, method: str, path: str, status: int, body: Any) -> None:
        self.answers[f"{method} {path}"] = (status, body)

    def take(self, method: str, path: str, asked: Asked) -> tuple[int, Any]:
        self.asked.append(asked)
        missing = (404, {"title": "Not found", "status": 404, "code": "not_found"})
        bare = path.partition("?")[0]
        if self.other is not None and f"{method} {bare}" not in self.answers:
            return self.other(method, bare)
        return self.answers.get(f"{method} {bare}", missing)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            asked = Asked(
                self.command, self.path, body, self.headers.get("Authorization", "")
            )
            status, answer = found.take(self.command, self.path, asked)
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        found.url = f"http://127.0.0.1:{running.server_port}"
        yield found
        running.shutdown()
        thread.join()


@dataclass
class MadeRows:
    organization_id: str
    project_id: str
    management_secret: Secret | None
    created: bool


@dataclass
class MadeBackup:
    made_at: str = "2026-03-01T09:30:00Z"
    revision: str = "0010"
    rows: dict[str, int] = field(default_factory=lambda: {"key": 2, "api": 1})


@dataclass
class Installation:
    data_dir: Path
    gateway_url: str
    management_url: str
    exists: bool = False
    exit_code: int = 0
    called: list[object] = field(default_factory=list)
    owner: str = ""
    kept: list[KeptMail] = field(default_factory=list)

    def run_gateway(
        self, listen_fd: int | None, beat_fd: int | None, serving: Serving
    ) -> int:
        serving()
        self.called.append(("gateway", listen_fd, beat_fd))
        return self.exit_code

    def run_management(
        self,
        listen_fd: int | None,
        beat_fd: int | None,
        serving: Serving,
        *,
        with_worker: bool,
    ) -> int:
        serving()
        self.called.append(("management", listen_fd, beat_fd, with_worker))
        return self.exit_code

    def run_worker(self, serving: Serving) -> int:
        serving()
        self.called.append("worker")
        return self.exit_code

    def serve(self, ready: Ready, *, once: bool = False) -> int:
        return ready({"gateway": 11, "management": 12})

    def prepare(self) -> None:
        self.data_dir.mkdir(exist_ok=True)

    def bootstrap(
        self, email: str, organization: str, project: str, *, fresh_key: bool
    ) -> MadeRows:
        created, self.exists = not self.exists, True
        secret = Secret(MANAGEMENT_SECRET) if created or fresh_key else None
        self.owner = email
        return MadeRows("org_1", "prj_1", secret, created)

    def new_sealing_key(self) -> str:
        self.called.append("new-sealing-key")
        return "seal_1"

    def new_signing_key(self, algorithm: str) -> str:
        self.called.append(f"new-signing-key {algorithm}")
        return "sign_1"

    def drop_signing_key(self, id: str) -> None:
        self.called.append(f"drop-signing-key {id}")

    def back_up(
        self,
        out: Path,
        passphrase: str | None,
        progress: Progress,
        *,
        with_keyring: bool,
        with_usage: bool,
    ) -> MadeBackup:
        progress("key", 50_000)
        self.called.append(("backup", out, passphrase, with_keyring, with_usage))
        return MadeBackup()

    def is_sealed(self, file: Path) -> bool:
        return file.name.startswith("sealed")

    def restore(
        self, file: Path, passphrase: str | None, progress: Progress, *, force: bool
    ) -> MadeBackup:
        progress("key", 2)
        self.called.append(("restore", file, passphrase, force))
        return MadeBackup()

    @contextmanager
    def people_desk(self) -> Iterator[PeopleDesk]:
        """The real one, with the owner that the last bootstrap made."""
        flags = {
            "data.dir": str(self.data_dir),
            "management.public_url": self.management_url,
        }
        chosen = settings.load(flags, {})
        wiring.prepare(chosen)
        with wiring.people_desk(chosen) as desk:
            if self.owner and not desk.people():
                desk.add_person(self.owner)
            yield desk

    def mails(self) -> list[KeptMail]:
        return self.kept


@dataclass
class Entries:
    here: Installation
    sources: Sources = field(default_factory=Sources)
    gateway_set_by: str = "keyhouse.toml"

    def installation(self, sources: Sources) -> Installation:
        self.sources = sources
        if sources.flags.get("gateway.listen") == "nonsense":
            raise WrongUse("gateway.listen (from flags): is host:port")
        return self.here

    def explain(self, sources: Sources) -> list[ShownSetting]:
        self.sources = sources
        return [ShownSetting("gateway.listen", "127.0.0.1:8080", self.gateway_set_by)]

    def demo(self, *, once: bool, as_json: bool) -> int:
        if as_json:
            print("{}")
        return 0 if once and as_json else 1


@pytest.fixture
def here(tmp_path: Path, server: Server) -> Installation:
    return Installation(tmp_path / "data", server.url, server.url)


@pytest.fixture
def entries(here: Installation) -> Entries:
    return Entries(here)


@pytest.fixture
def run(entries: Entries, server: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, as one types it, with a management key in the environment."""
    monkeypatch.setenv("KEYHOUSE_URL", server.url)
    monkeypatch.setenv("KEYHOUSE_API_KEY", MANAGEMENT_SECRET)
    runner = CliRunner()

    def typed(*line: str, stdin: str | None = None) -> Result:
        return runner.invoke(build_cli(entries), list(line), input=stdin)

    return typed
