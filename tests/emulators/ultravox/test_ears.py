"""Turns in the audio that really comes."""

from __future__ import annotations

import numpy as np
import pytest
from tests.emulators.ultravox.caller import buzz

from voxrun.emulators.ultravox.call_config import Vad
from voxrun.emulators.ultravox.ears import Ears, SpeechStarted, TurnDropped, TurnEnded
from voxrun.media.levels import rms_dbfs
from voxrun.media.resample import convert
from voxrun.media.runs import Run, Ticks

SPEECH = bytes(16_000) + buzz("good morning") + bytes(32_000)


def events(ears: Ears, pcm: bytes, size: int = 640) -> list[object]:
    found: list[object] = []
    for start in range(0, len(pcm), size):
        found += ears.feed(pcm[start : start + size], start / 32_000)
    return found


@pytest.mark.parametrize("size", [1, 7, 640, 6401, 100_000])
def test_a_turn_is_found_however_the_audio_is_cut(size: int) -> None:
    started, ended = events(Ears(16_000, Vad()), SPEECH, size)
    assert started == SpeechStarted()
    assert isinstance(ended, TurnEnded)
    assert ended.seconds == pytest.approx(0.72, abs=0.1)
    assert buzz("good morning")[2000:20000] in ended.pcm


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
def test_other_rates_are_brought_to_16_khz(rate: int) -> None:
    started, ended = events(Ears(rate, Vad()), convert(SPEECH, 16_000, rate), rate // 25)
    assert (started, type(ended)) == (SpeechStarted(), TurnEnded)


def test_a_pause_shorter_than_the_endpoint_delay_is_part_of_the_turn() -> None:
    pcm = bytes(16_000) + buzz("good") + bytes(32_000 * 6 // 10) + buzz("day") + bytes(64_000)
    patient = events(Ears(16_000, Vad(turn_endpoint_delay=0.8)), pcm)
    hasty = events(Ears(16_000, Vad(turn_endpoint_delay=0.3)), pcm)
    assert [type(event) for event in patient] == [SpeechStarted, TurnEnded]
    assert [type(event) for event in hasty] == [SpeechStarted, TurnEnded] * 2


def test_speech_shorter_than_a_turn_or_an_interruption_has_to_be() -> None:
    assert events(Ears(16_000, Vad(minimum_turn=2.0)), SPEECH) == []
    (ended,) = events(Ears(16_000, Vad(minimum_interruption=2.0)), SPEECH)
    assert isinstance(ended, TurnEnded)


def at_level(dbfs: float, pcm: bytes) -> bytes:
    """``pcm`` at another loudness."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    gain = 10 ** ((dbfs - rms_dbfs(pcm)) / 20)
    return np.rint(samples * gain).astype("<i2").tobytes()


def hush(seconds: float) -> bytes:
    """An open microphone in a silent room: never quite zero."""
    return (np.random.default_rng(1).random(int(16_000 * seconds)) < 0.05).astype("<i2").tobytes()


def test_the_burst_of_a_browser_that_starts_is_nobody_speaking_a_soft_voice_is_somebody() -> None:
    burst = np.random.default_rng(2).normal(0, 1000, 3200).astype("<i2").tobytes()
    assert events(Ears(16_000, Vad()), hush(0.2) + at_level(-49, burst) + hush(1)) == []
    soft = events(Ears(16_000, Vad()), hush(0.2) + at_level(-35, buzz("good morning")) + hush(1))
    assert [type(event) for event in soft] == [SpeechStarted, TurnEnded]


def test_silence_is_nothing_and_a_monologue_is_cut() -> None:
    assert events(Ears(16_000, Vad()), bytes(320_000)) == []
    turns = [event for event in events(Ears(16_000, Vad()), buzz("a" * 1100)) if isinstance(event, TurnEnded)]
    assert len(turns) >= 2
    assert all(len(turn.pcm) <= 32_000 * 31 for turn in turns)


def test_a_client_that_stops_sending_has_fallen_silent() -> None:
    ears = Ears(16_000, Vad())
    events(ears, SPEECH[: 16_000 + 20_000])
    due = ears.deadline
    assert due is not None
    assert ears.idle(due - 0.1) == []
    assert [type(event) for event in ears.idle(due)] == [TurnEnded]
    assert ears.deadline is None


def test_dropped_is_said_only_of_what_was_announced() -> None:
    ears = Ears(16_000, Vad(minimum_turn=0.5, minimum_interruption=0.5))
    found = events(ears, bytes(16_000) + buzz("go") + bytes(32_000))
    assert not [event for event in found if isinstance(event, TurnDropped)]


@pytest.mark.parametrize("most", [2, 9, 500])
def test_runs_of_frames_are_heard_as_frames_are(most: int) -> None:
    pcm = SPEECH + buzz("oh") + bytes(32_000) + SPEECH
    pcm += bytes(-len(pcm) % 640)
    one, many = Ears(16_000, Vad()), Ears(16_000, Vad())
    expected, found, place = list[object](), list[object](), 0
    while place < len(pcm):
        piece = pcm[place : place + 640 * most]
        count = len(piece) // 640
        run = Run(Ticks(0.0, place // 640, count), piece if any(piece) else None)
        taken = many.room(run)
        assert 1 <= taken <= count
        found.append((place + 640 * taken, many.take_run(run.ticks.time(taken - 1))))
        alone = [one.feed(piece[at : at + 640], (place + at) / 32_000) for at in range(0, 640 * taken, 640)]
        assert not any(alone[:-1])  # what comes of a run comes of its last frame
        expected.append((place + 640 * taken, alone[-1]))
        place += 640 * taken
    assert found == expected
    assert [type(event) for _, events in found for event in events] == [  # type: ignore[misc]
        *(SpeechStarted, TurnEnded),
        *(SpeechStarted, TurnEnded),
        *(SpeechStarted, TurnEnded),
    ]


def test_a_run_is_not_taken_where_half_a_frame_waits() -> None:
    ears = Ears(16_000, Vad())
    ears.feed(bytes(100), 0.0)
    assert ears.room(Run(Ticks(0.0, 0, 5), None)) == 0
    assert Ears(8_000, Vad()).room(Run(Ticks(0.0, 0, 5), None)) == 0
