"""A whole session in virtual time: real realm, real services, scripted legs, no network.

::

    def test_x():
        async def story(stage: Stage) -> None:
            leg = await stage.call_in("scenario source")
            await stage.until(lambda: leg.connected)
        play(story)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from voxrun.connectors.transport import Transports
from voxrun.errors import PeerError
from voxrun.legs.base import DialRequest, IncomingInfo, Leg
from voxrun.legs.scripted import ScriptedLeg
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import Script
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, Runtime, World
from voxrun.session.session import Ending
from voxrun.session.virtual import run_virtual
from voxrun.speech.base import Transcriber, Voice


class ToneSpeech:
    """Speech for tests that are not about speech: 60 ms of a fixed pattern a character."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Voice]] = []

    async def render(self, text: str, voice: Voice) -> bytes:
        self.said.append((text, voice))
        return b"\x10\x20" * (960 * len(text))

    async def close(self) -> None:
        pass


class StubNet(httpx.AsyncBaseTransport):
    """Answers HTTP from a table of functions by path; what is not there is a test's mistake."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.routes: dict[str, Callable[[httpx.Request], Awaitable[httpx.Response] | httpx.Response]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.routes[request.url.path](request)
        if isinstance(answer, httpx.Response):
            return answer
        return await answer


async def no_sockets(url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()) -> Any:
    raise PeerError(f"this test has no WebSocket for {url}")


@dataclass
class Stage:
    """What a story plays on."""

    clock: LoopClock
    ticker: LoopTicker
    speech: ToneSpeech
    net: StubNet
    realms: InlineRealms
    application: Application
    connect: Any = no_sockets
    sockets: Any = no_sockets
    """Where the WebSockets of scenarios end."""
    provider_urls: dict[str, str] = field(default_factory=dict)
    dialled: list[tuple[DialRequest, ScriptedLeg]] = field(default_factory=list)
    records: list[JsonObject] = field(default_factory=list)
    runtime: Runtime | None = None
    session_id: str = ""
    transcriber: Transcriber | None = None
    """Recognises what is said in calls; set it before they begin."""

    def start_runtime(self, source: str | list[str], **changes: Any) -> Runtime:
        """A runtime for one or more scripts named a.js, b.js..."""
        texts = [source] if isinstance(source, str) else source
        scripts = tuple(Script(f"{chr(97 + i)}.js", text) for i, text in enumerate(texts))
        application = replace(self.application, scripts=scripts, **changes)
        world = World(
            clock=self.clock,
            ticker=self.ticker,
            speech=self.speech,
            dialer=self.dial,
            transports=Transports(self.connect, self.net),
            realms=self.realms,
            http=self.net,
            sockets=self.sockets,
            provider_urls=self.provider_urls,
            transcriber=self.transcriber,
        )
        self.runtime = Runtime(application, world)
        self.runtime.subscribe(lambda session_id, record: self.records.append(record))
        return self.runtime

    def dial(self, request: DialRequest) -> Leg:
        leg = ScriptedLeg(self.ticker, incoming=False, client_type=request.kind)
        self.dialled.append((request, leg))
        return leg

    async def call_in(
        self, source: str | list[str], info: IncomingInfo | None = None, **changes: Any
    ) -> ScriptedLeg:
        """A caller calls a scenario."""
        runtime = self.start_runtime(source, **changes)
        leg = ScriptedLeg(self.ticker, incoming=True)
        info = info or IncomingInfo("100", "alice", "Alice", headers={"X-Id": "7"})
        self.session_id = await runtime.incoming(leg, info)
        return leg

    async def start(self, source: str | list[str], custom_data: str = "", **changes: Any) -> None:
        """A start over HTTP."""
        self.session_id = await self.start_runtime(source, **changes).start_session(custom_data)

    async def until(self, condition: Callable[[], object], seconds: float = 300) -> None:
        """Let virtual time pass until ``condition()``."""
        end = self.clock.now() + seconds
        while not condition():
            if self.clock.now() > end:
                raise AssertionError(f"not within {seconds} s; log: {self.logs()}")
            await asyncio.sleep(0.005)

    async def dialled_leg(self, number: int = 0) -> ScriptedLeg:
        """The leg of the n-th outgoing call, once it is dialled."""
        await self.until(lambda: len(self.dialled) > number)
        return self.dialled[number][1]

    async def ended(self) -> Ending:
        """The end of the session."""
        assert self.runtime is not None
        return await self.runtime.wait(self.session_id)

    def logs(self, *levels: str) -> list[str]:
        """Texts of log lines (of these levels; Logger.write without any)."""
        wanted = levels or ("write",)
        return [str(r["text"]) for r in self.records if r["k"] == "log" and r["level"] in wanted]

    def events(self, *kinds: str) -> list[JsonObject]:
        """Events that reached the realm, all or of these kinds."""
        found = [r for r in self.records if r["k"] == "event"]
        return [r for r in found if r["kind"] in kinds] if kinds else found

    def kinds(self) -> list[str]:
        """Kinds of all events but timers, in order."""
        return [str(r["kind"]) for r in self.events() if r["kind"] != "@timer"]

    def commands(self, kind: str) -> list[JsonObject]:
        return [r for r in self.records if r["k"] == "command" and r["kind"] == kind]

    def errors(self) -> list[str]:
        return [str(r["message"]) for r in self.records if r["k"] == "error"]


Story = Callable[[Stage], Awaitable[None]]


def play(story: Story, folder: Path | None = None, **application: Any) -> Stage:
    """Run a story in virtual time; every session that is left is ended."""
    stages: list[Stage] = []

    async def main(clock: LoopClock) -> None:
        base = Application(scripts=(), sessions_dir=folder, record=folder is not None, seed=1)
        stage = Stage(
            clock, LoopTicker(), ToneSpeech(), StubNet(), InlineRealms(), replace(base, **application)
        )
        stages.append(stage)
        try:
            await story(stage)
        finally:
            if stage.runtime is not None:
                await stage.runtime.close()
            stage.ticker.close()
            await stage.realms.close()

    run_virtual(main)
    return stages[0]
