"""``voxrun test`` hands pytest what was asked for and draws what comes back."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from voxrun.cli.testing import Bar, TestPlan, Within, arguments, run
from voxrun.errors import ConfigError


def test_options_become_those_of_pytest() -> None:
    plan = TestPlan(
        paths=(Path("a"), Path("b.call.yaml")),
        keyword="busy",
        markers="quick",
        processes="2",
        junit=Path("r.xml"),
        report=Path("out"),
        seed=7,
        first=True,
        last_failed=True,
    )
    found = arguments(plan)
    for pair in (["-k", "busy"], ["-m", "quick"], ["-n", "2"]):
        assert found[found.index(pair[0]) + 1] == pair[1]
    assert {"--junitxml=r.xml", "--call-report=out", "--call-seed=7", "-x", "--lf"} <= set(found)
    assert found[-2:] == ["a", "b.call.yaml"]
    assert "-k" not in arguments(TestPlan(paths=(Path("a"),)))


def test_real_time_and_the_cloud_are_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = arguments(TestPlan(paths=(Path("a"),), real_time=True, ai="cloud"))
    assert {"--call-real-time", "--call-ai=cloud", "-rs"} <= set(found)
    assert not [each for each in arguments(TestPlan(paths=(Path("a"),))) if "real" in each or "ai" in each]
    with pytest.raises(ConfigError, match="--ai cloud goes with --real-time"):
        run(TestPlan(paths=(Path("a"),), ai="cloud"))
    monkeypatch.delenv("ULTRAVOX_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="ULTRAVOX_API_KEY"):
        run(TestPlan(paths=(Path("a"),), ai="cloud", real_time=True))


def test_a_path_that_is_not_there_or_no_call(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        run(TestPlan(paths=(tmp_path / "nothing",)))
    (tmp_path / "a.agent.yaml").touch()
    with pytest.raises(ConfigError, match="no call script"):
        run(TestPlan(paths=(tmp_path / "a.agent.yaml",)))


def test_where_results_cannot_go_and_what_is_no_number_is_told_before_anything_is_played(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.call.yaml").touch()
    (tmp_path / "file").touch()
    paths = (tmp_path / "a.call.yaml",)
    with pytest.raises(ConfigError, match=r"--report .*file: nothing can be written there: File exists"):
        run(TestPlan(paths, report=tmp_path / "file"))
    with pytest.raises(ConfigError, match=r"--junitxml .*r.xml: nothing can be written there: "):
        run(TestPlan(paths, junit=tmp_path / "file" / "r.xml"))
    with pytest.raises(ConfigError, match="-n two: a number of processes is wanted, or auto"):
        run(TestPlan(paths, processes="two"))


def report(name: str, outcome: str = "passed") -> Any:
    failed = outcome == "failed"
    return SimpleNamespace(
        when="call", outcome=outcome, failed=failed, passed=not failed, nodeid=f"{name}::x", duration=0.25
    )


def test_the_bar_moves_within_a_call_and_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("voxrun.cli.testing.time.monotonic", lambda: now[0])
    out = io.StringIO()
    bar = Bar(terminal=True, out=out)
    bar.pytest_collection_finish(cast(Any, SimpleNamespace(items=[1, 2])))
    assert "0/2" in out.getvalue()
    told = Within(bar)
    item = cast(Any, SimpleNamespace(path=Path("s/a.call.yaml")))
    for moment, part in ((100.05, 0.2), (100.5, 0.5), (100.55, 0.9), (101.0, 1.0)):
        now[0] = moment
        told.pytest_voxrun_progress(item, part, 125_000)
    frames = out.getvalue().split("\r\x1b[K")[2:]
    assert frames == [
        "[#######.......................] 0/2  a.call.yaml  2:05",
        "[###############...............] 0/2  a.call.yaml  2:05",
    ]


def test_without_a_terminal_each_call_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar(terminal=False)
    bar.pytest_runtest_logreport(report("s/a.call.yaml"))
    bar.pytest_runtest_logreport(report("s/b.call.yaml", "failed"))
    bar.pytest_runtest_logreport(report("s/test_c.py"))
    assert capsys.readouterr().out.splitlines() == [
        "ok        0.25 s  s/a.call.yaml",
        "FAILED    0.25 s  s/b.call.yaml",
        "ok        0.25 s  s/test_c.py::x",
    ]


def test_on_a_terminal_there_is_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar(terminal=True)
    bar.pytest_collection_finish(cast(Any, SimpleNamespace(items=[1, 2, 3, 4])))
    bar.pytest_runtest_logreport(report("s/a.call.yaml"))
    bar.pytest_runtest_logreport(report("s/b.call.yaml", "failed"))
    bar.pytest_runtest_logreport(report("s/test_c.py"))
    bar.pytest_sessionfinish()
    drawn = capsys.readouterr().err
    assert "2/4, 1 failed  b.call.yaml" in drawn
    assert "3/4, 1 failed  test_c.py::x" in drawn
    assert "#" * 15 + "." * 15 in drawn
    assert drawn.endswith("\x1b[K")


def test_letters_are_left_out() -> None:
    assert Bar(False).pytest_report_teststatus(report("a")) == ("passed", "", "")


def test_there_are_no_letters_while_calls_are_played_and_words_in_the_summary() -> None:
    bar = Bar(terminal=False)
    assert bar.pytest_report_teststatus(report("a", "failed")) == ("failed", "", "")
    bar.pytest_sessionfinish()
    assert bar.pytest_report_teststatus(report("a", "failed")) == ("failed", "", "FAILED")


def test_processes_of_xdist_do_not_talk_into_the_bar() -> None:
    said: list[str] = []
    reporter = SimpleNamespace(write_line=said.append, rewrite=said.append)
    plugins = SimpleNamespace(get_plugin={"terminaldistreporter": reporter}.get)
    session = cast(Any, SimpleNamespace(config=SimpleNamespace(pluginmanager=plugins)))
    Bar(terminal=True).pytest_sessionstart(session)
    reporter.write_line("bringing up nodes...")
    reporter.rewrite("bringing up nodes...", newline=True)
    assert said == []


def test_several_processes_are_seen_to_be_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("voxrun.cli.testing.time.monotonic", lambda: now[0])
    out = io.StringIO()
    bar = Bar(terminal=True, out=out)
    bar.pytest_xdist_node_collection_finished(None, ["a", "b", "c"])
    bar.pytest_runtest_logstart("calls/a.call.yaml::a")
    now[0] += 3
    bar.pytest_runtest_logstart("calls/b.call.yaml::b")
    now[0] += 62
    bar.draw_running()
    assert out.getvalue().endswith("] 0/3  2 running, a.call.yaml  1:05")
    bar.pytest_runtest_logreport(report("calls/a.call.yaml"))
    bar.pytest_runtest_logfinish("calls/a.call.yaml::a")
    bar.draw_running()
    assert out.getvalue().endswith("] 1/3  1 running, b.call.yaml  1:02")
    bar.pytest_sessionfinish()
    said = out.getvalue()
    bar.draw_running()
    assert out.getvalue() == said
    assert said.endswith("\r\x1b[K")
