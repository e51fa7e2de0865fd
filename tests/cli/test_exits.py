from __future__ import annotations

import click
import pytest

from voxrun.cli.exits import FAILED, INTERRUPTED, OK, USAGE, guarded
from voxrun.errors import ConfigError, PeerError, ScenarioError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("the port is wrong"), USAGE),
        (click.UsageError("the port is wrong"), USAGE),
        (click.BadParameter("the port is wrong"), USAGE),
        (click.FileError("a.js", "the port is wrong"), USAGE),
        (ScenarioError("the port is wrong"), FAILED),
        (PeerError("the port is wrong"), FAILED),
        (ValueError("the port is wrong"), FAILED),
    ],
)
def test_a_mistake_prints_one_message_and_no_traceback(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        raise error

    assert guarded(work, debug=False) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("voxrun: ")
    assert "the port is wrong" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise ConfigError("the port is wrong")

    assert guarded(work, debug=True) == USAGE
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_of_ours_asks_for_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise KeyError("x")

    assert guarded(work, debug=False) == FAILED
    assert "VOXRUN_DEBUG=1" in capsys.readouterr().err


def test_ctrl_c_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise KeyboardInterrupt

    assert guarded(work, debug=False) == INTERRUPTED
    assert capsys.readouterr() == ("", "voxrun: interrupted\n")


def test_work_gives_its_own_exit_code() -> None:
    assert guarded(lambda: 1, debug=False) == 1
    assert guarded(lambda: None, debug=False) == OK
