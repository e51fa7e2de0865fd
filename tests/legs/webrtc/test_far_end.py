"""Between a leg and its far end: reasons of SIP codes, and frames that wait."""

from __future__ import annotations

import pytest

from voxrun.legs.webrtc.far_end import LegSink, reason_of
from voxrun.media.frames import SILENCE
from voxrun.media.graph import Source


@pytest.mark.parametrize(
    ("code", "reason"),
    [(486, "Busy Here"), (499, "Call failed"), (302, "Redirected")],
)
def test_every_code_has_a_reason(code: int, reason: str) -> None:
    assert reason_of(code) == reason


def test_frames_wait_are_told_forgotten_and_dropped_while_held() -> None:
    sink, source, told = LegSink(), Source(), []
    sink.written, sink.cut = lambda: told.append("written"), lambda: told.append("cut")
    sink.write(SILENCE, source)
    assert list(sink.frames) == [SILENCE]
    sink.flush(source)
    sink.held = True
    sink.write(SILENCE, source)
    assert not sink.frames
    assert told == ["written", "cut"]
