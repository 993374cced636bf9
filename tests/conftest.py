"""What holds for all tests: a test that cannot run has failed."""

from collections.abc import Generator

import pytest
from hypothesis import settings

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
