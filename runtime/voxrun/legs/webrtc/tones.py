"""In-band keys, for a far end that negotiated no telephone-event."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from voxrun.legs.webrtc.telephone_event import DIGITS, GAP_FRAMES, PAUSE_FRAMES, TONE_FRAMES
from voxrun.media.frames import FRAME_SAMPLES, SAMPLE_RATE, SILENCE, split
from voxrun.media.levels import to_pcm

_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477, 1633)
_KEYS = ("123A", "456B", "789C", "*0#D")
_AMPLITUDE = 8000


def keys(digits: str) -> Iterator[bytes]:
    """Frames of the keys' tones (ITU-T Q.23), with a gap after each; "p" pauses."""
    for digit in digits.upper():
        if digit == "P":
            yield from (SILENCE,) * PAUSE_FRAMES
        elif digit in DIGITS:
            yield from split(_tone(digit))
            yield from (SILENCE,) * GAP_FRAMES


def _tone(digit: str) -> bytes:
    row = next(i for i, line in enumerate(_KEYS) if digit in line)
    t = np.arange(TONE_FRAMES * FRAME_SAMPLES) * (2 * np.pi / SAMPLE_RATE)
    wave = np.sin(_ROWS[row] * t) + np.sin(_COLUMNS[_KEYS[row].index(digit)] * t)
    return to_pcm(wave * _AMPLITUDE)
