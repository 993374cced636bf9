import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.repository.places import ROOT, committed

REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECTS = (
    ROOT / "pyproject.toml",
    ROOT / "client" / "pyproject.toml",
    ROOT / "examples" / "webdata" / "pyproject.toml",
)
OWN = {"keyhouse-client"}
GROUPS = {
    "run": ["build"],
    "test": ["build", "native", "test", "bench"],
    "bench": ["build", "native", "test", "bench"],
}


def test_no_file_says_where_packages_come_from() -> None:
    """Whoever installs decides on the index; a host in a lock would decide for them."""
    naming = [
        str(path.relative_to(ROOT))
        for path in committed()
        if any(host in path.read_text("utf-8", "replace") for host in REGISTRIES)
    ]
    assert naming == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_each_locked_version_has_its_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text("utf-8").strip())
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry


@pytest.mark.parametrize("lock", ["run", "test", "bench"])
@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.parent.name)
def test_what_a_package_needs_is_locked(project: Path, lock: str) -> None:
    """A dependency without a lock would make `make run` fail on a fresh machine."""
    described = tomllib.loads(project.read_text("utf-8"))
    needed = {_name(text) for text in _dependencies(described, lock)} - OWN
    locked = {_name(line) for line in _lines(lock) if line[:1].isalpha()}
    assert needed <= locked


def test_what_soak_needs_besides_is_locked() -> None:
    """It is added to what the tests need, in an environment that has that."""
    groups = tomllib.loads(PROJECTS[0].read_text("utf-8"))["dependency-groups"]
    locked = {_name(line) for line in _lines("soak") if line[:1].isalpha()}
    assert {_name(text) for text in groups["soak"]} == locked
    assert groups.keys() == {"soak", *(name for lock in GROUPS.values() for name in lock)}


def _dependencies(described: dict[str, Any], lock: str) -> list[str]:
    project = described["project"]
    groups = described.get("dependency-groups", {})
    wanted = GROUPS[lock]
    return [
        *project["dependencies"],
        *(
            text
            for extra in project.get("optional-dependencies", {}).values()
            for text in extra
        ),
        *(
            text
            for group in wanted
            for text in groups.get(group, ())
            # What a group includes is named beside it.
            if isinstance(text, str)
        ),
    ]


def _lines(lock: str) -> list[str]:
    return (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8").splitlines()


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[._-]+", "-", found[0]).lower()


def test_run_and_test_have_the_same_versions() -> None:
    """The demo must run what the tests have tested."""
    tested = {line for line in _lines("test") if line[:1].isalpha()}
    assert {line for line in _lines("run") if line[:1].isalpha()} <= tested


@pytest.mark.parametrize(
    "page",
    [path for path in committed() if path.suffix == ".md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem
)
def test_a_decision_is_a_page_of_at_most_40_lines(page: Path) -> None:
    assert len(page.read_text("utf-8").splitlines()) <= 40
