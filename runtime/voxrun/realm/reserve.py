"""A realm host that nobody waits for: it comes up in small steps, so that calls hardly feel it beside them.

Started by ``link`` as ``python -m voxrun.realm.reserve SOCKET BOARD``; after the last step it is a ``host``.
"""

from __future__ import annotations

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
    steps: tuple[str, ...] = STEPS,
    now: Callable[[], float] = time.process_time,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Read the modules, one after another, resting after each."""
    for name in steps:
        began = now()
        import_module(name)
        sleep(REST * (now() - began))


def main() -> None:
    """Entry point."""
    come_up()
    from voxrun.realm import host

    host.main()


if __name__ == "__main__":
    main()
