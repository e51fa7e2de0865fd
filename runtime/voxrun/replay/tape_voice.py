"""What the voice AI of a cassette says, as sound: its words with the audio in which it spoke them.

A provider sends transcripts in step with its audio. So the audio is laid out as it was played (20 ms after
20 ms, from when it came; what ``playback_clear_buffer`` threw away was never heard), each utterance (an
``ordinal`` of the transcripts) is the sound up to the longest pause before the next one's first word, and
within it each stretch between two pauses has the words that came while it sounded. With these a listener of
the call knows the recorded voice by its sound, as it knows local speech (``hearing``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field

from voxrun.connectors.downlink import SampleJoiner
from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.resample import Resampler, supported
from voxrun.replay.cassette import PROVIDER, Cassette, TapedSocket
from voxrun.replay.people import AUDIBLE
from voxrun.session.messages import Json

BLOCK_MS: Final = 10
BLOCK: Final = SAMPLE_RATE * BLOCK_MS // 1000
PAUSE_MS: Final = 300
"""Silence within an utterance from which the words before and after it are told apart."""
LEAD_MS: Final = 150
"""A word sounds about so long before its transcript comes."""
LATE_MS: Final = 300
"""The last word of an utterance may still sound when its last transcript comes."""

Pcm: TypeAlias = npt.NDArray[np.int16]


class _Utterance(Struct):
    """What the transcripts of one ordinal say. Times are milliseconds of the session."""

    parts: list[tuple[int, str]] = field(default_factory=list)
    """When each piece of the text came; nothing where it came as a whole."""
    final: str = ""
    first: int = 0
    last: int = 0

    @property
    def text(self) -> str:
        return (self.final or "".join(text for _, text in self.parts)).strip()


def spoken(cassette: Cassette) -> Iterator[tuple[str, bytes]]:
    """Each piece of speech: its words and its audio (16 kHz mono s16le), in the order of time."""
    for socket in cassette.sockets.values():
        if socket.via == PROVIDER and socket.opened is not None:
            utterances = sorted(_utterances(socket), key=lambda each: each.first)
            if utterances:
                yield from _pieces(utterances, _Played(socket, _rate(cassette, socket)))


def _rate(cassette: Cassette, socket: TapedSocket) -> int:
    """Samples a second of the provider's voice, as the call was asked for."""
    asked = [each for each in cassette.requests.values() if each.via == PROVIDER and each.t <= socket.t]
    found: Any = asked[-1].content if asked else None
    for key in ("body", "json", "medium", "serverWebSocket", "outputSampleRate"):
        found = found.get(key) if isinstance(found, dict) else None
    rate: int = found if isinstance(found, int) else 0
    return rate if 8000 <= rate <= 48_000 and supported(rate, SAMPLE_RATE) else SAMPLE_RATE


def _times(socket: TapedSocket) -> Iterator[tuple[int, Any]]:
    """What came from the provider, with the time when it did."""
    for each in socket.incoming:
        since = socket.outgoing[each.after - 1][0] if each.after else socket.opened or 0
        yield since + each.delay, each.payload


def _message(payload: object) -> dict[str, Json]:
    """A message of the provider; {} where it is none."""
    try:
        found = json.loads(payload) if isinstance(payload, str) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _utterances(socket: TapedSocket) -> list[_Utterance]:
    found: dict[Json, _Utterance] = {}
    for at, payload in _times(socket):
        message = _message(payload)
        if (message.get("type"), message.get("role"), message.get("medium")) != (
            "transcript",
            "agent",
            "voice",
        ):
            continue
        said = found.setdefault(str(message.get("ordinal")), _Utterance(first=at))
        said.last = at
        text = str(message.get("text") or message.get("delta") or "")
        if message.get("final"):
            said.final = text
        else:
            said.parts.append((at, text))
    return [each for each in found.values() if each.text]


class _Played:
    """The provider's audio of one socket as it was played, and where in it there is sound."""

    def __init__(self, socket: TapedSocket, rate: int) -> None:
        resampler = Resampler(rate, SAMPLE_RATE) if rate != SAMPLE_RATE else None
        joiner = SampleJoiner()
        self.pcm: Pcm = np.zeros(0, np.int16)
        pieces: list[tuple[int, Pcm]] = []
        end = 0
        for at, payload in _times(socket):
            if isinstance(payload, bytes) and (pcm := joiner.join(payload)):
                wave = np.frombuffer(pcm if resampler is None else resampler.process(pcm), "<i2")
                start = max(end, at * SAMPLE_RATE // 1000)
                pieces.append((start, wave))
                end = start + wave.size
            elif _message(payload).get("type") == "playback_clear_buffer":
                now = at * SAMPLE_RATE // 1000
                pieces = [(start, wave[: max(0, now - start)]) for start, wave in pieces]
                end = min(end, now)
                joiner.forget()
                if resampler is not None:
                    resampler.reset()
        self.pcm = np.zeros(-(-end // BLOCK) * BLOCK, np.int16)
        for start, wave in pieces:
            self.pcm[start : start + wave.size] = wave
        peaks = np.abs(self.pcm.astype(np.int32)).reshape(-1, BLOCK).max(axis=1, initial=0)
        self._quiet = peaks < AUDIBLE

    @property
    def end(self) -> int:
        """Milliseconds."""
        return len(self._quiet) * BLOCK_MS

    def pauses(self, start: int, end: int) -> list[tuple[int, int]]:
        """The stretches of silence within [start, end) ms."""
        first, last = max(0, start) // BLOCK_MS, min(self.end, end) // BLOCK_MS
        edges = np.diff(np.concatenate(([0], self._quiet[first:last].astype(np.int8), [0])))
        begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        return [
            (int(first + a) * BLOCK_MS, int(first + b) * BLOCK_MS) for a, b in zip(begins, ends, strict=True)
        ]

    def sounds(self, start: int, end: int) -> list[tuple[int, int]]:
        """The stretches of sound within [start, end) ms; shorter pauses than ``PAUSE_MS`` do not count."""
        found, at = [], start
        end = min(end, self.end)
        for begins, ends in [*self.pauses(start, end), (end, end)]:
            if ends - begins < PAUSE_MS and begins > start and ends < end:
                continue
            if begins > at:
                found.append((at, begins))
            at = ends
        return found

    def bytes(self, start: int, end: int) -> bytes:
        return self.pcm[start * SAMPLE_RATE // 1000 : end * SAMPLE_RATE // 1000].tobytes()


def _pieces(utterances: Sequence[_Utterance], played: _Played) -> Iterator[tuple[str, bytes]]:
    start = 0
    for said, following in zip(utterances, [*utterances[1:], None], strict=True):
        end = played.end if following is None else _boundary(said, following, played)
        for begins, ends, text in _told(said, played.sounds(start, end)):
            yield text, played.bytes(begins, ends)
        start = end


def _boundary(said: _Utterance, following: _Utterance, played: _Played) -> int:
    """Where the sound of one utterance ends and that of the next has not begun."""
    pauses = played.pauses(said.last - LATE_MS, following.first)
    if not pauses:
        return max(said.last, following.first - LEAD_MS)
    begins, ends = max(pauses, key=lambda each: each[1] - each[0])
    return (begins + ends) // 2 // BLOCK_MS * BLOCK_MS


def _told(said: _Utterance, sounds: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Each stretch of sound (ms) with its words: those whose transcripts came until the middle of the pause
    after it. Where that gives one no words, the text belongs to all of them together."""
    if not sounds:
        return []
    until = [(end + begin) // 2 for (_, end), (begin, _) in pairwise(sounds)]
    texts = ["" for _ in sounds]
    for at, text in said.parts:
        texts[sum(at - LEAD_MS >= limit for limit in until)] += text
    if all(text.strip() for text in texts):
        return [(*each, text.strip()) for each, text in zip(sounds, texts, strict=True)]
    return [(sounds[0][0], sounds[-1][1], said.text)]
