"""One worker process: a whole voxrun behind the front of ``workers``.

Its parent writes one pickled ``Order`` to standard input and keeps it open; the worker answers ``ready PORT``
on standard output, and ends its calls and itself when standard input ends, however that comes about.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
import threading

from msgspec import Struct
from msgspec.structs import replace

from voxrun.cli import garbage
from voxrun.cli.application import running
from voxrun.cli.exits import guarded
from voxrun.cli.loop import run_main
from voxrun.cli.serve import attach_console, say
from voxrun.config import Settings

READY = "ready "


class Order(Struct, frozen=True):
    """What a worker is to be. ``base_url`` and ``ports`` are those of the front: sessions tell them."""

    settings: Settings
    base_url: str
    ports: frozenset[int]
    provider_ports: frozenset[int]
    start: bool
    """Fire Started, and the conference, that were asked for on the command line: one worker does."""


async def _main(order: Order) -> int:
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def until_the_end() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=until_the_end, name="parent", daemon=True).start()
    settings = order.settings
    async with running(settings, say) as app:
        runtime = app.runtime
        runtime.application = replace(
            runtime.application,
            base_url=order.base_url,
            own_ports=order.ports | {app.port},
            provider_ports=order.provider_ports,
        )
        attach_console(app)
        say(f"{READY}{app.port}")
        garbage.settle()
        if order.start and settings.start:
            await runtime.start_session(settings.sessions.custom_data)
        if order.start and settings.start_conference:
            await runtime.start_conference(settings.start_conference, settings.sessions.custom_data)
        await over.wait()
    return 0


def main() -> int:
    """Entry point; gives the exit code."""
    garbage.pause()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent decides when we end
    order: Order = pickle.load(sys.stdin.buffer)
    return guarded(lambda: run_main(_main(order)), debug=False)


if __name__ == "__main__":
    sys.exit(main())
