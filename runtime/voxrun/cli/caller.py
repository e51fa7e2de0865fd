"""The caller of ``--call``: a WebRTC party in a process of its own, as a browser would be.

``python -m voxrun.cli.caller`` reads one line of JSON from standard input, and ends when that closes::

    {"url": "http://127.0.0.1:8080/whip/100?from=caller", "phrases": ["a.wav", ...],
     "seconds": 30, "token": ""}

It calls, and speaks one phrase (16 kHz mono WAV) each time the other side has fallen silent; after the
answer to the last one it hangs up. It prints JSON lines: {"connected": true}, {"said": 0}, {"refused": ...},
{"over": {"heard_ms": ..., "spoken": ..., "by": "caller" | "scenario" | "time"}}.
"""

from __future__ import annotations

import asyncio
import fractions
import json
import os
import sys
import threading
import wave
from collections import deque
from typing import Any

import av
import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from msgspec import Struct, field

from voxrun.legs.webrtc.aiortc_private import close_peer
from voxrun.media.frames import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, SILENCE, split
from voxrun.media.vad import SpeechDetector, VadSettings

PATIENCE_MS = 6000
"""How long the caller waits for the other side to begin before it speaks up itself."""
TURN_END_MS = 900
"""Silence after which the other side's turn is taken to be over."""
LAST_ANSWER_MS = 8000
"""How long the answer to the last phrase may take to begin."""
GONE_MS = 1500
"""No packet for this long: the other side is gone."""


class Plan(Struct):
    """What the caller does."""

    url: str
    phrases: list[bytes]
    seconds: float | None
    token: str


class Mouth(MediaStreamTrack):
    """The microphone: silence, or the phrase that is being said. Paced in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.queue: deque[bytes] = deque()
        self._sent = 0
        self._zero: float | None = None

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        if self._zero is None:
            self._zero = loop.time()
        await asyncio.sleep(max(0.0, self._zero + self._sent * FRAME_MS / 1000 - loop.time()))
        pcm = self.queue.popleft() if self.queue else SILENCE
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.planes[0].update(pcm)
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._sent * FRAME_SAMPLES
        frame.time_base = fractions.Fraction(1, SAMPLE_RATE)
        self._sent += 1
        return frame


class Turns(Struct):
    """Decides when to speak, from what is heard. Times in milliseconds of heard or passed audio."""

    phrases: int
    said: int = 0
    speaking: bool = False
    quiet_ms: int = 0
    heard_ms: int = 0
    answered: bool = False
    detector: SpeechDetector = field(
        default_factory=lambda: SpeechDetector(VadSettings(end_delay_ms=TURN_END_MS))
    )

    def hear(self, frame: bytes) -> None:
        """One frame of the other side."""
        transition = self.detector.feed(frame)
        if self.detector.voiced:
            self.heard_ms += FRAME_MS
        if transition is not None:
            self.speaking = transition.kind == "start"
            self.quiet_ms = 0
            self.answered = self.answered or self.speaking
        if not self.speaking:
            self.quiet_ms += FRAME_MS

    def my_turn(self) -> bool:
        """Whether the next phrase is to be said now."""
        if self.speaking or self.said >= self.phrases:
            return False
        return self.answered or self.quiet_ms >= PATIENCE_MS

    def say(self) -> None:
        """The next phrase was said."""
        self.said += 1
        self.answered = False
        self.quiet_ms = 0

    def finished(self) -> bool:
        """Everything is said and answered, or no answer comes."""
        if self.said < self.phrases or self.speaking:
            return False
        return self.answered or self.quiet_ms >= LAST_ANSWER_MS


class Caller:
    """One call."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._mouth = Mouth()
        self._turns = Turns(len(plan.phrases))
        self._by = ""
        self._over = asyncio.Event()
        self._peer.addTrack(self._mouth)
        self._peer.on("track", self._on_track)
        self._peer.on("connectionstatechange", self._on_state)
        self._listening: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Call, talk, hang up; gives the exit code of the process."""
        headers = {"Content-Type": "application/sdp"}
        if self._plan.token:
            headers["Authorization"] = f"Bearer {self._plan.token}"
        # The server may be voxrun's own with a self-signed certificate, on this very machine.
        async with httpx.AsyncClient(timeout=90, headers=headers, trust_env=False, verify=False) as client:
            await self._peer.setLocalDescription(await self._peer.createOffer())
            answer = await client.post(self._plan.url, content=self._peer.localDescription.sdp)
            if answer.status_code != 201:
                tell(refused=_problem(answer))
                await close_peer(self._peer)
                return 1
            await self._peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
            tell(connected=True)
            await self._wait()
            if self._by != "scenario":
                await client.delete(httpx.URL(self._plan.url).join(answer.headers["Location"]))
        await close_peer(self._peer)
        tell(over={"heard_ms": self._turns.heard_ms, "spoken": self._turns.said, "by": self._by})
        return 0

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._plan.seconds):
                await self._over.wait()
        except TimeoutError:
            self._by = "time"

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.ensure_future(self._listen(track))

    def _on_state(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self._end("scenario")

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE, frame_size=FRAME_SAMPLES)
        while not self._over.is_set():
            try:
                async with asyncio.timeout(GONE_MS / 1000):
                    frame = await track.recv()
            except MediaStreamError:  # the track has ended, which it does a moment before the connection
                self._end("scenario")
                return
            except TimeoutError:
                if self._peer.connectionState == "connected":
                    continue
                self._end("scenario")
                return
            if not isinstance(frame, av.AudioFrame):
                continue
            for part in resampler.resample(frame):
                self._turns.hear(np.ascontiguousarray(part.to_ndarray()).tobytes()[: FRAME_SAMPLES * 2])
            self._act()

    def _act(self) -> None:
        if self._mouth.queue:
            return
        if self._turns.my_turn():
            self._mouth.queue.extend(split(self._plan.phrases[self._turns.said]))
            tell(said=self._turns.said)
            self._turns.say()
        elif self._plan.seconds is None and self._turns.finished():
            self._end("caller")

    def _end(self, by: str) -> None:
        self._by = self._by or by
        self._over.set()


def _problem(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}"
    if "sip_code" in problem:
        return f"{problem['sip_code']} {problem.get('sip_reason', '')}".strip()
    return str(problem.get("detail") or problem.get("title") or f"HTTP {answer.status_code}")


def tell(**data: Any) -> None:
    """One JSON line to the parent."""
    print(json.dumps(data), flush=True)


def read_wav(path: str) -> bytes:
    """Frames of a 16 kHz mono WAV of our own making."""
    with wave.open(path, "rb") as file:
        return file.readframes(file.getnframes())


def _end_with_parent() -> None:
    """A thread, not a reader of the loop: whatever the loop is doing, nobody must stay behind."""
    while os.read(0, 4096):  # not sys.stdin, whose lock would be in the way of a normal end
        pass
    os._exit(1)


def main() -> int:
    """Entry point."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    phrases = [read_wav(path) for path in asked["phrases"]]
    return asyncio.run(_call(Plan(asked["url"], phrases, asked["seconds"], asked["token"])))


async def _call(plan: Plan) -> int:
    caller = Caller(plan)  # made inside the loop: aiortc binds to it at once
    return await caller.run()


if __name__ == "__main__":
    sys.exit(main())
