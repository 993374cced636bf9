import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyhouse_client.command.connecting import opened
from keyhouse_client.connection import DEFAULT_URL
from keyhouse_client.keeping.store import Store
from tests.client.kh import kh, kh_at_terminal

if TYPE_CHECKING:
    from tests.client.conftest import Desk

MINE = {"data": [{"id": "org_1", "name": "Acme"}], "next_cursor": None}
NONE: dict[str, object] = {"data": [], "next_cursor": None}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYHOUSE_URL", raising=False)
    monkeypatch.delenv("KEYHOUSE_API_KEY", raising=False)


def test_after_a_login_commands_need_no_environment(desk: "Desk", tmp_path: Path) -> None:
    desk.say(200, MINE)
    desk.say(200, NONE)
    ran = kh("login", desk.url, given="kh_mk_mine\n")
    assert ran.returncode == 0
    assert f"logged in at {desk.url} of Acme" in ran.stderr
    assert "kh_mk_mine" not in ran.stdout + ran.stderr
    assert kh("keys", "list").returncode == 0
    sent = [one.headers["Authorization"] for one in desk.asked]
    assert sent == ["Bearer kh_mk_mine"] * 2
    config = tmp_path / "home" / "config" / "keyhouse" / "login.json"
    assert config.stat().st_mode & 0o777 == 0o600
    assert "kh_mk_mine" not in config.read_text()


def test_the_prompt_does_not_show_the_key(desk: "Desk") -> None:
    desk.say(200, MINE)
    prompt = f"Management key for {desk.url}: "
    seen = kh_at_terminal("login", desk.url, prompt=prompt, typed="kh_mk_mine")
    assert seen.exit_code == 0
    assert "kh_mk_mine" not in seen.shown
    assert desk.asked[0].headers["Authorization"] == "Bearer kh_mk_mine"


def test_a_key_that_may_not_read_the_organization_is_one_all_the_same(
    desk: "Desk",
) -> None:
    desk.say(403, {"title": "Forbidden", "code": "scope_missing"})
    desk.say(200, NONE)
    assert kh("login", desk.url, given="kh_mk_mine").returncode == 0
    assert kh("keys", "list").returncode == 0


@pytest.mark.parametrize(
    ("status", "code"), [(401, "unknown"), (403, "ip_not_allowed"), (404, "")]
)
def test_a_key_that_does_not_work_is_not_kept(desk: "Desk", status: int, code: str) -> None:
    desk.say(200, MINE)
    kh("login", desk.url, given="kh_mk_old")
    desk.say(status, {"title": "No", "code": code})
    assert kh("login", desk.url, given="kh_mk_wrong").returncode == 1
    desk.say(200, NONE)
    kh("keys", "list")
    assert desk.asked[-1].headers["Authorization"] == "Bearer kh_mk_old"


def test_the_environment_wins_as_a_whole_pair(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.say(200, MINE)
    kh("login", desk.url, given="kh_mk_mine")
    desk.say(200, NONE)
    pair = {"KEYHOUSE_URL": desk.url, "KEYHOUSE_API_KEY": "kh_mk_other"}
    assert kh("keys", "list", env=pair).returncode == 0
    assert desk.asked[-1].headers["Authorization"] == "Bearer kh_mk_other"
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_other")
    with opened() as client:
        assert client.url == DEFAULT_URL


def test_the_key_of_a_login_goes_to_no_other_address(desk: "Desk") -> None:
    """A folder's settings may name one."""
    desk.say(200, MINE)
    kh("login", desk.url, given="kh_mk_mine")
    ran = kh("keys", "list", env={"KEYHOUSE_URL": "http://127.0.0.1:1"})
    assert ran.returncode == 2
    assert "not where you are logged in" in ran.stderr
    desk.say(200, NONE)
    assert kh("keys", "list", env={"KEYHOUSE_URL": f"{desk.url}/"}).returncode == 0


@pytest.mark.parametrize("url", ["http://keys.example", "http://10.0.0.1:8000"])
def test_a_key_is_not_sent_in_the_clear_over_a_net(url: str) -> None:
    ran = kh("login", url, given="kh_mk_mine")
    assert ran.returncode == 2
    assert "--insecure" in ran.stderr


@pytest.mark.parametrize("url", ["nonsense", "http://me:word@127.0.0.1:1"])
def test_an_address_that_is_none_or_holds_a_password_is_wrong_use(url: str) -> None:
    ran = kh("login", url, given="kh_mk_mine")
    assert ran.returncode == 2
    assert "word@" not in ran.stderr


def test_nothing_hands_the_key_out(desk: "Desk", tmp_path: Path) -> None:
    desk.say(200, MINE)
    kh("login", desk.url, given="kh_mk_mine")
    assert Store.of_user().entries() == []
    assert kh("store", "get", "management-key").returncode == 1
    ran = kh("run", "--no-env-file", "env")
    assert ran.returncode == 0
    assert "kh_mk_mine" not in ran.stdout
    assert "KEYHOUSE_API_KEY" not in ran.stdout
    (kept,) = (tmp_path / "home" / "data" / "keyhouse" / "login").iterdir()
    pair = {"url": desk.url, "api_key": "kh_mk_mine"}
    assert (json.loads(kept.read_text()), kept.stat().st_mode & 0o777) == (pair, 0o600)


def test_a_logout_forgets_both(desk: "Desk", tmp_path: Path) -> None:
    desk.say(200, MINE)
    kh("login", desk.url, given="kh_mk_mine")
    assert kh("logout").stderr == f"logged out of {desk.url}\n"
    ran = kh("keys", "list")
    assert ran.returncode == 2
    assert "KEYHOUSE_API_KEY is not set" in ran.stderr
    assert "kh login" in ran.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    again = kh("logout", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, {"url": None})


def test_a_login_that_others_may_read_is_refused(desk: "Desk", tmp_path: Path) -> None:
    desk.say(200, MINE)
    kh("login", desk.url, given="kh_mk_mine")
    (tmp_path / "home" / "config" / "keyhouse" / "login.json").chmod(0o644)
    ran = kh("keys", "list")
    assert ran.returncode == 1
    assert "chmod 600" in ran.stderr


def test_a_login_that_breaks_off_sends_no_key_to_the_old_address(
    desk: "Desk", tmp_path: Path
) -> None:
    """The new key is in its place, and the disk takes nothing more."""
    old = "http://127.0.0.1:1"
    desk.say(200, MINE)
    kh("login", desk.url, given="kh_mk_new")
    config = tmp_path / "home" / "config" / "keyhouse" / "login.json"
    told = json.loads(config.read_text())
    config.write_text(json.dumps({**told, "url": old}))
    ran = kh("keys", "list")
    assert ran.returncode == 1
    assert "broke off" in ran.stderr
    assert "kh login" in ran.stderr
    assert len(desk.asked) == 1


def test_what_is_no_pair_is_no_login(desk: "Desk", tmp_path: Path) -> None:
    desk.say(200, MINE)
    kh("login", desk.url, given="kh_mk_mine")
    (kept,) = (tmp_path / "home" / "data" / "keyhouse" / "login").iterdir()
    for text in ("kh_mk_mine", "[]", "{}", "1"):
        kept.write_text(text)
        ran = kh("keys", "list")
        assert (ran.returncode, "kh_mk_mine" in ran.stderr) == (1, False)
        assert "kh login" in ran.stderr


@pytest.mark.parametrize("words", [["kh_mk_mine"], ["--key=kh_mk_mine"]])
def test_a_key_on_the_line_is_not_shown(words: list[str]) -> None:
    ran = kh("login", "http://127.0.0.1:1", *words)
    assert ran.returncode == 2
    assert "kh_mk_mine" not in ran.stderr
    assert "typed at the prompt, or piped in" in ran.stderr
