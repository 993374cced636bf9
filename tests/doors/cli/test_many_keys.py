"""Many keys at once by the command line, and the end of many."""

import json
import stat
from pathlib import Path

import pytest

from keyhouse.doors.cli import asking
from tests.doors.cli.conftest import KEY_SECRET, Run, Server

_MADE = {"id": "key_1", "name": "van 1", "environment": "test", "hint": "kh_…17"}
_ANSWER = {"data": [{**_MADE, "secret": KEY_SECRET}]}


def test_so_many_keys_are_numbered(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/keys/batch", 201, _ANSWER)
    line = "keys create van --api weather:read --count 12 --tag fleet --owner a@example.com"
    result = run(*line.split(), "--json")
    assert json.loads(result.stdout)[0]["secret"] == KEY_SECRET
    wishes = server.asked[-1].body["keys"]
    assert [wish["name"] for wish in wishes[::11]] == ["van 01", "van 12"]
    assert wishes[0]["access"] == [{"api": "weather", "scopes": ["read"]}]
    assert (wishes[0]["tags"], wishes[0]["owner"]) == (["fleet"], "a@example.com")


def test_a_file_names_them_and_their_secrets_go_into_another(
    run: Run, server: Server, tmp_path: Path
) -> None:
    server.answer("POST", "/v1/keys/batch", 201, _ANSWER)
    table, out = tmp_path / "keys.csv", tmp_path / "made.csv"
    table.write_text("name,api,tags,purpose\nvan 1,weather:read,a b,tours\nvan 2,maps,,\n")
    result = run(
        "keys", "create", "--from", str(table), "--out", str(out), "--kind", "server"
    )
    assert result.exit_code == 0, result.output
    assert KEY_SECRET not in result.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text().splitlines()[1] == f"key_1,van 1,test,kh_…17,{KEY_SECRET}"
    assert server.asked[-1].body["keys"] == [
        {
            "name": "van 1",
            "kind": "server",
            "access": [{"api": "weather", "scopes": ["read"]}],
            "tags": ["a", "b"],
            "purpose": "tours",
        },
        {"name": "van 2", "kind": "server", "access": [{"api": "maps", "scopes": []}]},
    ]
    listed = tmp_path / "keys.json"
    listed.write_text(json.dumps([{"name": "van 1", "access": [{"api": "maps"}]}]))
    assert run("keys", "create", "--from", str(listed), "--json").exit_code == 0


def test_what_cannot_be_done_is_said_before_a_key_is_made(
    run: Run, server: Server, tmp_path: Path
) -> None:
    """A secret that cannot be written down would be lost."""
    broken, many = tmp_path / "keys.json", tmp_path / "many.json"
    broken.write_text("{}")
    many.write_text(json.dumps([{"name": "x"}] * 101))
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    out = tmp_path / "missing" / "out.json"
    for line in (
        ["--from", str(broken)],
        ["--from", str(many)],
        ["--from", str(deep)],
        ["--from", str(tmp_path / "none.csv")],
        ["van"],
        ["van", "--api", "weather", "--count", "2", "--out", str(out)],
        ["--from", str(many), "--count", "2"],
    ):
        assert run("keys", "create", *line).exit_code == 2, line
    assert server.asked == []


def test_all_keys_are_revoked_after_a_question(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"matched": 3, "revoked": 2, "dry_run": False}
    server.answer("POST", "/v1/keys/revoke", 200, told)
    line = ("keys", "revoke", "--all-of-application", "app_1")
    monkeypatch.setattr(asking, "is_terminal", lambda: True)
    refused = run(*line, stdin="n\n")
    assert refused.exit_code == 1
    assert "Nothing was done." in refused.stderr
    assert [asked.body["dry_run"] for asked in server.asked] == [True]
    assert run(*line, stdin="y\n").exit_code == 0
    assert [asked.body["dry_run"] for asked in server.asked[1:]] == [True, False]
    result = run(*line, "--yes", "--expected", "3")
    assert "2 of 3 keys revoked" in result.stdout
    body = {"application": "app_1", "expected": 3, "dry_run": False}
    assert server.asked[-1].body == body
    assert (
        "would be"
        in run("keys", "revoke", "--all-of-owner", "a@b.example", "--dry-run").stdout
    )
    assert run("keys", "revoke").exit_code == 2
    assert run("keys", "revoke", "key_1", "--all-of-project", "prj_1").exit_code == 2


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_where_nobody_can_be_asked_no_key_is_counted_or_revoked(
    run: Run, server: Server, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that waits for one document would get a question."""
    line = ("keys", "revoke", "--all-of-project", "prj_1", *more)
    monkeypatch.setattr(asking, "is_terminal", lambda: bool(more))
    result = run(*line, stdin="y\n")
    assert (result.exit_code, result.stdout, server.asked) == (2, "", [])
    if more:
        failure = json.loads(result.stderr)
        assert failure["code"] == "wrong_use"
        assert "--dry-run or --yes" in failure["detail"]


def test_a_key_is_transferred_and_a_secret_killed(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/keys/key_1/transfer", 200, _MADE)
    assert run("keys", "transfer", "key_1", "app_2").exit_code == 0
    assert server.asked[-1].body == {"application": "app_2"}
    server.answer("POST", "/v1/secrets/revoke", 200, {"done": True})
    result = run("keys", "kill", stdin=f"{KEY_SECRET}\n")
    assert result.exit_code == 0, result.output
    assert server.asked[-1].body == {"secret": KEY_SECRET}
    assert KEY_SECRET not in result.output
