"""Input audio counted against the clock."""

from __future__ import annotations

from voxrun.emulators.ultravox.flow import FlowMeter

SECOND = 32_000


def test_audio_in_step_is_no_ones_business() -> None:
    meter = FlowMeter(16_000)
    assert not meter.any
    assert all(meter.take(640, now / 50) == (True, None) for now in range(500))
    assert meter.any


def test_a_gap_is_reported_once_and_counted() -> None:
    meter = FlowMeter(16_000)
    meter.take(640, 0.0)
    keep, report = meter.take(640, 2.0)
    assert keep
    assert report is not None
    assert (report.kind, round(report.seconds, 2)) == ("underflow", 1.96)
    assert meter.take(640, 2.02) == (True, None)
    assert round(meter.total_gap, 2) == 1.96


def test_a_surplus_is_reported_and_dropped_when_it_is_excessive() -> None:
    meter = FlowMeter(16_000)
    keep, report = meter.take(SECOND, 0.0)
    assert keep
    assert report is not None
    assert (report.kind, report.dropped) == ("overflow", False)
    for _ in range(4):
        assert meter.take(SECOND, 0.1) == (True, None)  # reported a moment ago
    assert meter.take(SECOND, 0.1)[0] is False
    assert meter.take(SECOND, 8.0)[0] is True  # time has caught up


def test_pieces_in_step_can_be_taken_together_and_others_not() -> None:
    one, many = FlowMeter(16_000), FlowMeter(16_000)
    assert not many.is_even(640, 0.0)  # the first piece says when it all begins
    for meter in (one, many):
        meter.take(640, 0.0)
    assert many.is_even(640, 0.02)
    many.take_even(640, 100)
    for index in range(100):
        one.take(640, 0.02 * (index + 1))
    assert one.take(640, 9.0) == many.take(640, 9.0)
    assert not many.is_even(640, 20.0)
