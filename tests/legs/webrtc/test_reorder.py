"""Packets in order, losses told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voxrun.legs.webrtc.reorder import Reorder


def run(*sequences: int) -> list[int | None]:
    order: Reorder[int] = Reorder()
    return [out for sequence in sequences for out in order.add(sequence, sequence)]


def test_packets_in_order_go_through_at_once() -> None:
    assert run(10, 11, 12) == [10, 11, 12]


def test_a_swapped_pair_is_put_right() -> None:
    assert run(10, 12, 11, 13) == [10, 11, 12, 13]


def test_a_lost_packet_is_given_up_after_two_later_ones() -> None:
    assert run(10, 12) == [10]
    assert run(10, 12, 13, 14) == [10, None, 12, 13, 14]


def test_a_packet_after_its_place_was_given_up_and_a_repetition_are_dropped() -> None:
    assert run(10, 12, 13, 11, 13, 14) == [10, None, 12, 13, 14]


def test_sequence_numbers_wrap() -> None:
    assert run(65534, 65535, 0, 1) == [65534, 65535, 0, 1]


def test_a_stream_that_starts_over_is_taken_up_at_once() -> None:
    assert run(10, 11, 30000, 30001) == [10, 11, 30000, 30001]


@given(st.lists(st.integers(0, 65535), max_size=60))
def test_never_more_waits_than_it_has_patience_for(sequences: list[int]) -> None:
    order: Reorder[int] = Reorder()
    for sequence in sequences:
        out = list(order.add(sequence, sequence))
        assert len(out) <= 110
        assert len(order._waiting) < 2


@given(st.permutations(range(4)))
def test_nothing_is_told_twice(swapped: list[int]) -> None:
    got = [p for p in run(*[n * 4 + k for n in range(5) for k in swapped]) if p is not None]
    assert got == sorted(set(got))
