from pathlib import Path

from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import hint_of, minted


def test_what_is_staged_counts_and_not_what_lies_there(
    repository: Repository, kh: Kh
) -> None:
    secret = minted()
    repository.commit(old="x")
    repository.write("staged", secret)
    repository.git("add", "staged")
    repository.write("staged", "clean again")
    repository.write("unstaged", minted())
    line = f"staged:1:1: server key {hint_of(secret)} (live)"
    assert kh("--staged")[:2] == (1, [line])


def test_the_first_commit_of_all_is_looked_at(repository: Repository, kh: Kh) -> None:
    repository.write("a", minted())
    repository.git("add", "a")
    assert kh("--staged")[0] == 1


def test_a_file_that_moved_is_looked_at_and_one_that_goes_is_not(
    repository: Repository, kh: Kh
) -> None:
    repository.commit(moves=minted(), goes=minted())
    repository.git("mv", "moves", "moved")
    repository.git("rm", "--quiet", "goes")
    code, (line,), _ = kh("--staged")
    assert (code, line[:10]) == (1, "moved:1:1:")


def test_what_was_committed_before_is_no_matter_of_this_commit(
    repository: Repository, kh: Kh
) -> None:
    repository.commit(a=minted())
    repository.write("b", "clean")
    repository.git("add", "b")
    assert kh("--staged") == (0, [], "kh: no key in 1 file\n")


def test_a_submodule_and_a_link_are_no_files(repository: Repository, kh: Kh) -> None:
    head = repository.commit(a="x")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{head},module")
    (repository.top / "link").symlink_to(minted())
    repository.git("add", "link")
    code, (line,), _ = kh("--staged")
    assert (code, line[:9]) == (1, "link:1:1:")


def test_from_a_folder_inside_all_that_is_staged_is_looked_at(
    repository: Repository, kh: Kh
) -> None:
    import os

    repository.write("above", minted())
    repository.write("inside/x", "")
    repository.git("add", "--all")
    repository.git("config", "diff.relative", "true")
    os.chdir(repository.top / "inside")
    assert kh("--staged")[1][0].startswith("above:1:1:")


def test_a_file_that_is_only_meant_to_be_added_is_no_part_of_the_commit(
    repository: Repository, kh: Kh
) -> None:
    """`git add -N`: a commit leaves it out, whatever lies there."""
    for _ in ("before the first commit", "after it"):
        repository.write("meant", minted())
        repository.git("add", "--intent-to-add", "meant")
        assert kh("--staged")[:2] == (0, [])
        repository.write("beside", secret := minted())
        repository.git("add", "beside")
        code, (line,), _ = kh("--staged")
        assert (code, line) == (1, f"beside:1:1: server key {hint_of(secret)} (live)")
        repository.git("commit", "--quiet", "-m", "x")
        assert repository.git("ls-tree", "--name-only", "HEAD") == "beside"
        repository.git("add", "meant")
        assert kh("--staged")[1][0].startswith("meant:1:1:")
        repository.git("reset", "--quiet", "meant")


def test_a_real_submodule_is_no_gap_and_its_address_is_looked_at(
    repository: Repository, kh: Kh, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    other.top.mkdir()
    other.git("init", "--quiet")
    other.commit(a=minted())
    repository.commit(a="x")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    repository.git(*add, str(other.top), "module")
    assert kh("--staged") == (0, [], "kh: no key in 1 file\n")
    secret = minted()
    repository.git("config", "-f", ".gitmodules", "submodule.module.url", f"h://{secret}@x")
    repository.git("add", ".gitmodules")
    code, (line,), _ = kh("--staged")
    assert (code, line.split(":")[0]) == (1, ".gitmodules")
    repository.commit()
    Repository(repository.top / "module").commit(b="more")
    repository.git("add", "module")
    assert kh("--staged")[:2] == (0, [])


def test_before_the_first_commit_all_that_is_staged_is_looked_at(
    repository: Repository, kh: Kh
) -> None:
    """From an inner folder too, and for a branch that has no commit of its own yet."""
    import os

    repository.write("inside/a", "")
    repository.write("b", minted())
    assert kh("--staged") == (0, [], "kh: no key in 0 files\n")
    repository.git("add", "--all")
    os.chdir(repository.top / "inside")
    code, (line,), _ = kh("--staged")
    assert (code, line.split(":")[0]) == (1, "b")
    repository.git("commit", "--quiet", "-m", "x")
    repository.git("checkout", "--quiet", "--orphan", "fresh")
    assert kh("--staged")[1] == [line]
