"""The people of a call: they speak with local speech and remember what they heard.

What the scenario does to them, and what they do, goes on the timeline. Sound is kept frame by frame with
its time; silence is kept as nothing. In virtual time they are scripted legs (``Person``), in real time they
have phones (``live.person``).
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import numpy as np

from voxrun.legs.base import PUSHED, Headers, Leg
from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.frames import FRAME_BYTES, FRAME_MS, SILENCE
from voxrun.media.graph import Ticker
from voxrun.media.runs import Run, Ticks
from voxrun.replay.timeline import Moment, Timeline

SUCCESS: Final = 200
AUDIBLE: Final = 100
"""The largest sample of a frame that counts as sound (about -50 dBFS)."""


class Sound:
    """What one ear (or mouth) had: stretches of sound, [start, end) in ms, and the frames themselves."""

    def __init__(self) -> None:
        self.stretches: list[list[int]] = []
        self._starts: list[int] = []
        self._pieces: list[bytes] = []
        """Whole frames that came 20 ms after each other; the first one when ``_starts`` says."""

    @property
    def frames(self) -> list[tuple[int, bytes]]:
        """Each frame that was not silent, with the time at which it came."""
        frames = (
            (start + at // FRAME_BYTES * FRAME_MS, piece[at : at + FRAME_BYTES])
            for start, piece in zip(self._starts, self._pieces, strict=True)
            for at in range(0, len(piece), FRAME_BYTES)
        )
        return [(at, frame) for at, frame in frames if frame.count(0) < FRAME_BYTES]

    def add(self, at: int, frame: bytes) -> bool:
        """Take one frame that came at ``at``; True if it begins a stretch."""
        if frame is SILENCE or frame.count(0) == FRAME_BYTES:
            return False
        samples = np.frombuffer(frame, "<i2")
        return self._take(at, frame, max(int(samples.max()), -int(samples.min())))

    def add_run(self, times: Sequence[int], run: Run) -> bool:
        """Take many that came at ``times``."""
        if run.pcm is None or not any(run.peaks):
            return False
        if not isinstance(times, range):
            frames = zip(times, run.frames(), run.peaks, strict=True)
            begun = [self._take(at, frame, peak) for at, frame, peak in frames if peak]
            return any(begun)
        self._keep(times[0], run.pcm)
        if min(run.peaks) >= AUDIBLE:
            return self._stretch(times[0], times[-1])
        audible = (at for at, peak in zip(times, run.peaks, strict=True) if peak >= AUDIBLE)
        begun = [self._stretch(at, at) for at in audible]
        return any(begun)

    def _take(self, at: int, frame: bytes, peak: int) -> bool:
        """A frame that is not silent, with its largest sample."""
        self._keep(at, frame)
        return peak >= AUDIBLE and self._stretch(at, at)

    def _keep(self, at: int, pcm: bytes) -> None:
        self._starts.append(at)
        self._pieces.append(pcm)

    def _stretch(self, first: int, last: int) -> bool:
        """Frames of sound came from ``first`` to ``last``; True where a stretch begins."""
        # The clock is rounded to ms and a live leg has jitter: frames up to two apart are one stretch.
        if self.stretches and first - self.stretches[-1][1] <= 2 * FRAME_MS:
            self.stretches[-1][1] = last + FRAME_MS
            return False
        self.stretches.append([first, last + FRAME_MS])
        return True

    def begins_at(self, times: Sequence[int], peaks: Sequence[int]) -> int | None:
        """Which of several frames (with their largest samples) would be the first to begin a stretch."""
        end = self.stretches[-1][1] if self.stretches else None
        if end is not None and times[-1] - end <= 2 * FRAME_MS:
            return None
        for index, (at, peak) in enumerate(zip(times, peaks, strict=True)):
            if peak < AUDIBLE:
                continue
            if end is None or at - end > 2 * FRAME_MS:
                return index
            end = at + FRAME_MS
        return None

    @property
    def last(self) -> int | None:
        """When the last sound ended; None without any."""
        return self.stretches[-1][1] if self.stretches else None

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The stretches of [start, end), cut to it."""
        cut = [(max(a, start), min(b, end)) for a, b in self.stretches]
        return [(a, b) for a, b in cut if a < b]

    def pcm(self, start: int, end: int) -> bytes:
        """The audio of [start, end), silence filled in, on a 20 ms grid from ``start``."""
        slots = max(0, (end - start) // FRAME_MS)
        out = bytearray(slots * FRAME_BYTES)
        first = max(0, bisect_right(self._starts, start - FRAME_MS) - 1)
        for place in range(first, bisect_left(self._starts, end)):
            piece = self._pieces[place]
            slot = (self._starts[place] - start + FRAME_MS // 2) // FRAME_MS
            begin, stop = max(0, slot), min(slots, slot + len(piece) // FRAME_BYTES)
            if begin < stop:
                part = piece[(begin - slot) * FRAME_BYTES : (stop - slot) * FRAME_BYTES]
                out[begin * FRAME_BYTES : stop * FRAME_BYTES] = part
        return bytes(out)


class Hand(Protocol):
    """What a person does with the phone, words aside. As ``legs.scripted.Remote``."""

    def ring(self) -> None: ...

    def early_media(self) -> None: ...

    def answer(self, headers: Headers | None = None) -> None: ...

    def refuse(self, code: int, reason: str = "") -> None: ...

    def hang_up(self) -> None: ...

    def press(self, digits: str, method: str = "rfc2833") -> None: ...

    def message(self, text: str) -> None: ...

    def hold(self, on: bool = True) -> None: ...

    def fall_silent(self) -> None: ...

    def stop_sending(self) -> None: ...

    def resume_sending(self) -> None: ...

    def info(self, mime: str, body: str, headers: Headers | None = None) -> None: ...


class Party(ABC):
    """The caller or a callee, however it is reached."""

    connected: bool
    over: bool
    now: int
    """Milliseconds on the timeline."""

    def __init__(self, name: str, timeline: Timeline) -> None:
        self.name = name
        self.sound = Sound()
        """What it heard."""
        self.voice = Sound()
        """What it said."""
        self.interrupted_at: int | None = None
        """When its latest interruption began."""
        self.timeline = timeline

    @property
    @abstractmethod
    def hand(self) -> Hand:
        """What it can do."""

    @abstractmethod
    async def speak(self, pcm: bytes) -> None:
        """Say something and wait until it is said; the end of the call is the end of it."""

    @abstractmethod
    async def up(self) -> None:
        """Until the line is up that it has answered, or the call is over."""

    def tell_moment(self, kind: str, text: str = "", **data: Any) -> None:
        self.timeline.add(Moment(self.now, kind, text, data, self.name))

    def quiet_for(self) -> int:
        """Milliseconds since it heard a sound; since ever when it heard none."""
        last = self.sound.last
        return self.now - last if last is not None else self.now


class Person(ScriptedLeg, Party):
    """A party as a scripted leg. ``zero`` is the loop time of the timeline's 0."""

    def __init__(
        self, name: str, ticker: Ticker, incoming: bool, timeline: Timeline, zero: float, client: str = "user"
    ) -> None:
        ScriptedLeg.__init__(self, ticker, incoming, client)
        Party.__init__(self, name, timeline)
        self.on_transfer: Callable[[], None] = lambda: None
        """Told that the scenario wants to transfer it, and it can be."""
        self.on_reinvite: Callable[[], None] = lambda: None
        """Told of a re-INVITE of the scenario that it can take."""
        self._zero = zero
        self._loop = asyncio.get_running_loop()
        self._said = asyncio.Event()

    @property
    def now(self) -> int:  # type: ignore[override]
        return round((self._loop.time() - self._zero) * 1000)

    @property
    def hand(self) -> Hand:
        return self.remote

    def pushed(self) -> None:
        """A push notification goes out: whoever is called is away."""
        if not self.over:
            self.tell_moment("pushed")
            self.emit("push_sent", result=PUSHED)

    # -- what the scenario does to it

    def _note(self, what: str, **data: Any) -> None:
        super()._note(what, **data)
        match what:
            case "ring":
                self.tell_moment("ringing", **data)
            case "early_media":
                self.tell_moment("early_media", **data)
            case "answer" if not self.connected and not self.over:
                self.tell_moment("answered", **data)
            case "reject" if not self.connected and not self.over:
                self.tell_moment("rejected", str(data["code"]), **data)
            case "dtmf":
                self.tell_moment("dtmf", str(data["digits"]))
            case "message":
                self.tell_moment("message", str(data["text"]))
            case "info":
                self.tell_moment("info", str(data["body"]), **data)
            case "transfer":
                other = data["attended"]
                attended = other.name if isinstance(other, Party) else ""
                self.tell_moment("transfer", str(data["to"]), attended=attended, headers=data["headers"])
            case "answer_refer":
                result = "success" if data["code"] == SUCCESS else str(data["code"])
                self.tell_moment("transferred", result, **data)
            case "reinvite":
                self.tell_moment("reinvite", str(data["body"]), **data)
            case "accept_reinvite":
                self.tell_moment("reinvite_accepted", str(data["body"]), **data)
            case "reject_reinvite":
                self.tell_moment("reinvite_rejected", str(data["code"]), **data)

    def transfer(self, to: str, attended: Leg | None, headers: Headers) -> None:
        super().transfer(to, attended, headers)
        if self.connected and not self.over and self.can_transfer:
            self.on_transfer()

    def reinvite(self, mime: str, body: str, headers: Headers) -> None:
        super().reinvite(mime, body, headers)
        if self.connected and not self.over and self.can_reinvite:
            self.on_reinvite()

    def finish(self, kind: Any, **data: Any) -> None:
        if not self.over:
            by = "scenario" if self._given_up(data) else self.name
            self.tell_moment("ended", by, by=by, code=data.get("code", 0), reason=data.get("reason", ""))
        super().finish(kind, **data)
        self._said.set()

    def _given_up(self, data: dict[str, Any]) -> bool:
        """Whether the scenario ended it."""
        if "by" in data:
            return bool(data["by"] != "remote")
        return bool(self.log) and self.log[-1][0] in ("hangup", "reject")

    async def close(self) -> None:
        if not self.over:
            self.tell_moment("ended", "scenario", by="scenario", code=200, reason="the session is over")
        await super().close()
        self._said.set()

    # -- sound

    def hear(self, frame: bytes) -> None:
        if not self.over and self.sound.add(self.now, frame):
            self.timeline.touch()

    def hears_at_once(self, run: Run) -> int:
        if self.over or run.pcm is None:
            return run.count
        begins = self.sound.begins_at(run.ticks.stamps(self._zero), run.peaks)
        return run.count if begins is None else begins + 1

    def hear_run(self, run: Run) -> None:
        if not self.over and self._add(self.sound, run):
            self.timeline.touch()

    def ahead(self, ticks: Ticks) -> int:
        if not self.queue and not self._said.is_set():
            return 0  # the next tick says that all is said
        return super().ahead(ticks)

    def give_run(self, run: Run) -> None:
        self._add(self.voice, run)
        super().give_run(run)
        if not self.queue:
            self._said.set()

    def _add(self, sound: Sound, run: Run) -> bool:
        return run.pcm is not None and sound.add_run(run.ticks.stamps(self._zero), run)

    def tick(self) -> bool:
        if self.queue and not self.over:
            self.voice.add(self.now, self.queue[0])
        busy = super().tick()
        if not self.queue:
            self._said.set()
        return busy

    async def up(self) -> None:
        """A scripted leg is up at once."""

    async def speak(self, pcm: bytes) -> None:
        self.remote.speak(pcm)
        if self.over:
            return
        self._said.clear()
        await self._said.wait()
