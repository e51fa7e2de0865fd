"""A whole voxrun for tests: the application as the command line wires it, its real server, realms and speech,
and a local Ultravox on another port whose wire is tapped.

::

    async def story() -> None:
        async with house(tmp_path, SOURCE, agent=AGENT) as h, Telephone(h.url) as phone:
            await phone.call()
            await h.until(lambda: h.events("Call.Connected"))

``Threaded`` runs one beside a test that drives a browser, whose plain API wants the test's own thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from voxrun.cli.application import Running, running
from voxrun.config import Settings, load_settings
from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.app import create_app
from voxrun.emulators.ultravox.emulator import BrokenOnPurpose, Emulator
from voxrun.emulators.ultravox.emulator import Settings as EmulatorSettings
from voxrun.session.messages import JsonObject
from voxrun.session.session import Ending
from voxrun.speech.base import Voice
from voxrun.speech.client import SpeechProcess

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
PATIENCE = 30.0
CALLER_VOICE = Voice(engine="espeak", name="en-us")
"""The caller of most tests."""
AGENT_VOICE = Voice(engine="espeak", name="en-us", variant="f2", pitch=120)
"""Unlike the caller's, so that the two do not correlate."""

BRIDGE = """
require(Modules.Ultravox);
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  const greeting = call.customData();
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.addEventListener(CallEvents.Failed, VoxEngine.terminate);
  call.answer();
  const agent = await Ultravox.createWebSocketAPIClient({
    endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
    authorizations: { 'X-API-Key': 'local' },
    body: { firstSpeakerSettings: { agent: greeting ? { text: greeting } : {} } },
    onWebSocketClose: ({ code }) => { Logger.write(`closed ${code}`); call.hangup(); },
  });
  for (const name of ['WebSocketError', 'HTTPResponse', 'Unknown'])
    agent.addEventListener(Ultravox.WebSocketAPIEvents[name], ({ data }) => {
      Logger.write(`${name} ${JSON.stringify(data.payload)}`);
    });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
  VoxEngine.sendMediaBetween(call, agent);
});
"""
"""A call and an agent that greets with the call's custom data; what goes wrong between them is logged."""


@dataclass
class Wire:
    """One WebSocket between voxrun and the emulator: what the emulator really got and sent."""

    path: str
    got: bytearray = field(default_factory=bytearray)
    """The caller's audio, 16 kHz mono s16le (the rate that voxrun asks for)."""
    sent: bytearray = field(default_factory=bytearray)
    """The agent's audio."""
    texts: list[tuple[str, str]] = field(default_factory=list)
    """("in" or "out", text message)."""
    over: bool = False


class Tap:
    """ASGI middleware that notes the traffic of every WebSocket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.wires: list[Wire] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        wire = Wire(scope["path"])
        self.wires.append(wire)

        async def listen() -> MutableMapping[str, Any]:
            message = await receive()
            wire.got += message.get("bytes") or b""
            if message.get("text"):
                wire.texts.append(("in", message["text"]))
            wire.over = wire.over or message["type"] == "websocket.disconnect"
            return message

        async def speak(message: MutableMapping[str, Any]) -> None:
            wire.sent += message.get("bytes") or b""
            if message.get("text"):
                wire.texts.append(("out", message["text"]))
            wire.over = wire.over or message["type"] == "websocket.close"
            await send(message)

        with contextlib.suppress(BrokenOnPurpose):  # the server cuts the connection of an app that returns
            await self._app(scope, listen, speak)


@dataclass
class LocalAi:
    """The emulator in this process, on a real socket."""

    url: str
    emulator: Emulator
    tap: Tap

    @property
    def wires(self) -> list[Wire]:
        return self.tap.wires


@asynccontextmanager
async def local_ai(agent: str, speech: SpeechProcess) -> AsyncGenerator[LocalAi]:
    """``agent`` is the text of an agent file; "" for one that speaks from the system prompt."""
    script = parse_agent(agent) if agent else None
    app = create_app(EmulatorSettings(), speech, speech, agent=script)
    tap = Tap(app)
    config = uvicorn.Config(
        tap, host="127.0.0.1", port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if serving.done():
            await serving
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield LocalAi(f"http://127.0.0.1:{port}", app.state.emulator, tap)
    finally:
        server.should_exit = True
        await serving


@dataclass
class House:
    """A running voxrun, and everything its sessions did so far."""

    app: Running
    ai: LocalAi | None
    speech: SpeechProcess
    said: list[str]
    """Lines the application told the terminal."""
    records: list[tuple[str, JsonObject]] = field(default_factory=list)
    """(session, journal record) in order."""

    @property
    def url(self) -> str:
        return self.app.base_url

    async def render(self, text: str, voice: Voice = CALLER_VOICE) -> bytes:
        """``text`` spoken, 16 kHz mono s16le."""
        return await self.speech.render(text, voice)

    async def until(self, condition: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Wait until ``condition()`` holds; gives its value."""
        try:
            async with asyncio.timeout(seconds):
                while not (value := condition()):  # noqa: ASYNC110 (of any loop and thread)
                    await asyncio.sleep(0.01)
        except TimeoutError:
            tail = "\n".join(
                f"{session[:6]} {json.dumps(record)[:200]}" for session, record in self.records[-25:]
            )
            raise AssertionError(f"not within {seconds:g} s; the last records:\n{tail}") from None
        return value

    def of(self, k: str, session: str = "", **fields: Any) -> list[Any]:
        """Records of a sort (of one session), with these fields."""
        return [
            record
            for owner, record in self.records
            if record["k"] == k
            and (not session or owner == session)
            and all(record.get(name) == value for name, value in fields.items())
        ]

    def events(self, kind: str, session: str = "") -> list[Any]:
        """``data`` of the events of a kind that scenarios were told."""
        return [record["data"] for record in self.of("event", session) if record["kind"].endswith(kind)]

    def logs(self, session: str = "") -> list[str]:
        """What scenarios wrote."""
        return [record["text"] for record in self.of("log", session, level="write")]

    def transcripts(self, role: str, session: str = "") -> list[str]:
        """Final transcripts."""
        payloads = [event["data"]["payload"] for event in self.events(".Transcript", session)]
        return [p["text"].strip() for p in payloads if p["role"] == role and p["final"]]

    def sessions(self) -> list[str]:
        return [info.id for info in self.app.runtime.sessions()]

    async def ended(self, session: str, seconds: float = PATIENCE) -> Ending:
        async with asyncio.timeout(seconds):
            return await self.app.runtime.wait(session)

    def folder(self, session: str) -> Path:
        (found,) = (info.folder for info in self.app.runtime.sessions() if info.id == session)
        assert found is not None
        return found


def settings_for(tmp: Path, scenarios: list[Path], base_url: str = "", **options: Any) -> Settings:
    """Settings as the command line makes them, without this machine's environment and settings file."""
    given = {"server.port": 0, "ai.mode": "local", "sessions.dir": tmp / "sessions"}
    if base_url:
        given["ai.base_url"] = base_url
    given |= {name.replace("__", "."): value for name, value in options.items() if name != "custom_data"}
    custom = str(options.get("custom_data", ""))
    return load_settings(scenarios, env={}, cwd=tmp, options=given, custom_data=custom)


@asynccontextmanager
async def house(
    tmp: Path, *scripts: str | Path, agent: str | None = None, **options: Any
) -> AsyncGenerator[House]:
    """voxrun with these scripts (texts or files). ``agent`` None: no AI at all; "": from the prompt."""
    files = []
    for number, script in enumerate(scripts):
        path = script if isinstance(script, Path) else tmp / f"{chr(97 + number)}.js"
        if isinstance(script, str):
            path.write_text(script)
        files.append(path)
    speech = SpeechProcess(on_disk=False)
    said: list[str] = []
    try:
        async with contextlib.AsyncExitStack() as stack:
            ai = await stack.enter_async_context(local_ai(agent, speech)) if agent is not None else None
            base = f"{ai.url}/api" if ai else "http://127.0.0.1:9/api"
            settings = settings_for(tmp, files, base, **options)
            app = await stack.enter_async_context(running(settings, said.append))
            found = House(app, ai, speech, said)
            app.runtime.subscribe(lambda session, record: found.records.append((session, record)))
            yield found
    finally:
        await speech.close()


class Threaded:
    """A ``House`` whose loop has a thread of its own."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        self.house = house
        self._loop = loop

    def do(self, work: Coroutine[Any, Any, T], seconds: float = PATIENCE) -> T:
        """Run ``work`` in the house's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def until(self, condition: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Wait until ``condition()`` holds; gives its value."""
        return self.do(self.house.until(condition, seconds), seconds + 5)


@contextmanager
def threaded(
    tmp: Path, *scripts: str | Path, agent: str | None = None, **options: Any
) -> Generator[Threaded]:
    """``house`` in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="house", daemon=True)
    thread.start()
    opened = house(tmp, *scripts, agent=agent, **options)
    try:
        found = asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result(60)
        try:
            yield Threaded(found, loop)
        finally:
            asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def journal_of(folder: Path) -> list[dict[str, Any]]:
    """A session's journal from its file; every line must be whole."""
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def voxrun(
    *words: str | Path, cwd: Path | None = None, seconds: float = 100
) -> subprocess.CompletedProcess[str]:
    """Run the command line, as a person does."""
    command = [sys.executable, "-m", "voxrun.cli.main", *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=seconds, env=plain_environment()
    )


def plain_environment() -> dict[str, str]:
    """This environment without a key that would reach for the cloud."""
    return {name: value for name, value in os.environ.items() if name != "ULTRAVOX_API_KEY"}


def wait_for(condition: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Wait, in the test's own thread, for what a process or thread brings about; gives the value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s")
        threading.Event().wait(0.02)
    return value
