import io
import sys
from pathlib import Path

import pytest

from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import hint_of, minted


def paths(lines: list[str]) -> list[str]:
    return [line.split(":")[0] for line in lines]


def test_what_git_ignores_is_left_out_but_with_all(repository: Repository, kh: Kh) -> None:
    secret = minted()
    repository.write(".gitignore", "dist\n.env\n")
    repository.write("kept.py", secret)
    repository.git("add", "kept.py")
    for name in ("new.py", "dist/bundle.js", ".env"):
        repository.write(name, secret)
    assert paths(kh()[1]) == ["kept.py", "new.py"]
    assert sorted(paths(kh("--all")[1])) == [".env", "dist/bundle.js", "kept.py", "new.py"]


def test_a_file_or_folder_that_is_named_is_looked_at_though_ignored(
    repository: Repository, kh: Kh
) -> None:
    """Nothing found there must mean that nothing is there."""
    repository.write(".gitignore", "dist\n.env\n")
    repository.write("dist/bundle.js", minted())
    repository.write(".env", minted())
    assert paths(kh("dist", ".env")[1]) == ["dist/bundle.js", ".env"]


def test_from_a_folder_inside_only_what_is_below_is_looked_at(
    repository: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("above.py", minted())
    repository.write("inside/here.py", minted())
    monkeypatch.chdir(repository.top / "inside")
    assert paths(kh()[1]) == ["here.py"]
    assert paths(kh("../above.py")[1]) == ["../above.py"]


def test_outside_git_all_files_are_looked_at(outside: Repository, kh: Kh) -> None:
    outside.write("a/.gitignore", "*")
    outside.write("a/b.txt", minted())
    assert paths(kh()[1]) == ["a/b.txt"]


def test_where_git_is_not_installed_all_files_are_looked_at(
    repository: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.write(".gitignore", "*")
    repository.write("b.txt", minted())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert paths(kh()[1]) == ["b.txt"]
    code, _, said = kh("--history")
    assert (code, said) == (2, "kh: git is not installed, or not to be found in PATH\n")


def test_links_are_not_followed(repository: Repository, kh: Kh, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "key").write_text(minted())
    (repository.top / "link").symlink_to(away / "key")
    (repository.top / "folder").symlink_to(away)
    repository.commit(real="")
    assert kh()[:2] == kh("--all")[:2] == (0, [])


def test_a_folder_that_became_a_link_is_not_followed(
    repository: Repository, kh: Kh, tmp_path: Path
) -> None:
    repository.commit(**{"folder/key": ""})
    (repository.top / "folder").rename(tmp_path / "away")
    (tmp_path / "away" / "key").write_text(minted())
    (repository.top / "folder").symlink_to(tmp_path / "away")
    assert kh()[:2] == (0, [])


def test_repositories_inside_are_looked_into(repository: Repository, kh: Kh) -> None:
    """Git names their folders, and none of their files."""
    inner = Repository(repository.top / "inner")
    inner.top.mkdir()
    inner.git("init", "--quiet")
    inner.commit(key=minted())
    assert paths(kh()[1]) == ["inner/key"]
    repository.git("-c", "advice.addEmbeddedRepo=false", "add", "inner")
    assert paths(kh()[1]) == ["inner/key"]


def test_a_file_that_git_knows_and_that_is_gone_is_no_gap(
    repository: Repository, kh: Kh
) -> None:
    repository.commit(gone="x", stays="y")
    (repository.top / "gone").unlink()
    assert kh() == (0, [], "kh: no key in 1 file\n")


def test_a_conflict_is_looked_at_once(repository: Repository, kh: Kh) -> None:
    repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit(a="2")
    repository.git("checkout", "--quiet", "main")
    repository.commit(a="3")
    with pytest.raises(Exception, match="merge"):
        repository.git("merge", "other")
    repository.write("a", minted())
    assert paths(kh()[1]) == ["a"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"line\nbreak", r"line\nbreak"),
        (b"not-utf8-\xff", r"not-utf8-\xff"),
        (b"-dash", "-dash"),
        ("ключ".encode(), "ключ"),
        (b"\x1b[31mred", r"\x1b[31mred"),
    ],
)
def test_any_name_can_be_told(
    repository: Repository, kh: Kh, name: bytes, shown: str
) -> None:
    repository.write(name, minted())
    for arguments in ([], ["--all"]):
        assert kh(*arguments)[1][0].startswith(f"{shown}:1:1: server key ")
    repository.git("add", "--all")
    assert kh("--staged")[1][0].startswith(f"{shown}:1:1: ")
    repository.git("commit", "--quiet", "-m", "x")
    assert kh("--history")[1][0].startswith(f"{shown}:1:1: ")


def test_a_secret_in_a_name_is_told_and_not_shown(repository: Repository, kh: Kh) -> None:
    secret = minted()
    repository.write(f"{secret}.txt", "")
    code, lines, said = kh()
    hint = hint_of(secret)
    assert (code, lines) == (1, [f"{hint}.txt:1:1: server key {hint} (live)"])
    assert secret not in said


def test_a_gap_is_told_and_the_rest_is_looked_at(repository: Repository, kh: Kh) -> None:
    """A scan that has left something out must not look clean."""
    repository.write("a", minted())
    code, lines, said = kh("nowhere", "a")
    assert (code, paths(lines)) == (2, ["a"])
    assert "kh: not looked at: nowhere: No such file or directory\n" in said


def test_a_name_that_no_system_has_is_a_gap(repository: Repository, kh: Kh) -> None:
    repository.write("a", minted())
    code, lines, said = kh("b" * 300, "a")
    assert (code, paths(lines)) == (2, ["a"])
    assert "b: File name too long" in said
    assert kh("b" * 300)[0] == 2


def test_a_file_that_breaks_off_is_a_gap(outside: Repository, kh: Kh) -> None:
    """As on a damaged disk; a process's memory can't be read from its beginning."""
    code, _, said = kh("/proc/self/mem")
    assert code == 2
    assert "not looked at: /proc/self/mem: Input/output error" in said


def test_standard_input_is_a_text(
    outside: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = io.BytesIO(f"\n  {minted()}".encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(text))
    code, lines, _ = kh("-")
    assert (code, lines[0][:7]) == (1, "-:2:3: ")
