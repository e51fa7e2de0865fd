"""``voxrun test``: pytest on call scripts, with a bar instead of dots and exit codes of our own.

Exit codes: 0 every call went as its script says; 1 at least one did not; 2 nothing could be played, or not
all: a script, a path or an option is wrong; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

import pytest
from msgspec import Struct

from voxrun.cli.exits import FAILED, INTERRUPTED, OK, USAGE
from voxrun.cli.start import as_usual
from voxrun.errors import ConfigError, InternalError

BAR: Final = 30
REDRAW_S: Final = 0.1
PULSE_S: Final = 0.5


class TestPlan(Struct, frozen=True):
    """What was asked for on the command line."""

    __test__ = False

    paths: tuple[Path, ...]
    keyword: str = ""
    markers: str = ""
    processes: str = ""
    junit: Path | None = None
    report: Path | None = None
    seed: int | None = None
    first: bool = False
    last_failed: bool = False
    real_time: bool = False
    ai: str | None = None


def run(plan: TestPlan) -> int:
    """Play the calls; gives the exit code. Raises ConfigError for a path that is not there."""
    if plan.ai == "cloud" and not plan.real_time:
        raise ConfigError("--ai cloud goes with --real-time: in virtual time no provider can be reached.")
    if plan.ai == "cloud":
        check_key()
    for path in plan.paths:
        check_path(Path(str(path).split("::")[0]))
    check_outputs(plan)
    with _progress() as (bar, plugins):
        code = pytest.main(arguments(plan), plugins=plugins)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        where = ", ".join(map(str, plan.paths))
        wish = f"-k {plan.keyword!r}" if plan.keyword else f"-m {plan.markers!r}" if plan.markers else ""
        raise ConfigError(
            f"no call in {where} fits {wish}" if wish else f"no call script (*.call.yaml) is in {where}"
        )
    if code == pytest.ExitCode.INTERNAL_ERROR:
        raise InternalError("pytest failed; what it said is above")
    if bar.wrong_scripts:
        return USAGE
    if code == pytest.ExitCode.OK and bar.played == 0:
        raise ConfigError("no call was played: each was skipped, for the reason that is told above")
    if code == pytest.ExitCode.INTERRUPTED:
        played = f", {bar.over} of {bar.total} calls were played" if bar.total else ""
        print(f"voxrun: interrupted{played}", file=sys.stderr)
        return INTERRUPTED
    return {pytest.ExitCode.OK: OK, pytest.ExitCode.TESTS_FAILED: FAILED}.get(pytest.ExitCode(code), USAGE)


def check_path(path: Path) -> None:
    """Raises ConfigError for what cannot hold a call."""
    if not path.exists():
        raise ConfigError(f"{path}: no such file or folder")
    if path.is_file() and not path.name.endswith((".call.yaml", ".py")):
        raise ConfigError(f"{path}: this is no call script; their names end in .call.yaml")


def check_outputs(plan: TestPlan) -> None:
    """Raises ConfigError for a number of processes that is none, and where results cannot be written."""
    if plan.processes and not (plan.processes.isdecimal() or plan.processes in ("auto", "logical")):
        raise ConfigError(f"-n {plan.processes}: a number of processes is wanted, or auto")
    if plan.report is not None:
        with _writable(f"--report {plan.report}"):
            plan.report.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=plan.report).close()
    if plan.junit is not None:
        with _writable(f"--junitxml {plan.junit}"):
            plan.junit.parent.mkdir(parents=True, exist_ok=True)
            plan.junit.open("ab").close()


@contextlib.contextmanager
def _writable(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{what}: nothing can be written there: {error.strerror}") from None


def check_key() -> None:
    """Tell of a missing key once, and not for every call. Raises ConfigError."""
    from voxrun.replay.live.plan import make_plan

    make_plan("cloud", os.environ, Path.cwd(), b"")


def arguments(plan: TestPlan) -> list[str]:
    """The command line of pytest."""
    # Hypothesis has nothing to do here and takes longer to import than a call to play.
    args = ["-q", "--no-header", "-p", "no:warnings", "-p", "no:hypothesispytest"]
    args.append("--continue-on-collection-errors")
    if plan.keyword:
        args += ["-k", plan.keyword]
    if plan.markers:
        args += ["-m", plan.markers]
    if plan.processes:
        args += ["-n", plan.processes]
    if plan.junit is not None:
        args.append(f"--junitxml={plan.junit}")
    if plan.report is not None:
        args.append(f"--call-report={plan.report}")
    if plan.seed is not None:
        args.append(f"--call-seed={plan.seed}")
    if plan.real_time:
        args += ["--call-real-time", "-rs"]
    if plan.ai:
        args.append(f"--call-ai={plan.ai}")
    if plan.first:
        args.append("-x")
    if plan.last_failed:
        args.append("--lf")
    return [*args, *(str(path) for path in plan.paths)]


class Bar:
    """Draws progress on one line where there is a terminal, else a line for each call. ``out`` is that
    terminal: while a call is played pytest keeps stderr for itself."""

    def __init__(self, terminal: bool, out: TextIO | None = None) -> None:
        self._out = out
        self._drawn_at = 0.0
        self.wrong_scripts = False
        self.played = 0
        self._terminal = terminal
        self.total = 0
        self.over = 0
        self._running: dict[str, float] = {}
        """Calls that are being played, with the time when they began."""
        self._line = threading.Lock()
        self._stopped = threading.Event()
        self._failed = 0
        self._drawn = self._finished = False

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.wrong_scripts = self.wrong_scripts or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """With several processes pytest-xdist would tell of its own work, in the bar's place."""
        reporter = session.config.pluginmanager.get_plugin("terminaldistreporter")
        if reporter is not None:
            reporter.write_line = reporter.rewrite = _say_nothing
            if self._terminal:
                threading.Thread(target=self._pulse, daemon=True).start()
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:  # where it was interrupted is of no interest: in whatever line was running
            reporter._report_keyboardinterrupt = _say_nothing

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        """Processes are started, which have to be ended. They must not be interrupted while they import; what
        comes meanwhile waits."""
        as_usual()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Calls begin: from here on an interruption ends them in order."""
        as_usual()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A call begins, in this process or in another."""
        self._running[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)

    def _pulse(self) -> None:
        """Processes of pytest-xdist tell of a call when it is over; until then the time goes on."""
        while not self._stopped.wait(PULSE_S):
            self.draw_running()

    def draw_running(self) -> None:
        """How many calls are being played, and the one that takes longest."""
        running = sorted(self._running.items(), key=lambda each: each[1])
        if running:
            name, since = running[0]
            seconds = int(time.monotonic() - since)
            self._show(
                f"{len(running)} running, {_named(name, folder=False)}  {seconds // 60}:{seconds % 60:02}"
            )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.total = max(self.total, len(session.items))
        if self._terminal and self.total:
            self._show("")

    def within(self, name: str, part: float, ms: int) -> None:
        """A call is being played: ``part`` of its steps are done, and it is ``ms`` long by now."""
        now = time.monotonic()
        if now - self._drawn_at >= REDRAW_S:
            seconds = ms // 1000
            self._show(f"{name}  {seconds // 60}:{seconds % 60:02}", part)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        self.total = max(self.total, len(ids))

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """No letters: the bar says it. Words are for the summary at the end."""
        if report.when == "call" or (report.when == "setup" and not report.passed):
            return report.outcome, "", report.outcome.upper() if self._finished else ""
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and not (report.when == "setup" and not report.passed):
            return
        self.over += 1
        self.played += report.outcome != "skipped"
        self._failed += report.failed
        self._running.pop(report.nodeid, None)
        if not self._terminal:
            word = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}[report.outcome]
            print(f"{word:7} {report.duration:6.2f} s  {_named(report.nodeid)}", flush=True)
            return
        self._show(_named(report.nodeid, folder=False))

    def _show(self, text: str, part: float = 0.0) -> None:
        """Draw the line; ``part`` of one more call is done."""
        filled = min(BAR, int(BAR * (self.over + part) / max(1, self.total)))
        failed = f", {self._failed} failed" if self._failed else ""
        line = f"[{'#' * filled}{'.' * (BAR - filled)}] {self.over}/{self.total}{failed}  {text}"
        with self._line:
            if self._finished:
                return
            print(f"\r\x1b[K{line}", end="", file=self._out or sys.stderr, flush=True)
            self._drawn, self._drawn_at = True, time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self._stopped.set()
        with self._line:
            self._finished = True
            if self._drawn:
                print("\r\x1b[K", end="", file=self._out or sys.stderr, flush=True)


def _named(nodeid: str, *, folder: bool = True) -> str:
    """A script by its file, a test in Python by its function and parameters as well."""
    file, _, test = nodeid.partition("::")
    name = file if folder else file.rpartition("/")[2]
    return f"{name}::{test}" if file.endswith(".py") else name


def _say_nothing(*args: Any, **options: Any) -> None:
    pass


class Within:
    """Tells a bar how far the call is that is being played. In processes of pytest-xdist nobody is told."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    @pytest.hookimpl(optionalhook=True)
    def pytest_voxrun_progress(self, item: pytest.Item, part: float, ms: int) -> None:
        self._bar.within(item.path.name, part, ms)


@contextlib.contextmanager
def _progress() -> Iterator[tuple[Bar, list[Bar | Within]]]:
    """The bar of a run, and what pytest gets of it."""
    if not sys.stderr.isatty():
        bar = Bar(terminal=False)
        yield bar, [bar]
        return
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal:
        bar = Bar(terminal=True, out=terminal)
        yield bar, [bar, Within(bar)]
