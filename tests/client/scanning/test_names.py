"""Secrets in the names of files and folders, in git's history."""

import io
import sys

import pytest

from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import hint_of, minted

NONE = "0" * 40


def told(secret: str, path: str, commit: str) -> str:
    """The line of a name that ends in a secret."""
    hint = hint_of(secret)
    column = len(path.rpartition("/")[2]) + 1
    where = f"{path}{hint}:1:{column}"
    since = f"since commit {commit[:7]} of 2026-01-02"
    return f"{where}: server key {hint} (live), {since}"


def test_a_second_name_of_a_known_content_is_looked_at(
    repository: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git keeps a content once, and tells one name of it."""
    first = repository.commit(a="")
    one, two, three = minted(), minted(), minted()
    second = repository.commit(**{f"z-{one}": "", f"d/{two}": "", f"{three}/x/y": ""})
    lines = [told(two, "d/", second), told(three, "", second), told(one, "z-", second)]
    repository.commit(b="more")
    repository.git("rm", "--quiet", "-r", "d", three)
    repository.commit()
    assert (kh()[0], sorted(kh("--history")[1])) == (1, sorted(lines))
    assert sorted(kh("--since", first)[1]) == sorted(lines)
    head = repository.git("rev-parse", "HEAD")
    line = f"refs/heads/main {head} refs/heads/main {first}\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
    assert sorted(kh("--pre-push=origin")[1]) == sorted(lines)


def test_a_name_that_was_there_before_is_no_matter_of_a_range(
    repository: Repository, kh: Kh
) -> None:
    """Its folder has a new version, and so has its content: it would be told forever."""
    old, moved = minted(), minted()
    repository.commit(**{f"d/{old}": "", f"d/{moved}": ""})
    base = repository.commit(**{f"d/{old}": "changed"})
    repository.commit(**{"d/new": "", f"d/{old}": "once more"})
    assert kh("--since", base)[:2] == (0, [])
    repository.git("rm", "--quiet", f"d/{old}")
    repository.commit()
    assert kh("--since", base)[:2] == (0, [])
    repository.write("e/x", "")
    repository.git("mv", f"d/{moved}", f"e/{moved}")
    commit = repository.commit()
    assert kh("--since", base)[1] == [told(moved, "e/", commit)]


def test_a_name_that_a_merge_brought_itself_is_told(repository: Repository, kh: Kh) -> None:
    secret = minted()
    base = repository.commit(a="")
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit(b="")
    repository.git("checkout", "--quiet", "main")
    repository.commit(c="")
    repository.git("merge", "--quiet", "--no-commit", "other")
    merge = repository.commit(**{f"d/{secret}": ""})
    assert kh("--since", base)[1] == [told(secret, "d/", merge)]


def test_a_name_and_what_stands_below_it_are_two_places(
    repository: Repository, kh: Kh
) -> None:
    secret = minted()
    commit = repository.commit(**{secret: f"1\n{secret}"})
    below = told(secret, "", commit).replace(":1:1:", ":2:1:")
    assert sorted(kh("--history")[1]) == [told(secret, "", commit), below]


def test_names_below_a_name_that_git_tells_cut_off_are_told_whole(
    repository: Repository, kh: Kh
) -> None:
    secret = minted()
    base = repository.commit(a="")
    commit = repository.commit(**{f"line\nbreak/{secret}": ""})
    hint = hint_of(secret)
    line = f"line\\nbreak/{hint}:1:1: server key {hint} (live), "
    line += f"since commit {commit[:7]} of 2026-01-02"
    assert kh("--history")[1] == kh("--since", base)[1] == [line]


def test_a_folder_that_is_tagged_by_itself_is_looked_at(
    repository: Repository, kh: Kh
) -> None:
    repository.commit(a="")
    secret = minted()
    repository.write(secret, "")
    repository.git("add", "--all")
    repository.git("tag", "only", repository.git("write-tree"))
    assert kh("--history")[1] == [
        f"{hint_of(secret)}:1:1: server key {hint_of(secret)} (live)"
    ]


def test_a_name_that_is_allowed_is_passed_over(repository: Repository, kh: Kh) -> None:
    repository.commit(**{f"keyhouse:allow {minted()}": ""})
    assert kh("--history")[:2] == (0, [])


def test_longer_ids_are_no_matter(outside: Repository, kh: Kh) -> None:
    outside.git("init", "--quiet", "--object-format=sha256")
    secret = minted()
    commit = outside.commit(a="", **{f"d/{secret}": ""})
    assert kh("--history")[1] == [told(secret, "d/", commit)]


def test_a_commit_of_which_nobody_is_the_author_hides_nothing(
    repository: Repository, kh: Kh
) -> None:
    secret = minted()
    repository.commit(a=secret)
    tree = repository.git("rev-parse", "HEAD^{tree}")
    for head in ("author \n", "author x\n", "author x y\n", "author  1 +\n", ""):
        text = f"tree {tree}\n{head}committer A <a@b> 1700000000 +0000\n\nx\n"
        id = repository.git(
            *("hash-object", "-t", "commit", "-w", "--stdin", "--literally"),
            given=text.encode(),
        )
        repository.git("update-ref", "refs/heads/main", id)
        (line,) = kh("--history")[1]
        assert line.startswith(f"a:1:1: server key {hint_of(secret)} (live), since commit ")
