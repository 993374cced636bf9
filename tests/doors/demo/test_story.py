import json
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from keyhouse.doors.demo import checks
from keyhouse.doors.demo.caller import Caller, Stage
from keyhouse.doors.demo.plot import Plot
from keyhouse.doors.demo.processes import DidNotStart, Processes, free_port
from keyhouse.doors.demo.steps import Step, as_json, as_line


@pytest.fixture
def broken() -> Iterator[str]:
    """Answers 500 to everything."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.send_response(500)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: Any) -> None:
            pass

    for method in ("GET", "POST"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_status_that_should_not_be_fails_the_story(broken: str) -> None:
    steps: list[Step] = []
    stage = Stage(broken, broken, broken, broken, b"", "kh_mk_", lambda: 200)
    caller = Caller(stage, steps.append)
    assert not Plot(stage, caller).play()
    caller.close()
    assert (steps[0].expected, steps[0].status, steps[0].ok) == (201, 500, False)
    assert "✗ 500  create the API (expected 201)" in as_line(steps[0])


def test_the_right_status_with_the_wrong_answer_is_no_success() -> None:
    shown = httpx.Response(200, json={"id": "key_1", "hint": "…Lq17", "secret": "s3cret"})
    assert checks.without("s3cret")(shown) is None
    other = httpx.Response(201, json={"id": "key_2", "secret": "again"})
    assert checks.replayed("key_1")(other) is None
    assert checks.problem("missing")(httpx.Response(401, json={"code": "unknown"})) is None
    waits = httpx.Response(429, json={"code": "rate_limited"})
    assert checks.wait("rate_limited")(waits) is None


def test_steps_for_programs_have_the_named_fields() -> None:
    told = json.loads(as_json([Step("no key", 401, 401, ok=True, ms=1.5)]))
    assert told[0].items() >= {"step": "no key", "expected": 401, "status": 401}.items()
    assert told[0]["ok"] is True


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_a_program_that_does_not_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    with Processes(list, tmp_path / "log") as processes:
        failing = processes.start([sys.executable, "-c", "raise SystemExit('no luck')"])
        with pytest.raises(DidNotStart, match="no luck"):
            processes.answers(failing, "http://127.0.0.1:9/")
