"""What holds for all tests: a test that cannot run has failed."""

import gc
import os
import sys
from collections.abc import Generator
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader

import pytest
from hypothesis import settings

import hatch_build

INTERPRETED = os.environ.get("KEYHOUSE_INTERPRETED") == "1"
"""Whether to take the sources where there is a compiled module beside them."""


def _from_sources(path: str) -> FileFinder:
    """Finds modules in our folders, and passes compiled ones by."""
    if not path.startswith(str(hatch_build.SOURCES)):
        raise ImportError(path)
    return FileFinder(path, (SourceFileLoader, SOURCE_SUFFIXES))


if INTERPRETED:
    sys.path_hooks.insert(0, _from_sources)
    sys.path_importer_cache.clear()


def pytest_configure() -> None:
    """Nobody wonders why a change shows nothing: compiled modules come first."""
    if not INTERPRETED and (found := hatch_build.stale()):
        pytest.exit(
            f"compiled of other sources: {hatch_build.told(found)}. Run `make native`, or "
            "`.venv/bin/python hatch_build.py --clean` to do without.",
            returncode=2,
        )


def pytest_collection_finish() -> None:
    """All tests and what they import stay to the end: no search for garbage among them."""
    gc.collect()
    gc.freeze()


# A slow machine is no fault of the code under test.
settings.register_profile("keyhouse", deadline=None, print_blob=True)
settings.load_profile("keyhouse")


def _fail_instead(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and a test that does not run fails: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[
    None, pytest.CollectReport, pytest.CollectReport
]:
    report = yield
    _fail_instead(report)
    return report
