"""Mixing frames: the sum, saturated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from voxrun.media.frames import SILENCE
from voxrun.media.levels import Samples, samples


def mix(frames: Sequence[bytes]) -> bytes:
    """The sum of frames of one length, saturated to 16 bits.

    The shared ``SILENCE`` costs nothing; nothing but silence gives ``SILENCE``, and a single frame beside
    silence is given back as it is. Raises ValueError for frames of different lengths.
    """
    loud = [frame for frame in frames if frame is not SILENCE]
    if len(loud) < 2:
        return loud[0] if loud else SILENCE
    total = samples(loud[0]).astype(np.int32)
    for frame in loud[1:]:
        total += samples(frame)
    mixed: Samples = np.clip(total, -32768, 32767).astype("<i2")
    return mixed.tobytes()
