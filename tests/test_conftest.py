"""The rules in conftest.py, tried on tests of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ALONE = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""The rules need no plugin, and loading those takes longer than all else."""
TESTS = """
import pytest

@pytest.mark.{mark}
def test_it():
    {body}
"""


def outcome(folder: Path, mark: str, body: str, ci: str, path: str | None = None) -> str:
    """The last line of a pytest run."""
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    (folder / "test_it.py").write_text(TESTS.format(mark=mark, body=body))
    marks = ["-o", "markers=browser\npeer\nlive", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *marks, "test_it.py"],
        cwd=folder,
        env={**ALONE, "CI": ci, "PATH": path if path is not None else os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.mark.parametrize("mark", ["browser", "peer"])
def test_where_ci_is_true_a_skipped_peer_fails(tmp_path: Path, mark: str) -> None:
    text = outcome(tmp_path, mark, "pytest.skip('no peer here')", "true")
    assert "1 failed" in text
    assert "no peer here" in text


def test_where_ci_is_true_a_file_whose_peer_is_not_installed_fails(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_it.py").write_text("import pytest\npytest.importorskip('no_such_peer')\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_it.py"]
    for ci, code in (("true", 2), ("", 5)):  # interrupted by errors; nothing collected
        done = subprocess.run(command, cwd=tmp_path, env={**ALONE, "CI": ci}, capture_output=True, text=True)
        assert done.returncode == code, done.stdout
        assert ("must run where CI=true" in done.stdout) == (ci == "true")


def test_elsewhere_it_is_skipped(tmp_path: Path) -> None:
    assert "1 skipped" in outcome(tmp_path, "peer", "pytest.skip('no peer here')", "")


def test_other_tests_may_skip_anywhere(tmp_path: Path) -> None:
    assert "1 skipped" in outcome(tmp_path, "live", "pytest.skip('not here')", "true")


def test_without_a_browser_its_tests_are_skipped_with_a_way_out(tmp_path: Path) -> None:
    text = outcome(tmp_path, "browser", "assert False", "", path="/nowhere")
    assert "1 skipped" in text


def test_without_a_browser_the_build_server_says_what_to_install(tmp_path: Path) -> None:
    text = outcome(tmp_path, "browser", "assert False", "true", path="/nowhere")
    assert "1 error" in text
    assert "apt install chromium" in text


LEFT_BEHIND = """
import threading

def test_it():
    threading.Thread(target=threading.Event().wait, name="left behind").start()
    assert {truth}
"""


@pytest.mark.parametrize(("truth", "code"), [("True", 0), ("False", 1)])
def test_a_thread_that_never_ends_is_named_and_the_run_ends_with_its_result(
    tmp_path: Path, truth: str, code: int
) -> None:
    text = Path(__file__).with_name("conftest.py").read_text()
    (tmp_path / "conftest.py").write_text(text.replace("EXIT_SECONDS = 20", "EXIT_SECONDS = 0.2"))
    (tmp_path / "test_it.py").write_text(LEFT_BEHIND.format(truth=truth))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, env=ALONE, capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert "left behind" in done.stderr
