"""Real git repositories."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from keyhouse_client.command import main

Ran = tuple[int, list[str], str]
Kh = Callable[..., Ran]


class Repository:
    def __init__(self, top: Path) -> None:
        self.top = top

    def git(self, *arguments: str | bytes, given: bytes = b"") -> str:
        line = ["git", *arguments]
        done = subprocess.run(
            line, cwd=self.top, input=given, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def write(self, name: str | bytes, text: str | bytes) -> Path:
        path = self.top / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def commit(self, message: str = "x", **files: str) -> str:
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git as it comes, whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")
        monkeypatch.setenv(f"GIT_{who}_DATE", "2026-01-02T03:04:05+01:00")


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A folder that is in no work tree, and the current one."""
    folder = tmp_path / "outside"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Repository(folder)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty one, and the current folder."""
    top = tmp_path / "top"
    top.mkdir()
    made = Repository(top)
    made.git("init", "--quiet", "--initial-branch", "main")
    monkeypatch.chdir(top)
    return made


@pytest.fixture
def kh(capsys: pytest.CaptureFixture[str]) -> Kh:
    """`kh scan`: its exit code, the lines it printed, and what it said besides."""

    def run(*arguments: str) -> Ran:
        code = main(["scan", *arguments])
        told = capsys.readouterr()
        return code, told.out.splitlines(), told.err

    return run


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs in PATH, with a `kh` that hooks find."""
    folder = tmp_path / "bin"
    folder.mkdir()
    code = "import sys; from keyhouse_client.command import main; sys.exit(main())"
    program = folder / "kh"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder
