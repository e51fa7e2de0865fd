"""``voxrun FILE.js``: serve until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from voxrun.cli import garbage
from voxrun.cli.application import Running, running
from voxrun.cli.console import Console
from voxrun.cli.loop import run_main
from voxrun.config import Settings


def run(settings: Settings) -> int:
    """Serve the scenario; gives the exit code."""
    if settings.server.workers != 1:
        from voxrun.cli import workers

        return workers.run(settings)
    garbage.pause()
    return run_main(_main(settings))


async def _main(settings: Settings) -> int:
    async with running(settings, say) as app:
        attach_console(app)
        with interrupts() as interrupted:
            _greet(app)
            garbage.settle()
            if settings.open_page:
                webbrowser.open(app.url)
            if settings.start:
                await app.runtime.start_session(settings.sessions.custom_data)
            if settings.start_conference:
                await app.runtime.start_conference(settings.start_conference, settings.sessions.custom_data)
            await _until(app, interrupted)
        say("")
        say("Ending calls and finishing recordings...")
    say("Done.")
    return 0


async def _until(app: Running, interrupted: asyncio.Event) -> None:
    waiting = asyncio.create_task(interrupted.wait())
    try:
        await asyncio.wait({waiting, app.server}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if app.server.done():
        await app.server


def attach_console(app: Running) -> None:
    """Print what happens in sessions."""
    runtime = app.runtime
    folders: dict[str, Path | None] = {}

    def folder_of(session_id: str) -> Path | None:
        if session_id not in folders:
            folders.update({info.id: info.folder for info in runtime.sessions()})
        return folders.get(session_id)

    runtime.subscribe(Console(say, sys.stdout.isatty(), folder_of))


def _greet(app: Running) -> None:
    names = ", ".join(str(path) for path in app.settings.scenarios)
    say(f"voxrun serves {names}")
    say(app.ai)
    say("")
    say(f"  Open  {app.url}  and press Call.   (Ctrl-C ends it)")
    say("")


@contextlib.contextmanager
def interrupts() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C ends at once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def once() -> None:
        if event.is_set():
            loop.remove_signal_handler(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        event.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, once)
    try:
        yield event
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def say(text: str) -> None:
    """Print a line now."""
    print(text, flush=True)
