"""The command as people type it, in a process of its own where the exit code is the point."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voxrun import __version__
from voxrun.cli.main import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("VOXRUN_", "ULTRAVOX_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "good.js").write_text("VoxEngine.terminate();\n")
    (tmp_path / "bad.js").write_text("let = ;\n")
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *args: str, code: int = 2) -> str:
    assert main(list(args)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err


def test_help_names_every_option_and_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for word in (
        *("--host", "--port", "--ai", "--agent", "--secret", "--env-file", "--custom-data", "--start"),
        *("--record / --no-record", "--sessions", "--keep-going", "--open", "--call", "--say", "--wav"),
        *("--seconds", "check", "doctor", "emulate", "replay", "bench", "Exit codes"),
    ):
        assert word in text


def test_without_anything_the_help_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "FILE.js" in capsys.readouterr().out


def test_the_version(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"voxrun {__version__}\n"


def test_a_mistyped_command_names_the_right_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 'Did you mean "check"?' in refused(capsys, "chekc", "good.js")


def test_a_mistyped_option_names_the_right_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--port" in refused(capsys, "good.js", "--prot", "1")


def test_a_scenario_that_is_not_there_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nope.js: no such file" in refused(capsys, "nope.js")
    assert "nope.js: no such file" in refused(capsys, "--port", "0", "nope.js")


def test_a_broken_settings_file_is_told_before_anything_starts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "voxrun.toml").write_text("[server]\nprot = 1\n")
    assert "voxrun.toml:2" in refused(capsys, "good.js")


def test_a_malformed_secret_is_told_and_not_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "hunter2" not in refused(capsys, "good.js", "--secret", "hunter2")


def test_check_gives_1_for_a_broken_scenario_and_0_for_a_good_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "good.js"]) == 0
    assert main(["check", "bad.js"]) == 1
    assert "bad.js:1" in capsys.readouterr().out


def test_a_missing_agent_file_of_the_emulator_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "x.yaml: no such agent file" in refused(capsys, "emulate", "ultravox", "--agent", "x.yaml")


def test_as_a_program_the_exit_code_is_that_of_the_mistake(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "voxrun.cli.main", "nope.js"], capture_output=True, text=True, cwd=folder
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("voxrun: nope.js: no such file")


def test_a_reader_that_goes_away_leaves_no_traceback(folder: Path) -> None:
    (folder / "many.js").write_text("".join(f"CallEvents.Nothing{i};\n" for i in range(3000)))
    command = f"{sys.executable} -m voxrun.cli.main check many.js | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=folder)
    assert "CallEvents" in done.stdout
    assert done.stderr == ""
