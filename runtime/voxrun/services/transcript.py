"""The transcript of a recording: every source listened to while it is recorded, line by line.

Plain text has a line for each utterance, ``[0:07.3] Caller: a room for tonight``; as JSON a transcript is a
list of {"begin": s, "label", "text", "confidence": 0 to 100}. Speech that was not understood is "(not
understood)" there, and "" with confidence 0 here.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from voxrun.media.graph import Ticker
from voxrun.services.listening import SHORTEST_MS, Listener, Wishes
from voxrun.speech.base import Transcriber

NOT_UNDERSTOOD: Final = "(not understood)"


class Line(Struct, frozen=True):
    """One utterance: when it began in the recording, who spoke, what was understood."""

    begin_ms: int
    label: str
    text: str
    confidence: int


class Transcript:
    """Made while a recording goes on; ``lines`` are complete after ``finish`` and ``complete``."""

    def __init__(self, ticker: Ticker, transcriber: Transcriber, wishes: Wishes) -> None:
        self.lines: list[Line] = []
        self.problem = ""
        """What went wrong with recognition, the first of it."""
        self._ticker = ticker
        self._transcriber = transcriber
        self._wishes = wishes
        self._listeners: dict[int, Listener] = {}
        self._gone: list[Listener] = []
        self._waiting = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def add_track(self, track: int, label: str, now_ms: Callable[[], int]) -> None:
        """Listen to one source more."""
        begun: deque[int] = deque()

        def tell(name: str, fields: dict[str, Any]) -> None:
            match name:
                case "CaptureStarted":
                    begun.append(max(0, now_ms() - SHORTEST_MS))
                    self._waiting += 1
                    self._idle.clear()
                case "Result":
                    self._add(Line(begun.popleft(), label, fields["text"], fields["confidence"]))
                case "Error":
                    self.problem = self.problem or str(fields["error"])

        self._listeners[track] = Listener(self._ticker, self._transcriber, self._wishes, tell)

    def write(self, track: int, frame: bytes) -> None:
        """One frame of a source."""
        listener = self._listeners.get(track)
        if listener is not None:
            listener.write(frame)

    def end_track(self, track: int) -> None:
        """The source is gone; what was said last is still understood."""
        listener = self._listeners.pop(track, None)
        if listener is not None:
            listener.finish()
            self._gone.append(listener)

    def finish(self) -> None:
        """Nothing comes any more."""
        for track in tuple(self._listeners):
            self.end_track(track)

    async def complete(self) -> None:
        """Until all that was said has been understood."""
        await self._idle.wait()

    def stop(self) -> None:
        """Give up what has not been understood yet."""
        self.finish()
        for listener in self._gone:
            listener.stop()

    def _add(self, line: Line) -> None:
        self.lines.append(line)
        self._waiting -= 1
        if not self._waiting:
            self._idle.set()


def as_text(lines: list[Line]) -> str:
    """A transcript for people."""
    rows = (
        f"[{_time(line.begin_ms)}] {line.label}: {line.text or NOT_UNDERSTOOD}\n" for line in _sorted(lines)
    )
    return "".join(rows)


def as_json(lines: list[Line]) -> str:
    """A transcript for programs."""
    rows = [
        {"begin": line.begin_ms / 1000, "label": line.label, "text": line.text, "confidence": line.confidence}
        for line in _sorted(lines)
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def _sorted(lines: list[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: line.begin_ms)


def _time(ms: int) -> str:
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes}:{rest // 1000:02}.{rest % 1000 // 100}"
