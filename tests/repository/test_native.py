"""The compiled hot path: what it is made of, and that the sources do without it."""

import importlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hatch_build
from tests.repository.places import ROOT

MODULES = [path.removesuffix(".py").replace("/", ".") for path in hatch_build.modules()]


def test_the_tests_run_what_is_shipped() -> None:
    """Compiled modules, of the sources that stand here: `make native` makes them."""
    assert hatch_build.stale() == []
    files = {name: importlib.import_module(name).__file__ or "" for name in MODULES}
    assert [name for name, file in files.items() if not file.endswith(".so")] == []


def test_the_sources_alone_give_the_same_answers() -> None:
    """Where there is no compiled wheel, pip installs a pure one."""
    ran = _pytest("tests/vectors", "tests/core/test_decide.py", "tests/core/test_limits.py")
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


def test_what_runs_from_the_sources_is_not_the_compiled_form() -> None:
    code = (
        "import tests.conftest, keyhouse.core.decide as one, "
        "keyhouse.doors.gateway.exchange as other; print(one.__file__, other.__file__)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "KEYHOUSE_INTERPRETED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [Path(file).suffix for file in ran.stdout.split()] == [".py", ".py"]


def _pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Tests of their own process, in which nothing compiled is imported."""
    environ = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**environ, "KEYHOUSE_INTERPRETED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this platform, built as it is published."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environ = {**os.environ, "KEYHOUSE_NATIVE": "1"}
    subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_of_this_platform_holds_both_forms(wheel: Path) -> None:
    """The sources are there to be read, and for tracebacks."""
    assert "-none-any" not in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    compiled = [name.partition(".")[0] for name in names if name.endswith(".so")]
    shared = f"{hatch_build.GROUP}__mypyc"
    assert sorted(compiled) == sorted([*(m.replace(".", "/") for m in MODULES), shared])
    assert {f"{name}.py" for name in compiled if name != shared} <= set(names)


def test_the_compiled_wheel_needs_no_compiler_to_run(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
        "from keyhouse.core import decide; from keyhouse.core.limits import rate_limit; "
        "print(decide.__file__, rate_limit('a', 1, 1, None).burst, 'mypyc' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    file, burst, mypyc = ran.stdout.split()
    assert file.startswith(str(tmp_path))
    assert file.endswith(".so")
    assert (burst, mypyc) == ("1", "False")
