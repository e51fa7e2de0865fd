"""The emulator as a child of a run: ``python -m voxrun.emulators.ultravox.process --port 0``.

It prints "ready URL" once it listens, and ends when its standard input closes: however its parent ends, it
does not stay behind.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from voxrun.emulators.ultravox.serve import serve
from voxrun.errors import VoxrunError


def main() -> int:
    """Entry point; 2 with a message on stderr when it cannot start."""
    parser = argparse.ArgumentParser(prog="voxrun-ultravox")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--agent", type=Path)
    asked = parser.parse_args()
    try:
        asyncio.run(_run(asked.port, asked.agent))
    except VoxrunError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


async def _run(port: int, agent: Path | None) -> None:
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(serve(port, agent, ready=lambda url: print(f"ready {url}", flush=True)))
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)
    loop.add_reader(sys.stdin.fileno(), _parent, serving)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _parent(serving: asyncio.Task[None]) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        serving.cancel()


if __name__ == "__main__":
    sys.exit(main())
