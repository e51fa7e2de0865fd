"""One worker, as its parent starts it."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from voxrun.cli.worker import READY, Order
from voxrun.config import load_settings

pytestmark = pytest.mark.live


def start(folder: Path, source: str) -> subprocess.Popen[bytes]:
    (folder / "s.js").write_text(source)
    settings = load_settings(
        (folder / "s.js",), env={}, cwd=folder, options={"server.port": 0, "ai.mode": "cloud"}
    )
    order = Order(settings, "http://127.0.0.1:1", frozenset({1}), frozenset(), start=False)
    process = subprocess.Popen(
        [sys.executable, "-m", "voxrun.cli.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(order))
    process.stdin.flush()
    return process


def test_it_serves_until_its_parent_lets_go_and_ctrl_c_is_not_for_it(tmp_path: Path) -> None:
    process = start(tmp_path, "VoxEngine.addEventListener(AppEvents.Started, () => {});")
    assert process.stdout is not None
    assert process.stdin is not None
    line = process.stdout.readline().decode()
    assert line.startswith(READY)
    port = int(line.removeprefix(READY))
    process.send_signal(signal.SIGINT)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        assert answer.status == 200
    process.stdin.close()
    assert process.wait(30) == 0
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()


def test_a_mistake_is_one_message(tmp_path: Path) -> None:
    process = start(tmp_path, "this is no script")
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert b"s.js" in err
    assert b"Traceback" not in err
