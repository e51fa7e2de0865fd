"""Sessions to make reports of: real ones, played in virtual time against an Ultravox written by hand.

The caller and the agent speak with the synthetic voice of the media tests, so the recording holds what the
journal says, and when it says it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.connectors.provider import Ultravox, Wire
from tests.connectors.test_namespace import meet
from tests.harness import Stage, play
from tests.media.signals import pcm, voice

from voxrun.report.outcome import Expectation, Outcome, Step

MS_A_WORD = 300
TURN_DELAY_MS = 600
"""How long the agent thinks."""

SCENARIO = """
require(Modules.Ultravox);
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.addEventListener(CallEvents.ToneReceived, ({ tone }) => Logger.write(`key ${tone}`));
  call.handleTones(true);
  call.answer();
  const agent = await Ultravox.createWebSocketAPIClient({
    endpoint: Ultravox.HTTPEndpoint.CREATE_CALL,
    authorizations: { 'X-API-Key': 'local' },
    body: { systemPrompt: 'Tell the weather.', selectedTools: [] },
  });
  VoxEngine.sendMediaBetween(call, agent);
  const reminder = setInterval(() => Logger.write('still here'), 5000);
  agent.addEventListener(Ultravox.WebSocketAPIEvents.Transcript, ({ data: { payload } }) => {
    if (payload.final) Logger.write(`${payload.role}: ${payload.text}`);
  });
  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
  agent.addEventListener(Ultravox.WebSocketAPIEvents.ClientToolInvocation, async ({ data: { payload } }) => {
    clearInterval(reminder);
    const city = encodeURIComponent(payload.parameters.city);
    const { code, text } = await Net.httpRequestAsync(`https://weather.test/now?city=${city}`);
    const failure = { errorType: 'implementation-error', errorMessage: `HTTP ${code}` };
    const answer = code === 200 ? { result: text } : failure;
    agent.clientToolResult({ invocationId: payload.invocationId, ...answer });
  });
  call.addEventListener(CallEvents.Failed, VoxEngine.terminate);
});
"""


@dataclass(frozen=True)
class Exchange:
    """The caller asks, the agent answers. ``tool``: it asks for the weather of that city before.
    ``cut_ms``: the caller interrupts the answer so much later. ``slow_ms``: it thinks so much longer."""

    asks: str
    answers: str
    tool: str = ""
    cut_ms: int = 0
    slow_ms: int = 0


SHORT = (
    Exchange(
        "What is the weather in Berlin today?", "Clouds, fifteen degrees and hardly any wind.", tool="Berlin"
    ),
    Exchange(
        "And do I need an umbrella in the evening?",
        "No, it stays dry all day long, so leave it at home, and",
        cut_ms=1500,
    ),
    Exchange("Thank you, that is all.", "Goodbye, and have a nice walk.", slow_ms=1400),
)

TOPICS = ("Berlin", "Paris", "London", "Tokyo", "Oslo", "Rome", "Lima", "Delhi", "Cairo", "Perth")


def many(count: int) -> tuple[Exchange, ...]:
    """An endless talk about the weather: one exchange takes about ten seconds."""
    return tuple(
        Exchange(
            f"What is the weather in {city} on day {number}?",
            f"In {city} it will be {number % 30} degrees with a little rain in the morning and sun later on.",
            tool=city if number % 4 == 0 else "",
            cut_ms=1800 if number % 7 == 3 else 0,
            slow_ms=(number * 137) % 900,
        )
        for number, city in ((n, TOPICS[n % len(TOPICS)]) for n in range(count))
    )


def length_ms(text: str) -> int:
    return len(text.split()) * MS_A_WORD


def sound(text: str, *, pitch: float) -> bytes:
    """A voice as long as the words take."""
    return pcm(voice(length_ms(text), seed=len(text), pitch=pitch))


class Agent:
    """What the Ultravox of the call does."""

    def __init__(self, talk: Sequence[Exchange]) -> None:
        self.talk = talk
        self.ask: asyncio.Queue[Exchange] = asyncio.Queue()
        self.answered = asyncio.Event()
        self._ordinal = 0

    async def __call__(self, wire: Wire) -> None:
        await wire.tell(type="call_started", callId="5f4c")
        reading = asyncio.create_task(wire.listen())
        await self._say(wire, "Hello, this is the weather desk.", 0)
        self.answered.set()
        for _ in self.talk:
            exchange = await self.ask.get()
            await self._hear(wire, exchange)
            await self._say(wire, exchange.answers, exchange.cut_ms)
            if not exchange.cut_ms:
                self.answered.set()
        await reading

    async def _hear(self, wire: Wire, exchange: Exchange) -> None:
        await asyncio.sleep(0.2)
        await self._tell(wire, "user", text=exchange.asks, final=True)
        await wire.tell(type="state", state="thinking")
        if exchange.tool:
            call = {"toolName": "getWeather", "invocationId": f"t{self._ordinal}"}
            await wire.tell(type="client_tool_invocation", **call, parameters={"city": exchange.tool})
            await asyncio.sleep(0.4)
        await asyncio.sleep((TURN_DELAY_MS - 200 + exchange.slow_ms) / 1000)

    async def _say(self, wire: Wire, text: str, cut_ms: int) -> None:
        await wire.tell(type="state", state="speaking")
        await wire.audio(sound(text, pitch=110.0))
        words = text.split()
        ordinal = self._ordinal
        self._ordinal += 1
        for index, word in enumerate(words):
            part = {"text": word} if index == 0 else {"delta": f" {word}"}
            await wire.tell(
                type="transcript", role="agent", medium="voice", ordinal=ordinal, final=False, **part
            )
            if cut_ms and index == cut_ms // MS_A_WORD - 1:
                self.answered.set()  # the caller has heard enough
            if cut_ms and index * MS_A_WORD >= cut_ms:
                await wire.tell(type="playback_clear_buffer")
                text = " ".join(words[:index])
                break
            await asyncio.sleep(MS_A_WORD / 1000)
        await wire.tell(
            type="transcript", role="agent", medium="voice", ordinal=ordinal, final=True, text=text
        )
        await wire.tell(type="state", state="listening")

    async def _tell(self, wire: Wire, role: str, **fields: object) -> None:
        ordinal = self._ordinal
        self._ordinal += 1
        await wire.tell(type="transcript", role=role, medium="voice", ordinal=ordinal, **fields)


def weather_call(
    sessions: Path, talk: Sequence[Exchange] = SHORT, *, scenario: str = SCENARIO, status: int = 200
) -> Path:
    """Play a call; gives its folder. ``status`` is what the weather service answers."""
    agent = Agent(talk)

    async def weather(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.25)
        return httpx.Response(status, json={"sky": "clouds", "celsius": 15})

    async def story(stage: Stage) -> None:
        meet(stage, Ultravox(agent))
        stage.net.routes["/now"] = weather
        leg = await stage.call_in(scenario)
        await agent.answered.wait()
        await asyncio.sleep(1)
        for exchange in talk:
            agent.answered.clear()
            leg.remote.speak(sound(exchange.asks, pitch=190.0))
            await asyncio.sleep(length_ms(exchange.asks) / 1000)
            agent.ask.put_nowait(exchange)
            await agent.answered.wait()
            await asyncio.sleep(0 if exchange.cut_ms else 0.8)
        await asyncio.sleep(1)
        leg.remote.press("1")
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await stage.ended()

    play(story, sessions)
    return newest(sessions)


def newest(sessions: Path) -> Path:
    """The folder of the latest session."""
    return max(
        (path for path in sessions.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime_ns
    )


def missed_outcome() -> Outcome:
    """What a script would say that waited in vain in ``SHORT``."""
    here = "scenarios/weather.call.yaml"
    return Outcome(
        name="weather.call.yaml",
        passed=False,
        summary="Expected that the caller hears /umbrella/ within 5 s, but the agent said something else.",
        reproduce="voxrun test scenarios/weather.call.yaml --seed 1",
        expectations=(
            Expectation("the call is answered", True, f"{here}:9", 0, 0),
            Expectation('agent says "Hello, this is the weather desk."', True, f"{here}:11", 1800, 0),
            Expectation('tool getWeather with {"city": "Berlin"}', True, f"{here}:13", 5100, 4900),
            Expectation(
                "caller hears /umbrella/", False, f"{here}:15", 13000, 8000, "No, it stays dry all", 13600
            ),
            Expectation("the caller ends the call", False, f"{here}:18"),
        ),
        steps=(
            Step("says: What is the weather in Berlin today?", 2800, f"{here}:12"),
            Step("says: And do I need an umbrella in the evening?", 8800, f"{here}:14"),
        ),
    )
