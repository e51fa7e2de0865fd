"""A client of the emulator for tests: sends audio in step with the loop's clock and remembers everything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from voxrun.connectors.memory import memory_transports
from voxrun.connectors.transport import ClientSocket, SocketClosed, Transports
from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.app import create_app
from voxrun.emulators.ultravox.emulator import Emulator, Settings
from voxrun.media.resample import convert
from voxrun.speech.base import Voice

KEY = {"X-API-Key": "Abcd1234.test"}
PLAIN = Voice(engine="espeak")
SILENT_AGENT = "rules:\n  - hears: [anything at all]\n    says: Yes.\n"


class ToneSpeech:
    """Speech for tests of what surrounds it: each text is its own pattern of buzzing, 60 ms a letter."""

    async def render(self, text: str, voice: Voice) -> bytes:
        return buzz(text)

    async def close(self) -> None:
        pass


def buzz(text: str) -> bytes:
    """A vowel-like buzz, whose pitch follows the letters."""
    parts = []
    time = np.arange(960) / 16_000
    for letter in text.lower():
        pitch = 110 + 5 * (ord(letter) % 16)
        tone = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 9))
        parts.append(tone * 3500)
    return np.concatenate(parts).astype("<i2").tobytes() if parts else b""


class ToneRecogniser:
    """The phrase whose buzz it is: compares levels of the pitch, so it needs the audio, not the script."""

    async def recognise(self, pcm: bytes, phrases: tuple[str, ...]) -> str | None:
        heard = np.frombuffer(pcm, "<i2").astype(float)
        best, found = 0.6, None
        for phrase in phrases:
            wanted = np.frombuffer(buzz(phrase), "<i2").astype(float)
            if not 0.6 < len(heard) / len(wanted) < 2.5:
                continue
            size = len(heard) + len(wanted)
            spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
            peak = np.max(np.abs(np.fft.irfft(spectrum, size)))
            score = float(peak / (np.linalg.norm(heard) * np.linalg.norm(wanted) + 1))
            if score > best:
                best, found = score, phrase
        return found


@dataclass
class Line:
    """One moment of a call as the client saw it."""

    at: float
    message: dict[str, Any] | bytes


@dataclass
class Caller:
    """A connected client."""

    socket: ClientSocket
    rate: int
    lines: list[Line] = field(default_factory=list)
    closed: SocketClosed | None = None
    feeding: bool = True
    _queue: bytes = b""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._feed())]

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                message = await self.socket.recv()
            except SocketClosed as closed:
                self.closed = closed
                self._changed.set()
                return
            if isinstance(message, str):
                try:
                    message = json.loads(message)
                except ValueError:
                    message = {"type": "?", "raw": message}
            self.lines.append(Line(loop.time(), message))
            self._changed.set()

    async def _feed(self) -> None:
        loop = asyncio.get_running_loop()
        size = self.rate // 50 * 2
        due = loop.time()
        try:
            while True:
                if self.feeding:
                    frame, self._queue = self._queue[:size], self._queue[size:]
                    await self.socket.send(frame.ljust(size, b"\0"))
                due += 0.02
                await asyncio.sleep(max(0.0, due - loop.time()))
        except SocketClosed:
            return

    def say(self, pcm16k: bytes) -> None:
        """Speak 16 kHz audio, after what is still waiting."""
        self._queue += convert(pcm16k, 16_000, self.rate)

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def until(self, condition: Callable[[], Any], within: float = 60.0) -> Any:
        """Wait until ``condition()`` is true; gives its value."""
        async with asyncio.timeout(within):
            while not (value := condition()):
                self._changed.clear()
                await self._changed.wait()
            return value

    async def until_closed(self) -> SocketClosed:
        closed: SocketClosed = await self.until(lambda: self.closed, 600)
        return closed

    async def hang_up(self) -> None:
        await self.socket.close()
        self._tasks[1].cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [line.message for line in self.lines if isinstance(line.message, dict)]

    def of(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Messages of a type, with these fields."""
        return [
            message
            for message in self.messages
            if message["type"] == kind and all(message.get(key) == value for key, value in fields.items())
        ]

    def states(self) -> list[str]:
        return [message["state"] for message in self.of("state")]

    def finals(self, role: str) -> list[str]:
        """Final transcripts of a role."""
        return [message["text"].strip() for message in self.of("transcript", role=role, final=True)]

    @property
    def audio(self) -> bytes:
        return b"".join(line.message for line in self.lines if isinstance(line.message, bytes))


@dataclass
class World:
    """An emulator in memory."""

    emulator: Emulator
    transports: Transports
    http: httpx.AsyncClient

    async def post(self, path: str, body: Any, headers: Mapping[str, str] = KEY) -> httpx.Response:
        return await self.http.post(path, json=body, headers=dict(headers))

    async def get(self, path: str) -> Any:
        response = await self.http.get(path, headers=KEY)
        assert response.status_code == 200, response.text
        return response.json()

    async def create(
        self, rate: int = 16_000, socket: dict[str, Any] | None = None, **body: Any
    ) -> dict[str, Any]:
        medium = {"serverWebSocket": {"inputSampleRate": rate, **(socket or {})}}
        response = await self.post("/api/calls", {"medium": medium, **body})
        assert response.status_code == 201, response.text
        call: dict[str, Any] = response.json()
        return call

    async def join(self, call: dict[str, Any], rate: int = 16_000, query: str = "") -> Caller:
        caller = Caller(await self.transports.connect(call["joinUrl"] + query, {}), rate)
        caller.start()
        return caller

    async def call(self, rate: int = 16_000, socket: dict[str, Any] | None = None, **body: Any) -> Caller:
        return await self.join(await self.create(rate, socket, **body), rate)

    async def only_call(self) -> Any:
        """The Call object of the only call, once it is over."""
        (call_id,) = self.emulator.calls
        record = self.emulator.calls[call_id]
        for _ in range(60_000):
            if record.end_reason is not None:
                break
            await asyncio.sleep(0.01)
        return await self.get(f"/api/calls/{call_id}")

    async def events(self) -> list[str]:
        """Types of the only call's events."""
        (call_id,) = self.emulator.calls
        page = await self.get(f"/api/calls/{call_id}/events?minimum_severity=debug")
        return [event["type"] for event in page["results"]]


def world(agent: str = "", **settings: Any) -> World:
    """An emulator with an agent file's text."""
    script = parse_agent(agent) if agent else None
    app = create_app(Settings(**settings), ToneSpeech(), ToneRecogniser(), agent=script)
    transports = memory_transports(app)
    client = httpx.AsyncClient(transport=transports.http, base_url="http://emulator.test")
    return World(app.state.emulator, transports, client)
