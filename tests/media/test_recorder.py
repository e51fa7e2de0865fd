from collections.abc import Callable, Iterable

import numpy as np
import pytest
from signals import floats, pcm, quiet, sine, voice

from voxrun.media.frames import SILENCE, split
from voxrun.media.levels import correlation, is_silence, rms_dbfs
from voxrun.media.recorder import HOLD_BACK_MS, LEFT, RIGHT, TimedRecorder

Arrivals = list[tuple[float, bytes]]
CALLER, AGENT = pcm(voice(8000, seed=1)), pcm(voice(8000, seed=2, pitch=200))


def arrive(audio: bytes, delay: Callable[[int], float] = lambda k: 0.0) -> Arrivals:
    """Frames of ``audio``, frame k coming in ``delay(k)`` ms late but never before the one before it."""
    out: Arrivals = []
    latest = 0.0
    for k, frame in enumerate(split(audio)):
        latest = max(latest, 20.0 * k + delay(k))
        out.append((latest, frame))
    return out


def record(
    left: Iterable[tuple[float, bytes]], right: Iterable[tuple[float, bytes]], until: float = 8000.0
) -> tuple[bytes, bytes]:
    """Play both into a recorder in the order of time, taking PCM every 200 ms."""
    recorder = TimedRecorder(start_ms=1000.0)
    events = sorted(
        [(at, LEFT, frame) for at, frame in left] + [(at, RIGHT, frame) for at, frame in right],
        key=lambda event: event[0],
    )
    out, next_take = b"", 200.0
    for at, side, frame in events:
        while at > next_take:
            out += recorder.take(1000.0 + next_take)
            next_take += 200.0
        recorder.write(side, frame, 1000.0 + at)
    out += recorder.finish(1000.0 + until)
    both = np.frombuffer(out, "<i2").reshape(-1, 2)
    return both[:, 0].tobytes(), both[:, 1].tobytes()


def check(left: bytes, right: bytes) -> None:
    assert correlation(AGENT, left, 300).value >= 0.9
    assert correlation(CALLER, right, 300).value >= 0.9
    assert abs(correlation(AGENT, right, 300).value) < 0.1
    assert abs(correlation(CALLER, left, 300).value) < 0.1


def jitter(most: float, seed: int = 1) -> Callable[[int], float]:
    values = np.random.default_rng(seed).uniform(0, most, 5000)
    return lambda k: float(values[k])


def test_frames_that_come_on_time_are_recorded_as_they_are() -> None:
    assert record(arrive(AGENT), arrive(CALLER)) == (AGENT, CALLER)


def test_jitter_under_the_slack_tears_no_hole() -> None:
    left, right = record(arrive(AGENT, jitter(110)), arrive(CALLER, jitter(110, seed=2)), 8200)
    check(left, right)
    assert correlation(AGENT, left, 300).value > 0.999
    assert abs(correlation(AGENT, left, 300).lag_ms) <= 40


def test_a_stall_and_the_burst_after_it_leave_no_trace() -> None:
    def stalled(k: int) -> float:
        return 400.0 - 20 * (k - 100) if 100 <= k < 120 else 0.0

    left, right = record(arrive(AGENT, stalled), arrive(CALLER))
    assert left == AGENT
    assert right == CALLER


def test_bursts_of_ten_frames_are_laid_out_evenly() -> None:
    left, right = record(arrive(AGENT, lambda k: 180.0 - 20 * (k % 10)), arrive(CALLER, jitter(60)), 8300)
    check(left, right)
    assert correlation(AGENT, left, 300).value > 0.999


def test_two_seconds_without_audio_stay_two_seconds() -> None:
    frames = [pair for k, pair in enumerate(arrive(AGENT, jitter(80))) if not 150 <= k < 250]
    left, right = record(frames, arrive(CALLER, jitter(80, seed=3)))
    hole = left[3100 * 32 : 4990 * 32]
    assert is_silence(hole)
    heard = floats(AGENT)
    heard[3000 * 16 : 5000 * 16] = 0
    assert correlation(pcm(heard), left, 300).value >= 0.9
    assert correlation(CALLER, right, 300).value >= 0.9
    assert abs(correlation(AGENT, right, 300).value) < 0.1
    for part in (slice(0, 2900 * 32), slice(5100 * 32, 7800 * 32)):
        assert abs(correlation(AGENT[part], left[part], 300).lag_ms) <= 85


def test_after_a_stall_longer_than_what_is_held_back_pauses_bring_it_back_in_step() -> None:
    words = np.concatenate([voice(1500, seed=s) if s % 2 else quiet(1500) for s in range(1, 8)])
    audio = pcm(words)

    def stalled(k: int) -> float:
        return 1200.0 - 20 * (k - 20) if 20 <= k < 80 else 0.0

    left, _ = record(arrive(audio, stalled), [], until=10_500)
    last_word = audio[9000 * 32 : 10_500 * 32]
    found = correlation(last_word, left, 10_500)
    assert found.value > 0.95
    assert found.lag_ms == pytest.approx(9000, abs=150)


def test_a_sender_with_a_fast_clock_does_not_run_away() -> None:
    audio = pcm(np.concatenate([voice(1000, seed=3), quiet(400)] * 12))
    arrivals = [(20.0 * k * 0.97, frame) for k, frame in enumerate(split(audio))]
    left, _ = record(arrivals, [], until=0)
    assert len(left) / 32 <= arrivals[-1][0] + 200


def test_a_sender_with_a_slow_clock_gets_silence_put_in() -> None:
    arrivals = [(20.0 * k * 1.03, frame) for k, frame in enumerate(split(AGENT))]
    left, _ = record(arrivals, [], until=0)
    assert len(left) / 32 == pytest.approx(8000 * 1.03, abs=150)


def test_a_channel_that_gets_nothing_is_silent_and_as_long_as_the_other() -> None:
    left, right = record(arrive(AGENT), [], until=9000)
    assert len(left) == len(right) == 9000 * 32
    assert is_silence(right)
    assert left.startswith(AGENT)


def test_what_is_given_stays_half_a_second_behind_and_nothing_is_given_twice() -> None:
    recorder = TimedRecorder()
    for k, frame in enumerate(split(CALLER[: 640 * 50])):
        recorder.write(RIGHT, frame, 20.0 * k)
    assert recorder.take(400.0) == b""
    first = recorder.take(1000.0)
    assert len(first) == (1000 - HOLD_BACK_MS) * 64
    assert recorder.recorded_ms == 500
    assert recorder.take(1000.0) == b""
    rest = recorder.finish(1000.0)
    both = np.frombuffer(first + rest, "<i2").reshape(-1, 2)
    assert both[:, 1].tobytes() == CALLER[: 640 * 50]
    assert recorder.finish(1000.0) == b""


def test_a_muted_recording_is_silent_while_time_goes_on() -> None:
    recorder = TimedRecorder(mono=True)
    for k, frame in enumerate(split(CALLER[: 640 * 150])):
        recorder.muted = 50 <= k < 100
        recorder.write(0, frame, 20.0 * k)
    out = recorder.finish(3000.0)
    assert len(out) == 640 * 150
    assert out[: 640 * 50] == CALLER[: 640 * 50]
    assert is_silence(out[640 * 50 : 640 * 100])
    assert out[640 * 100 :] == CALLER[640 * 100 : 640 * 150]


def test_a_mono_recording_is_the_mix_of_all_tracks() -> None:
    recorder = TimedRecorder(mono=True, tracks=3)
    tones = [pcm(sine(hz, 200, dbfs=-20)) for hz in (300, 700, 1100)]
    for k in range(10):
        for number, tone in enumerate(tones):
            recorder.write(number, tone[640 * k : 640 * k + 640], 20.0 * k)
    assert recorder.channels == 1
    assert (floats(recorder.finish(200.0)) == sum(floats(tone) for tone in tones)).all()


def test_shared_silence_is_recorded_as_silence() -> None:
    recorder = TimedRecorder()
    for k in range(10):
        recorder.write(LEFT, SILENCE, 20.0 * k)
    assert recorder.finish(200.0) == bytes(200 * 64)


def test_a_source_that_floods_is_bounded() -> None:
    recorder = TimedRecorder()
    minute = CALLER * 8
    for frame in split(minute):
        recorder.write(LEFT, frame, 0.0)
    out = recorder.finish(0.0)
    assert len(out) / 64 <= 30_100
    assert recorder.dropped_ms > 25_000
    assert rms_dbfs(out) > -40


def test_stereo_has_two_tracks() -> None:
    with pytest.raises(ValueError, match="2 tracks"):
        TimedRecorder(tracks=3)


def test_sources_may_come_and_go() -> None:
    recorder = TimedRecorder(mono=True, tracks=0)
    first = recorder.add_track()
    for k in range(50):
        recorder.write(first, CALLER[640 * k : 640 * k + 640], 20.0 * k)
    recorder.end_track(first)
    out = recorder.take(2000.0)
    later = recorder.add_track()
    assert later != first
    for k in range(10):
        recorder.write(later, AGENT[640 * k : 640 * k + 640], 2000.0 + 20.0 * k)
    out += recorder.finish(2200.0)
    assert out == CALLER[: 640 * 50] + bytes(640 * 50) + AGENT[: 640 * 10]


def test_what_a_source_gave_before_it_went_is_not_lost() -> None:
    recorder = TimedRecorder(mono=True, tracks=0)
    track = recorder.add_track()
    for k in range(10):
        recorder.write(track, CALLER[640 * k : 640 * k + 640], 20.0 * k)
    recorder.end_track(track)
    assert recorder.take(100.0) == b""
    assert recorder.finish(200.0) == CALLER[:6400]


def test_several_sources_of_one_side_are_mixed_there() -> None:
    recorder = TimedRecorder(tracks=0)
    tracks = [recorder.add_track(LEFT), recorder.add_track(RIGHT), recorder.add_track(RIGHT)]
    tones = [pcm(sine(hz, 100, dbfs=-20)) for hz in (300, 700, 1100)]
    for k in range(5):
        for track, tone in zip(tracks, tones, strict=True):
            recorder.write(track, tone[640 * k : 640 * k + 640], 20.0 * k)
    both = np.frombuffer(recorder.finish(100.0), "<i2").reshape(-1, 2)
    assert both[:, 0].tobytes() == tones[0]
    assert (both[:, 1] == floats(tones[1]) + floats(tones[2])).all()


@pytest.mark.parametrize("mono", [True, False])
def test_without_any_source_there_is_silence_as_long_as_it_took(mono: bool) -> None:
    recorder = TimedRecorder(mono=mono, tracks=0)
    assert recorder.finish(100.0) == bytes(3200 * (1 if mono else 2))
    assert recorder.finish(0.0) == b""


def test_frames_in_a_row_are_recorded_as_if_each_had_come_by_itself() -> None:
    audio = pcm(np.concatenate([voice(900), quiet(300), voice(700)]))

    def recorded(at_once: bool) -> bytes:
        recorder, at, place, out = TimedRecorder(mono=True), 40, 0, b""
        random = np.random.default_rng(3)
        while place < len(audio):
            count = int(random.integers(1, 12))
            piece = audio[place : place + 640 * count]
            if at_once:
                recorder.write_frames(LEFT, piece, at)
            else:
                for index, frame in enumerate(split(piece)):
                    recorder.write(LEFT, frame, at + 20 * index)
            place += len(piece)
            at += 20 * count + int(random.choice([0, 0, 3, 90, 200, 700, -300]))
            out += recorder.take(at)
        return out + recorder.finish(at)

    assert recorded(at_once=True) == recorded(at_once=False)
