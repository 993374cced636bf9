import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.kh import keep, kh, line

SHOW = [sys.executable, "-c", "import os, sys; print(os.environ.get(sys.argv[1]))"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keep("planner", "pa$HOME ${x} 'q'")
    made = tmp_path / "project"
    made.mkdir()
    return made


def test_a_reference_in_the_usual_file_becomes_its_secret(folder: Path) -> None:
    (folder / ".env").write_text("API_KEY=kh://planner\nPLAIN=a$HOME\n")
    ran = kh("run", *SHOW, "API_KEY", folder=folder)
    assert (ran.returncode, ran.stdout) == (0, "pa$HOME ${x} 'q'\n")
    assert kh("run", "--", *SHOW, "PLAIN", folder=folder).stdout == "a$HOME\n"


def test_a_reference_in_the_environment_does_too(folder: Path) -> None:
    ran = kh("run", *SHOW, "API_KEY", folder=folder, env={"API_KEY": "kh://planner"})
    assert ran.stdout == "pa$HOME ${x} 'q'\n"


def test_only_a_whole_value_is_a_reference(folder: Path) -> None:
    for value in ("see kh://planner", "KH://planner", '{"key": "kh://planner"}'):
        ran = kh("run", *SHOW, "A", folder=folder, env={"A": value})
        assert ran.stdout == f"{value}\n"


def test_what_is_set_wins_and_of_files_the_later(folder: Path) -> None:
    (folder / ".env").write_text("A=usual\n")
    (folder / "one").write_text("A=one\nB=one\nC=one\n")
    (folder / "two").write_text("B=two\nC=two\n")
    files = ["--env-file", "one", "--env-file", "two"]
    told = [
        kh("run", *files, *SHOW, name, folder=folder, env={"C": "set"}).stdout.strip()
        for name in "ABC"
    ]
    assert told == ["one", "two", "set"]
    assert kh("run", "--no-env-file", *SHOW, "A", folder=folder).stdout == "None\n"


def test_a_reference_that_is_overridden_need_not_be_stored(folder: Path) -> None:
    (folder / ".env").write_text("A=kh://never-stored\n")
    assert kh("run", *SHOW, "A", folder=folder, env={"A": "x"}).stdout == "x\n"


def test_all_that_is_missing_is_told_at_once_and_nothing_is_run(folder: Path) -> None:
    (folder / ".env").write_text("ONE=kh://one\nTWO=kh://two\nBAD=kh://no/name\n")
    ran = kh("run", "touch", "was-run", folder=folder)
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "kh: nothing was run.",
        "  ONE: kh://one is not stored: kh store set one",
        "  TWO: kh://two is not stored: kh store set two",
        "  BAD: what stands behind kh:// is no name of a secret; write kh://NAME",
    ]
    assert not (folder / "was-run").exists()


@pytest.mark.parametrize("name", ["management-key", "../login/management-key", "~trial"])
def test_no_reference_leads_to_the_login(folder: Path, name: str) -> None:
    login = folder.parent / "home" / "data" / "keyhouse" / "login"
    login.mkdir(mode=0o700)
    assert kh("run", *SHOW, "A", env={"A": f"kh://{name}"}).returncode == 1


def test_words_of_the_command_are_its_own(folder: Path) -> None:
    show = [sys.executable, "-c", "import sys; print(sys.argv[1:])"]
    own = ["--json", "--env-file", "-h", "--", "x"]
    assert kh("run", *show, *own, folder=folder).stdout == f"{own}\n"
    assert kh("run", "--", *show, *own, folder=folder).stdout == f"{own}\n"
    missed = kh("run", *show, "--json", folder=folder, env={"A": "kh://none"})
    assert missed.stderr.startswith("kh: nothing was run")
    asked = kh("run", "--json", *show, folder=folder, env={"A": "kh://none"})
    assert json.loads(asked.stderr)["code"] == "not_stored"


@pytest.mark.parametrize("exit_code", [0, 1, 7, 255])
def test_the_exit_code_is_the_commands(folder: Path, exit_code: int) -> None:
    assert kh("run", "sh", "-c", f"exit {exit_code}", folder=folder).returncode == exit_code


def test_the_command_takes_the_process_over(folder: Path) -> None:
    """Whoever stops `kh run` stops the command, and no second process is left."""
    show = [sys.executable, "-c", "import os; print(os.getpid(), flush=True); input()"]
    with subprocess.Popen(
        line("run", *show), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        process.send_signal(signal.SIGTERM)
    assert process.returncode == -signal.SIGTERM


def test_a_command_whose_reader_has_enough_ends_as_it_does_in_a_shell(folder: Path) -> None:
    """`kh run yes | head -1`: Python ignores SIGPIPE, and must not hand that on."""
    ours, theirs = os.pipe()
    os.close(ours)
    ran = subprocess.run(
        line("run", "yes"), cwd=folder, stdout=theirs, stderr=subprocess.PIPE, check=False
    )
    os.close(theirs)
    assert (ran.returncode, ran.stderr) == (-signal.SIGPIPE, b"")


def test_a_command_that_is_not_there_or_can_not_be_run(folder: Path) -> None:
    missing = kh("run", "no-such-command", folder=folder)
    assert missing.returncode == 127
    assert missing.stderr == "kh: no-such-command: command not found\n"
    (folder / "text").write_text("text")
    text = kh("run", "./text", folder=folder)
    assert text.returncode == 126
    assert text.stderr == "kh: ./text: Permission denied\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "what is to be run?"),
        (["--"], "what is to be run?"),
        (["--env-file", "none", "true"], "none: No such file or directory"),
        (["--env-file", "wrong", "true"], "wrong, line 2: is no VARIABLE=value"),
        (["--env-file", "wrong", "--no-env-file", "true"], "one of them"),
    ],
)
def test_wrong_use_is_told_and_nothing_is_run(
    folder: Path, words: list[str], told: str
) -> None:
    (folder / "wrong").write_text("A=1\nsecret\n")
    ran = kh("run", *words, folder=folder)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert "secret" not in ran.stderr


def test_an_env_file_has_nothing_done(folder: Path) -> None:
    """It comes with a repository, which may be a stranger's."""
    (folder / ".env").write_text(
        "A=$(touch done)\nB=`touch done`\nC=${API_KEY}\n"
        f"XDG_DATA_HOME={folder}\nKEYHOUSE_STORE=vault\n"
    )
    env = {"API_KEY": "kh://planner"}
    ran = kh("run", *SHOW, "C", folder=folder, env=env)
    assert (ran.returncode, ran.stdout) == (0, "${API_KEY}\n")
    assert [path.name for path in folder.iterdir()] == [".env"]


def test_a_file_that_is_named_may_be_a_pipe_and_the_usual_one_not(folder: Path) -> None:
    script = 'exec "$@" run --env-file <(echo A=kh://planner) sh -c \'echo "$A"\''
    command = ["bash", "-c", script, "bash", *line()]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.stdout == "pa$HOME ${x} 'q'\n"
    os.mkfifo(folder / ".env")
    usual = kh("run", "true", folder=folder)
    assert (usual.returncode, usual.stderr) == (2, "kh: .env: is no regular file\n")
    endless = kh("run", "--env-file", "/dev/zero", "true", folder=folder)
    assert endless.returncode == 2
    assert "has more than" in endless.stderr


@pytest.mark.parametrize("own", [None, "C", "C.UTF-8"])
def test_what_python_set_for_itself_is_not_handed_on(folder: Path, own: str | None) -> None:
    """In the C locale it sets LC_CTYPE, and sorting and case of the command with it."""
    locale = ("LC_", "LANG", "PYTHONCOERCE", "PYTHONUTF8")
    env = {k: v for k, v in os.environ.items() if not k.startswith(locale)}
    if own is not None:
        env["LC_CTYPE"] = own
    ran = subprocess.run(
        line("run", "sh", "-c", "echo ${LC_CTYPE-none}"),
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == f"{own or 'none'}\n"


def test_a_folder_called_env_is_no_env_file(folder: Path) -> None:
    (folder / ".env").mkdir()
    assert kh("run", "true", folder=folder).returncode == 0
