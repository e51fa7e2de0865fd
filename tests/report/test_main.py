"""``python -m voxrun.report``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.report.journals import Writing


@pytest.mark.live
def test_it_writes_the_report_of_a_folder_and_complains_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "voxrun.report"]
    folder = Writing().save(tmp_path / "s")
    assert subprocess.run([*command, str(folder)], capture_output=True).returncode == 0
    assert (folder / "report.html").is_file()
    other = Writing().save(tmp_path / "t")
    wrong = subprocess.run([*command, str(tmp_path), str(other)], capture_output=True, text=True)
    assert (other / "report.html").is_file()
    assert wrong.returncode == 1
    assert len(wrong.stderr.splitlines()) == 1
    assert wrong.stderr.startswith(f"No report of {tmp_path}: ")
    assert "cannot be read" in wrong.stderr
