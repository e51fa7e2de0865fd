"""In-band keys."""

from __future__ import annotations

import numpy as np
import pytest

from voxrun.legs.webrtc.telephone_event import DIGITS, GAP_FRAMES, PAUSE_FRAMES, TONE_FRAMES
from voxrun.legs.webrtc.tones import keys
from voxrun.media.frames import FRAME_BYTES, SILENCE


@pytest.mark.parametrize("digit", DIGITS)
def test_a_key_is_its_two_tones(digit: str) -> None:
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    place = next(
        (r, line.index(digit)) for r, line in enumerate(("123A", "456B", "789C", "*0#D")) if digit in line
    )
    wave = np.frombuffer(b"".join(keys(digit)), "<i2").astype(float)[: TONE_FRAMES * 320]
    power = {
        f: abs(np.dot(wave, np.exp(-2j * np.pi * f * np.arange(wave.size) / 16000))) for f in rows + columns
    }
    assert sorted(power, key=power.__getitem__)[-2:] in (
        [rows[place[0]], columns[place[1]]],
        [columns[place[1]], rows[place[0]]],
    )


def test_keys_are_whole_frames_with_a_gap_and_p_is_a_pause() -> None:
    frames = list(keys("1p2?"))
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert len(frames) == 2 * (TONE_FRAMES + GAP_FRAMES) + PAUSE_FRAMES
    assert frames[-1] is SILENCE
