"""``python -m voxrun.emulators.ultravox.process [--port N] [--agent FILE]``: the emulator for a parent.

Prints ``ready URL`` once it listens. Ends on SIGTERM or SIGINT, and when its standard input ends, so that
it never outlives whoever started it. A user's mistake is one line on standard error, exit code 2.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import stat
import sys
from pathlib import Path

from voxrun.emulators.ultravox.serve import serve
from voxrun.errors import VoxrunError


async def _run(port: int, agent: Path | None) -> None:
    loop = asyncio.get_running_loop()
    serving = asyncio.current_task()
    assert serving is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    if stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode):
        loop.add_reader(0, _input, loop, serving)
    with contextlib.suppress(asyncio.CancelledError):
        await serve(port, agent, ready=_ready)


def _ready(url: str) -> None:
    print(f"ready {url}", flush=True)
    gc.freeze()  # a full collection would walk over every module: 20 ms in which no audio is sent


def _input(loop: asyncio.AbstractEventLoop, serving: asyncio.Task[None]) -> None:
    if not os.read(0, 4096):
        loop.remove_reader(0)
        serving.cancel()


def main() -> int:
    """Entry point; gives the exit code."""
    parser = argparse.ArgumentParser(prog="voxrun.emulators.ultravox.process")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--agent", type=Path)
    options = parser.parse_args()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        asyncio.run(_run(options.port, options.agent))
    except VoxrunError as error:
        print(f"voxrun: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
