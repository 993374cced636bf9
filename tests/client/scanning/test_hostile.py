"""A stranger's repository has us run nothing."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import minted

PROGRAMS = (
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "gpg.program",
    "gpg.ssh.program",
    "interactive.diffFilter",
    "pager.diff",
    "pager.ls-files",
    "pager.rev-list",
    "pager.diff-tree",
    "pager.cat-file",
    "uploadpack.packObjectsHook",
)
HOOKS = ("post-index-change", "fsmonitor-watchman", "pre-commit", "reference-transaction")
SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----"


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Where a line would stand, if anything had been run."""
    return tmp_path / "ran"


@pytest.fixture
def hostile(
    repository: Repository, tmp_path: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> Repository:
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >>{trap}\n')
    program.chmod(0o755)
    repository.write(".gitattributes", "* diff=evil filter=evil\n")
    repository.commit(a=minted())
    tree = repository.git("rev-parse", "HEAD^{tree}")
    who = "Ada <ada@example.com> 1700000000 +0000"
    parent = repository.git("rev-parse", "HEAD")
    signed = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n"
    signed += f"gpgsig {SIGNATURE}\n\nx\n"
    id = repository.git(
        "hash-object", "-t", "commit", "-w", "--stdin", given=signed.encode()
    )
    repository.git("update-ref", "refs/heads/main", id)
    repository.write("a", f"changed {minted()}")
    repository.git("add", "a")
    for hook in HOOKS:
        repository.write(f".git/hooks/{hook}", program.read_text()).chmod(0o755)
    for name in PROGRAMS:
        repository.git("config", name, str(program))
    for name in ("log.showSignature", "diff.submodule", "filter.evil.required"):
        repository.git("config", name, "log" if name == "diff.submodule" else "true")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_PAGER", str(program))
    trap.unlink(missing_ok=True)
    return repository


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--all"],
        ["--staged"],
        ["--history"],
        ["--since", "HEAD~1"],
        ["--pre-push=origin"],
    ],
    ids=" ".join,
)
def test_no_configured_program_is_run(
    hostile: Repository,
    kh: Kh,
    trap: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    head = hostile.git("rev-parse", "HEAD")
    trap.unlink(missing_ok=True)
    line = f"refs/heads/main {head} refs/heads/main {'0' * 40}\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
    code, _, _ = kh(*arguments)
    assert code == (0 if "--since" in arguments else 1)
    assert not trap.exists() or trap.read_text() == ""


def test_the_trap_is_one(hostile: Repository, trap: Path) -> None:
    """Ordinary use of git runs some of them: the test above would see it."""
    for line in (["status"], ["log", "--patch", "--ext-diff"]):
        subprocess.run(["git", *line], cwd=hostile.top, capture_output=True, check=False)
    ran = trap.read_text()
    assert "program" in ran
    assert "--verify" in ran


def test_what_a_partial_clone_lacks_is_not_fetched(
    hostile: Repository, kh: Kh, trap: Path
) -> None:
    """Its remote may be any command."""
    id = hostile.git("rev-parse", "HEAD:a")
    hostile.git("config", "core.repositoryFormatVersion", "1")
    hostile.git("config", "extensions.partialClone", "origin")
    hostile.git("config", "remote.origin.url", f"ext::{trap.parent / 'program'} %S")
    hostile.git("config", "remote.origin.promisor", "true")
    hostile.git("config", "protocol.ext.allow", "always")
    (hostile.top / ".git" / "objects" / id[:2] / id[2:]).unlink()
    staged = hostile.git("rev-parse", ":a")
    (hostile.top / ".git" / "objects" / staged[:2] / staged[2:]).unlink()
    trap.unlink(missing_ok=True)
    code, _, said = kh("--history")
    assert code == 2
    assert f"object {id}: is not in this clone" in said
    code, _, said = kh("--staged")
    assert code == 2
    assert "not looked at: a: " in said
    assert not trap.exists()
