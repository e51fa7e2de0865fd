"""Loss, jitter and round trip, counted as RFC 3550 says."""

from __future__ import annotations

import pytest

from voxrun.legs.webrtc.rtp import Packet
from voxrun.legs.webrtc.statistics import ReceiverStatistics, round_trip_ms


def arrive(statistics: ReceiverStatistics, *numbers: int, late: float = 0.0, ssrc: int = 1) -> None:
    for n in numbers:
        statistics.add(Packet(111, 0, n & 0xFFFF, n * 960, ssrc, b"x"), 5.0 + n * 0.02 + late)


def test_nothing_is_reported_before_the_first_packet() -> None:
    assert ReceiverStatistics(48000).block(1.0) == ()


def test_lost_packets_are_counted_and_told_as_a_fraction_since_the_last_report() -> None:
    statistics = ReceiverStatistics(48000)
    arrive(statistics, 0, 1, 2, 4, 5, 6, 7, 9)
    (first,) = statistics.block(6.0)
    assert (first.lost, first.fraction_lost, first.highest) == (2, 2 * 256 // 10, 9)
    arrive(statistics, *range(10, 20))
    (second,) = statistics.block(7.0)
    assert (second.lost, second.fraction_lost) == (2, 0)


def test_sequence_numbers_that_wrap_are_one_stream() -> None:
    statistics = ReceiverStatistics(48000)
    arrive(statistics, *range(65530, 65550))
    assert (statistics.expected, statistics.lost) == (20, 0)
    (block,) = statistics.block(6.0)
    assert block.highest == 65549


def test_late_packets_are_no_loss_and_a_new_source_begins_anew() -> None:
    statistics = ReceiverStatistics(48000)
    arrive(statistics, 10, 12, 11, 13)
    assert statistics.lost == 0
    arrive(statistics, 5, 6, ssrc=2)
    assert (statistics.expected, statistics.received) == (2, 2)


def test_a_stream_that_jumps_far_begins_anew() -> None:
    statistics = ReceiverStatistics(48000)
    arrive(statistics, 10, 11, 40_000, 40_001)
    assert statistics.expected == 2


def test_steady_arrival_has_no_jitter_and_uneven_arrival_has_some() -> None:
    statistics = ReceiverStatistics(48000)
    arrive(statistics, *range(100))
    assert statistics.jitter_ms < 0.1
    for n in range(100, 400):
        arrive(statistics, n, late=0.01 * (n % 2))
    assert statistics.jitter_ms == pytest.approx(10, abs=1)


def test_the_round_trip_is_what_the_far_end_did_not_hold_back() -> None:
    far = ReceiverStatistics(48000)
    arrive(far, 1)
    sent = 100 << 32  # at 100 s our report left
    far.sender_report(sent, 5.0)
    (block,) = far.block(5.5)  # the far end answers half a second later
    now = (100 << 32) + int(0.53 * (1 << 32))
    assert round_trip_ms(block, now) == pytest.approx(30, abs=0.1)
    assert round_trip_ms(far.block(5.5)[0], sent) == 0.0


def test_without_a_report_of_ours_there_is_no_round_trip() -> None:
    far = ReceiverStatistics(48000)
    arrive(far, 1)
    assert round_trip_ms(far.block(5.5)[0], 1 << 40) is None
