"""Repositories inside of repositories, whole ones and damaged ones."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import minted


def paths(lines: list[str]) -> list[str]:
    return [line.split(":")[0] for line in lines]


@pytest.fixture
def gitlink(repository: Repository) -> Path:
    """The folder of a submodule, as git's index knows it."""
    head = repository.commit(first="x")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{head},inner")
    return repository.top / "inner"


def test_a_damaged_one_is_a_gap_and_all_of_it_and_the_rest_is_looked_at(
    repository: Repository, kh: Kh, gitlink: Path
) -> None:
    inner = Repository(gitlink)
    gitlink.mkdir()
    inner.git("init", "--quiet")
    inner.write("key", minted())
    inner.git("config", "core.repositoryFormatVersion", "99")
    repository.write("later", minted())
    code, lines, said = kh()
    assert (code, sorted(paths(lines))) == (2, ["inner/key", "later"])
    assert "kh: not looked at: inner: git rev-parse: fatal: " in said


def test_one_whose_index_is_damaged_is_a_gap_too(
    repository: Repository, kh: Kh, gitlink: Path
) -> None:
    """Git opens it, and gives up later."""
    inner = Repository(gitlink)
    gitlink.mkdir()
    inner.git("init", "--quiet")
    inner.write("key", minted())
    inner.write(".git/index", "nonsense")
    repository.write("later", minted())
    code, lines, said = kh()
    assert (code, sorted(paths(lines))) == (2, ["inner/key", "later"])
    assert "kh: not looked at: inner: git ls-files: " in said


def test_one_of_another_owner_is_a_gap_too(
    repository: Repository,
    kh: Kh,
    gitlink: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inner = Repository(gitlink)
    gitlink.mkdir()
    inner.git("init", "--quiet")
    inner.write("key", minted())
    repository.write("later", minted())
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    repository.git("config", "--global", "safe.directory", str(repository.top))
    # Git's own tests do without a second user by it.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    code, lines, said = kh()
    assert (code, sorted(paths(lines))) == (2, ["inner/key", "later"])
    assert "dubious ownership" in said


@pytest.mark.parametrize("kind", ["folder", "dangling"])
def test_what_only_looks_like_one_is_a_folder(
    repository: Repository, kh: Kh, gitlink: Path, kind: str
) -> None:
    """Git answers for the repository around it, in which the same folder is again."""
    gitlink.mkdir()
    if kind == "folder":
        (gitlink / ".git").mkdir()
    else:
        (gitlink / ".git").symlink_to("nowhere")
    repository.write("inner/key", minted())
    assert kh()[:2] == (1, kh("inner/key")[1])


@pytest.mark.parametrize("there", [True, False])
def test_one_that_says_its_files_are_elsewhere_is_a_folder(
    repository: Repository, kh: Kh, gitlink: Path, tmp_path: Path, there: bool
) -> None:
    inner = Repository(gitlink)
    gitlink.mkdir()
    inner.git("init", "--quiet")
    inner.write("key", minted())
    inner.git("config", "core.worktree", str(tmp_path if there else tmp_path / "nowhere"))
    assert paths(kh()[1]) == ["inner/key"]


def test_in_a_hook_of_the_outer_one_the_inner_one_is_asked_for_its_own_files(
    repository: Repository, kh: Kh, gitlink: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git tells its hooks of its index, and of its folder."""
    inner = Repository(gitlink)
    gitlink.mkdir()
    inner.git("init", "--quiet")
    inner.write("key", minted())
    inner.write("left-out", minted())
    inner.write(".gitignore", "left-out")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    monkeypatch.setenv("GIT_DIR", ".git")
    code, lines, _ = kh()
    assert (code, paths(lines)) == (1, ["inner/key"])


def test_repositories_in_each_other_are_looked_at_however_many(
    repository: Repository, kh: Kh
) -> None:
    top = repository.top
    for _ in range(5):
        top = top / "r"
        top.mkdir()
        Repository(top).git("init", "--quiet")
    Repository(top).write("key", minted())
    assert paths(kh()[1]) == ["r/r/r/r/r/key"]


@pytest.fixture
def deepen(outside: Repository) -> Iterator[Callable[[str, int], None]]:
    """Makes folders in each other, with a key in the last."""

    def make(name: str, number: int) -> None:
        for _ in range(number):
            Path(name).mkdir()
            os.chdir(name)
        Path("key").write_text(minted())
        os.chdir(outside.top)

    yield make
    # Python takes folders away by recursion.
    subprocess.run(["rm", "-r", *outside.top.iterdir()], check=True)


def test_folders_in_each_other_are_looked_at_however_many(
    kh: Kh, deepen: Callable[[str, int], None]
) -> None:
    deepen("d", 1500)
    code, lines, said = kh("--all")
    assert (code, len(lines)) == (1, 1), said
    assert lines[0].startswith("d/" * 1500 + "key:1:1: ")


def test_folders_too_deep_for_the_system_are_a_gap(
    outside: Repository, kh: Kh, deepen: Callable[[str, int], None]
) -> None:
    deepen("d" * 250, 20)
    outside.write("z", minted())
    code, lines, said = kh("--all")
    assert (code, paths(lines)) == (2, ["z"])
    assert "File name too long" in said


def test_where_gits_files_are_elsewhere_all_of_the_folder_is_looked_at(
    repository: Repository, kh: Kh, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    repository.git("config", "core.worktree", str(tmp_path / "elsewhere"))
    repository.write("key", minted())
    code, lines, said = kh()
    assert (code, paths(lines)) == (1, ["key"]), said
