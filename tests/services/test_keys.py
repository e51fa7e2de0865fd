"""Keys as sound: told once, and kept from those who listen to the call."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from tests.harness import Stage, play
from tests.media.signals import floats, pcm, tone_level, voice

from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.dtmf import generate

SOURCE = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.handleTones(%s);
  call.addEventListener(CallEvents.ToneReceived, (e) => Logger.write(e.tone + " " + e.type));
  call.addEventListener(CallEvents.MessageReceived, () => call.handleTones(false));
  const other = VoxEngine.callUser("bob", "me");
  other.addEventListener(CallEvents.Connected, () => call.sendMediaTo(other));
});
"""


async def talking(stage: Stage, how: str) -> tuple[ScriptedLeg, ScriptedLeg]:
    leg = await stage.call_in(SOURCE % how)
    other = await stage.dialled_leg()
    other.remote.answer()
    await stage.until(lambda: leg.connected)
    return leg, other


@pytest.mark.parametrize(
    ("how", "heard"),
    [
        ("true", ["1 2", "5 1", "7 3"]),
        ("true, DTMFType.ALL", ["1 2", "5 1", "7 3"]),
        ("true, DTMFType.TELEPHONE_EVENT", ["5 1"]),
        ("true, DTMFType.IN_BAND", ["1 2"]),
        ("true, DTMFType.SIP_INFO", ["7 3"]),
        ("true, 2", ["1 2"]),
        ("true, 'nonsense'", ["1 2", "5 1", "7 3"]),
        ("false", []),
    ],
)
def test_handle_tones_takes_the_types_that_it_was_told(how: str, heard: list[str]) -> None:
    async def story(stage: Stage) -> None:
        leg, _ = await talking(stage, how)
        leg.remote.speak(generate("1"))
        await asyncio.sleep(0.5)
        leg.remote.press("5")
        leg.remote.press("7", "info")
        await asyncio.sleep(0.5)
        assert stage.logs() == heard

    play(story)


def test_with_all_a_received_rfc_2833_tone_switches_in_band_detection_off() -> None:
    async def story(stage: Stage) -> None:
        leg, _ = await talking(stage, "true")
        leg.remote.press("5")
        leg.remote.speak(generate("12"))
        await asyncio.sleep(1)
        assert stage.logs() == ["5 1"]

    play(story)


def test_digits_are_removed_from_the_audio_and_speech_is_not() -> None:
    async def story(stage: Stage) -> None:
        leg, other = await talking(stage, "true")
        words = pcm(voice(1000))
        leg.remote.speak(words + generate("0", tone_ms=300) + words)
        await asyncio.sleep(3)
        assert stage.logs() == ["0 2"]
        heard = floats(other.heard_pcm())
        key = heard[heard.size // 2 - 4000 : heard.size // 2 + 4000]
        assert max(tone_level(key, 941), tone_level(key, 1336)) < -45
        assert np.sqrt(np.mean(heard**2)) > 1000

    play(story)


def test_without_handle_tones_keys_stay_in_the_audio() -> None:
    async def story(stage: Stage) -> None:
        leg, other = await talking(stage, "false")
        leg.remote.speak(generate("0", tone_ms=300))
        await asyncio.sleep(1)
        assert generate("0", tone_ms=300)[:9600] in other.heard_pcm()

    play(story)


def test_switched_off_keys_are_told_no_more() -> None:
    async def story(stage: Stage) -> None:
        leg, _ = await talking(stage, "true")
        leg.remote.message("off")
        await asyncio.sleep(0.1)
        leg.remote.speak(generate("1"))
        leg.remote.press("5")
        await asyncio.sleep(0.5)
        assert stage.logs() == []

    play(story)
