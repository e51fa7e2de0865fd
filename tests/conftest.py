"""Rules for every test: what a machine lacks is skipped, on the build server it fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MUST_RUN = ("browser", "peer")
"""Marks of tests that need something outside of the package; ``.ci/run`` installs it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests where there is no browser."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    skip = pytest.mark.skip(reason="no Chromium on this machine (Debian, Ubuntu: apt install chromium)")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """With CI=true a whole file that is skipped (importorskip) fails: its tests have no marks to look at."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} must run where CI=true, but was skipped: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a skipped browser or peer test fails."""
    report = yield
    must_run = any(item.get_closest_marker(name) for name in MUST_RUN)
    if report.skipped and must_run and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must run where CI=true, but was skipped: {reason}"
    return report
