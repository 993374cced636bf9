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
