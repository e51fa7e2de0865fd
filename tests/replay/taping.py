"""Records a call with the local Ultravox on a cassette: in memory and virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace
from tests.emulators.ultravox.caller import ToneRecogniser, ToneSpeech, buzz
from tests.harness import StubNet
from tests.services.sockets import Server

from voxrun.connectors.asgi_socket import AsgiDoor
from voxrun.connectors.memory import MemoryConnector, memory_transports
from voxrun.connectors.transport import ClientSocket
from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.app import create_app
from voxrun.emulators.ultravox.emulator import Settings
from voxrun.legs.base import DialRequest, IncomingInfo, Leg
from voxrun.legs.scripted import ScriptedLeg
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import Script
from voxrun.replay.cassette_record import cassette_maker
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, Runtime, World
from voxrun.session.virtual import run_virtual
from voxrun.speech.base import Heard, Speech

KEY = "sk-very-secret-key-0123456789"
WEATHER_KEY = "weather-key-abcdef"

AGENT = """
greeting: Hello, which city?
rules:
  - hears: [weather in London]
    says: One moment.
    tool: {name: getWeather, args: {city: London}}
    then: {says: "It is {result.celsius} degrees."}
  - hears: [goodbye then]
    says: Goodbye!
    hangs_up: true
otherwise: Pardon?
"""

SCENARIO = """
require(Modules.Ultravox);
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call, callerid }) => {
  let agent;
  call.handleTones(true);
  call.addEventListener(CallEvents.ToneReceived, (e) => agent.userTextMessage({ text: `key ${e.tone}` }));
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.answer();
  agent = await Ultravox.createWebSocketAPIClient({
    endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
    authorizations: { 'X-API-Key': VoxEngine.getSecretValue('ULTRAVOX_API_KEY') },
    body: {
      systemPrompt: 'You know the weather.',
      metadata: { caller: callerid, id: uuidgen() },
      selectedTools: [{ temporaryTool: { modelToolName: 'getWeather', client: {} } }],
    },
    onWebSocketClose: ({ code }) => { Logger.write(`closed ${code}`); call.hangup(); },
  });
  VoxEngine.sendMediaBetween(call, agent);
  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
  agent.addEventListener(Ultravox.WebSocketAPIEvents.Transcript, ({ data }) => {
    if (data.payload.final) Logger.write(`${data.payload.role}: ${data.payload.text.trim()}`);
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.ClientToolInvocation, async ({ data }) => {
    const { invocationId, parameters } = data.payload;
    const url = `http://weather.test/now?city=${parameters.city}&token=${VoxEngine.getSecretValue('WEATHER')}`;
    const { text } = await Net.httpRequestAsync(url);
    agent.clientToolResult({ type: 'client_tool_result', invocationId, result: text });
  });
});
"""
SECRETS = {"ULTRAVOX_API_KEY": KEY, "WEATHER": WEATHER_KEY}
LOGS: dict[Path, list[str]] = {}
"""What the scenario of a cassette wrote while it was recorded."""
CALLER = IncomingInfo("100", "alice", "Alice", headers={"X-Id": "7"})


class PhraseTranscriber:
    """A recogniser for the scenario's own ASR that knows two phrases."""

    def missing(self, hints: tuple[str, ...], language: str) -> str:
        return ""

    async def prepare(self, hints: tuple[str, ...], language: str) -> None: ...

    async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        await asyncio.sleep(0.3)
        heard = await ToneRecogniser().recognise(pcm, ("weather in London", "goodbye then"))
        return Heard(heard, 80) if heard else None

    async def so_far(self, pcm: bytes, hints: tuple[str, ...], language: str) -> str:
        return ""


class Tape:
    """A session that is being recorded."""

    def __init__(
        self,
        clock: LoopClock,
        cassettes: Path,
        agent: str,
        source: str,
        speech: Speech | None = None,
        **application: Any,
    ) -> None:
        self.clock = clock
        self.ticker = LoopTicker()
        self.realms = InlineRealms()
        self.net = StubNet()
        self.net.routes["/now"] = lambda request: httpx.Response(200, json={"celsius": 12})
        self.speech = speech or ToneSpeech()
        self.transcriber = PhraseTranscriber()
        self.records: list[JsonObject] = []
        self.dialled: list[ScriptedLeg] = []
        app = create_app(
            Settings(seed=5), self.speech, ToneRecogniser(), agent=parse_agent(agent), clock=clock
        )
        self.emulator = app.state.emulator
        base = Application(scripts=(Script("weather.js", source),), secrets=SECRETS, seed=3)
        self.runtime = Runtime(
            replace(base, **application),
            World(
                clock=clock,
                ticker=self.ticker,
                speech=self.speech,
                dialer=self.dial,
                realms=self.realms,
                transports=memory_transports(app),
                http=self.net,
                sockets=self.connect,
                transcriber=self.transcriber,
                provider_urls={"ultravox": "http://ultravox.test/api"},
                tap=cassette_maker(cassettes),
            ),
        )
        self.runtime.subscribe(lambda session_id, record: self.records.append(record))
        self.session_id = ""
        self.server = Server()
        """Where the scenario's own WebSockets end."""

    async def connect(self, *request: Any) -> ClientSocket:
        return await self.server.connect(*request)

    async def visit(self, path: str) -> ClientSocket:
        """A WebSocket to the session's URL."""
        token = f"{self.runtime.application.seed or 0:032x}"

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await self.runtime.websocket(self.session_id, token, AsgiDoor(scope, receive, send))

        url = f"ws://voxrun.test/request/{self.session_id}/{token}{path}"
        return await MemoryConnector(app)(url, {"X-Kind": "guest"})

    def dial(self, request: DialRequest) -> Leg:
        leg = ScriptedLeg(self.ticker, incoming=False, client_type=request.kind)
        self.dialled.append(leg)
        return leg

    async def call(self) -> ScriptedLeg:
        leg = ScriptedLeg(self.ticker, incoming=True)
        self.session_id = await self.runtime.incoming(leg, CALLER)
        return leg

    async def until(self, condition: Callable[[], object], seconds: float = 120) -> None:
        end = self.clock.now() + seconds
        while not condition():
            assert self.clock.now() < end, self.logs()
            await asyncio.sleep(0.005)

    def logs(self) -> list[str]:
        return [str(r["text"]) for r in self.records if r["k"] == "log" and r["level"] == "write"]

    async def close(self) -> None:
        await self.runtime.close()
        self.ticker.close()
        await self.realms.close()


async def weather_call(tape: Tape) -> None:
    """The whole call: greeting, a key, a question with a tool, goodbye."""
    leg = await tape.call()
    await tape.until(lambda: "agent: Hello, which city?" in tape.logs())
    await asyncio.sleep(2)
    leg.remote.press("5")
    await tape.until(lambda: "agent: Pardon?" in tape.logs())
    await asyncio.sleep(2)
    leg.remote.speak(buzz("weather in London"))
    await tape.until(lambda: "agent: It is 12 degrees." in tape.logs())
    await asyncio.sleep(2)
    leg.remote.speak(buzz("goodbye then"))
    await tape.runtime.wait(tape.session_id)


def record(
    folder: Path,
    story: Callable[[Tape], Awaitable[None]] = weather_call,
    agent: str = AGENT,
    source: str = SCENARIO,
    **application: Any,
) -> Path:
    """Run a story and give the cassette."""

    logs: list[str] = []

    async def main(clock: LoopClock) -> None:
        tape = Tape(clock, folder, agent, source, **application)
        try:
            await story(tape)
        finally:
            await tape.close()
            logs.extend(tape.logs())

    run_virtual(main)
    (made,) = folder.iterdir()
    LOGS[made] = logs
    return made
