"""Asking a thread that is inside one of the engine's endless functions where it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

HANG = """
import os, signal, threading, time
from voxrun.realm import probe
from voxrun.realm.engine import Engine
from voxrun.realm.stack import deepen_main_stack

deepen_main_stack()
engine = Engine()

def report():
    print(engine.current_stack(), flush=True)
    os._exit(3)

probe.install(report)

def ask():
    time.sleep(0.3)
    signal.pthread_kill(threading.main_thread().ident, probe.SIGNAL)

threading.Thread(target=ask, daemon=True).start()
engine.run_script('''function stuck() {
  Array.prototype.sort.call({ length: 2 ** 53 - 1 });
}
stuck();''', 100)
"""


@pytest.mark.live
def test_a_thread_that_hangs_in_the_engine_tells_its_javascript_stack() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANG], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 3
    assert "at stuck (<scenario>:101:" in done.stdout
    assert "(<scenario>:103:1)" in done.stdout
