import pytest

from voxrun.media.playout import JitterQueue, PcmQueue

FRAME_A, FRAME_B = b"a" * 640, b"b" * 640


def test_a_burst_comes_out_frame_by_frame_in_order() -> None:
    queue = PcmQueue()
    burst = bytes(i % 251 for i in range(640 * 50 + 100))
    assert queue.push(burst) == 0
    assert queue.ms == pytest.approx(1003.125)
    out = []
    while (frame := queue.pop()) is not None:
        out.append(frame)
    assert len(out) == 50
    assert b"".join(out) == burst[: 640 * 50]
    assert queue.pop(partial=True) == burst[640 * 50 :] + bytes(540)
    assert queue.pop(partial=True) is None
    assert queue.ms == 0


def test_a_sample_split_over_two_messages_is_put_together() -> None:
    queue = PcmQueue()
    audio = bytes(range(256)) * 5
    for start in range(0, len(audio), 7):
        queue.push(audio[start : start + 7])
    assert (queue.pop() or b"") + (queue.pop() or b"") == audio


def test_the_half_sample_counts_neither_as_length_nor_as_frame() -> None:
    queue = PcmQueue()
    queue.push(b"x" * 639)
    assert len(queue) == 638
    assert queue.pop() is None
    assert queue.pop(partial=True) == b"x" * 638 + b"\0\0"
    queue.push(b"yzz")
    assert len(queue) == 4
    assert queue.pop(partial=True) == b"xyzz" + bytes(636)


def test_clear_empties_at_once_and_says_how_much_was_waiting() -> None:
    queue = PcmQueue()
    queue.push(FRAME_A * 3 + b"x")
    assert queue.clear() == 60
    assert queue.pop(partial=True) is None
    queue.push(FRAME_B)
    assert queue.pop() == FRAME_B
    assert queue.dropped_bytes == 0


def test_a_full_queue_refuses_the_newest_audio_and_counts_it() -> None:
    queue = PcmQueue(max_ms=40)
    assert queue.push(FRAME_A + FRAME_B + b"c" * 641) == 640
    assert queue.dropped_ms == 20
    assert [queue.pop(), queue.pop(), queue.pop()] == [FRAME_A, FRAME_B, None]
    queue.push(b"c" + b"dd" * 320)
    assert queue.pop() == b"cc" + b"dd" * 319  # samples stay whole across the loss


def test_or_drops_the_oldest_where_delay_matters_more() -> None:
    queue = PcmQueue(max_ms=40, drop="oldest")
    queue.push(b"x" * 640)
    assert queue.push(FRAME_A + FRAME_B) == 640
    assert [queue.pop(), queue.pop(), queue.pop()] == [FRAME_A, FRAME_B, None]


def test_a_queue_that_holds_no_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        PcmQueue(max_ms=10)


def test_the_jitter_queue_waits_for_its_target_and_again_after_running_dry() -> None:
    queue = JitterQueue(target=2)
    queue.push(FRAME_A)
    assert queue.pop() is None
    queue.push(FRAME_B)
    assert [queue.pop(), queue.pop()] == [FRAME_A, FRAME_B]
    assert queue.pop() is None
    assert queue.underruns == 1
    queue.push(FRAME_A)
    assert queue.pop() is None
    assert queue.underruns == 1
    assert queue.drain() == FRAME_A
    assert queue.drain() is None


def test_the_jitter_queue_drops_the_oldest_beyond_its_limit() -> None:
    queue = JitterQueue(target=1, limit=2)
    for frame in (b"1", b"2", b"3"):
        queue.push(frame)
    assert queue.dropped == 1
    assert [queue.pop(), queue.pop()] == [b"2", b"3"]
    queue.push(b"4")
    queue.clear()
    assert len(queue) == 0
    assert queue.pop() is None


def test_a_jitter_queue_with_senseless_sizes_is_refused() -> None:
    with pytest.raises(ValueError, match="target"):
        JitterQueue(target=3, limit=2)
