"""The one audio format between units: 16 kHz mono s16le in frames of 20 ms (640 bytes)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SAMPLE_RATE: Final = 16_000
"""Samples a second."""
FRAME_MS: Final = 20
"""Length of a frame in milliseconds."""
FRAME_SAMPLES: Final = SAMPLE_RATE * FRAME_MS // 1000
"""Samples in a frame (320)."""
FRAME_BYTES: Final = FRAME_SAMPLES * 2
"""Bytes in a frame (640)."""
BYTES_PER_SECOND: Final = SAMPLE_RATE * 2
SILENCE: Final = bytes(FRAME_BYTES)
"""The one shared frame of silence; compare with ``is`` to skip work."""


def split(pcm: bytes) -> Iterator[bytes]:
    """Cut PCM into whole frames; the last one is filled up with silence."""
    for start in range(0, len(pcm), FRAME_BYTES):
        frame = pcm[start : start + FRAME_BYTES]
        yield frame if len(frame) == FRAME_BYTES else frame + bytes(FRAME_BYTES - len(frame))


def duration_ms(pcm: bytes) -> int:
    """Whole milliseconds of audio in ``pcm``."""
    return len(pcm) // 2 * 1000 // SAMPLE_RATE
