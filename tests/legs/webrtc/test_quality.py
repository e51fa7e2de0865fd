"""Figures of a call before anything is known."""

from __future__ import annotations

from voxrun.legs.webrtc.quality import Quality


def test_nothing_known_is_nothing_lost() -> None:
    quality = Quality()
    assert (quality.received, quality.lost, quality.sent) == (0, 0, 0)
    assert quality.round_trip_ms is None
