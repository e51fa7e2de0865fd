"""What calls share."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from voxrun.replay.resources import AtOnce, Resources, voices_of
from voxrun.replay.script import After, Callee, CallScript, Interrupt, Say
from voxrun.speech.base import Voice
from voxrun.speech.phrases import DEFAULT_VOICES

SCRIPT = CallScript(Path("a.call.yaml"), (), voice=Voice("espeak"))


def test_work_is_done_when_it_is_given() -> None:
    disk = AtOnce()
    assert disk.submit(lambda: 3).result(0) == 3
    with pytest.raises(ZeroDivisionError):
        disk.submit(lambda: 1 // 0).result(0)


def test_the_recogniser_knows_the_voices_of_a_script_and_is_shared(resources: Resources) -> None:
    script = replace(
        SCRIPT,
        callees=(Callee("bob", voice=Voice(name="en-gb"), does=(Say("x", voice=Voice(name="ru")),)),),
        steps=(Interrupt(Say("y", voice=Voice(name="de")), After()), Say("z")),
    )
    assert [voice.name for voice in voices_of(script)] == ["en-us", "en-gb", "de", "ru"]
    assert resources.matcher(SCRIPT) is resources.matcher(replace(SCRIPT, seed=3))
    assert resources.matcher(SCRIPT) is not resources.matcher(script)


def test_a_recording_of_somebody_is_compared_with_the_usual_voices() -> None:
    script = replace(SCRIPT, steps=(Say(audio=Path("a.wav")),))
    assert set(voices_of(script)) == {Voice("espeak"), *DEFAULT_VOICES}
