"""What people do, one step at a time; ``test_call`` has whole conversations, ``test_telephone`` the rest."""

from __future__ import annotations

from pathlib import Path

from tests.replay.calls import VOICE, fails, write

from voxrun.replay.acting import KEY_MS, POLITE_MS
from voxrun.replay.call import Call
from voxrun.replay.failure import report
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_story
from voxrun.replay.script import After, Beep, Dtmf, Interrupt, Say, Silence

TALKS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
  setTimeout(() => call.say('Good morning, these are many words to be heard.'), 1000);
});
"""
SINGS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  VoxEngine.createToneScriptPlayer('350@-19,440@-19;*(*/0/1)', { loop: true }).sendMediaTo(call);
});
"""


def test_each_step_takes_its_time(resources: Resources, tmp_path: Path) -> None:
    """Keys one by one, tones at once, words when it is quiet, an interruption while it is not."""

    async def story(call: Call) -> None:
        person = call.stage.people["caller"]

        async def takes(step: Dtmf | Beep | Say | Silence | Interrupt) -> int:
            began = call.stage.now
            await call.perform(step)
            return call.stage.now - began

        assert await takes(Dtmf("123")) == 3 * KEY_MS
        assert 300 <= await takes(Beep(1000, 300)) <= 340
        assert await takes(Interrupt(Say("no"), After(ms=500))) > 500
        (cut,) = [moment for moment in call.stage.timeline.moments if moment.data.get("interrupts")]
        assert person.interrupted_at == cut.at
        assert 1500 <= cut.at < 1700
        await takes(Say("hello"))
        (hello,) = [moment for moment in call.stage.timeline.moments if moment.text == "hello"]
        assert person.sound.last is not None
        assert hello.at - person.sound.last >= POLITE_MS
        assert 2000 <= await takes(Silence(2000)) < 2100

    outcome = play_story(write(tmp_path, VOICE + "steps: [hangup]", TALKS), story, resources)
    assert outcome.ok, report(outcome)


def test_who_never_gets_a_word_in_is_told_how(resources: Resources, tmp_path: Path) -> None:
    assert "to speak over it, use 'interrupt'" in fails(resources, tmp_path, "steps: [{say: hello}]", SINGS)
    text = fails(resources, tmp_path, "steps: [{interrupt: no, after: these words}]", SINGS)
    assert "the other side never said" in text
