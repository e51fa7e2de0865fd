"""``voxrun FILE.js --workers N``: several processes with an event loop and realm hosts each, behind a front.

A call is given to a worker when it is set up and stays there. A worker that dies takes its own calls only:
their journals are ended with the reason, and another takes its place. SIGTERM lets the calls that there are
come to their end and takes no new ones; Ctrl-C ends them.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import pickle
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from voxrun import __version__
from voxrun.cli.application import ai_line, check_folder, check_syntax, tls_files
from voxrun.cli.local_ai import LocalUltravox, agent_file
from voxrun.cli.loop import run_main
from voxrun.cli.scripts import read_scripts
from voxrun.cli.serve import say
from voxrun.cli.worker import READY, Order
from voxrun.config import Settings
from voxrun.errors import ConfigError
from voxrun.server.backends import Backend
from voxrun.server.front import Front, create_front
from voxrun.server.options import ServerOptions
from voxrun.server.serve import check_exposure, serve
from voxrun.session.bury import bury

DRAIN_SECONDS: Final = 600.0
"""After SIGTERM: how long calls may go on."""
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
EARLY_SECONDS: Final = 5.0
"""A worker that ends this soon has not worked."""
MOST_EARLY: Final = 3
"""So many such ends, one after another, are no accident."""

TOGETHER: Final = (
    "These scripts join conferences (callConference), and a conference lives in one process: one worker "
    "takes all calls, whatever --workers says. One voxrun for each conference uses more processors."
)


def how_many(settings: Settings) -> int:
    """0 in the settings ("auto") is one for each processor that we may use."""
    return settings.server.workers or len(os.sched_getaffinity(0))


def run(settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM; gives the exit code."""
    return run_main(_main(settings))


async def _main(settings: Settings) -> int:
    async with AsyncExitStack() as stack:
        house = await _open(settings, stack)
        with _signals(house):
            count = 1 if house.together else how_many(settings)
            await asyncio.gather(*(house.start(number) for number in range(count)))
            names = ", ".join(str(path) for path in settings.scenarios)
            say(f"voxrun serves {names} with {count} worker{'s' * (count > 1)}\n{house.ai}\n")
            say(f"  Open  {house.url}  and press Call.   (Ctrl-C ends it)\n")
            await house.until_stopped()
            say("\nEnding calls and finishing recordings...")
            await house.stop()
    say("Done.")
    return 1 if house.broken else 0


class House(Struct):
    """The front, its workers, and what they are told."""

    settings: Settings
    front: Front
    ai: str
    provider_port: int
    together: bool = False
    """Whether calls may join a conference of others, which lives in one process: all have the same worker."""
    url: str = ""
    base_url: str = ""
    port: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bool = False
    _workers: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _early: int = 0

    async def start(self, number: int) -> None:
        """Have a worker that takes calls. Raises ConfigError when it does not come up."""
        token = secrets.token_urlsafe(18)
        server = dataclasses.replace(
            self.settings.server, host="127.0.0.1", port=0, token=token, tls="", tls_cert=None, tls_key=None
        )
        ai = self.settings.ai
        if self.provider_port:
            ai = replace(ai, base_url=f"http://127.0.0.1:{self.provider_port}/api")
        provider_ports = frozenset({self.provider_port} if self.provider_port else ())
        own = replace(self.settings, server=server, ai=ai)
        order = Order(own, self.base_url, frozenset({self.port}), provider_ports, start=number == 0)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voxrun.cli.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._workers[number] = process
        assert process.stdin is not None
        process.stdin.write(pickle.dumps(order))
        await process.stdin.drain()
        port = await self._ready(number, process)
        backend = Backend(number, f"http://127.0.0.1:{port}", token)
        self.front.up(backend)
        say(f"Worker {number} takes calls (process {process.pid}).")
        task = asyncio.create_task(self._look_after(process, backend))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ready(self, number: int, process: asyncio.subprocess.Process) -> int:
        assert process.stdout is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                async for line in process.stdout:
                    text = line.decode("utf-8", "replace").rstrip()
                    if text.startswith(READY):
                        return int(text.removeprefix(READY))
                    say(text)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise ConfigError(f"worker {number} did not come up; what it said is above")

    async def _look_after(self, process: asyncio.subprocess.Process, backend: Backend) -> None:
        """Pass on what a worker says; when it dies, end what it left and start another."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert process.stdout is not None
        async for line in process.stdout:
            say(line.decode("utf-8", "replace").rstrip("\n"))
        code = await process.wait()
        if self.stopping.is_set():
            return
        why = f"the worker process of this call ended unexpectedly ({_ending(code)})"
        lost = self.front.down(backend, why)
        self._bury(lost, why)
        ended = f"Worker {backend.number} ended ({_ending(code)})"
        say(f"{ended}: {_calls(len(lost))} lost, another takes its place.")
        self._early = self._early + 1 if loop.time() - began < EARLY_SECONDS else 0
        try:
            if self._early >= MOST_EARLY:
                raise ConfigError(f"{MOST_EARLY} workers in a row ended at once")
            await self.start(backend.number)
        except ConfigError as error:
            say(f"voxrun ends: {error}.")
            self.broken = True
            self.stopping.set()

    def _bury(self, sessions: list[str], why: str) -> None:
        for session in sessions:
            for folder in self.settings.sessions.folder.glob(f"*-{session[:8]}"):
                with contextlib.suppress(OSError):
                    bury(folder, why)

    def drain(self) -> None:
        """Take no new calls; end when there are none left."""
        if self.front.draining:
            self.stopping.set()
            return
        self.front.draining = True
        say(f"No new calls; {_calls(self.front.backends.live)} to come to an end (again: at once)...")

    async def until_stopped(self) -> None:
        """Until somebody stops us, or we have drained."""
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        while not self.stopping.is_set():
            if self.front.draining:
                deadline = deadline or loop.time() + DRAIN_SECONDS
                if not self.front.backends.live or loop.time() > deadline:
                    return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await self.stopping.wait()

    async def stop(self) -> None:
        """End every worker, its calls first."""
        self.stopping.set()
        for process in self._workers.values():
            if process.stdin is not None:
                process.stdin.close()
        waiting = [asyncio.create_task(process.wait()) for process in self._workers.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=STOP_SECONDS)
        for process in self._workers.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*waiting, *self._tasks, return_exceptions=True)


async def _open(settings: Settings, stack: AsyncExitStack) -> House:
    """The front listens and the voice AI is up. Raises ConfigError and ScenarioError."""
    scripts = read_scripts(settings.scenarios, settings.limits.script_chars)
    check_syntax(scripts)
    check_folder(settings.sessions.folder)
    together = any("callConference" in script.source for script in scripts)
    if together and how_many(settings) > 1:
        say(TOGETHER)
    server = settings.server
    token = server.token or ("" if server.is_loopback else secrets.token_urlsafe(18))
    check_exposure(server.host, server.tls != "" or server.tls_cert is not None, token)
    tls = stack.enter_context(tls_files(settings))
    agent = agent_file(settings.ai.agent, settings.scenarios) if settings.ai.mode == "local" else None
    provider_port = 0
    if settings.ai.mode == "local" and not settings.ai.base_url:
        emulator = LocalUltravox(agent)
        stack.push_async_callback(emulator.close)
        provider_port = await emulator.start()
    front = Front()
    stack.push_async_callback(front.close)
    ai = ai_line(settings, agent)
    options = ServerOptions(
        version=__version__, token=token, loopback=server.is_loopback, secure=tls is not None, ai=ai
    )
    house = House(settings, front, ai, provider_port, together)
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(
            create_front(front, options), server.host, server.port, tls,
            ready=listening.set_result, token=token, plain=server.tls == "off",
        )
    )  # fmt: skip
    stack.push_async_callback(_ended, task)
    both: tuple[asyncio.Future[Any], ...] = (task, listening)
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task
    house.port = listening.result()
    host = server.shown_host
    house.base_url = f"{'https' if tls else 'http'}://{host}:{house.port}"
    house.url = f"{house.base_url}/?token={token}" if token else f"{house.base_url}/"
    return house


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


@contextlib.contextmanager
def _signals(house: House) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, house.stopping.set)
    loop.add_signal_handler(signal.SIGTERM, house.drain)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"
