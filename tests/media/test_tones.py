import numpy as np
import pytest
from signals import floats, tone_level

from voxrun.media.frames import SILENCE
from voxrun.media.tones import Beat, Section, Tone, ToneGenerator, Wave, beep, progress_tone


def play(tone: Tone, frames: int, *, loop: bool = False) -> list[bytes]:
    generator = ToneGenerator(tone, loop=loop)
    out = []
    for _ in range(frames):
        frame = generator.next_frame()
        if frame is None:
            break
        out.append(frame)
    return out


def sounding(frames: list[bytes]) -> str:
    return "".join("." if frame is SILENCE else "#" for frame in frames)


def test_american_ringback_is_two_seconds_in_six() -> None:
    frames = play(progress_tone("US"), 600)
    assert sounding(frames) == ("#" * 100 + "." * 200) * 2
    second = floats(b"".join(frames[:50]))
    assert tone_level(second, 440) == pytest.approx(-19 - 6.18, abs=0.1)
    assert tone_level(second, 480) == pytest.approx(-19 - 6.18, abs=0.1)
    assert tone_level(second, 425) < -60


def test_russian_ringback_is_425_hz_for_800_ms_in_four_seconds() -> None:
    frames = play(progress_tone("ru", "ringback"), 400)
    assert sounding(frames) == ("#" * 40 + "." * 160) * 2
    assert tone_level(floats(b"".join(frames[:40])), 425) == pytest.approx(-19.18, abs=0.1)


@pytest.mark.parametrize(
    ("country", "name", "on", "off"),
    [("US", "busy", 25, 25), ("RU", "busy", 20, 20), ("RU", "congestion", 10, 10)],
)
def test_busy_and_congestion(country: str, name: str, on: int, off: int) -> None:
    frames = play(progress_tone(country, name), 4 * (on + off))  # type: ignore[arg-type]
    assert sounding(frames) == ("#" * on + "." * off) * 4


def test_a_cadence_may_change_inside_a_frame() -> None:
    sound = floats(b"".join(play(progress_tone("US", "congestion"), 100)))
    loud = np.abs(sound).reshape(-1, 80).max(axis=1) > 0  # steps of 5 ms
    assert loud.tolist() == ([True] * 50 + [False] * 50) * 4


def test_a_dial_tone_has_no_end_and_no_seam() -> None:
    frames = play(progress_tone("US", "dial"), 500)
    assert len(frames) == 500
    sound = floats(b"".join(frames))
    assert np.abs(np.diff(sound)).max() < 2 * np.pi * 440 / 16_000 * np.abs(sound).max() * 1.05


def test_an_unknown_country_is_named() -> None:
    with pytest.raises(ValueError, match="no tones for 'FR'; known are US and RU"):
        progress_tone("FR")


def test_sections_follow_each_other_and_stop() -> None:
    stutter = Tone(
        (Wave(350), Wave(440)),
        (Section((Beat(0.1, 0.1, (0, 1)),), 1.0), Section((Beat(0.2, 0.0, (0,)),), 0.4)),
    )
    frames = play(stutter, 1000)
    assert sounding(frames) == ("#" * 5 + "." * 5) * 5 + "#" * 20
    assert tone_level(floats(b"".join(frames[50:])), 440) < -60
    assert len(play(stutter, 1000, loop=True)) == 1000


def test_the_last_frame_is_filled_up_with_silence() -> None:
    frames = play(Tone((Wave(1000),), (Section((Beat(None),), 0.03),)), 10)
    assert len(frames) == 2
    assert frames[1][320:] == bytes(320)
    assert frames[1][:320] != bytes(320)


def test_a_beat_may_be_silent() -> None:
    tone = Tone((Wave(1000),), (Section((Beat(0.1), Beat(0.1, waves=())), 0.4),))
    assert sounding(play(tone, 100)) == "#####.....#####....."


def test_odd_lengths_do_not_add_up_errors() -> None:
    tone = Tone((Wave(1000),), (Section((Beat(1 / 3, 1 / 3),), 60.0),))
    frames = play(tone, 10_000)
    assert len(frames) == 3000
    last = np.abs(floats(b"".join(frames)))[-16_000 // 3 :]
    assert last[5:].max() == 0


def test_two_runs_give_the_same_bytes() -> None:
    assert play(progress_tone("RU"), 50) == play(progress_tone("RU"), 50)


def test_loud_waves_saturate() -> None:
    frames = play(Tone((Wave(500, 3.0), Wave(520, 3.0)), (Section((Beat(None, waves=(0, 1)),)),)), 30)
    assert np.abs(floats(b"".join(frames))).max() >= 32767


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Tone((Wave(9000),), ()), "9000 Hz is not between"),
        (lambda: Tone((Wave(440),), (Section((Beat(0.0, 0.0),)),)), "a beat that lasts"),
        (lambda: Tone((Wave(440),), (Section(()),)), "a beat that lasts"),
        (lambda: Tone((Wave(440),), (Section((Beat(-1.0),)),)), "not be negative"),
        (lambda: Tone((Wave(440),), (Section((Beat(1.0, waves=(1,)),)),)), "not there: there are 1"),
    ],
)
def test_senseless_tones_are_refused(build, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        build()


def test_a_tone_of_nothing_is_over_at_once() -> None:
    assert play(Tone((), ()), 5) == []
    assert play(Tone((Wave(440),), (Section((Beat(1.0),), 0.0),)), 5, loop=True) == []


def test_a_beep_is_one_sine_of_its_length() -> None:
    pcm = beep(1000, 400)
    assert len(pcm) == 400 * 32
    assert tone_level(floats(pcm), 1000) == pytest.approx(-12 - 6.18, abs=0.1)
    with pytest.raises(ValueError, match="between 0 and 8000"):
        beep(9000, 400)
