"""One running voxrun: realms, speech, local AI, web server and sessions, started and ended together.

What people wait for is the start, so this module imports little: the child processes are started first and
come up while ``wiring``, with everything the server needs, is still being read.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from voxrun.cli.local_ai import LocalUltravox, agent_file
from voxrun.cli.scripts import read_scripts
from voxrun.config import Settings
from voxrun.errors import ConfigError, ScenarioError
from voxrun.realm.pool import HostedRealms
from voxrun.secret_values import CLOUD_KEY, LOCAL_KEY

if TYPE_CHECKING:
    from voxrun.realm.port import Script
    from voxrun.server.options import TlsFiles
    from voxrun.session.runtime import Runtime

T = TypeVar("T")


class Running(Struct, frozen=True):
    """What an entry point works with. ``url`` is the page's address."""

    runtime: Runtime
    settings: Settings
    url: str
    base_url: str
    port: int
    ai: str
    agent: Path | None
    server: asyncio.Task[None]


class Provider(Struct, frozen=True):
    """Where Ultravox is: ``url`` is its base URL ("" for the cloud's own), ``port`` the local emulator's (0
    for none)."""

    url: str
    port: int


@asynccontextmanager
async def running(settings: Settings, say: Callable[[str], None]) -> AsyncIterator[Running]:
    """Everything up and ready; on leaving, calls are ended and recordings finished first.

    Raises ConfigError and ScenarioError before anything is started where that is possible.
    """
    most = settings.limits.script_chars
    scripts = read_scripts(settings.scenarios, most)
    rooms = [(entry, read_scripts(entry.scripts, most)) for entry in settings.conferences]
    server = settings.server
    token = server.token or ("" if server.is_loopback else secrets.token_urlsafe(18))
    if not server.is_loopback:
        from voxrun.server.serve import check_exposure

        check_exposure(server.host, server.tls != "" or server.tls_cert is not None, token)
    check_folder(settings.sessions.folder)
    async with AsyncExitStack() as stack:
        agent = agent_file(settings.ai.agent, settings.scenarios) if settings.ai.mode == "local" else None
        realms = HostedRealms()
        stack.push_async_callback(realms.close)
        emulator = LocalUltravox(agent) if settings.ai.mode == "local" and not settings.ai.base_url else None
        if emulator is not None:
            stack.push_async_callback(emulator.close)
        provider_up = _started(_provider(settings, emulator), stack)
        realms_up = _started(realms.start(), stack)
        await asyncio.sleep(0)  # both processes are started here; the imports below block this one
        from voxrun.cli import wiring
        from voxrun.session.conferences import ConferenceRule

        check_syntax([*scripts, *(script for _, found in rooms for script in found)])
        tls = stack.enter_context(tls_files(settings))
        conferences = tuple(ConferenceRule(entry.pattern, found, entry.where) for entry, found in rooms)
        house = wiring.House(
            settings, scripts, conferences, realms, tls, token, agent, ai_line(settings, agent)
        )
        await realms_up
        app = await wiring.open_house(house, await provider_up, stack, say)
        asyncio.get_running_loop().run_in_executor(None, wiring.warm_up, wiring.all_scripts(house))
        yield app


def check_folder(folder: Path) -> None:
    """Sessions must have somewhere to go: better told now than to the first caller."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"sessions cannot be kept in {folder}: {error.strerror}. Choose another with --sessions DIR."
        ) from None


def check_syntax(scripts: Sequence[Script]) -> None:
    """A script that does not compile answers no call. Raises ScenarioError with its place."""
    from voxrun.cli.scan.syntax import find_syntax_error
    from voxrun.realm.codeframe import code_frame
    from voxrun.realm.positions import Position, ScriptMap

    for script in scripts:
        found = find_syntax_error(script)
        if found is not None:
            frame = code_frame(ScriptMap(scripts), Position(found.file, found.line, found.column))
            raise ScenarioError(f"{found}\n{frame}".rstrip())


def _started(work: Coroutine[Any, Any, T], stack: AsyncExitStack) -> asyncio.Task[T]:
    """A task that does not outlive ``stack``, whether or not anybody came to wait for it."""
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # it was raised where the task was awaited, or something else went wrong first

    stack.push_async_callback(end)
    return task


async def _provider(settings: Settings, emulator: LocalUltravox | None) -> Provider:
    if emulator is None:
        return Provider(settings.ai.base_url, 0)
    port = await emulator.start()
    return Provider(f"http://127.0.0.1:{port}/api", port)


def scenario_secrets(settings: Settings) -> dict[str, str]:
    """What getSecretValue gives. The local Ultravox takes any key, so a scenario without one has one."""
    own = {CLOUD_KEY: LOCAL_KEY} if settings.ai.mode == "local" else {}
    return {**own, **settings.secrets}


def ai_line(settings: Settings, agent: Path | None) -> str:
    """One line for people: which voice AI, and why."""
    if settings.ai.mode == "cloud":
        where = settings.ai.base_url or "the Ultravox cloud"
        return f"Voice AI: {where}, {settings.ai.why}"
    mind = f"agent {agent}" if agent else "no agent file: it speaks from the system prompt"
    return f"Voice AI: local Ultravox emulator, {settings.ai.why} ({mind})"


@contextlib.contextmanager
def tls_files(settings: Settings) -> Iterator[TlsFiles | None]:
    """Certificate and key; made for this run where they are to be self-signed."""
    from voxrun.server.options import TlsFiles

    server = settings.server
    if server.tls_cert is not None and server.tls_key is not None:
        yield TlsFiles(server.tls_cert, server.tls_key)
    elif server.tls == "self-signed":
        from voxrun.server.tls import self_signed

        with self_signed(server.host, datetime.now(UTC)) as files:
            yield files
    else:
        yield None
