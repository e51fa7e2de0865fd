"""Tapes: what players play, piece by piece, with places on it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.media.frames import FRAME_BYTES, FRAME_SAMPLES, SILENCE
from voxrun.media.tape import AHEAD, GrowingTape, JoinedTape, PcmTape, Tape, ToneTape, from_end, whole_ms
from voxrun.media.tones import Beat, Section, Tone, ToneGenerator, Wave


def counted(samples: int, first: int = 0) -> bytes:
    """PCM in which every sample is its number."""
    return b"".join((first + n).to_bytes(2, "little") for n in range(samples))


def pieces(tape: Tape, most: int = FRAME_SAMPLES, rounds: int = 1000) -> list[tuple[int, bytes]]:
    out = []
    for _ in range(rounds):
        begin, pcm = tape.take(most)
        if not pcm:
            break
        out.append((begin, pcm))
    return out


@given(st.integers(0, 2000), st.integers(1, 700))
def test_pcm_comes_once_and_in_order(samples: int, most: int) -> None:
    tape = PcmTape(counted(samples))
    found = pieces(tape, most, 3000)
    assert b"".join(pcm for _, pcm in found) == counted(samples)
    assert [begin for begin, _ in found] == list(range(0, samples, most))
    assert (tape.over, tape.length, tape.take(most)) == (True, samples, (samples, b""))


@given(st.integers(0, 2000), st.integers(0, 700), st.integers(1, 4))
def test_whole_frames_can_be_looked_at_before_they_are_taken(samples: int, before: int, most: int) -> None:
    tape = JoinedTape([PcmTape(counted(samples)), PcmTape(counted(700, 5))])
    tape.take(before)
    begin, pcm = tape.whole(most)
    assert len(pcm) in range(0, most * FRAME_BYTES + 1, FRAME_BYTES)
    if pcm:
        assert tape.take(len(pcm) // 2) == (begin, pcm)


@given(st.integers(1, 500), st.integers(1, 700))
def test_a_loop_begins_again_where_it_ends(samples: int, most: int) -> None:
    tape = PcmTape(counted(samples), loop=True)
    found = pieces(tape, most, 20)
    for (begin, pcm), (after, _) in pairwise(found):
        assert after == (begin + len(pcm) // 2) % samples
        assert pcm == counted(len(pcm) // 2, begin)
    assert not tape.over


def test_nothing_does_not_loop_and_half_a_sample_is_none() -> None:
    assert PcmTape(b"", loop=True).over
    assert PcmTape(b"\x01").length == 0


def test_a_growing_tape_waits_for_enough_at_first_and_after_it_ran_dry() -> None:
    tape = GrowingTape()
    tape.append(counted(AHEAD - 1))
    assert (tape.enough, tape.take(320), tape.over) == (False, (0, b""), False)
    tape.append(counted(1))
    assert tape.enough
    assert len(pieces(tape)) == AHEAD // 320
    assert tape.take(320) == (AHEAD, b"")
    tape.append(counted(AHEAD - 1))
    assert tape.take(320) == (AHEAD, b"")  # not a few frames at a time: rather one pause than many
    tape.append(counted(1))
    assert tape.take(320)[1]


def test_a_growing_tape_that_is_complete_ends_with_its_last_sample() -> None:
    tape = GrowingTape()
    tape.append(counted(500))
    assert (tape.length, tape.place(-1, None)) == (None, None)
    tape.finish()
    assert (tape.length, tape.over, tape.enough) == (500, False, True)
    assert pieces(tape) == [(0, counted(320)), (320, counted(180, 320))]
    assert tape.over


def test_a_growing_tape_gives_no_part_of_a_frame_while_more_may_come() -> None:
    tape = GrowingTape()
    tape.append(counted(AHEAD + 100))
    assert sum(len(pcm) // 2 for _, pcm in pieces(tape)) == AHEAD
    tape.finish()
    assert tape.take(320) == (AHEAD, counted(100, AHEAD))


def test_a_growing_tape_may_loop_once_it_is_complete() -> None:
    tape = GrowingTape(loop=True)
    tape.append(counted(AHEAD))
    assert len(pieces(tape)) == AHEAD // 320
    tape.finish()
    assert tape.take(320) == (0, counted(320))
    empty = GrowingTape(loop=True)
    empty.finish()
    assert empty.over


TONE = Tone((Wave(400), Wave(900)), (Section((Beat(0.05, 0.03, (0,)), Beat(0.01, 0.04, (1,))), 0.33),))


@given(st.integers(1, 700))
def test_a_tone_is_what_its_generator_makes_to_the_sample(most: int) -> None:
    generator = ToneGenerator(TONE)
    whole = b"".join(iter(generator.next_frame, None))
    tape = ToneTape(TONE)
    found = pieces(tape, most, 6000)
    assert b"".join(pcm for _, pcm in found) == whole[: 2 * 5280]
    assert (tape.length, tape.over) == (5280, True)


def test_pauses_of_a_tone_are_the_one_frame_of_silence() -> None:
    tape = ToneTape(Tone((Wave(400),), (Section((Beat(0.02, 0.04),), 1),)))
    assert [pcm is SILENCE for _, pcm in pieces(tape)][:6] == [False, True, True] * 2


def test_a_tone_without_end_and_one_that_loops_have_positions() -> None:
    endless = ToneTape(Tone((Wave(400),), (Section((Beat(None),)),)))
    assert endless.length is None
    assert [begin for begin, _ in pieces(endless, 320, 3)] == [0, 320, 640]
    looped = ToneTape(TONE, loop=True)
    spans = [(begin, len(pcm) // 2) for begin, pcm in pieces(looped, 320, 40)]
    assert (5120, 160) in spans  # no piece reaches over the end of a round
    assert (0, 160) in spans
    nothing = ToneTape(Tone((Wave(400),), (Section((Beat(1.0),), 0.0),)), loop=True)
    assert nothing.take(320) == (0, b"")
    assert nothing.over


@given(st.lists(st.integers(0, 900), max_size=6), st.integers(1, 700))
def test_joined_segments_follow_each_other_without_a_gap(lengths: list[int], most: int) -> None:
    starts = [sum(lengths[:n]) for n in range(len(lengths))]
    tape = JoinedTape([PcmTape(counted(n, start)) for n, start in zip(lengths, starts, strict=True)])
    found = pieces(tape, most, 9000)
    assert b"".join(pcm for _, pcm in found) == counted(sum(lengths))
    assert all(pcm == counted(len(pcm) // 2, begin) for begin, pcm in found)
    assert (tape.length, tape.over) == (sum(lengths), True)


def test_a_segment_that_loops_is_the_last_that_is_heard() -> None:
    tape = JoinedTape([PcmTape(counted(100)), PcmTape(counted(200), loop=True), PcmTape(counted(100))])
    assert [begin for begin, _ in pieces(tape, 320, 5)] == [0, 100, 100, 100, 100]
    assert not tape.over


@pytest.mark.parametrize(
    ("offset", "segment", "place"),
    [
        (0, None, 0), (250, None, 4000), (-100, None, 6400), (-5000, None, 0),
        (0, 0, 0), (100, 0, 1600), (300, 0, 4800), (301, 0, None), (-100, 0, 3200),
        (0, 1, 4800), (100, 1, 6400), (-100, 1, 6400), (-999, 1, 4800), (0, 2, None),
    ],
)  # fmt: skip
def test_places_count_from_the_beginning_or_the_end_of_a_segment_or_the_whole(
    offset: int, segment: int | None, place: int | None
) -> None:
    tape = JoinedTape([PcmTape(bytes(9600)), PcmTape(bytes(6400))])
    assert tape.place(offset, segment) == place


def test_places_and_lengths() -> None:
    assert (from_end(20, None), from_end(-20, None), from_end(-20, 16_000)) == (320, None, 15_680)
    assert PcmTape(bytes(32_000)).place(-1000, None) == 0
    assert whole_ms(16_015) == 1000
