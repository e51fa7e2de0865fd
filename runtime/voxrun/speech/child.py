"""The child process as a blocking request-reply channel: started late, replaced when it died."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import IO, Final

from voxrun.errors import InternalError, VoxrunError
from voxrun.speech import wire
from voxrun.speech.wire import Header

COMMAND: Final = (sys.executable, "-m", "voxrun.speech.process")
_ATTEMPTS: Final = 2
"""A request whose child died is tried once more with a new one."""
_TAIL: Final = 600
"""Characters of the child's own words that an error message shows."""


class Child:
    """One speech process at a time. ``exchange`` is for one thread; ``close`` may come from another."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] | None = None  # what the child writes to stderr
        self._lock = threading.Lock()  # start against close
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Process id of the running child; None when there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def exchange(self, request: Header, payload: bytes = b"") -> tuple[Header, bytes]:
        """Send one request and wait for its reply.

        Raises ``InternalError`` when the child dies of it twice, ``VoxrunError`` after ``close``.
        """
        for _ in range(_ATTEMPTS):
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                wire.send(process.stdin, request, payload)
                reply = wire.receive(process.stdout)
            except (OSError, ValueError, wire.WireError):
                reply = None
            if reply is not None:
                return reply
            last_words = self._bury()
        raise InternalError(f"The speech process ended while it worked. {last_words}".strip())

    def close(self) -> None:
        """Kill the child, at once and for good."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                _kill(self._process)

    def _running(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise VoxrunError("Speech was closed.")
            if self._process is None or self._process.poll() is not None:
                self._process = self._start()
            return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        self._release()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the child)
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            start_new_session=True,  # Ctrl-C in the terminal is for voxrun, which then closes this
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def _bury(self) -> str:
        """Make sure the child is gone; gives its last words."""
        with self._lock:
            if self._process is None or self._words is None:
                return ""
            _kill(self._process)
            code = self._process.returncode
            self._words.seek(0)
            words = self._words.read().decode("utf-8", "replace").strip()[-_TAIL:]
        return f"Exit code {code}. {words}"

    def _release(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):  # unsent bytes of a broken pipe
                    if pipe is not None:
                        pipe.close()
        if self._words is not None:
            self._words.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and the copies it forked (its process group)."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
