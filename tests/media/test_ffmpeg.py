"""PyAV is there when it is needed and not before."""

from __future__ import annotations

import subprocess
import sys

from voxrun.media.ffmpeg import pyav


def test_it_is_imported_with_its_errors() -> None:
    assert issubclass(pyav().error.FFmpegError, Exception)


def test_playing_calls_in_virtual_time_does_not_import_it() -> None:
    program = (
        "import sys, voxrun.replay.runner, voxrun.replay.format\n"
        "assert not {'av', 'aiortc', 'uvicorn', 'piper'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
