"""``voxrun report``, and the report that a live session leaves behind."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.harness import Stage, play
from tests.report.journals import Writing

from voxrun.cli import reporting
from voxrun.cli.main import main
from voxrun.cli.reporting import Reporter
from voxrun.session.runtime import SessionInfo


def test_the_report_of_a_session_is_written_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Writing().save(tmp_path / "s")
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out == f"Report: {folder / 'report.html'}\n"
    assert main(["report", str(folder), "-o", str(tmp_path / "x.html")]) == 0
    assert (tmp_path / "x.html").read_bytes() == (folder / "report.html").read_bytes()


def test_a_folder_of_sessions_gets_a_report_each_and_an_index(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        Writing().save(tmp_path / name)
    (tmp_path / "other").mkdir()
    assert main(["report", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 of 2: a",
        "2 of 2: b",
        f"Report: {tmp_path / 'index.html'}",
    ]
    text = (tmp_path / "index.html").read_text()
    assert 'href="a/report.html"' in text
    assert 'href="b/report.html"' in text


@pytest.mark.parametrize("name", ["", "absent"])
def test_what_is_no_session_is_one_clear_message(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert "journal.jsonl" in error
    assert "Traceback" not in error


def test_one_file_for_several_sessions_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Writing().save(tmp_path / "a")
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "x.html")]) == 2
    assert "Name one session" in capsys.readouterr().err


def test_a_session_that_is_over_is_told_once_with_its_files_complete(tmp_path: Path) -> None:
    told: list[SessionInfo] = []

    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime("VoxEngine.addEventListener(AppEvents.Started, VoxEngine.terminate)")
        runtime.on_session_over = told.append
        await runtime.wait(await runtime.start_session(""))
        await asyncio.sleep(0.1)

    play(story, tmp_path)
    (info,) = told
    assert info.folder is not None
    last = (info.folder / "journal.jsonl").read_text().splitlines()[-1]
    assert '"state":"ended"' in last


@pytest.mark.live
def test_the_reporter_writes_beside_the_calls_and_says_what_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    folders = [Writing().save(tmp_path / name) for name in ("s", "t", "u")]
    processes: list[list[str]] = []
    run = subprocess.run

    def counted(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        processes.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", counted)

    async def body() -> None:
        reporter = Reporter(said.append)
        for each in (None, folders[0], tmp_path / "absent", *folders[1:]):
            reporter.session_over(SessionInfo("x", each, "ended", None))
        await reporter.close()

    asyncio.run(body())
    assert all((folder / "report.html").is_file() for folder in folders)
    assert len(processes) <= 2  # one for those that waited while the first was written
    (failure,) = said
    assert failure.startswith(f"No report of {tmp_path / 'absent'}")


class Told:
    """The processes that a reporter starts, which do nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folders: list[list[str]] = []
        self.started = threading.Event()
        monkeypatch.setattr(subprocess, "run", self._run)

    def _run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        self.folders.append([Path(word).name for word in command[3:]])
        self.started.set()
        return subprocess.CompletedProcess(command, 0, b"", b"")


def over(reporter: Reporter, name: str) -> None:
    reporter.session_over(SessionInfo(name, Path(name), "ended", None))


def test_reports_wait_for_a_quiet_moment_and_are_written_by_one_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told(monkeypatch)
    monkeypatch.setattr(reporting, "LOOK_S", 0.001)
    monkeypatch.setattr(reporting, "LOOKS", 100_000)
    live = {"a", "b", "c"}
    reporter = Reporter(print, lambda: bool(live))
    for name in ("a", "b", "c"):
        over(reporter, name)
        assert told.folders == []
        live.discard(name)
    assert told.started.wait(10)
    asyncio.run(reporter.close())
    assert told.folders == [["a", "b", "c"]]


def test_a_report_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    monkeypatch.setattr(reporting, "LOOK_S", 0.001)
    reporter = Reporter(print, lambda: True)
    over(reporter, "a")
    assert told.started.wait(10)
    asyncio.run(reporter.close())


def test_many_reports_do_not_wait_and_an_end_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    monkeypatch.setattr(reporting, "LOOK_S", 3600.0)
    monkeypatch.setattr(reporting, "MOST_WAITING", 1)
    reporter = Reporter(print, lambda: True)
    over(reporter, "a")
    assert told.started.wait(10)
    monkeypatch.setattr(reporting, "MOST_WAITING", 2)
    over(reporter, "b")
    asyncio.run(reporter.close())
    assert told.folders == [["a"], ["b"]]
