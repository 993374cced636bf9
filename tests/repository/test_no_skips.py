import subprocess
import sys
from pathlib import Path

from tests.repository.places import ROOT

SKIPPING = """
import pytest
def test_quiet():
    pytest.skip("no server here")
@pytest.mark.skipif(True, reason="not today")
def test_marked():
    pass
"""


def test_a_test_that_cannot_run_fails(tmp_path: Path) -> None:
    """A promise whose test is skipped on the machine that counts is not kept."""
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", str(tmp_path)]
    rest = ["--rootdir", str(tmp_path), "-p", "no:cacheprovider"]
    environ = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        [*command, *rest], capture_output=True, text=True, env=environ, check=False
    )
    assert ran.returncode == 1
    assert "passed" not in ran.stdout
    assert "1 failed, 1 error" in ran.stdout
