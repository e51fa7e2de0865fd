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


@pytest.mark.alone
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
        # The browser's jitter buffer stretches time while it plays; on the wire and in the file nothing may.
        assert piecewise(heard, speech) > 0.9
        assert correlation(left, speech) > 0.9
        assert leak(right, left, speech) < 0.1
    assert correlation(wire.got, question) > 0.9
    assert correlation(right, question) > 0.9
    assert leak(left, right, question) < 0.1
    assert journal_of(folder)[-1]["state"] == "ended"
    assert QUESTION in (folder / "log.txt").read_text()
    replayed = voxrun("replay", folder)
    assert (replayed.returncode, "equal" in replayed.stdout) == (0, True), replayed.stdout


def test_a_silent_microphone_as_the_page_sets_it_up_does_not_cut_the_greeting(
    tmp_path: Path, playwright: Playwright
) -> None:
    with threaded(tmp_path, SCENARIOS / "inbound.js", agent=AGENT) as house:
        h = house.house
        with softphone(playwright, h.url, microphone(tmp_path)) as phone:
            phone.open("")  # with the browser's own echo and noise processing, as people use it
            phone.call()
            session = session_of(house)
            house.until(lambda: GREETING in h.transcripts("agent"))
            phone.button("Hang up").click()
            phone.idle()
            house.do(h.ended(session))
        folder = h.folder(session)
    kinds = [str(record.get("kind", "")) for record in journal_of(folder)]
    assert not any(kind.endswith(".PlaybackClearBuffer") for kind in kinds)


STORY = (
    "Once upon a time there was a lighthouse keeper, who counted every ship that went by, day and night, " * 2
)
BARGE_IN = f"""
greeting: "{STORY}"
voice: {{engine: espeak, name: en-us, variant: f2, pitch: 120}}
rules:
  - hears: [please stop talking now]
    says: All right.
"""
MOST_MS = 500
"""From playback_clear_buffer to silence at the ear: our part is 40 ms (bench/), the rest is the browser's
jitter buffer and this machine."""


@pytest.mark.alone
def test_speaking_over_the_agent_silences_it(tmp_path: Path, playwright: Playwright) -> None:
    wav = microphone(tmp_path, quiet(5), spoken("please stop talking now"))
    with threaded(tmp_path, SCENARIOS / "barge-in.js", agent=BARGE_IN) as house:
        h = house.house
        with softphone(playwright, h.url, wav) as phone:
            phone.open()
            phone.call()
            session = session_of(house)
            house.until(lambda: h.events(".PlaybackClearBuffer"))
            house.until(lambda: "All right." in h.transcripts("agent"))
            (header,) = h.of("header")
            (clear,) = [
                r for r in h.of("wire", dir="in") if r["payload"].get("type") == "playback_clear_buffer"
            ]
            cleared_at = header["startMs"] + clear["t"]
            levels = phone.levels()
            cut = next(text for text in h.transcripts("agent") if text.startswith("Once"))
            expect(phone.conversation).to_contain_text("interrupted")
            phone.button("Hang up").click()
            house.do(h.ended(session))
    before = [level for at, level in levels if cleared_at - 2000 < at < cleared_at]
    assert max(before) > -35, "the agent was not heard before"
    loud = [at for at, level in levels if level > -50]
    silent_from = next(
        at
        for at, after in zip(loud, [*loud[1:], float("inf")], strict=True)
        if at >= cleared_at - 500 and after - at > 300
    )
    print(f"playback_clear_buffer to the last sound in the browser: {silent_from - cleared_at:.0f} ms")
    assert silent_from - cleared_at < MOST_MS
    assert len(cut) < len(STORY) * 0.8
    assert any("interruption 1" in line for line in h.logs())


def test_a_goodbye_lets_the_agent_end_the_call_of_the_page(tmp_path: Path, playwright: Playwright) -> None:
    wav = microphone(tmp_path, quiet(6), spoken("goodbye then"))
    with threaded(tmp_path, SCENARIOS / "inbound.js", agent=AGENT) as house:
        h = house.house
        with softphone(playwright, h.url, wav) as phone:
            phone.open()
            phone.call()
            session = session_of(house)
            assert house.do(h.ended(session)).error is None
            phone.idle()
            expect(phone.last_call).to_be_visible()
            expect(phone.conversation).to_contain_text("Have a good trip.")
        assert "agent has gone: 1000 " in "\n".join(h.logs()) + " "
        assert h.ai is not None
        (record,) = h.ai.emulator.calls.values()
        assert record.end_reason == "agent_hangup"


TONES = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.ToneReceived, ({ tone, type }) => Logger.write(`tone ${tone} ${type}`));
});
"""
"""A second script of the rule: tells how each key came (1: RFC 4733, 2: in the audio, 3: as a message)."""


def test_keys_of_the_keypad_arrive_by_rfc_4733(tmp_path: Path, playwright: Playwright) -> None:
    agent = "rules:\n  - hears: [my parcel number is 4 7 1 1]\n    says: It comes today.\n"
    with threaded(tmp_path, SCENARIOS / "dtmf-to-text.js", TONES, agent=agent) as house:
        h = house.house
        with softphone(playwright, h.url, microphone(tmp_path, quiet(1))) as phone:
            phone.open()
            phone.call()
            for key in "4711":
                phone.page.locator("#keypad").get_by_role("button", name=key, exact=True).click()
            phone.page.locator("#keypad").get_by_role("button", name="hash").click()
            house.until(lambda: sum(line.startswith("tone ") for line in h.logs()) == 5)
            tones = h.events("Call.ToneReceived")
            assert [event["tone"] for event in tones] == ["4", "7", "1", "1", "#"]
            assert [line for line in h.logs() if line.startswith("tone ")] == [
                f"tone {key} 1" for key in "4711#"
            ]
            house.until(lambda: "typed: 4711" in h.logs())
            house.until(lambda: "It comes today." in h.transcripts("agent"))
            expect(phone.conversation).to_contain_text("You pressed 4711")
            phone.button("Hang up").click()
            house.do(h.ended(session_of(house)))


@pytest.mark.alone
def test_closing_the_tab_disconnects_and_ends_the_session(tmp_path: Path, playwright: Playwright) -> None:
    with threaded(tmp_path, SCENARIOS / "inbound.js", agent=AGENT) as house:
        h = house.house
        with softphone(playwright, h.url, microphone(tmp_path, quiet(1))) as phone:
            phone.open()
            phone.call()
            session = session_of(house)
            house.until(lambda: GREETING in h.transcripts("agent"))
            phone.page.close()
            assert house.do(h.ended(session)).reason == "Normal termination"
            assert len(h.events("Call.Disconnected")) == 1
        assert h.ai is not None
        house.until(lambda: all(wire.over for wire in h.ai.wires))
        left, right = channels(h.folder(session) / "recording.wav")
        assert len(left) == len(right)
        assert correlation(left, spoken(GREETING, AGENT_VOICE)) > 0.9


OUTBOUND_AGENT = """
greeting: Will you come tomorrow at nine?
voice: {engine: espeak, name: en-us, variant: f2, pitch: 120}
rules:
  - hears: [yes I will come]
    says: Thank you, goodbye.
    hangs_up: true
otherwise: Pardon?
"""


def ring(house: Threaded, phone: Softphone) -> str:
    """Start the scenario with custom data on the page; the page rings. Gives the session."""
    phone.open("?processing=off&user=alice")
    phone.page.locator("#custom-data").fill('{"user": "alice", "callerid": "4711"}')
    phone.button("Start session").click()
    expect(phone.button("Answer")).to_be_visible()
    expect(phone.page.locator("#incoming")).to_contain_text("Dental practice")
    return session_of(house)


@pytest.mark.alone
def test_the_page_answers_a_call_that_the_scenario_makes(tmp_path: Path, playwright: Playwright) -> None:
    wav = microphone(tmp_path, quiet(5), spoken("yes I will come"))
    with threaded(tmp_path, SCENARIOS / "outbound.js", agent=OUTBOUND_AGENT) as house:
        h = house.house
        with softphone(playwright, h.url, wav) as phone:
            session = ring(house, phone)
            house.until(lambda: "ringing" in h.logs())
            phone.button("Answer").click()
            phone.connected()
            house.until(lambda: "answered" in h.logs())
            assert house.do(h.ended(session)).error is None
            phone.idle()
            heard = phone.heard()
        assert h.transcripts("user") == ["yes I will come"]
        assert h.transcripts("agent")[-1] == "Thank you, goodbye."
        assert piecewise(heard, spoken("Will you come tomorrow at nine?", AGENT_VOICE)) > 0.9


def test_a_call_that_the_page_declines_failed_with_603(tmp_path: Path, playwright: Playwright) -> None:
    with threaded(tmp_path, SCENARIOS / "outbound.js", agent=OUTBOUND_AGENT) as house:
        h = house.house
        with softphone(playwright, h.url) as phone:
            session = ring(house, phone)
            phone.button("Decline").click()
            house.do(h.ended(session))
            (failed,) = h.events("Call.Failed")
            assert (failed["code"], failed["reason"]) == (603, "Decline")
            assert any(line.startswith("not answered: 603") for line in h.logs())
            phone.idle()


def test_the_page_hangs_up_a_call_that_it_answered(tmp_path: Path, playwright: Playwright) -> None:
    with threaded(tmp_path, SCENARIOS / "outbound.js", agent=OUTBOUND_AGENT) as house:
        h = house.house
        with softphone(playwright, h.url, microphone(tmp_path, quiet(1))) as phone:
            session = ring(house, phone)
            phone.button("Answer").click()
            phone.connected()
            house.until(lambda: h.transcripts("agent"))
            phone.button("Hang up").click()
            assert house.do(h.ended(session)).error is None
            assert len(h.events("Call.Disconnected")) == 1
            phone.idle()
            assert phone.watch.complaints == []
