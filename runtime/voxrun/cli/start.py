"""Where the command begins: Ctrl-C before there is anything to end just ends the process, with one line.

Half a second of imports lies before the first call. A KeyboardInterrupt that is raised somewhere in them
comes out as a traceback of somebody else's module, or of the wrong kind, or is swallowed where Python cannot
pass it on. So the process leaves in the signal's handler, until ``as_usual``: then work is under way that has
to be ended in order.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED = 130
SAID = b"voxrun: interrupted\n"


def main() -> int:
    """Entry point of the installed command; gives the exit code."""
    leave_at_once()
    from voxrun.cli.main import main as run

    return run()


def leave_at_once() -> None:
    """From now on Ctrl-C ends the process at once; not where somebody wants it ignored (``nohup``, ``&``)."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _Leave())


def as_usual() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt again."""
    handler = signal.getsignal(signal.SIGINT)
    if isinstance(handler, _Leave):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(handler.stderr)


class _Leave:
    def __init__(self) -> None:
        self.stderr = os.dup(2)
        """pytest takes the other one away while it starts."""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        os.write(self.stderr, SAID)
        os._exit(INTERRUPTED)
