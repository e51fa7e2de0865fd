"""Rules for every test: what a machine lacks is skipped, on the build server it fails."""

from __future__ import annotations

import faulthandler
import os
import shutil
import sys
import threading
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.load_profile("ci")  # the same examples in every run, and as long as each of them takes

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MUST_RUN = ("browser", "peer")
"""Marks of tests that need something outside of the package; ``.ci/run`` installs it."""

EXIT_SECONDS = 20
"""How long the interpreter may take to end once every test is through."""

STATUS: pytest.StashKey[int] = pytest.StashKey()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """A thread that never ends keeps the interpreter from ending, for hours on a build server: aiortc leaves
    its decoder's behind where a peer is closed as it connects. So it is named, and the run ends."""
    if STATUS in config.stash and not hasattr(config, "workerinput"):
        threading.Thread(target=_end, args=(config.stash[STATUS],), name="end of run", daemon=True).start()


def _end(status: int) -> None:
    if threading.Event().wait(EXIT_SECONDS):
        return
    print(f"\nThe tests are over, but this process did not end within {EXIT_SECONDS} s:", file=sys.stderr)
    for thread in threading.enumerate():
        print(f"  {thread.name}{' (daemon)' if thread.daemon else ''}", file=sys.stderr)
    faulthandler.dump_traceback(all_threads=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


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
