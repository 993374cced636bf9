"""`kh rotate`, and `kh keys create --store`: where a new secret goes."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.client.kh import keep, kh, stored

if TYPE_CHECKING:
    from tests.client.conftest import Desk

KEY = {"id": "key_1", "name": "mine", "environment": "test", "state": "active"}
NEW = {**KEY, "secret": "kh_sk_test_new"}
LOST = {**KEY, "secret": None, "secret_already_shown": True}
ENDS = "2026-03-09T09:30:00Z"
OLD = {"version": 1, "hint": "kh_sk_test_…old1", "state": "ending", "ends_at": ENDS}
NEWEST = {"version": 2, "hint": "kh_sk_test_…new2", "state": "active", "ends_at": None}
CREATE = ("keys", "create", "mine", "--api", "weather")


def listed(*secrets: dict[str, object]) -> dict[str, object]:
    return {"data": list(secrets), "next_cursor": None}


@pytest.fixture(autouse=True)
def _environment(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYHOUSE_URL", desk.url)
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_secret")


def test_a_new_keys_secret_goes_into_the_store_and_nowhere_else(desk: "Desk") -> None:
    desk.say(201, NEW)
    ran = kh(*CREATE, "--store", "planner")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "its secret is stored as planner, in the folder" in ran.stderr
    assert "kh_sk_test_new" not in ran.stderr
    assert stored("planner") == "kh_sk_test_new"


def test_json_names_where_it_is_in_its_place(desk: "Desk") -> None:
    desk.say(201, NEW)
    told = json.loads(kh(*CREATE, "--store", "planner", "--json").stdout)
    assert (told["secret"], told["secret_stored_as"]) == (None, "planner")


def test_what_can_not_be_kept_makes_no_key(desk: "Desk", tmp_path: Path) -> None:
    keep("planner", "other")
    assert kh(*CREATE, "--store", "planner").returncode == 1
    assert kh(*CREATE, "--store", "no/name").returncode == 2
    assert kh(*CREATE, "--store", "a", "--out", "b").returncode == 2
    (tmp_path / "home" / "data" / "keyhouse" / "secrets").chmod(0o755)
    assert kh(*CREATE, "--store", "mailer").returncode == 1
    assert kh("rotate", "key_1", "--store", "mailer").returncode == 1
    assert not desk.asked


def test_a_new_key_replaces_a_stored_secret_only_with_force(desk: "Desk") -> None:
    keep("planner", "other")
    desk.say(201, NEW)
    assert kh(*CREATE, "--store", "planner", "--force").returncode == 0
    assert stored("planner") == "kh_sk_test_new"


def test_a_rotation_replaces_what_is_stored_and_tells_when_the_old_one_ends(
    desk: "Desk",
) -> None:
    keep("planner", "kh_sk_test_old")
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, OLD))
    ran = kh("rotate", "key_1", "--overlap", "604800", "--store", "planner")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert f"kh_sk_test_…old1 works until {ENDS}" in ran.stderr
    assert stored("planner") == "kh_sk_test_new"
    rotated = desk.asked[0]
    assert (rotated.method, rotated.path) == ("POST", "/v1/keys/key_1/rotate")
    assert rotated.body == {"overlap_seconds": 604800}


def test_the_overlap_is_the_schedules_unless_it_is_said(desk: "Desk") -> None:
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, {**OLD, "state": "active", "ends_at": None}))
    ran = kh("rotate", "key_1", "--show-secret")
    assert ran.stdout == "kh_sk_test_new\n"
    assert "until somebody ends it" in ran.stderr
    assert desk.asked[0].body == {}


def test_without_an_overlap_the_old_one_works_no_more(desk: "Desk", tmp_path: Path) -> None:
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, {**OLD, "state": "revoked"}))
    out = tmp_path / "mine.key"
    ran = kh("rotate", "key_1", "--overlap", "0", "--out", str(out))
    assert "no older secret works any more" in ran.stderr
    assert (out.read_text(), out.stat().st_mode & 0o777) == ("kh_sk_test_new\n", 0o600)
    assert desk.asked[0].body == {"overlap_seconds": 0}


def test_json_has_the_older_secrets(desk: "Desk") -> None:
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, OLD))
    told = json.loads(kh("rotate", "key_1", "--store", "planner", "--json").stdout)
    assert told["older_secrets"] == [OLD]
    assert told["secret"] is None


def test_a_secret_that_is_kept_is_no_failure_though_its_list_is_refused(
    desk: "Desk",
) -> None:
    desk.say(201, NEW)
    desk.say(403, {"title": "Forbidden", "code": "scope_missing"})
    ran = kh("rotate", "key_1", "--store", "planner")
    assert ran.returncode == 0
    assert "keyhouse keys secrets key_1" in ran.stderr
    assert stored("planner") == "kh_sk_test_new"


def test_a_lost_answer_leaves_the_stored_secret_and_tells_the_mend(desk: "Desk") -> None:
    keep("planner", "kh_sk_test_old")
    desk.hang_up()
    desk.say(201, LOST)
    ran = kh("rotate", "key_1", "--store", "planner", "--json")
    assert ran.returncode == 1
    told = json.loads(ran.stderr)
    assert told["code"] == "secret_lost"
    assert "kh rotate key_1" in told["detail"]
    assert stored("planner") == "kh_sk_test_old"


def test_a_refusal_leaves_the_stored_secret(desk: "Desk") -> None:
    keep("planner", "kh_sk_test_old")
    desk.say(404, {"title": "Not found", "code": "not_found"})
    assert kh("rotate", "key_1", "--store", "planner").returncode == 1
    assert stored("planner") == "kh_sk_test_old"


def test_a_pipe_gets_the_secret_only_where_that_is_asked_for(desk: "Desk") -> None:
    ran = kh("rotate", "key_1")
    assert ran.returncode == 2
    assert "--store NAME" in ran.stderr
    assert not desk.asked


@pytest.mark.parametrize("overlap", ["-1", "7d", "٣", ""])
def test_an_overlap_is_a_whole_number_of_seconds(desk: "Desk", overlap: str) -> None:
    assert kh("rotate", "key_1", f"--overlap={overlap}", "--show-secret").returncode == 2
    assert not desk.asked
