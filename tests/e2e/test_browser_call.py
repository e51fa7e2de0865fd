"""Person, Chromium, softphone page, scenario, agent, and back: calls as somebody makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from tests.e2e.rig import AGENT_VOICE, CALLER_VOICE, SCENARIOS, Threaded, journal_of, threaded, voxrun
from tests.e2e.softphone import Softphone, softphone
from tests.e2e.sounds import channels, correlation, leak, piecewise, quiet, trimmed, write_wav
from voxrun.speech.base import Voice
from voxrun.speech.client import SpeechProcess

pytestmark = [pytest.mark.browser, pytest.mark.live]

GREETING = "Good morning, this is the harbour office."
QUESTION = "when does the ferry leave"
ANSWER = "The ferry leaves at seven in the evening."
AGENT = f"""
greeting: {GREETING}
voice: {{engine: espeak, name: en-us, variant: f2, pitch: 120}}
rules:
  - hears: [{QUESTION}]
    says: {ANSWER}
  - hears: [goodbye then]
    says: Have a good trip.
    hangs_up: true
otherwise: Pardon?
"""


@pytest.fixture(scope="module")
def playwright() -> Generator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def spoken(text: str, voice: Voice = CALLER_VOICE) -> bytes:
    async def render() -> bytes:
        speech = SpeechProcess(on_disk=False)
        try:
            return trimmed(await speech.render(text, voice))
        finally:
            await speech.close()

    with ThreadPoolExecutor(1) as pool:  # playwright's plain API keeps a loop in this thread
        return pool.submit(lambda: asyncio.run(render())).result()


def microphone(tmp: Path, *parts: bytes) -> Path:
    """A WAV for the fake microphone, which begins with the call."""
    return write_wav(tmp / "microphone.wav", b"".join(parts) + quiet(20))


def session_of(house: Threaded) -> str:
    house.until(lambda: house.house.sessions())
    (session,) = house.house.sessions()
    return session


def test_a_person_talks_with_the_agent_and_everything_is_kept(tmp_path: Path, playwright: Playwright) -> None:
    question = spoken(QUESTION)
    wav = microphone(tmp_path, quiet(6), question)
    with threaded(tmp_path, SCENARIOS / "inbound.js", agent=AGENT) as house:
        h = house.house
        with softphone(playwright, h.url, wav) as phone:
            phone.open()
            phone.call()
            session = session_of(house)
            house.until(lambda: ANSWER in h.transcripts("agent"))
            conversation = phone.conversation
            for text in (GREETING, QUESTION, ANSWER):
                expect(conversation).to_contain_text(text)
            phone.page.wait_for_timeout(500)
            phone.button("Hang up").click()
            phone.idle()
            house.do(h.ended(session))
            expect(phone.page.locator("#session-state")).to_contain_text("Ended")
            heard = phone.heard()
            assert phone.watch.foreign == []
            assert phone.watch.complaints == []
        assert h.ai is not None
        (wire,) = h.ai.wires
        house.until(lambda: wire.over)
        (record,) = h.ai.emulator.calls.values()
        assert record.end_reason == "hangup"
        folder = h.folder(session)
    left, right = channels(folder / "recording.wav")
    print(f"emulator heard the caller: {correlation(wire.got, question):.4f}")
    print(
        f"recording, right: {correlation(right, question):.4f}, leaks left: {leak(left, right, question):.4f}"
    )
    for text in (GREETING, ANSWER):
        speech = spoken(text, AGENT_VOICE)
        print(f"browser heard {text!r}: {correlation(heard, speech):.4f} {piecewise(heard, speech):.4f}")
        print(
            f"recording, left: {correlation(left, speech):.4f}, leaks right: {leak(right, left, speech):.4f}"
        )
        assert piecewise(heard, speech) > 0.9
        assert correlation(left, speech) > 0.9
        assert leak(right, left, speech) < 0.1
    assert piecewise(wire.got, question) > 0.9
    assert piecewise(right, question) > 0.9
    assert leak(left, right, question) < 0.1
    assert journal_of(folder)[-1]["state"] == "ended"
    assert QUESTION in (folder / "log.txt").read_text()
    replayed = voxrun("replay", folder)
    assert (replayed.returncode, "equal" in replayed.stdout) == (0, True), replayed.stdout
