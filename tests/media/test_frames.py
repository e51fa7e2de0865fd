from voxrun.media.frames import (
    BYTES_PER_SECOND,
    FRAME_BYTES,
    FRAME_MS,
    FRAME_SAMPLES,
    SILENCE,
    duration_ms,
    split,
)


def test_a_frame_is_twenty_milliseconds_of_640_bytes() -> None:
    assert (FRAME_MS, FRAME_SAMPLES, FRAME_BYTES, BYTES_PER_SECOND) == (20, 320, 640, 32_000)
    assert bytes(640) == SILENCE
    assert duration_ms(SILENCE) == 20


def test_pcm_is_cut_into_frames_and_the_last_one_filled_up() -> None:
    assert list(split(b"a" * 640 + b"b" * 640)) == [b"a" * 640, b"b" * 640]
    assert list(split(b"a" * 640 + b"bb")) == [b"a" * 640, b"bb" + bytes(638)]
    assert list(split(b"")) == []


def test_duration_counts_whole_milliseconds() -> None:
    assert duration_ms(bytes(31)) == 0
    assert duration_ms(bytes(32)) == 1
    assert duration_ms(bytes(32_000)) == 1000
