"""What everybody has understood so far."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.replay.calls import VOICE, write

from voxrun.replay.call import Call
from voxrun.replay.ears import LOOK_MS, PATIENCE_MS, Ears
from voxrun.replay.failure import report
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_story
from voxrun.replay.texts import Wanted

TALKS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
  call.say('Good morning, these are many words to be heard.');
});
"""


def test_it_is_known_what_was_heard_and_when_to_listen_again(resources: Resources, tmp_path: Path) -> None:
    async def story(call: Call) -> None:
        ears = Ears(call.stage)
        person = call.stage.people["caller"]
        assert ears.until_heard(person, Wanted("heard")) == PATIENCE_MS  # nothing sounds yet
        await asyncio.sleep(1.5)
        words = ears.hear(person).stream.words
        assert words[:2] == ["Good", "morning,"]
        assert "heard." not in words
        assert LOOK_MS <= ears.until_heard(person, Wanted("heard")) < PATIENCE_MS
        same = ears.hear(person)
        assert ears.hear(person) is same
        ears.forget("caller")
        assert ears.hear(person) is not same

    script = write(tmp_path, VOICE + "steps: [hangup]", TALKS)
    outcome = play_story(script, story, resources)
    assert outcome.ok, report(outcome)
