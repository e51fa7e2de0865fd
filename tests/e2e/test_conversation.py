"""A call from one end to the other and back, with a caller that is no browser: aiortc at the WHIP door."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.e2e.rig import AGENT_VOICE, BRIDGE, house, journal_of
from tests.e2e.sounds import channels, correlation, leak, trimmed
from tests.e2e.telephone import Telephone

from voxrun.session.replay import replay

pytestmark = [pytest.mark.live, pytest.mark.alone]

AGENT = """
greeting: Good morning, this is the harbour office.
voice: {engine: espeak, name: en-us, variant: f2, pitch: 120}
rules:
  - hears: [when does the ferry leave]
    says: The ferry leaves at seven in the evening.
  - hears: [goodbye then]
    says: Have a good trip.
    hangs_up: true
otherwise: Pardon?
"""
GREETING = "Good morning, this is the harbour office."
ANSWER = "The ferry leaves at seven in the evening."


def test_caller_and_agent_hear_each_other_and_the_recording_holds_both(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, BRIDGE, agent=AGENT) as h:
            question = await h.render("when does the ferry leave")
            async with Telephone(h.url) as phone:
                await phone.call()
                await h.until(lambda: GREETING in h.transcripts("agent"))
                phone.say(question)
                await h.until(lambda: ANSWER in h.transcripts("agent"))
                assert h.transcripts("user") == ["when does the ferry leave"]
                answer = trimmed(await h.render(ANSWER, AGENT_VOICE))
                await phone.hears(answer)
                await phone.hang_up()
                session = phone.session
                await h.ended(session)
            assert h.ai is not None
            (wire,) = h.ai.wires
            await h.until(lambda: wire.over)
            own, folder = trimmed(question), h.folder(session)
            left, right = channels(folder / "recording.wav")
            assert correlation(wire.got, own) > 0.9
            assert correlation(right, own) > 0.9
            assert leak(left, right, own) < 0.1
            for speech in (trimmed(await h.render(GREETING, AGENT_VOICE)), answer):
                assert correlation(phone.heard, speech) > 0.9
                assert correlation(left, speech) > 0.9
                assert leak(right, left, speech) < 0.1
            assert journal_of(folder)[-1]["reason"] == "Normal termination"
            assert "when does the ferry leave" in (folder / "log.txt").read_text()
            assert await asyncio.to_thread(replay, folder, {}) == 0

    asyncio.run(story())


def test_goodbye_makes_the_agent_hang_up_and_that_ends_everything(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, BRIDGE, agent=AGENT) as h, Telephone(h.url) as phone:
            await phone.call()
            await h.until(lambda: h.transcripts("agent"))
            phone.say(await h.render("goodbye then"))
            ending = await h.ended(phone.session)
            assert ending.error is None
            assert h.transcripts("agent")[-1] == "Have a good trip."
            assert "closed 1000" in h.logs()
            await phone.over()
            assert h.ai is not None
            (record,) = h.ai.emulator.calls.values()
            assert record.end_reason == "agent_hangup"
            speech = trimmed(await h.render("Have a good trip.", AGENT_VOICE))
            left, _ = channels(h.folder(phone.session) / "recording.wav")
            assert correlation(left, speech) > 0.9  # the last word is played before the call ends
            print("HEARD", correlation(phone.heard, speech))

    asyncio.run(story())
