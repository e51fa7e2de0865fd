"""Calls in Python, in a pytest of their own."""

from __future__ import annotations

from pathlib import Path

from tests.replay.test_plugin import run, suite


def test_calls_in_python(tmp_path: Path) -> None:
    suite(tmp_path)
    found = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_python.py")
    assert "2 failed, 3 passed" in found.stdout, found.stdout + found.stderr
    assert "test_python.py:21: expected" in found.stdout
    assert 'agent_says: "good evening"' in found.stdout
    assert "did you mean 'agent_says'?" in found.stdout
