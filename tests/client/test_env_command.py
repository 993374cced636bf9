import json
import os
import subprocess
from pathlib import Path

import pytest

from keyhouse_client.keeping.store import Store
from tests.client.kh import (
    KEYHOUSE_SECRET,
    OTHER_KEYHOUSE_SECRET,
    keep,
    kh,
    kh_at_terminal,
    stored,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def repository(folder: Path) -> Path:
    git(folder, "init", "--quiet")
    (folder / ".gitignore").write_text(".env\n")
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / ".env"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_secrets_move_into_the_store_and_the_rest_stays(folder: Path) -> None:
    path = write(
        folder,
        f'# mine\nexport WEATHER_KEY="{KEYHOUSE_SECRET}"  # live\n\nA=b\n'
        f"OTHER = {OTHER_KEYHOUSE_SECRET}\nSTRIPE='sk $1'",
        0o644,
    )
    line = ["env", "hide", "--yes", "--name", "STRIPE", "--as", "OTHER=second"]
    ran = kh(*line, folder=folder)
    assert ran.returncode == 0
    assert ran.stdout.splitlines() == [
        "WEATHER_KEY=kh://weather-key",
        "OTHER=kh://second",
        "STRIPE=kh://stripe",
    ]
    assert path.read_text() == (
        '# mine\nexport WEATHER_KEY="kh://weather-key"  # live\n\nA=b\n'
        "OTHER = kh://second\nSTRIPE='kh://stripe'"
    )
    assert path.stat().st_mode & 0o777 == 0o600
    names = ("weather-key", "second", "stripe")
    assert [stored(name) for name in names] == [
        KEYHOUSE_SECRET,
        OTHER_KEYHOUSE_SECRET,
        "sk $1",
    ]
    assert KEYHOUSE_SECRET not in ran.stdout + ran.stderr
    assert [one.name for one in folder.iterdir()] == [".env"]


def test_a_person_is_asked_and_may_say_no(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"A={KEYHOUSE_SECRET}\n"
    path = write(folder, text)
    monkeypatch.chdir(folder)
    no = kh_at_terminal("env", "hide", prompt="store A as a? [y/N] ", typed="n")
    assert no.exit_code == 2
    assert "nothing was changed" in no.shown
    assert path.read_text() == text
    yes = kh_at_terminal("env", "hide", prompt="store A as a? [y/N] ", typed="y")
    assert yes.exit_code == 0
    assert path.read_text() == "A=kh://a\n"


def test_nobody_to_be_asked_changes_nothing(folder: Path) -> None:
    path = write(folder, f"A={KEYHOUSE_SECRET}\n")
    ran = kh("env", "hide", folder=folder)
    assert ran.returncode == 2
    assert "--yes" in ran.stderr
    assert "kh://" not in path.read_text()


def test_a_name_of_another_secret_is_a_conflict_and_changes_nothing(folder: Path) -> None:
    keep("second", "another")
    text = f"FIRST={KEYHOUSE_SECRET}\nSECOND={OTHER_KEYHOUSE_SECRET}\n"
    path = write(folder, text)
    ran = kh("env", "hide", "--yes", folder=folder)
    assert ran.returncode == 1
    assert "--as SECOND=NAME" in ran.stderr
    assert path.read_text() == text
    assert stored("first") is None


def test_the_same_secret_under_its_name_is_no_conflict(folder: Path) -> None:
    keep("a", KEYHOUSE_SECRET)
    path = write(folder, f"A={KEYHOUSE_SECRET}\n")
    assert kh("env", "hide", "--yes", folder=folder).returncode == 0
    assert path.read_text() == "A=kh://a\n"


@pytest.mark.parametrize(
    ("text", "words", "exit_code", "told"),
    [
        ("A=x\n", ["--name", "B"], 2, "no secret to move in B"),
        ("A=kh://a\n", ["--name", "A"], 2, "no secret to move in A"),
        ("A='two\nlines'\n", ["--name", "A"], 2, "A: a secret is one line"),
        ("A='x\n'\n", ["--name", "A"], 2, "A: a secret is one line"),
        ("A=x\nA=y\n", ["--name", "A"], 1, "A is set twice"),
        (f"A={KEYHOUSE_SECRET}\nA=other\n", [], 1, "A is set twice"),
        (f"A=other\nA={KEYHOUSE_SECRET}\n", [], 1, "A is set twice"),
        (f"A={KEYHOUSE_SECRET}\nA=kh://a\n", [], 1, "A is set twice"),
        ("A=x\n", ["--name", "A", "--as", "A"], 2, "VAR=NAME"),
        ("A=x\n", ["--name", "A", "--as", "A=no/name"], 2, "what was given is none"),
        ("A=x\nB=y\n", ["--name", "A", "--name", "B", "--as", "B=a"], 1, "another secret"),
    ],
)
def test_what_can_not_be_hidden_is_told_and_stays(
    folder: Path, text: str, words: list[str], exit_code: int, told: str
) -> None:
    path = write(folder, text)
    ran = kh("env", "hide", "--yes", *words, folder=folder)
    assert ran.returncode == exit_code
    assert told in ran.stderr
    assert path.read_text() == text
    assert Store.of_user().entries() == []


def test_nothing_to_hide_is_no_failure(folder: Path) -> None:
    write(folder, "A=x\n")
    ran = kh("env", "hide", folder=folder)
    assert ran.returncode == 0
    assert "--name VAR" in ran.stdout


def test_what_was_committed_is_said_to_stay_in_the_history(repository: Path) -> None:
    write(repository, f"A={KEYHOUSE_SECRET}\n")
    git(repository, "add", "--force", ".env")
    ran = kh("env", "hide", "--yes", folder=repository)
    assert "history" in ran.stderr


def test_an_env_file_as_it_should_be_has_no_findings(repository: Path) -> None:
    keep("planner", "x")
    write(repository, "A=kh://planner\nB=plain\n")
    ran = kh("env", "check", folder=repository)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_each_finding_is_a_line_that_shows_no_secret(repository: Path) -> None:
    (repository / ".gitignore").unlink()
    write(
        repository,
        f"A=kh://gone\nB='Bearer {KEYHOUSE_SECRET}'\n# C={OTHER_KEYHOUSE_SECRET}\n"
        "D=kh://no/name\n",
        0o640,
    )
    ran = kh("env", "check", folder=repository)
    assert ran.returncode == 1
    assert ran.stdout.splitlines() == [
        ".env: git does not ignore it: put .env into .gitignore",
        ".env: others may read it: chmod 600 .env",
        ".env:1: A: kh://gone is not stored: kh store set gone",
        ".env:2: B holds a secret: kh env hide .env",
        ".env:3: a comment holds a secret: take it out, and rotate its key",
        ".env:4: D: what stands behind kh:// is no name of a secret; write kh://NAME",
    ]
    told = json.loads(kh("env", "check", "--json", folder=repository).stdout)
    assert [row["code"] for row in told] == [
        "not_ignored",
        "open_to_others",
        "not_stored",
        "plain_secret",
        "plain_secret",
        "no_name",
    ]


def test_a_tracked_file_is_found_though_it_is_ignored(repository: Path) -> None:
    write(repository, "A=b\n")
    git(repository, "add", "--force", ".env")
    ran = kh("env", "check", str(repository / ".env"))
    assert ran.returncode == 1
    assert "git tracks it: git rm --cached" in ran.stdout


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=kh://planner\n\n# of us all\n", False),
        ("A=kh://planner\nB=c\n", True),
        (f"A=kh://planner\n# B={KEYHOUSE_SECRET}\n", True),
        ("", True),
    ],
    ids=["references", "and a value", "and a secret", "nothing"],
)
def test_a_file_of_references_alone_may_be_tracked(
    repository: Path, text: str, *, found: bool
) -> None:
    keep("planner", "x")
    write(repository, text)
    git(repository, "add", "--force", ".env")
    ran = kh("env", "check", folder=repository)
    assert ("git tracks it" in ran.stdout) is found
    assert ran.returncode == int(found)


def test_a_repository_has_no_program_of_its_own_started(repository: Path) -> None:
    """`core.fsmonitor` names one that git runs when it looks at files."""
    write(repository, "A=b\n")
    marker = repository.parent / "was-run"
    program = repository / "program"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(program))
    assert kh("env", "check", folder=repository).returncode == 0
    assert not marker.exists()
    git(repository, "status")
    assert marker.exists()


def test_outside_of_git_there_is_nothing_to_ignore(folder: Path) -> None:
    write(folder, "A=b\n")
    assert kh("env", "check", folder=folder).returncode == 0


def test_no_usual_file_is_no_finding_and_a_named_one_must_be_there(folder: Path) -> None:
    ran = kh("env", "check", folder=folder)
    assert (ran.returncode, ran.stderr) == (0, "there is no .env here\n")
    assert kh("env", "check", "other", folder=folder).returncode == 2


def test_a_variable_is_set_to_refer(folder: Path) -> None:
    keep("planner", "x")
    ran = kh("env", "set", "A", "planner", folder=folder)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, ".env: A=kh://planner\n", "")
    path = folder / ".env"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("B=1\nA=kh://old # why\n")
    later = kh("env", "set", "A", "mailer", folder=folder)
    assert later.stderr == "mailer is not stored yet: kh store set mailer\n"
    assert path.read_text() == "B=1\nA=kh://mailer # why\n"
    kh("env", "set", "C", "planner", "--file", "other", folder=folder)
    assert (folder / "other").read_text() == "C=kh://planner\n"


@pytest.mark.parametrize("words", [("1A", "planner"), ("A=B", "planner"), ("A", "no/name")])
def test_what_is_no_variable_or_name_is_wrong_use(
    folder: Path, words: tuple[str, str]
) -> None:
    assert kh("env", "set", *words, folder=folder).returncode == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("text", ["A=old\n", "A=old\nA=\n", "A=\nA=kh://a\nA='old'\n"])
def test_a_plain_value_is_replaced_only_with_force(folder: Path, text: str) -> None:
    """It may stand nowhere else."""
    path = write(folder, text)
    ran = kh("env", "set", "A", "planner", folder=folder)
    assert ran.returncode == 1
    assert "kh env hide .env --name A" in ran.stderr
    assert "--force" in ran.stderr
    assert "old" not in ran.stderr
    assert path.read_text() == text
    assert kh("env", "set", "A", "planner", "--force", folder=folder).returncode == 0
    assert "old" not in path.read_text()


def test_an_empty_value_is_set_unasked(folder: Path) -> None:
    path = write(folder, "A=\n")
    assert kh("env", "set", "A", "planner", folder=folder).returncode == 0
    assert path.read_text() == "A=kh://planner\n"


@pytest.mark.parametrize("what", ["link", "pipe", "large"])
@pytest.mark.parametrize("words", [("check",), ("hide", "--yes"), ("set", "A", "planner")])
def test_only_a_regular_file_of_some_size_is_read(
    folder: Path, what: str, words: tuple[str, ...]
) -> None:
    """A stranger's repository may have anything called `.env`."""
    path = folder / ".env"
    if what == "link":
        path.symlink_to("/dev/zero")
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"#" * ((1 << 20) + 1))
    ran = kh("env", *words, folder=folder)
    assert ran.returncode == 2
    told = "has more than 1048576 bytes" if what == "large" else "is no regular file"
    assert ran.stderr == f"kh: .env: {told}\n"


def test_secrets_are_moved_though_git_can_not_tell_of_the_file(repository: Path) -> None:
    path = write(repository, f"A={KEYHOUSE_SECRET}\n")
    (repository / ".git" / "config").write_text("[")
    ran = kh("env", "hide", "--yes", folder=repository)
    assert (ran.returncode, ran.stdout) == (0, "A=kh://a\n")
    assert "git says" in ran.stderr
    assert path.read_text() == "A=kh://a\n"
