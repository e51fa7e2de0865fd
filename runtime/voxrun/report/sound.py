"""A session's recordings: what is drawn, what is measured, and what is listened to.

Each ``recording.wav`` is 16 kHz stereo, left what the caller hears, right the caller. One pass over it, ten
seconds at a time, gives an outline (the peak of every 10 ms), the spans in which each side speaks, and the
audio as Opus in WebM, which browsers play from memory. Ten minutes become about 2 MB.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from voxrun.media.frames import FRAME_BYTES, SAMPLE_RATE, SILENCE
from voxrun.media.vad import SpeechDetector, Transition, VadSettings

PEAK_MS: Final = 10
"""One value of the outline stands for so much audio."""
BLOCK_SECONDS: Final = 10
BIT_RATE: Final = 32_000
LONGEST_SECONDS: Final = 2 * 3600
"""Longer recordings are drawn, but not put into the page: it would be more than 30 MB."""
PAUSE_MS: Final = 300
"""A shorter pause does not end an utterance."""
FULL: Final = 32768.0

Samples = npt.NDArray[np.int16]


class Span(Struct, frozen=True):
    """From ``start`` to ``end``, in ms of session time."""

    start: int
    end: int


class Recording(Struct, frozen=True):
    """One call. ``heard`` (left) and ``spoken`` (right) hold a byte for each 10 ms: the square root of the
    peak, 255 at full scale. ``audio`` is WebM, empty where ``note`` says why."""

    name: str
    call: str
    at_ms: int
    length_ms: int
    heard: bytes
    spoken: bytes
    heard_spans: tuple[Span, ...]
    spoken_spans: tuple[Span, ...]
    audio: bytes
    note: str = ""


def read_recording(path: Path, call: str, at_ms: int, *, listen: bool = True) -> Recording:
    """Read a recording that began at ``at_ms`` of session time. Never fails: ``note`` says what is wrong."""
    outlines = _Outline(), _Outline()
    speakers = _Speaker(at_ms), _Speaker(at_ms)
    encoder: _Encoder | None = None
    note = ""
    samples = 0
    try:
        with wave.open(str(path), "rb") as file:
            _check(file)
            if listen and file.getnframes() <= LONGEST_SECONDS * SAMPLE_RATE:
                encoder = _Encoder()
            elif listen:
                note = f"{path.name} is too long to be listened to here; play the file itself."
            for block in _blocks(file):
                for channel in (0, 1):
                    track = np.ascontiguousarray(block[:, channel])
                    outlines[channel].add(track)
                    speakers[channel].add(track)
                if encoder is not None:
                    encoder.add(block)
                samples += len(block)
    except (OSError, EOFError, wave.Error, ValueError) as error:
        note = f"{path.name} cannot be read: {error or 'it ends too early'}."
    left, right = speakers
    return Recording(
        name=path.name,
        call=call,
        at_ms=at_ms,
        length_ms=samples * 1000 // SAMPLE_RATE,
        heard=outlines[0].finish(),
        spoken=outlines[1].finish(),
        heard_spans=left.finish(),
        spoken_spans=right.finish(),
        audio=encoder.finish() if encoder is not None and samples else b"",
        note=note,
    )


def _check(file: wave.Wave_read) -> None:
    shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
    if shape != (2, 2, SAMPLE_RATE):
        raise ValueError("it is no stereo recording of 16 bits at 16 kHz")


def _blocks(file: wave.Wave_read) -> Iterator[Samples]:
    """Shape (samples, 2), some seconds each; the tail of a file that was cut off may be half a sample."""
    while data := file.readframes(BLOCK_SECONDS * SAMPLE_RATE):
        whole = len(data) - len(data) % 4
        if whole:
            yield np.frombuffer(data[:whole], "<i2").reshape(-1, 2)


class _Outline:
    """Peaks of a track, ``PEAK_MS`` each. Blocks are whole multiples of it, but for the last."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def add(self, track: Samples) -> None:
        step = SAMPLE_RATE * PEAK_MS // 1000
        padded = np.zeros(-(-track.size // step) * step, np.float32)
        padded[: track.size] = np.abs(track.astype(np.float32))
        peaks = padded.reshape(-1, step).max(axis=1)
        self._parts.append(np.rint(np.sqrt(peaks / FULL) * 255).astype(np.uint8).tobytes())

    def finish(self) -> bytes:
        return b"".join(self._parts)


class _Speaker:
    """When somebody speaks."""

    def __init__(self, at_ms: int) -> None:
        self._at = at_ms
        self._detector = SpeechDetector(VadSettings(end_delay_ms=PAUSE_MS))
        self._spans: list[Span] = []
        self._began = 0

    def add(self, track: Samples) -> None:
        pcm = track.tobytes()
        for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            frame = pcm[start : start + FRAME_BYTES]
            self._take(self._detector.feed(SILENCE if frame == SILENCE else frame))

    def finish(self) -> tuple[Span, ...]:
        self._take(self._detector.finish())
        return tuple(self._spans)

    def _take(self, change: Transition | None) -> None:
        if change is None:
            return
        if change.kind == "start":
            self._began = change.at_ms
        else:
            self._spans.append(Span(self._at + self._began, self._at + change.at_ms))


class _Encoder:
    """Opus in WebM. PyAV is imported when it is needed: a suite without reports does without it."""

    def __init__(self) -> None:
        import av

        self._av = av
        self._file = io.BytesIO()
        # bitexact: no random ids in the file, so the same session gives the same page.
        self._container: Any = av.open(self._file, "w", format="webm", options={"fflags": "+bitexact"})
        # Low effort (2 of 10) and long packets: half the time for a few percent of size.
        options = {"compression_level": "2", "frame_duration": "60", "application": "audio"}
        self._stream: Any = self._container.add_stream(
            "libopus", rate=SAMPLE_RATE, layout="stereo", options=options
        )
        self._stream.bit_rate = BIT_RATE

    def add(self, block: Samples) -> None:
        frame = self._av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block.reshape(1, -1)), format="s16", layout="stereo"
        )
        frame.sample_rate = SAMPLE_RATE
        self._put(frame)

    def finish(self) -> bytes:
        self._put(None)
        self._container.close()
        return self._file.getvalue()

    def _put(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
