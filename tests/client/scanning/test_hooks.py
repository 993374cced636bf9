import os
import subprocess
from pathlib import Path

import pytest

from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import hint_of, minted


def ran(repository: Repository, *arguments: str) -> "subprocess.CompletedProcess[str]":
    line = ["git", *arguments]
    return subprocess.run(
        line, cwd=repository.top, capture_output=True, text=True, check=False
    )


def test_a_commit_with_a_key_does_not_come_about(
    repository: Repository, kh: Kh, programs: Path
) -> None:
    assert kh("--install-hook", "pre-commit")[0] == 0
    secret = minted()
    repository.write("inside/a", secret)
    repository.git("add", "--all")
    refused = ran(repository, "-C", "inside", "commit", "-m", "x")
    assert refused.returncode == 1
    assert f"inside/a:1:1: server key {hint_of(secret)} (live)" in refused.stderr
    repository.write("inside/a", "clean")
    assert ran(repository, "commit", "-m", "x").returncode == 1
    assert ran(repository, "commit", "-a", "-m", "x").returncode == 0


def test_a_commit_of_one_file_is_looked_at_as_it_will_be(
    repository: Repository, kh: Kh, programs: Path
) -> None:
    """Git stages it elsewhere, and tells the hook where."""
    repository.commit(a="x")
    kh("--install-hook", "pre-commit")
    repository.write("a", minted())
    repository.write("b", minted())
    assert ran(repository, "commit", "a", "-m", "x").returncode == 1
    repository.git("add", "b")
    repository.write("a", "clean")
    assert ran(repository, "commit", "a", "-m", "x").returncode == 0


def test_a_push_with_a_key_does_not_come_about(
    repository: Repository, kh: Kh, programs: Path, tmp_path: Path
) -> None:
    repository.git("init", "--quiet", "--bare", str(tmp_path / "far"))
    repository.git("remote", "add", "origin", str(tmp_path / "far"))
    old, secret = minted(), minted()
    repository.commit(old=old)
    repository.git("push", "--quiet", "origin", "main")
    kh("--install-hook", "pre-push")
    repository.commit(a=secret)
    repository.commit(a="clean")
    refused = ran(repository, "push", "origin", "main:other")
    assert refused.returncode == 1
    assert hint_of(secret) in refused.stderr + refused.stdout
    assert hint_of(old) not in refused.stderr + refused.stdout
    repository.git("reset", "--quiet", "--hard", "HEAD~2")
    repository.commit(b="clean")
    assert ran(repository, "push", "origin", "main").returncode == 0
    assert ran(repository, "push", "origin", ":main").returncode != 2


def test_a_commit_that_is_named_with_spaces_can_be_pushed(
    repository: Repository, kh: Kh, programs: Path, tmp_path: Path
) -> None:
    repository.git("init", "--quiet", "--bare", str(tmp_path / "far"))
    repository.git("remote", "add", "origin", str(tmp_path / "far"))
    repository.commit("two words here", a="x")
    repository.commit(a=minted())
    kh("--install-hook", "pre-push")
    for named, code in (("HEAD^{/two words}", 0), ("HEAD", 1)):
        done = ran(repository, "push", "origin", f"{named}:refs/heads/x")
        assert done.returncode == code, done.stderr


@pytest.mark.parametrize("there", ["nothing", "less", "other"])
def test_a_remote_that_moved_does_not_have_what_the_former_one_had(
    repository: Repository, kh: Kh, programs: Path, tmp_path: Path, there: str
) -> None:
    for name in ("private", "public"):
        repository.git("init", "--quiet", "--bare", str(tmp_path / name))
    repository.git("remote", "add", "origin", str(tmp_path / "private"))
    base = repository.commit(a="x")
    if there == "less":
        repository.git("push", "--quiet", str(tmp_path / "public"), "main")
    elif there == "other":
        other = repository.git("commit-tree", "-m", "other", f"{base}^{{tree}}")
        to = f"{other}:refs/heads/main"
        repository.git("push", "--quiet", str(tmp_path / "public"), to)
    secret = minted()
    repository.commit(a=secret)
    repository.git("push", "--quiet", "origin", "main")
    kh("--install-hook", "pre-push")
    repository.commit(a="clean")
    assert ran(repository, "push", "origin", "main:new").returncode == 0
    repository.git("remote", "set-url", "origin", str(tmp_path / "public"))
    refused = ran(repository, "push", "--force", "origin", "main")
    assert refused.returncode == 1
    assert hint_of(secret) in refused.stderr + refused.stdout


def test_what_others_pushed_meanwhile_is_what_the_remote_has(
    repository: Repository, kh: Kh, programs: Path, tmp_path: Path
) -> None:
    far = str(tmp_path / "far")
    repository.git("init", "--quiet", "--bare", far)
    repository.git("remote", "add", "origin", far)
    repository.commit(a=minted())
    repository.git("push", "--quiet", "origin", "main", "main:side")
    repository.commit(b=minted())
    repository.git("push", "--quiet", far, "main")
    repository.commit(c="clean")
    kh("--install-hook", "pre-push")
    assert ran(repository, "push", "origin", "main", "main:side").returncode == 0


def test_without_kh_nothing_is_committed_and_the_way_on_is_told(
    repository: Repository, kh: Kh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kh("--install-hook", "pre-commit")
    folder = tmp_path / "few"
    folder.mkdir()
    for name in ("git", "sh"):
        found = next(
            Path(place, name)
            for place in os.environ["PATH"].split(os.pathsep)
            if Path(place, name).exists()
        )
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    refused = ran(repository, "commit", "--allow-empty", "-m", "x")
    assert refused.returncode == 1
    assert "kh is not found" in refused.stderr
    assert "git commit --no-verify" in refused.stderr
    assert ran(
        repository, "commit", "--allow-empty", "-m", "x", "--no-verify"
    ).returncode == (0)


def test_the_hook_of_ours_stays_and_an_older_one_is_renewed(
    repository: Repository, kh: Kh
) -> None:
    assert kh("--install-hook", "pre-push") == (
        0,
        ['.git/hooks/pre-push runs kh scan --pre-push="$1" from now on'],
        "",
    )
    hook = repository.top / ".git/hooks/pre-push"
    text = hook.read_text()
    assert "already" in kh("--install-hook", "pre-push")[1][0]
    hook.write_text(text.replace("exec", "true"))
    hook.chmod(0o644)
    assert "from now on" in kh("--install-hook", "pre-push")[1][0]
    assert (hook.read_text(), hook.stat().st_mode & 0o777) == (text, 0o755)


@pytest.mark.parametrize("as_link", [False, True])
def test_a_hook_of_somebody_elses_is_left_as_it_is(
    repository: Repository, kh: Kh, tmp_path: Path, as_link: bool
) -> None:
    hook = repository.top / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    if as_link:
        hook.symlink_to(tmp_path / "theirs")
    else:
        hook.write_text("#!/bin/sh\nmake lint\n")
    code, _, said = kh("--install-hook", "pre-commit")
    assert code == 2
    assert "add this line to it: kh scan --staged || exit 1" in said
    assert hook.is_symlink() if as_link else "make lint" in hook.read_text()


def test_hooks_are_where_git_looks_for_them(repository: Repository, kh: Kh) -> None:
    repository.git("config", "core.hooksPath", "of/all")
    assert kh("--install-hook", "pre-commit")[0] == 0
    assert os.access(repository.top / "of/all/pre-commit", os.X_OK)


@pytest.mark.parametrize("there", [True, False])
def test_where_husky_writes_the_hooks_the_file_of_people_is_told(
    repository: Repository, kh: Kh, there: bool
) -> None:
    """What git runs is written anew by each `npm install`."""
    if there:
        repository.write(
            ".husky/_/pre-commit", '#!/usr/bin/env sh\n. "$(dirname "$0")/h"\n'
        )
    repository.git("config", "core.hooksPath", ".husky/_")
    code, _, said = kh("--install-hook", "pre-commit")
    assert code == 2
    assert said == (
        "kh: .husky/pre-commit: Husky runs this file as the hook; "
        "add this line to it: kh scan --staged || exit 1\n"
    )
    repository.write(".husky/pre-commit", "npm test\nkh scan --staged || exit 1\n")
    code, lines, _ = kh("--install-hook", "pre-commit")
    assert (code, lines) == (0, [".husky/pre-commit runs kh scan --staged already"])


def test_that_a_hook_runs_in_all_repositories_is_told(
    repository: Repository, kh: Kh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    repository.git("config", "--global", "core.hooksPath", str(tmp_path / "hooks"))
    reach = "; it runs in all repositories, as core.hooksPath of the global settings has it"
    hook = tmp_path / "hooks/pre-commit"
    line = f"{hook} runs kh scan --staged from now on{reach}"
    assert kh("--install-hook", "pre-commit")[:2] == (0, [line])
    hook.write_text("make lint")
    assert kh("--install-hook", "pre-commit")[2].endswith(f"|| exit 1{reach}\n")


def test_outside_git_there_is_no_hook(outside: Repository, kh: Kh) -> None:
    code, _, said = kh("--install-hook", "pre-commit")
    assert code == 2
    assert "not a git repository" in said
