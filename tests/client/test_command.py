import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyhouse_client.command import main
from tests.client.kh import in_shell, line

if TYPE_CHECKING:
    from tests.client.conftest import Desk

KEY = {
    "id": "key_1",
    "name": "mine",
    "environment": "test",
    "state": "active",
    "hint": "kh_sk_test_…k9Qa",
    "last_used_at": None,
}


@pytest.fixture(autouse=True)
def _environment(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYHOUSE_URL", desk.url)
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_secret")


def test_keys_are_listed_in_columns(
    desk: "Desk", capsys: pytest.CaptureFixture[str]
) -> None:
    desk.say(200, {"data": [KEY], "next_cursor": None})
    assert main(["keys", "list", "--state", "active"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "name", "environment", "state", "hint", "last_used_at"]
    assert row.split() == ["key_1", "mine", "test", "active", "kh_sk_test_…k9Qa", "-"]
    assert desk.asked[0].path == "/v1/keys?state=active"


def test_a_new_secret_alone_goes_to_standard_output(
    desk: "Desk", capsys: pytest.CaptureFixture[str]
) -> None:
    """`SECRET=$(kh keys create …)` would hold more than the secret otherwise."""
    desk.say(201, {**KEY, "secret": "kh_sk_test_whole"})
    line = ["keys", "create", "mine", "--api", "weather", "--scope", "read"]
    assert main([*line, "--show-secret"]) == 0
    told = capsys.readouterr()
    assert told.out == "kh_sk_test_whole\n"
    assert "only time" in told.err
    assert desk.asked[0].body["access"] == [{"api": "weather", "scopes": ["read"]}]


def test_a_pipe_gets_a_secret_only_where_that_is_asked_for(
    desk: "Desk", capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "mine", "--api", "weather"]) == 2
    assert "--show-secret" in capsys.readouterr().err
    assert not desk.asked


def test_a_secret_goes_into_a_new_file_of_its_owners(
    desk: "Desk", capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "mine.key"
    line = ["keys", "create", "mine", "--api", "weather", "--out", str(out), "--json"]
    desk.say(201, {**KEY, "secret": "kh_sk_test_whole"})
    assert main(line) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["secret"], told["secret_file"]) == (None, str(out))
    assert (out.read_text(), out.stat().st_mode & 0o777) == ("kh_sk_test_whole\n", 0o600)
    assert main(line) == 2
    assert json.loads(capsys.readouterr().err)["code"] == "wrong_use"
    assert len(desk.asked) == 1


@pytest.mark.parametrize("where", ["--out", "--show-secret", "--json"])
def test_a_secret_that_no_answer_had_is_a_failure_that_tells_how_to_go_on(
    desk: "Desk", capsys: pytest.CaptureFixture[str], tmp_path: Path, where: str
) -> None:
    """The repeat of a lost answer bears none: a script would go on with `None`."""
    desk.hang_up()
    desk.say(201, {**KEY, "secret": None, "secret_already_shown": True})
    to = [where, str(tmp_path / "mine.key")] if where == "--out" else [where]
    assert main(["keys", "create", "mine", "--api", "weather", *to]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "key_1 mine is there, but its new secret is lost" in told.err
    assert "kh keys revoke key_1" in told.err
    assert ('"code": "secret_lost"' in told.err) == (where == "--json")
    assert not list(tmp_path.iterdir())


def test_a_key_is_created_with_roles(desk: "Desk") -> None:
    desk.say(201, {**KEY, "secret": "kh_sk_test_whole"})
    line = ["keys", "create", "mine", "--api", "weather", "--role", "reader"]
    assert main([*line, "--role", "clerk", "--show-secret"]) == 0
    (opens,) = desk.asked[0].body["access"]
    assert opens == {"api": "weather", "scopes": [], "roles": ["reader", "clerk"]}


def test_show_and_revoke(desk: "Desk", capsys: pytest.CaptureFixture[str]) -> None:
    desk.say(200, KEY)
    desk.say(200, {**KEY, "state": "revoked"})
    assert main(["keys", "show", "key_1"]) == 0
    assert json.loads(capsys.readouterr().out) == KEY
    assert main(["keys", "revoke", "key_1"]) == 0
    assert capsys.readouterr().out == "key_1 mine is revoked\n"


def test_usage_can_be_had_as_json(desk: "Desk", capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"start": "2026-01-01T00:00:00Z", "verdict": "valid", "requests": 3}]
    desk.say(200, {"data": rows, "next_cursor": None})
    assert main(["usage", "--step", "day", "--group-by", "key", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == rows
    assert desk.asked[0].path == "/v1/usage?group_by=key&step=day"


def test_a_refusal_is_one_plain_text_and_exit_1(
    desk: "Desk", capsys: pytest.CaptureFixture[str]
) -> None:
    desk.say(404, {"title": "Not found", "detail": "There is no such key.", "code": "x"})
    assert main(["keys", "show", "key_9"]) == 1
    assert capsys.readouterr().err == "kh: 404 Not found: There is no such key.\n"


def test_a_missing_key_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KEYHOUSE_API_KEY")
    assert main(["keys", "list"]) == 2
    assert "KEYHOUSE_API_KEY is not set" in capsys.readouterr().err


def test_a_management_key_that_is_none_is_wrong_use_and_not_shown(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_secret\nexport A=1")
    assert main(["keys", "list"]) == 2
    told = capsys.readouterr().err
    assert "visible ASCII" in told
    assert "kh_mk_secret" not in told
    assert not desk.asked


def test_an_id_of_two_dots_is_wrong_use(
    desk: "Desk", capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "revoke", "..", "--json"]) == 2
    assert '".." is no id' in json.loads(capsys.readouterr().err)["detail"]
    assert not desk.asked


@pytest.mark.parametrize("wrong", ["http://localhost:80OO", "localhost:8000"])
def test_an_address_that_is_none_is_wrong_use(
    wrong: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYHOUSE_URL", wrong)
    assert main(["keys", "list", "--json"]) == 2
    detail = json.loads(capsys.readouterr().err)["detail"]
    assert detail == f"KEYHOUSE_URL: {wrong} is no address; write http://host:port"


def test_another_server_is_wrong_use_and_no_empty_list(
    desk: "Desk", capsys: pytest.CaptureFixture[str]
) -> None:
    desk.say(200)
    assert main(["keys", "list"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "look at the address" in told.err


def test_a_reader_who_has_enough_sees_no_traceback(desk: "Desk") -> None:
    """`kh keys list | head`."""
    desk.say(200, {"data": [KEY], "next_cursor": None})
    code = (
        "import sys; from keyhouse_client.command import main; sys.exit(main(sys.argv[1:]))"
    )
    ours, theirs = os.pipe()
    os.close(ours)
    line = [sys.executable, "-c", code, "keys", "list"]
    ran = subprocess.run(line, stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_exit_codes_and_failures_are_those_of_keyhouse(
    desk: "Desk", capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One script may call both commands."""
    desk.say(404, {"title": "Not found", "detail": "There is none.", "code": "not_found"})
    assert main(["keys", "show", "key_9", "--json"]) == 1
    refused = json.loads(capsys.readouterr().err)
    assert (refused["status"], refused["code"]) == (404, "not_found")
    assert main(["keys", "nonsense", "--json"]) == 2
    wrong = json.loads(capsys.readouterr().err)
    assert "usage: kh keys" in wrong["detail"]
    monkeypatch.setenv("KEYHOUSE_URL", "http://127.0.0.1:1")
    assert main(["keys", "list", "--json"]) == 3
    unreachable = json.loads(capsys.readouterr().err)
    assert unreachable["exit_code"] == 3
    assert set(refused) == set(wrong) == set(unreachable)


def test_an_encoding_without_some_letters_ends_no_command(desk: "Desk") -> None:
    """A hint holds an ellipsis; JSON stays JSON."""
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    named = {**KEY, "name": "wörd"}
    run = partial(subprocess.run, capture_output=True, env=env, text=True, check=False)
    desk.say(200, {"data": [named], "next_cursor": None})
    plain = run(line("keys", "list"))
    assert (plain.returncode, plain.stderr) == (0, "")
    assert "kh_sk_test_\\u2026k9Qa" in plain.stdout
    desk.say(200, {"data": [named], "next_cursor": None})
    assert json.loads(run(line("keys", "list", "--json")).stdout) == [named]
    desk.say(404, {"title": "Not found", "detail": "There is no wörd.", "code": "x"})
    refused = run(line("keys", "show", "key_9", "--json"))
    assert json.loads(refused.stderr)["detail"] == "There is no wörd."


@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
def test_an_output_that_takes_nothing_is_told_in_one_line(desk: "Desk", to: str) -> None:
    desk.say(200, {"data": [KEY], "next_cursor": None})
    ran = in_shell(to, "keys", "list")
    assert ran.returncode == 2
    assert ran.stderr.startswith("kh: standard input or output: ")
    assert len(ran.stderr.splitlines()) == 1


def test_an_error_output_that_takes_nothing_changes_no_exit_code(desk: "Desk") -> None:
    for to in ("2>/dev/full", "2>&-"):
        desk.say(404, {"title": "Not found", "code": "x"})
        ran = in_shell(to, "keys", "show", "key_9")
        assert (ran.returncode, ran.stdout) == (1, "")
