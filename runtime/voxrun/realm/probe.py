"""Asking a thread that hangs inside the engine where its scenario is.

Some of the engine's own functions cannot be interrupted. Before a watchdog gives such a thread up it sends
it ``SIGNAL``; the handler runs right there, in the middle of the function, reads the JavaScript stack and
reports it. Python's own signal handlers would wait for the function to return, so this one is given to the
C library. It may hit the engine in the middle of anything: whoever asks kills the process afterwards.
"""

from __future__ import annotations

import ctypes
import signal
from collections.abc import Callable
from typing import Any, Final

SIGNAL: Final = signal.SIGRTMIN + 7

_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int)
_kept: list[Any] = []


def install(report: Callable[[], None]) -> None:
    """Call ``report`` on the thread that gets the signal, at once; for the whole process, for good."""

    def handler(_signal: int) -> None:
        report()

    callback = _Handler(handler)
    _kept.append(callback)
    set_handler = ctypes.CDLL(None).signal
    set_handler.restype = ctypes.c_void_p
    set_handler.argtypes = [ctypes.c_int, _Handler]
    set_handler(int(SIGNAL), callback)
