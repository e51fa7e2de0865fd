"""A realm host that nobody waits for: it comes up in small steps, so that calls hardly feel it beside them.
Once somebody asks it something, it hurries.

Started by ``link`` as ``python -m voxrun.realm.reserve SOCKET BOARD``; after the last step it is a ``host``.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Final

STEPS: Final = (
    "contextlib",
    "signal",
    "logging",
    "ctypes",
    "json",
    "socket",
    "quickjs",
    "inspect",
    "msgspec",
    "voxrun.realm.wire",
    "voxrun.realm.engine",
    "voxrun.realm.phone_numbers",
    "voxrun.realm.realm",
)
"""Modules that a host needs; each takes from one to ten ms."""

REST: Final = 3.0
"""Times as long as a step took the processor is left to others."""


def come_up(
    rest: Callable[[float], object],
    steps: tuple[str, ...] = STEPS,
    now: Callable[[], float] = time.process_time,
) -> None:
    """Read the modules, one after another, resting (so many seconds) after each."""
    for name in steps:
        began = now()
        import_module(name)
        rest(REST * (now() - began))


def until_asked(descriptor: int) -> Callable[[float], object]:
    """A rest that ends as soon as there is something to read: then a call waits for this host."""
    return lambda seconds: select.select([descriptor], [], [], seconds)


def main() -> None:
    """Entry point."""
    come_up(until_asked(int(sys.argv[1])))
    from voxrun.realm import host

    host.main()


if __name__ == "__main__":
    main()
