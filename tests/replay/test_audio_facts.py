"""Facts about the sound on a line, on audio made for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from voxrun.media.frames import FRAME_BYTES, FRAME_MS, SAMPLE_RATE
from voxrun.replay.audio_facts import Line, Verdict, judge
from voxrun.replay.people import Sound
from voxrun.replay.script import Wish


def tone(ms: int, hertz: int = 425, peak: int = 8000) -> bytes:
    at = np.arange(ms * SAMPLE_RATE // 1000) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hertz * at) * peak).astype("<i2").tobytes()


def sound(*pieces: tuple[int, bytes]) -> Sound:
    made = Sound()
    for start, pcm in pieces:
        for index in range(0, len(pcm), FRAME_BYTES):
            made.add(start + index // FRAME_BYTES * FRAME_MS, pcm[index : index + FRAME_BYTES])
    return made


def ask(fact: Any, low: int, heard: Sound, said: Sound | None = None, high: int = 0, **line: Any) -> Verdict:
    given = {"since": 0, "now": 5000, **line}
    return judge(Wish("audio", audio=fact, low=low, high=high), Line(heard, said or Sound(), **given))


def test_speech_and_silence() -> None:
    heard = sound((1000, tone(800)), (3000, tone(400)))
    assert ask("speech", 1200, heard).holds
    assert ask("speech", 1220, heard).holds is None
    assert ask("speech", 500, heard, since=2000).holds is None
    assert ask("silence", 1600, heard).holds
    assert ask("silence", 1700, heard).holds is None
    assert ask("silence", 1700, heard).text == "the longest silence was 1600 ms"


def test_a_tone_by_its_frequency() -> None:
    assert ask("tone", 425, sound((0, tone(1000)))).holds
    verdict = ask("tone", 440, sound((0, tone(1000))))
    assert verdict.holds is None
    assert abs(int(verdict.text.split()[-2]) - 425) <= 5
    assert ask("tone", 425, sound((0, tone(300)))).holds is None


def test_the_level_of_what_is_heard() -> None:
    heard = sound((0, tone(1000, peak=3277)))  # -20 dBFS peak, -23 RMS
    assert ask("level", -24, heard, high=-22).holds
    assert ask("level", -20, heard, high=-10).holds is None


def test_the_gap_after_speech() -> None:
    said, heard = sound((0, tone(1000))), sound((1600, tone(500)))
    assert ask("gap", 600, heard, said).holds
    assert ask("gap", 580, heard, said).holds is False
    assert ask("gap", 2000, Sound(), said, now=2000).holds is None
    assert ask("gap", 2000, Sound(), said, now=3100).holds is False
    assert ask("gap", 2000, heard).holds is False


def test_both_at_once() -> None:
    said, heard = sound((1000, tone(1000))), sound((1800, tone(500)))
    assert ask("overlap", 200, heard, said).holds
    assert ask("overlap", 180, heard, said).holds is False


def test_how_fast_the_other_side_stops() -> None:
    heard = sound((0, tone(1400)), (3000, tone(500)))
    assert ask("stops_within", 400, heard, interrupted_at=1000).holds
    assert ask("stops_within", 380, heard, interrupted_at=1000).holds is False
    assert ask("stops_within", 400, heard, interrupted_at=1000, now=1500).holds is None
    assert ask("stops_within", 400, heard).holds is False


def test_lengths_may_be_off_where_the_line_says_so() -> None:
    heard = sound((0, tone(900)), (2000, tone(100)))
    said = sound((0, tone(1500)))
    for fact, low, high in (("speech", 1100, 1300), ("silence", 1200, 1400)):
        assert ask(fact, low, heard, slack=200, now=2100).holds
        assert ask(fact, high, heard, slack=200, now=2100).holds is None
        assert ask(fact, low, heard, now=2100).holds is None
    assert ask("gap", 400, heard, said, slack=200).holds
    assert ask("gap", 400, heard, said).holds is False
    assert ask("overlap", 800, heard, said, slack=200).holds
    assert ask("stops_within", 800, heard, interrupted_at=0, slack=200, now=2600).holds
