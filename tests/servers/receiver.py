"""A real HTTP server that webhooks are sent to, and that answers as a test says."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_SECONDS = 20.0


@dataclass
class Got:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`status`, `headers` and `answer` are what it says; `before` runs first.

    `hangs_up`: it reads the request and closes without an answer.
    """

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    hangs_up: bool = False
    before: Callable[[], object] = lambda: None
    got: list[Got] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        """Where it listens."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}/hooks?from=keyhouse"

    def wait_for(self, count: int) -> list[Got]:
        """The requests, once there are so many."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.got) >= count, PATIENCE_SECONDS)
            return list(self.got)

    def wait_for_ids(self, count: int) -> set[str]:
        """The ids of messages, once there are so many; each may have come again."""

        def ids() -> set[str]:
            return {one.headers["webhook-id"] for one in self.got}

        with self.came:
            assert self.came.wait_for(lambda: len(ids()) >= count, PATIENCE_SECONDS), ids()
            return ids()

    def take(self, got: Got) -> None:
        """A request has come whole."""
        with self.came:
            self.got.append(got)
            self.came.notify_all()

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        """On a free port of `host` until the block ends."""
        server = _Server((self.host, self.port), _handler(self))
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(self, at: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in at[0] else socket.AF_INET
        super().__init__(at, handler)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.take(Got(self.path, headers, body))
            receiver.before()
            if receiver.hangs_up:
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            if receiver.status != 204:
                self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:  # who asked has gone: nothing to tell
                self.close_connection = True

    return Handler
