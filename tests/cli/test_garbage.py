"""Python's collector keeps out of the way of the start and of audio."""

from __future__ import annotations

import subprocess
import sys


def told(code: str) -> list[str]:
    """Lines that a Python of its own prints: what is frozen stays so, which is not for this process."""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout.split()


def test_nothing_is_collected_while_the_start_goes_on_and_afterwards_again() -> None:
    code = (
        "import gc; from voxrun.cli import garbage; print(gc.isenabled())\n"
        "garbage.pause(); print(gc.isenabled()); garbage.settle(); print(gc.isenabled())"
    )
    assert told(code) == ["True", "False", "True"]


def test_what_the_start_made_is_never_walked_over() -> None:
    code = (
        "import gc; from voxrun.cli import garbage\n"
        "garbage.pause(); done = []; gc.callbacks.append(lambda *_: done.append(1)); garbage.settle()\n"
        "print(done == [], gc.get_freeze_count() > 1000, len(gc.get_objects()) < 1000)"
    )
    assert told(code) == ["True", "True", "True"]
