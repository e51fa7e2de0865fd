"""Frames that come with jitter are laid out as they were sent."""

from __future__ import annotations

from voxrun.replay.live.clock import WINDOW, MediaClock


def placed(*arrivals: int) -> list[int]:
    clock = MediaClock()
    return [clock.place(at) for at in arrivals]


def test_jitter_and_bursts_do_not_move_the_grid() -> None:
    assert placed(100, 127, 139, 160, 230, 231, 232, 240) == [100, 120, 140, 160, 180, 200, 220, 240]


def test_a_first_frame_that_was_late_does_not_make_all_others_early() -> None:
    # The second comes 1 ms after it, the third too: the stream is ahead of the grid by 38 ms, then by 57.
    assert placed(200, 201, 202, 203) == [200, 220, 240, 220]


def test_a_stream_that_left_time_out_is_followed_in_whole_frames() -> None:
    clock = MediaClock()
    for frame in range(WINDOW):
        clock.place(frame * 20)
    late = [clock.place(WINDOW * 20 + frame * 20 + 95) - frame * 20 for frame in range(2 * WINDOW)]
    assert late[0] == WINDOW * 20
    assert late[-1] == WINDOW * 20 + 80
    assert set(late) == {WINDOW * 20, WINDOW * 20 + 80}


def test_a_little_late_stays_as_it_is() -> None:
    clock = MediaClock()
    clock.place(0)
    assert [clock.place(20 * n + 55) for n in range(1, 200)] == [20 * n for n in range(1, 200)]
