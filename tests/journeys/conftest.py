import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

END_SECONDS_MAX = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether the condition holds before the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Machine:
    """A fresh folder and free ports, and `keyhouse` as one types it there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.gateway = f"127.0.0.1:{free_port()}"
        self.management = f"127.0.0.1:{free_port()}"
        self.started: list[subprocess.Popen[str]] = []
        self.more: dict[str, str] = {}
        """What else is in the environment."""

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("KEYHOUSE_")
        }
        return kept | {
            "KEYHOUSE_DATA__DIR": str(self.data),
            "KEYHOUSE_GATEWAY__LISTEN": self.gateway,
            "KEYHOUSE_MANAGEMENT__LISTEN": self.management,
            **self.more,
        }

    def run(self, *line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "keyhouse", *line],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=END_SECONDS_MAX,
            check=False,
        )

    def start(
        self, *line: str, pass_fds: tuple[int, ...] = (), shut: str = ""
    ) -> subprocess.Popen[str]:
        """`keyhouse` with that line; `shut` as a shell has it, as `2>&-`."""
        process = subprocess.Popen(
            [
                "sh",
                "-c",
                f'exec "$@" {shut}',
                "sh",
                sys.executable,
                "-m",
                "keyhouse",
                *line,
            ],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=pass_fds,
        )
        self.started.append(process)
        return process

    def serve(
        self, *more: str, shut: str = ""
    ) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        """Keyhouse, ready, and what it tells of itself then."""
        reader, writer = os.pipe()
        line = ("serve", "--ready-fd", str(writer), *more)
        process = self.start(*line, pass_fds=(writer,), shut=shut)
        os.close(writer)
        with os.fdopen(reader) as said:
            told = said.readline()
        assert told, process.communicate(timeout=END_SECONDS_MAX)[0]
        return process, json.loads(told)

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=END_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path)
    yield found
    found.close()


@pytest.fixture
def upstream() -> Iterator[str]:
    """An API: tells the path; at /slow the head first, half a second later the rest;

    at /told/NAME the header of that name.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.path.encode()
            if self.path.startswith("/told/"):
                body = self.headers.get(self.path[6:], "").encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.path == "/slow":
                self.wfile.flush()
                time.sleep(0.5)
            self.wfile.write(body)

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
