"""The light wheel: a guard on SQLite must not drag in a server."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.repository.places import ROOT

HEAVY = (
    "fastapi",
    "httptools",
    "httpx",
    "rich",
    "starlette",
    "structlog",
    "typer",
    "uvicorn",
    "uvloop",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as it is published."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages: the wheel and what it needs without an extra."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        metadata = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        described = HeaderParser().parsestr(archive.read(metadata).decode())
    for needed in _needed(described.get_all("Requires-Dist") or []):
        for top in {file.parts[0] for file in needed.files or () if ".." not in file.parts}:
            here = site / top
            if not here.exists():
                here.symlink_to(str(needed.locate_file(top)))
    return site


def _needed(requirements: list[str], extra: str = "") -> Iterator[Distribution]:
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue  # nothing that this machine needs, as colorama on Linux
        yield found
        yield from _needed(found.requires or [])


def _run(bare: Path, code: str) -> subprocess.CompletedProcess[str]:
    begin = f"import sys; sys.path.insert(0, {str(bare)!r}); "
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", begin + code],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_has_all_that_it_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for suffix in (
        "keyhouse/settings.default.toml",
        "keyhouse/py.typed",
        "keyhouse/adapters/database/migrations/env.py",
        "keyhouse/doors/console/templates/frame.html",
        "keyhouse/doors/console/static/css/00-tokens.css",
        "keyhouse/doors/console/static/vendor/htmx.js",
        "keyhouse/doors/console/static/vendor/licenses/htmx.txt",
        "licenses/LICENSE",
    ):
        assert any(name.endswith(suffix) for name in names), suffix
    assert not any(name.startswith(("tests/", "bench/", "web/")) for name in names)


def test_the_bare_wheel_gives_the_guard_and_no_server(bare: Path) -> None:
    ran = _run(
        bare,
        "import json, keyhouse; from keyhouse import Keyhouse, Principal; "
        "import keyhouse.asgi, keyhouse.wiring; print(json.dumps(sorted(sys.modules)))",
    )
    assert ran.returncode == 0, ran.stderr
    assert set(HEAVY).isdisjoint(json.loads(ran.stdout))


@pytest.mark.parametrize("name", HEAVY)
def test_the_bare_wheel_does_not_need(bare: Path, name: str) -> None:
    assert not (bare / name).exists()


def test_a_bare_import_costs_nothing_but_itself() -> None:
    """`import keyhouse` in a big program must not load a database layer unasked."""
    code = "import json, sys, keyhouse; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert {*HEAVY, "sqlalchemy", "alembic"}.isdisjoint(json.loads(ran.stdout))


def test_the_command_of_the_bare_wheel_says_what_to_install(bare: Path) -> None:
    ran = _run(bare, "from keyhouse.__main__ import main; main()")
    assert ran.returncode == 2
    assert "pip install 'keyhouse[server]'" in ran.stderr
