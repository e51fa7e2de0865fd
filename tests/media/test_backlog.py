"""Queues between two beats: bounded, in order, and no later than they have to be."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from voxrun.media.backlog import WINDOW, Backlog, Surplus
from voxrun.media.frames import FRAME_BYTES, SILENCE


def frame(number: int) -> bytes:
    return number.to_bytes(4, "little") + b"\x11" * (FRAME_BYTES - 4)


def number(pcm: bytes | None) -> int:
    assert pcm is not None
    return int.from_bytes(pcm[:4], "little")


def late_by(count: int) -> Backlog:
    """A queue in which so many wait after a burst."""
    backlog = Backlog(25)
    for each in range(count):
        backlog.push(frame(each))
    return backlog


def test_the_oldest_go_above_the_bound() -> None:
    backlog = Backlog(3)
    for each in range(5):
        backlog.push(frame(each))
    assert [number(backlog.pop(0)) for _ in range(3)] == [2, 3, 4]
    assert backlog.pop(0) is None


def test_after_a_stall_speech_without_a_pause_gets_back_to_its_time_a_frame_every_two_seconds() -> None:
    backlog, waiting = late_by(3), []
    for tick in range(4 * WINDOW):
        backlog.push(frame(100 + tick))
        backlog.pop(0)
        waiting.append(len(backlog))
    assert [waiting[at] for at in (0, WINDOW, 2 * WINDOW, 3 * WINDOW)] == [3, 2, 1, 0]
    assert waiting[-1] == 0


def test_a_frame_that_jitter_needs_now_and_then_stays() -> None:
    backlog, heard = late_by(1), []
    for tick in range(5 * WINDOW):
        came = {0: 0, 1: 2}.get(tick % 40, 1)  # one is 20 ms late, twice in a window
        for _ in range(came):
            backlog.push(frame(tick))
        heard.append(backlog.pop(0))
    assert None not in heard


def test_what_shall_wait_waits() -> None:
    backlog = late_by(2)
    for tick in range(3 * WINDOW):
        backlog.push(frame(100 + tick))
        backlog.pop(2)
    assert len(backlog) == 2


def test_quiet_frames_are_left_out_at_once_and_the_last_one_is_not() -> None:
    backlog = Backlog(25)
    for each in (SILENCE, SILENCE, frame(7), SILENCE):
        backlog.push(each)
    assert number(backlog.pop(0)) == 0  # one of the two silent ones
    assert number(backlog.pop(0)) == 7
    assert backlog.pop(0) is SILENCE


def test_what_is_forgotten_is_not_heard() -> None:
    backlog = late_by(3)
    backlog.clear()
    assert backlog.pop(0) is None


def test_it_is_too_much_after_two_seconds_in_which_it_was_never_needed() -> None:
    surplus = Surplus()
    found = [surplus.found(0 if tick == 10 else 5) for tick in range(2 * WINDOW)]
    assert [tick for tick, each in enumerate(found) if each] == [10 + WINDOW]


@given(st.lists(st.integers(0, 3), max_size=250), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_whatever_comes_frames_keep_their_order(pushes: list[int], spare: int) -> None:
    backlog, sent, heard = Backlog(10), 0, []
    for count in pushes:
        for _ in range(count):
            backlog.push(frame(sent))
            sent += 1
        popped = backlog.pop(spare)
        if popped is not None:
            heard.append(number(popped))
        assert len(backlog) <= 10
    assert heard == sorted(set(heard))
