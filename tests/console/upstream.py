"""The API behind the gateway: tells what it was asked, fails where the path says so."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        wanted = re.fullmatch(r"/status/(\d{3})", self.path)
        told = {"path": self.path, "key": self.headers.get("Keyhouse-Key-Id")}
        body = json.dumps(told).encode()
        self.send_response(int(wanted[1]) if wanted else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


setattr(_Handler, "do_GET", _Handler.answer)  # noqa: B010  (the name is not ours)


@contextmanager
def running_upstream() -> Iterator[str]:
    """Its address, for as long as it runs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
