"""Each piece of code is run, against a server that tells what reached it."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from keyhouse.core.entities import Restrictions, Route
from keyhouse.doors.console.keys.sample import Sample, sample, sample_page
from keyhouse.doors.console.keys.snippets import (
    Call,
    Snippet,
    curl_with_setting,
    snippets,
)

SECRET = "kh_sk_test_0123456789abcdefghijABCDEFGHIJ"


class Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        seen = f"{self.command} {self.path} {self.headers['X-API-Key']}"
        page = self.headers["Referer"]
        body = f"{seen} {page}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 -- http.server's own names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/weather"
    server.shutdown()
    server.server_close()


def made(base: str, method: str = "GET", page: str = "") -> dict[str, Snippet]:
    call = Call(method, f"{base}/a?b=1&c='x'", "X-API-Key", SECRET, page)
    return {one.id: one for one in snippets(call, "weather-eu", base)}


def run(*words: str) -> str:
    clean = {
        name: value for name, value in os.environ.items() if "proxy" not in name.lower()
    }
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, timeout=30, env=clean
    )
    return done.stdout


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_line_for_a_shell_runs_as_pasted(base: str, method: str) -> None:
    text = made(base, method, "https://example.com/")["curl"].text
    said = run("sh", "-c", text.replace("curl", "curl -s", 1))
    assert said == f"{method} /weather/a?b=1&c='x' {SECRET} https://example.com/"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_python_runs_as_pasted(base: str, method: str) -> None:
    said = run(sys.executable, "-c", made(base, method)["python"].text)
    assert said == f"200 {method} /weather/a?b=1&c='x' {SECRET} None\n"


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here")
def test_the_javascript_runs_as_pasted_whatever_kind_of_module(base: str) -> None:
    text = made(base)["javascript"].text
    for kind in ("commonjs", "module"):
        said = run("node", f"--input-type={kind}", "-e", text)
        assert said == f"200 GET /weather/a?b=1&c=%27x%27 {SECRET} None\n"


def test_the_settings_can_be_sourced(base: str, tmp_path: Path) -> None:
    (tmp_path / "env").write_text(made(base)["env"].text)
    script = f". {tmp_path}/env; echo $WEATHER_EU_URL $WEATHER_EU_API_KEY"
    assert run("sh", "-c", script) == f"{base} {SECRET}\n"


def route(position: int, method: str, path: str, *scopes: str) -> Route:
    return Route(
        id=f"rte_{position}",
        organization_id="org_1",
        api_id="api_1",
        position=position,
        method=method,
        path=path,
        scopes=scopes,
        created_at=0,
        updated_at=0,
    )


def test_without_anything_known_the_root_is_called() -> None:
    assert sample([], (), Restrictions()) == Sample("GET", "/")


def test_a_path_that_is_spelled_out_and_open_comes_first() -> None:
    routes = [
        route(0, "POST", "/v1/orders", "orders:write"),
        route(1, "GET", "/v1/secrets", "secrets:read"),
        route(2, "GET", "/v1/forecast", "forecast:read"),
    ]
    assert sample(routes, ("forecast:*",), Restrictions()) == Sample("GET", "/v1/forecast")
    assert sample(routes, (), Restrictions()) == Sample("GET", "/")


def test_a_key_for_some_endpoints_calls_one_of_those() -> None:
    only = Restrictions(endpoints=("GET /v1/pages/**", "GET /v1/status"))
    assert sample([], (), only) == Sample("GET", "/v1/status")
    assert sample([], (), Restrictions(endpoints=("* /v1/pages/{id}",))) == Sample(
        "GET", "/v1/pages/1"
    )
    assert sample([], (), Restrictions(endpoints=("POST /v1/orders",))) == Sample(
        "POST", "/v1/orders"
    )


@pytest.mark.parametrize(
    ("pattern", "page"),
    [
        ("https://*.example.com/*", "https://example.com/"),
        ("example.com", "https://example.com/"),
        ("http://localhost:*/*", "http://localhost/"),
        ("*://example.com/app/*", "https://example.com/app/"),
        ("*", "https://example.com/"),
    ],
)
def test_a_page_from_which_a_publishable_key_may_be_used(pattern: str, page: str) -> None:
    from keyhouse.core.patterns import Referrers

    restrictions = Restrictions(referrers=(pattern,))
    assert sample_page(restrictions) == page
    assert Referrers([pattern]).admit(page, "")


def test_the_line_for_later_takes_the_secret_from_the_settings(base: str) -> None:
    call = Call("GET", f"{base}/a", "X-API-Key", "", "")
    line = curl_with_setting(call, "weather-eu").replace("curl", "curl -s", 1)
    said = run("sh", "-c", f"WEATHER_EU_API_KEY={SECRET}; {line}")
    assert said == f"GET /weather/a {SECRET} None"
