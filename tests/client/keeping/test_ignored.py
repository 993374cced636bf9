"""What git says of a file, and that a stranger's repository has us run nothing for it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from keyhouse_client.keeping.ignored import Standing, standing
from keyhouse_client.keeping.refusals import Refused
from tests.client.scanning import conftest as repositories
from tests.client.scanning import test_hostile as strangers
from tests.client.scanning.conftest import Repository

repository = repositories.repository
hostile = strangers.hostile
trap = strangers.trap
OFF = ("fsmonitor=false", "hooksPath=/dev/null")
QUIET = [
    *(word for one in OFF for word in ("-c", f"core.{one}")),
    *("-c", "filter.evil.clean=", "-c", "filter.evil.process="),
    *("-c", "filter.evil.required=false"),
]
git_as_it_comes = repositories._settings


def fetches_from_a_program(repository: Repository) -> None:
    """What an object's lack would start: the remote's `upload-pack` is any command."""
    settings = {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": str(repository.top),
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(repository.top.parent / "program"),
    }
    for name, value in settings.items():
        repository.git("config", name, value)


def put_into_the_index(repository: Repository, name: str) -> str:
    """As it is, though the repository has filters; the id of its text."""
    id = repository.git("hash-object", "-w", "--no-filters", name)
    entry = f"100644,{id},{name}"
    repository.git(*QUIET, "update-index", "--add", "--cacheinfo", entry)
    return id


def lacks_its_ignore_file(repository: Repository) -> None:
    """It stands in the index alone, as in a sparse clone, and its text is not here."""
    repository.write(".gitignore", ".env\n")
    id = put_into_the_index(repository, ".gitignore")
    repository.git(*QUIET, "update-index", "--skip-worktree", ".gitignore")
    (repository.top / ".gitignore").unlink()
    (repository.top / ".git" / "objects" / id[:2] / id[2:]).unlink()


@pytest.mark.parametrize("seen", [Standing.TRACKED, Standing.IGNORED, Standing.EXPOSED])
def test_no_configured_program_is_run(
    hostile: Repository, trap: Path, seen: Standing
) -> None:
    path = hostile.write(".env", "A=b\n")
    if seen is Standing.IGNORED:
        hostile.write(".gitignore", ".env\n")
    if seen is Standing.TRACKED:
        put_into_the_index(hostile, ".env")
    trap.unlink(missing_ok=True)
    assert standing(path) is seen
    assert not trap.exists()


def test_what_a_partial_clone_lacks_is_not_fetched(hostile: Repository, trap: Path) -> None:
    path = hostile.write(".env", "A=b\n")
    lacks_its_ignore_file(hostile)
    fetches_from_a_program(hostile)
    trap.unlink(missing_ok=True)
    assert standing(path) is Standing.EXPOSED
    assert not trap.exists()
    # It is a trap: git alone runs into it.
    line = ["git", "check-ignore", "--quiet", "./.env"]
    subprocess.run(line, cwd=hostile.top, capture_output=True, check=False)
    assert trap.exists()


def test_a_git_folder_among_the_files_of_a_clone_is_not_believed(
    hostile: Repository, trap: Path
) -> None:
    """`app/` has all that makes a git folder, and came as ordinary files."""
    lacks_its_ignore_file(hostile)
    fetches_from_a_program(hostile)
    hostile.git("config", "core.bare", "false")
    hostile.git("config", "core.worktree", ".")
    outer = hostile.top.parent / "clone"
    outer.mkdir()
    subprocess.run(["git", "init", "--quiet", str(outer)], check=True)
    shutil.copytree(hostile.top / ".git", outer / "app")
    path = outer / "app" / ".env"
    path.write_text("A=b\n")
    trap.unlink(missing_ok=True)
    with pytest.raises(Refused, match=r"git says: .*bare"):
        standing(path)
    assert not trap.exists()


def test_outside_of_git_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert standing(tmp_path / ".env") is Standing.OUTSIDE


def test_without_git_there_is_nothing_to_ask(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repository.write(".env", "A=b\n")
    monkeypatch.setenv("PATH", str(repository.top))
    assert standing(path) is Standing.OUTSIDE
