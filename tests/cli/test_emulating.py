from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from voxrun.cli.emulating import run
from voxrun.errors import ConfigError


def test_a_missing_agent_file_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such agent file"):
        run("127.0.0.1", 0, tmp_path / "x.yaml", print)


@pytest.mark.live
def test_the_emulator_alone_says_where_it_is_answers_and_ends_at_ctrl_c() -> None:
    command = [sys.executable, "-m", "voxrun.cli.main", "emulate", "ultravox", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{found[0]}/api/calls/{'0' * 8}-0000-0000-0000-{'0' * 12}", timeout=10)
        assert refused.value.code in (401, 403, 404)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert out.endswith("Done.\n")
