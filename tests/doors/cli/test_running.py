import json
import logging
import os
import stat
from pathlib import Path

import pytest

from keyhouse.doors.cli import logs

from .conftest import KEY_SECRET, MANAGEMENT_SECRET, Entries, Installation, Run, Server


def test_a_listening_socket_is_handed_on(run: Run, here: Installation) -> None:
    assert run("gateway", "--listen-fd", "7").exit_code == 0
    assert run("management", "--listen-fd", "8").exit_code == 0
    assert here.called == [("gateway", 7, None), ("management", 8, None, True)]


def test_the_worker_runs_alone_beside_a_management_without_one(
    run: Run, here: Installation
) -> None:
    assert run("management", "--no-worker").exit_code == 0
    told = json.loads(run("worker", "--json").stdout)
    assert told == {"worker": {"pid": os.getpid()}}
    assert here.called == [("management", None, None, False), "worker"]


def test_serve_says_where_everything_is_once_it_is_ready(
    run: Run, here: Installation, server: Server
) -> None:
    reader, writer = os.pipe()
    result = run("serve", "--ready-fd", str(writer))
    assert server.url in result.stdout
    with os.fdopen(reader) as line:
        told = json.loads(line.readline())
    assert told["gateway"] == {"url": server.url, "pid": 11}


def test_options_on_a_command_win_over_those_before_it(run: Run, entries: Entries) -> None:
    line = "--set log.level=info --data-dir a migrate --set log.level=debug"
    assert run(*line.split()).exit_code == 0
    assert entries.sources.flags == {"log.level": "debug", "data.dir": "a"}


def test_bootstrap_keeps_the_key_for_this_command_line_and_shows_none(
    run: Run, here: Installation, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    result = run("bootstrap", "--json")
    assert MANAGEMENT_SECRET not in result.output
    kept = here.data_dir / "cli.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    monkeypatch.delenv("KEYHOUSE_API_KEY")
    server.answer("GET", "/v1/keys", 200, {"data": [], "next_cursor": None})
    assert run("keys", "list").exit_code == 0
    assert server.asked[-1].authorization == f"Bearer {MANAGEMENT_SECRET}"


def _answer_quickstart(server: Server, *, exists: bool) -> None:
    api = {"id": "api_1", "upstreams": {"test": "http://u", "live": "http://u"}}
    conflict = (409, {"title": "Conflict", "status": 409, "code": "conflict"})
    server.answer("POST", "/v1/apis", *(conflict if exists else (201, api)))
    server.answer("GET", "/v1/apis/my-api", 200, api)
    server.answer("GET", "/v1/projects", 200, {"data": [], "next_cursor": None})
    apps = [{"id": "app_1", "name": "my-api quickstart"}] if exists else []
    server.answer("GET", "/v1/applications", 200, {"data": apps, "next_cursor": None})
    server.answer("POST", "/v1/applications", 201, {"id": "app_1"})
    server.answer("POST", "/v1/keys", 201, {"id": "key_1", "secret": KEY_SECRET})


def test_quickstart_twice_says_what_exists_and_makes_a_fresh_key(
    run: Run, here: Installation, server: Server
) -> None:
    _answer_quickstart(server, exists=False)
    first = run("quickstart", "--upstream", "http://u")
    assert first.exit_code == 0, first.output
    assert "exists" not in first.stdout
    _answer_quickstart(server, exists=True)
    second = run("quickstart", "--upstream", "http://u")
    assert second.stdout.count("exists") == 4
    curl = f"curl -H 'X-API-Key: {KEY_SECRET}' {server.url}/my-api/"
    assert second.stdout.splitlines()[-1] == curl


def test_quickstart_points_an_api_that_exists_to_the_upstream_named(
    run: Run, server: Server
) -> None:
    _answer_quickstart(server, exists=True)
    server.answer("PATCH", "/v1/apis/my-api", 200, {"id": "api_1"})
    assert run("quickstart", "--upstream", "http://new").exit_code == 0
    patched = next(asked for asked in server.asked if asked.method == "PATCH")
    assert patched.body == {"upstreams": {"test": "http://new", "live": "http://new"}}


def test_quickstart_makes_a_fresh_management_key_for_a_revoked_one(
    run: Run, here: Installation, server: Server
) -> None:
    _answer_quickstart(server, exists=False)
    here.prepare()
    here.exists = True
    kept = {"management_url": server.url, "api_key": "kh_mk_revoked"}
    (here.data_dir / "cli.json").write_text(json.dumps(kept))
    server.answer("GET", "/v1/projects", 401, {"title": "Revoked", "code": "revoked"})
    assert run("quickstart", "--upstream", "http://u").exit_code == 0
    assert MANAGEMENT_SECRET in (here.data_dir / "cli.json").read_text()
    assert server.asked[-1].authorization == f"Bearer {MANAGEMENT_SECRET}"


def test_quickstart_ends_with_words_where_the_api_refuses(run: Run, server: Server) -> None:
    problem = {"title": "Not valid", "status": 422, "code": "invalid", "errors": []}
    _answer_quickstart(server, exists=False)
    server.answer("POST", "/v1/apis", 422, problem)
    result = run("quickstart", "--upstream", "nonsense")
    assert result.exit_code == 1
    assert "Not valid" in result.stderr


def test_config_check_shows_where_a_value_comes_from(run: Run) -> None:
    found = json.loads(run("config", "check", "--json").stdout)
    assert found == [
        {"name": "gateway.listen", "value": "127.0.0.1:8080", "source": "keyhouse.toml"}
    ]


def test_the_demo_ends_with_its_own_exit_code(run: Run) -> None:
    assert run("demo", "--once", "--json").exit_code == 0
    assert run("demo", "--once").exit_code == 1


def test_every_command_has_an_example_in_its_help(run: Run) -> None:
    for line in ("serve", "quickstart", "verify", "usage", "keys create", "apis update"):
        assert "Example: keyhouse" in run(*line.split(), "--help").stdout


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_never_reaches_the_log(
    form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        logs.configure("info", form)
        logging.getLogger("keyhouse").error(
            "refused %s", KEY_SECRET, exc_info=ValueError(KEY_SECRET)
        )
        root.handlers[0].flush()
    finally:
        root.handlers[:], root.level = before
    told = capfd.readouterr().err
    assert "ValueError" in told
    assert KEY_SECRET not in told
    assert "kh_sk_test_…Lq17" in told


def test_a_broken_access_file_is_named(
    run: Run, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYHOUSE_API_KEY")
    here.data_dir.mkdir()
    Path(here.data_dir / "cli.json").write_text("[]")
    result = run("keys", "list")
    assert result.exit_code == 2
    assert "cli.json" in result.stderr
