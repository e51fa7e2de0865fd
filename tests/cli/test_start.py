"""Ctrl-C while the command is being loaded: one line and 130, wherever it was; later it is as ever."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

IMPORTING = """
import os, signal, sys
from voxrun.cli import start
sys.argv = ["voxrun", "test", "nowhere"]

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # as pytest does
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Interrupts())
sys.exit(start.main())
"""


def run(source: str) -> tuple[int, str, str]:
    found = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    return found.returncode, found.stdout, found.stderr


@pytest.mark.parametrize("module", ["voxrun.cli.main", "click", "pytest"])
def test_while_it_is_loaded_it_leaves_with_one_line(module: str) -> None:
    assert run(IMPORTING.replace("MODULE", repr(module))) == (130, "", "voxrun: interrupted\n")


def test_once_there_is_something_to_end_it_raises_again() -> None:
    source = """
import os, signal
from voxrun.cli.start import as_usual, leave_at_once
as_usual()
leave_at_once()
as_usual()
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("raised")
"""
    assert run(source) == (0, "raised\n", "")


def test_where_it_is_ignored_it_stays_so() -> None:
    source = """
import os, signal
from voxrun.cli.start import as_usual, leave_at_once
signal.signal(signal.SIGINT, signal.SIG_IGN)
leave_at_once()
os.kill(os.getpid(), signal.SIGINT)
as_usual()
os.kill(os.getpid(), signal.SIGINT)
print("goes on")
"""
    assert run(source) == (0, "goes on\n", "")
