"""The child process as a channel: its death is noticed, its last words are kept, close is final."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from voxrun.errors import InternalError, VoxrunError
from voxrun.speech.child import Child

ECHO = """
import sys
from voxrun.speech import wire
while (message := wire.receive(sys.stdin.buffer)) is not None:
    wire.send(sys.stdout.buffer, {"ok": True, "echo": message[0]["op"]}, message[1])
"""
DIES = "import sys; sys.stdin.buffer.read(4); print('no more phonemes', file=sys.stderr); sys.exit(7)"
GARBAGE = "import sys, time; sys.stdout.write('this is no message'); sys.stdout.flush(); time.sleep(60)"
DEAF = "import time; time.sleep(60)"


def child(program: str) -> Child:
    return Child((sys.executable, "-c", program))


def test_a_request_gets_its_reply() -> None:
    echo = child(ECHO)
    for number in range(3):
        reply, payload = echo.exchange({"op": f"n{number}"}, b"\0" * 100_000)
        assert reply["echo"] == f"n{number}"
        assert len(payload) == 100_000
    echo.close()
    assert echo.pid is None


def test_a_child_that_always_dies_is_an_error_with_its_last_words() -> None:
    with pytest.raises(InternalError, match=r"Exit code 7\. no more phonemes"):
        child(DIES).exchange({"op": "render"})


def test_a_child_that_speaks_garbage_is_ended() -> None:
    broken = child(GARBAGE)
    with pytest.raises(InternalError):
        broken.exchange({"op": "render"})
    assert broken.pid is None


def test_close_from_another_thread_ends_a_waiting_request() -> None:
    deaf = child(DEAF)
    threading.Timer(0.2, deaf.close).start()
    with pytest.raises(VoxrunError):
        deaf.exchange({"op": "render"})
    assert deaf.pid is None


def test_after_close_nothing_starts() -> None:
    closed = child(ECHO)
    closed.close()
    closed.close()
    with pytest.raises(VoxrunError, match="closed"):
        closed.exchange({"op": "render"})


def test_descriptors_do_not_pile_up() -> None:
    echo = child(ECHO)
    echo.exchange({"op": "a"})
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        pid = echo.pid
        assert pid is not None
        os.kill(pid, 9)
        echo.exchange({"op": "b"})
    assert len(os.listdir("/proc/self/fd")) <= before
    echo.close()
