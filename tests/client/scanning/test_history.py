import io
import json
import shutil
import sys
from pathlib import Path

import pytest

from keyhouse.core.entities import KeyKind
from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import hint_of, minted


def told(secret: str, place: str, commit: str) -> str:
    since = f"since commit {commit[:7]} of 2026-01-02"
    return f"{place}: server key {hint_of(secret)} (live), {since}"


def test_a_key_that_was_taken_out_is_told_with_the_commit_that_brought_it(
    repository: Repository, kh: Kh
) -> None:
    secret = minted()
    repository.commit(other="x")
    first = repository.commit(config=f"\nkey={secret}")
    repository.commit(config=f"\nkey={secret}", more="x")
    repository.git("mv", "config", "moved")
    repository.commit()
    repository.commit(moved="clean")
    assert kh()[0] == 0
    code, lines, said = kh("--history")
    assert (code, lines) == (1, [told(secret, "config:2:5", first)])
    assert "does not un-leak it" in said


def test_a_key_that_stays_while_its_file_changes_is_told_once(
    repository: Repository, kh: Kh
) -> None:
    """A line for each version of the file would bury the other keys."""
    kept, later = minted(), minted()
    first = repository.commit(a=f"{kept}\n{kept}\n")
    second = repository.commit(a=f"one\n{kept}\n{later}\n")
    repository.commit(a=f"two\n{kept}\n{later}\n")
    other = repository.commit(b=f"two\n\n{kept}\n")
    assert sorted(kh("--history")[1]) == sorted(
        [
            told(kept, "a:1:1", first),
            told(kept, "a:2:1", first),
            told(later, "a:3:1", second),
            told(kept, "b:3:1", other),
        ]
    )


def test_all_refs_count_and_the_stash_and_what_is_below_it(
    repository: Repository, kh: Kh
) -> None:
    secrets = [minted() for _ in range(4)]
    repository.commit(a="x")
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(side=secrets[0])
    repository.git("tag", "gone")
    repository.commit(side="", tagged=secrets[1])
    repository.git("checkout", "--quiet", "main")
    repository.git("branch", "--quiet", "-D", "side")
    repository.git("update-ref", "refs/odd/one", repository.commit(odd=secrets[2]))
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    for text in (secrets[3], "clean"):
        repository.write("a", text)
        repository.git("stash", "push", "--quiet")
    names = sorted(line.split(":")[0] for line in kh("--history")[1])
    assert names == ["a", "odd", "side"]


def test_a_merge_that_brought_a_key_itself_is_the_one_to_tell(
    repository: Repository, kh: Kh
) -> None:
    secret = minted()
    repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit(b="2")
    repository.git("checkout", "--quiet", "main")
    repository.commit(c="3")
    repository.git("merge", "--quiet", "--no-commit", "other")
    merge = repository.commit(secret=secret)
    assert kh("--history")[1] == [told(secret, "secret:1:1", merge)]


def test_messages_and_tags_are_looked_at(repository: Repository, kh: Kh) -> None:
    in_message, in_tag = minted(), minted(KeyKind.MANAGEMENT)
    commit = repository.commit(f"mend\n\ncurl -H {in_message}")
    repository.git("tag", "-a", "v1", "-m", f"x\n\n{in_tag}")
    assert sorted(kh("--history")[1]) == [
        told(in_message, f"commit {commit[:7]}:7:9", commit),
        f"tag v1:8:1: management key {hint_of(in_tag)}",
    ]
    shown = repository.git("cat-file", "-p", "HEAD").splitlines()
    assert shown[6][8:] == in_message


def test_a_range_is_what_head_has_and_another_has_not(
    repository: Repository, kh: Kh
) -> None:
    repository.commit(old=minted())
    repository.git("branch", "base")
    secret = minted()
    commit = repository.commit(new=secret)
    repository.commit(new="clean")
    assert kh("--since", "base")[1] == [told(secret, "new:1:1", commit)]
    assert kh("--since", "HEAD")[0] == 0


@pytest.mark.parametrize("wrong", ["nowhere", "-x", "--all", "HEAD:old", "a..b", ""])
def test_a_revision_that_is_none_is_wrong_use(
    repository: Repository, kh: Kh, wrong: str
) -> None:
    repository.commit(old="x")
    code, _, said = kh(f"--since={wrong}")
    assert code == 2
    assert "there is no such commit here" in said


def test_a_shallow_clone_does_not_look_clean(
    repository: Repository, kh: Kh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(old=minted())
    repository.commit(old="")
    address = repository.top.as_uri()
    repository.git("clone", "--quiet", "--depth", "1", address, str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    code, lines, said = kh("--history")
    assert (code, lines) == (2, [])
    assert "git fetch --unshallow" in said


def test_an_object_that_is_not_there_or_is_damaged_is_a_gap_and_the_rest_is_looked_at(
    repository: Repository, kh: Kh
) -> None:
    repository.commit(a="lost", b="damaged " * 1000, c=minted(), d="also " * 999)
    for name, text in (("a", None), ("b", b"nonsense")):
        id = repository.git("rev-parse", f"HEAD:{name}")
        path = repository.top / ".git" / "objects" / id[:2] / id[2:]
        path.chmod(0o600)
        path.write_bytes(text) if text else path.unlink()
    code, lines, said = kh("--history")
    assert (code, len(lines)) == (2, 1)
    assert said.count("not looked at") >= 2


def test_an_object_that_ends_too_soon_is_a_gap(repository: Repository, kh: Kh) -> None:
    """Git ends over it; the next object is asked of another."""
    import os

    repository.write("a", os.urandom(300_000))
    repository.commit(z=minted())
    id = repository.git("rev-parse", "HEAD:a")
    path = repository.top / ".git" / "objects" / id[:2] / id[2:]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:1000])
    code, lines, said = kh("--history")
    assert (code, len(lines)) == (2, 1)
    assert "not looked at: a: " in said


def test_a_history_without_commits_is_clean_and_no_repository_is_wrong_use(
    repository: Repository, kh: Kh, tmp_path: Path
) -> None:
    assert kh("--history") == (0, [], "kh: no key in 0 files\n")
    shutil.rmtree(repository.top / ".git")
    code, _, said = kh("--history")
    assert code == 2
    assert "not a git repository" in said


def test_what_was_replaced_by_hand_is_looked_at(repository: Repository, kh: Kh) -> None:
    """A replaced object is pushed as it was."""
    repository.commit(a=minted(), b="clean")
    ids = [repository.git("rev-parse", f"HEAD:{name}") for name in "ab"]
    repository.git("replace", *ids)
    assert kh("--history")[1][0].startswith("a:1:1:")


def test_entries_that_match_nothing_are_told(repository: Repository, kh: Kh) -> None:
    repository.commit(a=minted())
    (finding,) = json.loads("\n".join(kh("--history", "--json")[1]))["findings"]
    entries = f"{finding['fingerprint']}  # revoked\n0123456789abcdef\n"
    repository.write(".keyhouse-allow", entries)
    code, lines, said = kh("--history")
    assert (code, lines) == (0, [])
    assert ".keyhouse-allow:2: 0123456789abcdef is allowed, and stands nowhere" in said
    assert finding["fingerprint"] not in said


NONE = "0" * 40


def push(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    text = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(text))


def test_a_push_is_what_the_remote_lacks(
    repository: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = repository.commit(old=minted())
    secret = minted()
    new = repository.commit(new=secret)
    repository.commit(later=minted())
    push(monkeypatch, f"refs/heads/main {new} refs/heads/main {base}")
    assert kh("--pre-push")[1] == [told(secret, "new:1:1", new)]
    push(monkeypatch, f"refs/heads/new {new} refs/heads/new {NONE}")
    assert len(kh("--pre-push=origin")[1]) == 2
    repository.git("update-ref", "refs/remotes/origin/main", base)
    push(monkeypatch, f"refs/heads/new {new} refs/heads/new {NONE}")
    assert kh("--pre-push=origin")[1] == [told(secret, "new:1:1", new)]
    push(monkeypatch, f"refs/heads/new {new} refs/heads/new {NONE}")
    assert len(kh("--pre-push=another")[1]) == 2
    push(monkeypatch, f"refs/heads/main {new} refs/heads/main {'1' * 40}")
    assert len(kh("--pre-push=another")[1]) == 2


def test_a_push_of_nothing_or_that_deletes_is_clean(
    repository: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = repository.commit(old=minted())
    push(monkeypatch, f"(delete) {NONE} refs/heads/main {base}")
    assert kh("--pre-push")[0] == 0
    push(monkeypatch)
    assert kh("--pre-push")[0] == 0


def test_other_input_than_gits_is_wrong_use(
    repository: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(monkeypatch, "refs/heads/main --all refs/heads/main x")
    code, _, said = kh("--pre-push")
    assert code == 2
    assert "pre-push hook" in said
