"""What one types to export and to apply."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.doors.cli.conftest import KEY_SECRET, Run, Server

STEP = {
    "action": "change",
    "kind": "api",
    "name": "weather",
    "place": "apis[0]",
    "id": "api_1",
    "fields": [{"field": "scopes", "before": [], "after": ["a:read"]}],
}
PLAN: dict[str, Any] = {
    "dry_run": True,
    "complete": False,
    "plan": "abc",
    "steps": [STEP],
    "steps_done": 0,
    "created": 0,
    "changed": 1,
    "disabled": 0,
    "removed": 0,
    "unchanged": 4,
    "values_missing": [{"api": "weather", "header": "X-Key"}],
    "errors": [],
    "secrets": [],
    "secrets_already_shown": False,
}
DONE = {
    **PLAN,
    "complete": True,
    "steps_done": 1,
    "secrets": [{"kind": "key", "id": "key_1", "name": "ci", "secret": KEY_SECRET}],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keyhouse.yaml"
    path.write_text("keyhouse: 1\napis:\n- slug: weather\n  scopes: [a:read]\n")
    return path


def test_export_goes_to_a_file_or_here(run: Run, server: Server, tmp_path: Path) -> None:
    server.answer("GET", "/v1/export", 200, {"keyhouse": 1})
    here = run("export", "--project", "Weather", "--only", "apis", "--only", "keys")
    assert json.loads(here.stdout) == {"keyhouse": 1}
    assert server.asked[-1].path == "/v1/export?project=Weather&only=apis%2Ckeys"
    out = tmp_path / "out.yaml"
    assert run("export", "--out", str(out)).exit_code == 0
    assert json.loads(out.read_text()) == {"keyhouse": 1}
    assert json.loads(run("export", "--json").stdout) == {"keyhouse": 1}


def test_a_refused_export_leaves_the_old_file(
    run: Run, server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "out.yaml"
    out.write_text("old")
    server.answer("GET", "/v1/export", 403, {"title": "Scope missing", "status": 403})
    assert run("export", "--out", str(out)).exit_code == 1
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_a_dry_run_shows_the_plan_and_sends_no_more(
    run: Run, server: Server, file: Path
) -> None:
    server.answer("POST", "/v1/apply", 200, PLAN)
    result = run("apply", str(file), "--dry-run", "--prune")
    assert result.exit_code == 0
    assert "~ api weather  (apis[0])" in result.stdout
    assert 'scopes: [] → ["a:read"]' in result.stdout
    assert "keyhouse apis headers set weather X-Key" in result.stdout
    (asked,) = server.asked
    assert asked.path == "/v1/apply?dry_run=true&prune=true"
    assert asked.body == {
        "keyhouse": 1,
        "apis": [{"slug": "weather", "scopes": ["a:read"]}],
    }


def test_the_plan_that_was_shown_is_sent_with_the_deed(
    run: Run, server: Server, file: Path
) -> None:
    server.answer("POST", "/v1/apply", 200, DONE)
    result = run("apply", str(file), "--yes")
    assert [one.path for one in server.asked] == [
        "/v1/apply?dry_run=true",
        "/v1/apply?plan=abc",
    ]
    assert "1 of 1 steps done." in result.stdout
    assert f"key_1 {KEY_SECRET} ci" in result.stdout


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_secrets_go_into_a_private_file_and_nowhere_else(
    run: Run, server: Server, file: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    server.answer("POST", "/v1/apply", 200, DONE)
    out = tmp_path / "secrets"
    result = run("apply", str(file), "--yes", "--out", str(out), *more)
    assert result.exit_code == 0
    assert out.read_text() == f"key_1 {KEY_SECRET} ci\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert KEY_SECRET not in result.output


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_secrets_that_no_answer_had_are_a_failure_that_tells_how_to_go_on(
    run: Run, server: Server, file: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """The first answer was lost; its repeat bears none, and a script would go on."""
    steps = [{**STEP, "kind": "key", "name": "ci", "action": "create"}]
    again = {"steps": steps, "secrets": None, "secrets_already_shown": True}
    server.answer("POST", "/v1/apply", 200, {**DONE, **again})
    out = tmp_path / "secrets"
    result = run("apply", str(file), "--yes", "--out", str(out), *more)
    assert result.exit_code == 1
    assert "key ci" in result.stderr
    assert "keyhouse keys rotate ID" in result.stderr
    assert not out.exists()


def test_a_lost_answer_without_secrets_is_no_failure(
    run: Run, server: Server, file: Path
) -> None:
    again = {"secrets": None, "secrets_already_shown": True}
    server.answer("POST", "/v1/apply", 200, {**DONE, **again})
    assert run("apply", str(file), "--yes").exit_code == 0


def test_a_file_for_secrets_that_is_there_stops_it_in_time(
    run: Run, server: Server, file: Path, tmp_path: Path
) -> None:
    server.answer("POST", "/v1/apply", 200, DONE)
    out = tmp_path / "secrets"
    out.write_text("older secrets")
    assert run("apply", str(file), "--yes", "--out", str(out)).exit_code == 2
    assert out.read_text() == "older secrets"
    assert [one.path for one in server.asked] == ["/v1/apply?dry_run=true"]


def test_where_nobody_can_be_asked_nothing_is_sent(
    run: Run, server: Server, file: Path
) -> None:
    result = run("apply", str(file))
    assert (result.exit_code, server.asked) == (2, [])
    assert "--dry-run or --yes" in result.output


def test_a_plan_that_was_done_in_part_is_a_failure_that_tells_how_to_go_on(
    run: Run, server: Server, file: Path
) -> None:
    lost = {"field": "keys[3]", "reason": "is taken", "mend": "choose another"}
    part = {**DONE, "complete": False, "steps": [STEP, STEP], "errors": [lost]}
    server.answer("POST", "/v1/apply", 200, part)
    result = run("apply", str(file), "--yes")
    assert result.exit_code == 1
    assert "1 of 2 steps done." in result.output
    assert "keys[3]: is taken; choose another" in result.output
    assert KEY_SECRET in result.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &a 1\nb: *a\n", "anchor or alias in line 1"),
        ("- 1\n", "begins with `keyhouse: 1`"),
        ("a: [\n", "no YAML"),
        ("\x00", "no YAML"),
    ],
)
def test_a_file_that_is_no_document_is_wrong_use(
    run: Run, server: Server, tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text)
    result = run("apply", str(path), "--yes")
    assert (result.exit_code, server.asked) == (2, [])
    assert told in result.output


@pytest.mark.parametrize("kind", ["key", "webhook"])
def test_new_secrets_need_a_place(run: Run, server: Server, file: Path, kind: str) -> None:
    """A pipeline's log is read by many, and a secret is told once."""
    step = {**STEP, "kind": kind, "action": "create"}
    server.answer("POST", "/v1/apply", 200, {**PLAN, "steps": [step]})
    result = run("apply", str(file), "--yes")
    assert result.exit_code == 2
    assert "--show-secret" in result.stderr
    assert len(server.asked) == 1, "it is planned, and not done"
