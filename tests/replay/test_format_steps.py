"""Steps and expectations as they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.test_format import read, wrong

from voxrun.errors import ScriptError
from voxrun.replay import format_steps
from voxrun.replay.script import After, Beep, Dtmf, Hangup, HttpCall, Interrupt, Say, Silence, Wait
from voxrun.replay.texts import Wanted


def test_every_step_has_its_long_form(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"x")
    script = read(
        tmp_path,
        """
callees: {bob: {answers: 2s}}
steps:
  - say: {text: hi, voice: en-gb, as: bob}
  - say: {audio: a.wav}
  - {interrupt: no, after: 40%}
  - {interrupt: no, after: 1.5s}
  - {interrupt: no, after: once upon}
  - {dtmf: 1, as: bob}
  - silence: 300ms
  - wait: 2
  - tone: 850
  - {tone: 1400, for: 1.2s, as: bob}
  - http: {method: get, path: /a, body: {a: 1}, reply: 204}
  - {hangup: {as: bob}}
""",
    )
    say, audio, percent, seconds, words, dtmf, silence, wait, tone, beep, http, hangup = script.steps
    assert isinstance(say, Say)
    assert (say.voice and say.voice.name, say.who) == ("en-gb", "bob")
    assert isinstance(audio, Say)
    assert audio.audio == tmp_path / "a.wav"
    assert isinstance(percent, Interrupt)
    assert percent.after == After(percent=40)
    assert isinstance(seconds, Interrupt)
    assert seconds.after == After(ms=1500)
    assert isinstance(words, Interrupt)
    assert words.after == After(words=Wanted("once upon"))
    assert isinstance(dtmf, Dtmf)
    assert isinstance(silence, Silence)
    assert silence.ms == 300
    assert isinstance(wait, Wait)
    assert wait.ms == 2000
    assert isinstance(tone, Beep)
    assert (tone.hz, tone.ms, tone.who) == (850, 400, "")
    assert isinstance(beep, Beep)
    assert (beep.hz, beep.ms, beep.who) == (1400, 1200, "bob")
    assert isinstance(http, HttpCall)
    assert (http.method, http.body, http.reply and http.reply.status) == ("GET", '{"a":1}', 204)
    assert isinstance(hangup, Hangup)
    assert hangup.who == "bob"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("tone: loud", "must be a number"),
        ("tone: 9000", "7900"),
        ("{tone: 1000, for: 0s}", "more than 0 s"),
        ("{tone: 1000, for: 61s}", "at most 60 s"),
        ("{tone: 1000, level: 3}", "level"),
    ],
)
def test_a_tone_that_cannot_be_played_is_told(tmp_path: Path, step: str, message: str) -> None:
    with pytest.raises(ScriptError, match=message):
        read(tmp_path, f"steps:\n  - {step}\n")


def test_ten_thousand_steps_are_read_and_more_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(read(tmp_path, "steps:\n" + "  - hangup\n" * 10_000).steps) == 10_000
    monkeypatch.setattr(format_steps, "MOST_STEPS", 1000)
    found = wrong(tmp_path, "steps:\n" + "  - hangup\n" * 1001)
    assert "it.call.yaml:1002:5: the script has 1,001 steps; 1,000 are the most for one call" in found
