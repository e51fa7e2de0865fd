"""BLAS computes with one thread in every process of voxrun."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COUNT = """
import sys
{before}
import numpy, threading
assert "OPENBLAS_NUM_THREADS" in __import__("os").environ
numpy.ones((300, 300)) @ numpy.ones((300, 300))
print(len(__import__("os").listdir("/proc/self/task")))
"""


@pytest.mark.parametrize(
    "before",
    [
        "from voxrun.threads import one_each; one_each()",
        "from voxrun.cli.main import main; main(['--version'])",
    ],
)
def test_a_product_of_matrices_starts_no_thread(before: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    code = COUNT.format(before=before)
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert found.stdout.split()[-1] == "1"


def test_who_has_decided_otherwise_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from voxrun.threads import one_each

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    one_each()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"
