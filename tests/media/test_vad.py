import numpy as np
import pytest
from signals import Floats, noise, pcm, quiet, voice

from voxrun.media.frames import SILENCE, split
from voxrun.media.vad import SpeechDetector, Transition, VadSettings


def run(audio: Floats, settings: VadSettings | None = None) -> list[Transition]:
    detector = SpeechDetector(settings)
    found = [detector.feed(frame) for frame in split(pcm(audio))]
    return [t for t in found if t is not None]


def utterances(*lengths: float, pause: float, level: float = -20.0) -> Floats:
    parts = [quiet(1000)]
    for seed, ms in enumerate(lengths):
        parts += [voice(ms, seed=seed + 1, dbfs=level), quiet(pause)]
    return np.concatenate(parts)


def test_speech_starts_and_ends_where_it_does_in_the_audio() -> None:
    start, end = run(utterances(1200, pause=1000))
    assert start.kind == "start"
    assert start.at_ms == pytest.approx(1000, abs=60)
    assert start.decided_ms - start.at_ms >= 60
    assert start.decided_ms <= 1160
    assert end.kind == "end"
    assert end.at_ms == pytest.approx(2200, abs=100)
    assert end.decided_ms == end.at_ms + 400  # 384 ms in whole frames
    assert end.speech_ms == end.at_ms - start.at_ms


def test_a_pause_shorter_than_the_end_delay_is_part_of_the_turn() -> None:
    audio = utterances(600, 600, pause=240)
    assert [t.kind for t in run(audio)] == ["start"]
    short = run(audio, VadSettings(end_delay_ms=100))
    assert [t.kind for t in short] == ["start", "end", "start", "end"]


def test_speech_shorter_than_the_minimum_starts_nothing() -> None:
    audio = utterances(160, pause=800)
    assert [t.kind for t in run(audio, VadSettings(minimum_speech_ms=60))] == ["start", "end"]
    assert run(audio, VadSettings(minimum_speech_ms=400)) == []


def test_short_sounds_far_apart_do_not_add_up_to_speech() -> None:
    clicks = np.concatenate([np.concatenate([voice(100, seed=seed), quiet(500)]) for seed in range(12)])
    assert run(clicks, VadSettings(minimum_speech_ms=400)) == []


def test_minimum_interruption_of_90_ms_needs_five_voiced_frames() -> None:
    (start, _) = run(utterances(900, pause=800), VadSettings(minimum_speech_ms=90))
    assert start.decided_ms - start.at_ms >= 100


@pytest.mark.parametrize("level", [-20.0, -32.0, -44.0])
def test_quiet_speech_is_heard(level: float) -> None:
    assert [t.kind for t in run(utterances(1200, pause=800, level=level))] == ["start", "end"]


def test_speech_is_heard_through_noise_at_20_db_and_the_noise_alone_is_not() -> None:
    clean = np.concatenate([quiet(1000), voice(1500, seed=9), quiet(1500)])
    noisy = clean + noise(4000, dbfs=-40)
    start, end = run(noisy)
    assert start.at_ms == pytest.approx(1000, abs=120)
    assert end.at_ms == pytest.approx(2500, abs=200)
    assert run(noise(4000, dbfs=-40)) == []


def test_noise_that_sets_in_suddenly_is_no_speech() -> None:
    assert run(np.concatenate([quiet(500), noise(2000, dbfs=-40), quiet(500)])) == []


def test_what_lies_under_the_floor_is_no_speech() -> None:
    audio = utterances(1200, pause=600, level=-50)
    assert run(audio, VadSettings(floor_dbfs=-40.0)) == []


def test_the_shared_silence_and_zeros_count_time_and_nothing_else() -> None:
    detector = SpeechDetector()
    for frame in (SILENCE, bytes(640), SILENCE):
        assert detector.feed(frame) is None
    assert detector.now_ms == 60
    assert not detector.voiced
    assert detector.quiet_ms == 60


def test_the_detector_says_how_long_somebody_has_been_speaking() -> None:
    detector = SpeechDetector()
    for frame in split(pcm(np.concatenate([quiet(200), voice(800, seed=2)]))):
        detector.feed(frame)
    assert detector.speaking
    assert detector.speech_ms == pytest.approx(800, abs=100)
    end = detector.finish()
    assert end is not None
    assert end.kind == "end"
    assert not detector.speaking
    assert detector.speech_ms == 0
    assert detector.finish() is None


def test_reset_makes_it_like_new() -> None:
    audio = list(split(pcm(utterances(800, pause=700))))
    detector = SpeechDetector()
    first = [detector.feed(frame) for frame in audio]
    detector.reset()
    assert [detector.feed(frame) for frame in audio] == first


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="activation"):
        VadSettings(activation=1.5)
    with pytest.raises(ValueError, match="negative"):
        VadSettings(end_delay_ms=-1)


def test_silence_in_one_piece_is_as_silence_frame_by_frame() -> None:
    def run_with(at_once: bool) -> list[Transition | None]:
        detector = SpeechDetector()
        found: list[Transition | None] = []
        for part in (voice(40), voice(800), voice(500)):
            found += [detector.feed(frame) for frame in split(pcm(part))]
            while detector.speaking:
                found.append(detector.feed(SILENCE))
            if at_once:
                detector.feed_silence(30)
            else:
                assert not any(detector.feed(SILENCE) for _ in range(30))
        return found

    assert run_with(at_once=True) == run_with(at_once=False)


def test_silence_that_may_end_speech_is_not_taken_in_one_piece() -> None:
    detector = SpeechDetector()
    for frame in split(pcm(voice(500))):
        detector.feed(frame)
    assert detector.speaking
    with pytest.raises(ValueError, match="frame by frame"):
        detector.feed_silence(1)
