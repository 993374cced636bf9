import json
from pathlib import Path

import pytest

from keyhouse_client.keeping.store import Store
from tests.client.kh import in_shell, keep, kh, kh_at_terminal, stored

SECRET = "sk-pa$$ 'wörd'"


def test_a_secret_goes_in_by_a_pipe_and_comes_out_by_one(tmp_path: Path) -> None:
    kept = kh("store", "set", "planner", given=f"{SECRET}\n")
    assert (kept.returncode, kept.stdout) == (0, "")
    assert "home/data/keyhouse/secrets, which is not encrypted" in kept.stderr
    got = kh("store", "get", "planner")
    assert (got.returncode, got.stdout, got.stderr) == (0, f"{SECRET}\n", "")
    assert SECRET not in kept.stderr


def test_a_prompt_does_not_show_what_is_typed() -> None:
    seen = kh_at_terminal(
        "store", "set", "planner", prompt="Secret for planner: ", typed="typed-secret"
    )
    assert seen.exit_code == 0
    assert "typed-secret" not in seen.shown
    assert stored("planner") == "typed-secret"


def test_a_terminal_is_shown_a_secret_only_where_that_is_asked_for() -> None:
    keep("planner", SECRET)
    for words in ([], ["--json"]):
        seen = kh_at_terminal("store", "get", "planner", *words)
        assert seen.exit_code == 2
        assert "--show-secret" in seen.shown
        assert SECRET not in seen.shown
    seen = kh_at_terminal("store", "get", "planner", "--show-secret")
    assert seen == (0, f"{SECRET}\r\n")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("one\ntwo\n", "one line"),
        ("a\tb", "control characters"),
        ("a\x00b", "control characters"),
        ("x" * 8193, "at most 8192 bytes"),
        ("ä" * 4097, "at most 8192 bytes"),
    ],
)
def test_what_is_no_secret_is_wrong_use_and_not_shown(given: str, told: str) -> None:
    ran = kh("store", "set", "planner", given=given)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert not given.strip() or given.strip() not in ran.stderr
    assert Store.of_user().entries() == []


@pytest.mark.parametrize(
    "words",
    [
        ["set", "planner", "the-secret"],
        ["set", "planner", "--secret=the-secret"],
        ["set", "planner", "--force=the-secret"],
        ["the-secret"],
    ],
)
def test_a_secret_on_the_line_is_not_shown(words: list[str]) -> None:
    ran = kh("store", *words, given="x")
    assert ran.returncode == 2
    assert "the-secret" not in ran.stderr
    assert "usage: kh" in ran.stderr
    assert Store.of_user().entries() == []


def test_a_closed_standard_input_is_an_empty_one() -> None:
    ran = in_shell("<&-", "store", "set", "planner")
    assert ran.returncode == 2
    assert ran.stderr.startswith("kh: the secret is empty")
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
def test_an_output_that_takes_nothing_is_told_in_one_line(to: str) -> None:
    keep("planner", SECRET)
    ran = in_shell(to, "store", "get", "planner")
    assert ran.returncode == 2
    assert ran.stderr.startswith("kh: standard input or output: ")
    assert len(ran.stderr.splitlines()) == 1


def test_a_secret_that_the_output_can_not_show_is_not_changed() -> None:
    keep("planner", SECRET)
    ascii_alone = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = kh("store", "get", "planner", env=ascii_alone)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "can't hold this secret" in ran.stderr
    told = kh("store", "get", "planner", "--json", env=ascii_alone)
    assert json.loads(told.stdout)["secret"] == SECRET


def test_a_name_in_use_is_refused_before_anything_is_asked() -> None:
    keep("planner", "one")
    seen = kh_at_terminal("store", "set", "planner")
    assert seen.exit_code == 1
    assert seen.shown == (
        "kh: planner is stored already: take another name, or --force\r\n"
    )
    assert kh("store", "set", "planner", "--force", given="two").returncode == 0
    assert stored("planner") == "two"


def test_the_list_tells_names_places_and_times_alone() -> None:
    for name in ("planner", "mailer"):
        keep(name, SECRET)
    listed = kh("store", "list")
    rows = [line.split() for line in listed.stdout.splitlines()]
    assert [row[:2] for row in rows] == [
        ["name", "place"],
        ["mailer", "file"],
        ["planner", "file"],
    ]
    told = json.loads(kh("store", "list", "--json").stdout)
    assert [set(row) for row in told] == [{"name", "place", "since"}] * 2


def test_what_is_removed_is_missed_with_the_mend() -> None:
    keep("planner", SECRET)
    assert kh("store", "remove", "planner").stdout == "planner is removed\n"
    missed = kh("store", "get", "planner", "--json")
    assert missed.returncode == 1
    told = json.loads(missed.stderr)
    assert (told["code"], told["exit_code"]) == ("not_stored", 1)
    assert told["detail"] == "planner is not stored: kh store set planner"
    assert kh("store", "remove", "planner").returncode == 1


def test_a_store_that_others_may_read_is_refused_with_the_mend(tmp_path: Path) -> None:
    keep("planner", SECRET)
    folder = tmp_path / "home" / "data" / "keyhouse" / "secrets"
    folder.chmod(0o755)
    ran = kh("store", "get", "planner")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.endswith(f"chmod 700 {folder}\n")


def test_a_keychain_that_is_missing_is_told_with_the_way_out() -> None:
    null = {
        "KEYHOUSE_STORE": "keychain",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    nonsense = {**null, "PYTHON_KEYRING_BACKEND": "keyring.nonsense.Keyring"}
    for env in (null, nonsense):
        ran = kh("store", "set", "planner", given=SECRET, env=env)
        assert ran.returncode == 1
        assert "KEYHOUSE_STORE=file" in ran.stderr
        assert len(ran.stderr.splitlines()) == 1
