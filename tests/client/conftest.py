"""A real HTTP server that answers as a test tells it and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Asked(NamedTuple):
    method: str
    path: str
    headers: Message
    body: Any


@dataclass
class Reply:
    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    missing: int = 0
    """How many more bytes are announced than come, before it hangs up."""


class Desk:
    """The server: `replies` are given in turn, `asked` is what came."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[Asked] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _reply(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                sent = self.rfile.read(length)
                body = json.loads(sent) if sent else None
                desk.asked.append(Asked(self.command, self.path, self.headers, body))
                reply = desk.replies.pop(0)
                if reply.hang_up:
                    self.close_connection = True
                    return
                told = b"" if reply.body is None else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                problem = "application/problem+json"
                plain = "application/json"
                self.send_header("Content-Type", problem if reply.status >= 400 else plain)
                self.send_header("Content-Length", str(len(told) + reply.missing))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(told)
                self.close_connection = self.close_connection or bool(reply.missing)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _reply  # noqa: N815  (so the base class calls them)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def say(self, status: int = 200, body: object = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.replies.append(Reply(status, body, named))

    def break_off(self, body: object) -> None:
        self.replies.append(Reply(200, body, missing=9))

    def hang_up(self) -> None:
        self.replies.append(Reply(hang_up=True))


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own store or login is read, or written to."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv("KEYHOUSE_STORE", "file")
