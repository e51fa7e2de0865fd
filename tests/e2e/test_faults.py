"""What goes wrong between voxrun, its callers and its AI: told, survived, recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.e2e.rig import BRIDGE, SCENARIOS, House, house, journal_of
from tests.e2e.sounds import channels, correlation, quiet, tone, trimmed
from tests.e2e.telephone import Telephone

from voxrun.session.replay import replay
from voxrun.speech.base import Voice

pytestmark = pytest.mark.live

LONG = (
    "This is a rather long announcement about the timetable of the coming winter, so please listen with care."
)
VOICE = "voice: {engine: espeak, name: en-us, variant: f2, pitch: 120}\n"
AGENT_VOICE = Voice(engine="espeak", name="en-us", variant="f2", pitch=120)


def agent(faults: str, greeting: str = LONG) -> str:
    return f"greeting: {greeting}\n{VOICE}faults: {faults}\n"


@asynccontextmanager
async def called(tmp: Path, script: str | Path, agent_text: str) -> AsyncGenerator[tuple[House, Telephone]]:
    """A house, and a call to it that is up."""
    async with house(tmp, script, agent=agent_text) as h, Telephone(h.url) as phone:
        await phone.call()
        assert phone.status == 201
        yield h, phone


def check_folder(folder: Path, reason: str = "Normal termination") -> None:
    """Journal, log and (of a call that was connected) recording are whole."""
    journal = journal_of(folder)
    assert journal[0]["k"] == "header"
    assert (journal[-1]["state"], journal[-1]["reason"]) == ("ended", reason)
    assert [record["n"] for record in journal] == list(range(len(journal)))
    assert (folder / "log.txt").read_text().strip()
    if any(record.get("kind") == "Call.Connected" for record in journal):
        left, right = channels(folder / "recording.wav")
        assert len(left) == len(right)


@pytest.mark.parametrize("status", [401, 402, 429, 503])
def test_a_refusal_is_told_by_response_error_and_close_and_the_sample_hangs_up(
    tmp_path: Path, status: int
) -> None:
    async def story() -> None:
        refusal = f"{{refuse: {{status: {status}, detail: not today}}}}"
        async with (
            house(tmp_path, SCENARIOS / "inbound.js", agent=agent(refusal)) as h,
            Telephone(h.url) as phone,
        ):
            await phone.call(connect=False)
            ending = await h.ended(phone.session)
            assert (ending.reason, ending.error) == ("Normal termination", None)
            logs = h.logs(phone.session)
            assert f"Ultravox answered {status}" in logs
            assert any(line.startswith("Ultravox failed: ") and str(status) in line for line in logs)
            assert any(line.startswith("agent has gone: ") for line in logs)
            told = [kind.split(".")[-1] for kind in kinds(h) if kind.startswith("Ultravox.")]
            assert told.index("HTTPResponse") < told.index("WebSocketError")
            (response,) = h.events(".HTTPResponse")
            assert "not today" in str(response["data"]["payload"])
            (gone,) = h.events("Call.Disconnected", phone.session)
            assert gone["reason"] == "Normal termination"
            check_folder(h.folder(phone.session))

    asyncio.run(story())


def kinds(h: House) -> list[str]:
    return [record["kind"] for record in h.of("event")]


@pytest.mark.alone
def test_a_connection_that_breaks_in_mid_word_is_1006_and_what_was_said_stays_recorded(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with called(tmp_path, SCENARIOS / "inbound.js", agent("{drop: {after: 4}}")) as (h, phone):
            await h.ended(phone.session)
            assert any(line.startswith("agent has gone: 1006") for line in h.logs(phone.session))
            await phone.over()
            folder = h.folder(phone.session)
            check_folder(folder)
            left, _ = channels(folder / "recording.wav")
            assert correlation(left, trimmed(await h.render(LONG, AGENT_VOICE))[:48_000]) > 0.9
            assert await asyncio.to_thread(replay, folder, {}) == 0

    asyncio.run(story())


def test_after_a_stall_of_5_s_the_rest_is_heard_and_the_call_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        text = agent("{stall: {after: 1, for: 5}}")
        async with called(tmp_path, SCENARIOS / "inbound.js", text) as (h, phone):
            began = asyncio.get_running_loop().time()
            await h.until(lambda: h.transcripts("agent"))
            assert asyncio.get_running_loop().time() - began > 5
            said = trimmed(await h.render(LONG, AGENT_VOICE))
            await phone.hears(said[-32_000:])
            await phone.hang_up()
            assert (await h.ended(phone.session)).error is None
            check_folder(h.folder(phone.session))

    asyncio.run(story())


def test_malformed_json_is_told_as_unknown_and_the_call_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with called(tmp_path, BRIDGE, agent("{malformed_json: true}")) as (h, phone):
            await h.until(lambda: LONG in h.transcripts("agent"))
            assert h.of("error") == []
            assert any(
                "transcript" in line and line.startswith(("Unknown", "WebSocketError")) for line in h.logs()
            )
            said = trimmed(await h.render(LONG, AGENT_VOICE))
            await phone.hears(said)
            await phone.hang_up()
            await h.ended(phone.session)
            check_folder(h.folder(phone.session))

    asyncio.run(story())


def test_audio_of_odd_length_is_heard_as_if_it_were_even(tmp_path: Path) -> None:
    async def story() -> None:
        async with called(tmp_path, BRIDGE, agent("{odd_audio: true}")) as (h, phone):
            await h.until(lambda: LONG in h.transcripts("agent"))
            said = trimmed(await h.render(LONG, AGENT_VOICE))
            await phone.hears(said)
            await phone.hang_up()
            await h.ended(phone.session)
            check_folder(h.folder(phone.session))

    asyncio.run(story())


@pytest.mark.alone
def test_two_calls_at_once_do_not_mix(tmp_path: Path) -> None:
    greetings = ("The first caller hears only this.", "And this here is for the second one.")

    async def story() -> None:
        async with house(tmp_path, BRIDGE, agent=VOICE + "greeting: Hello.\n") as h:
            phones = [Telephone(h.url, query={"customData": greeting}) for greeting in greetings]
            async with phones[0] as one, phones[1] as two:
                await asyncio.gather(one.call(), two.call())
                await h.until(
                    lambda: h.transcripts("agent", one.session) and h.transcripts("agent", two.session)
                )
                voices = [
                    await h.render("my own words are about apples"),
                    await h.render("pears and cherries here"),
                ]
                one.say(quiet(0.2) + voices[0])
                two.say(quiet(0.2) + voices[1])
                await h.until(lambda: all(len(h.transcripts("agent", p.session)) > 1 for p in (one, two)))
                await asyncio.gather(one.hang_up(), two.hang_up())
                await asyncio.gather(h.ended(one.session), h.ended(two.session))
            said = dict(zip((one.session, two.session), greetings, strict=True))
            assert h.transcripts("agent", one.session)[0] == greetings[0]
            assert h.transcripts("agent", two.session)[0] == greetings[1]
            for phone, other, own, foreign in ((one, two, *voices), (two, one, voices[1], voices[0])):
                mine = trimmed(await h.render(said[phone.session], AGENT_VOICE))
                theirs = trimmed(await h.render(said[other.session], AGENT_VOICE))
                assert correlation(phone.heard, mine) > 0.9
                assert correlation(phone.heard, theirs) < 0.3
                left, right = channels(h.folder(phone.session) / "recording.wav")
                assert correlation(right, trimmed(own)) > 0.9
                assert correlation(right, trimmed(foreign)) < 0.3
                assert correlation(left, mine) > 0.9

    asyncio.run(story())


@pytest.mark.alone
def test_a_refused_neighbour_does_not_touch_a_call_that_is_up(tmp_path: Path) -> None:
    script = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, destination }) => {
  if (destination === 'busy') return call.reject(486);
  call.answer();
  call.sendMediaTo(call);
});
"""

    async def story() -> None:
        async with house(tmp_path, script) as h, Telephone(h.url, hum=tone(400, 1)) as phone:
            await phone.call()
            async with Telephone(h.url, "busy") as other:
                await other.call()
                assert other.status == 403 or other.problem["status"] >= 400
                assert other.problem["sip_code"] == 486
            heard = len(phone.heard)
            await h.until(lambda: len(phone.heard) > heard + 32_000)
            assert correlation(bytes(phone.heard[-16_000:]), tone(400, 0.4)) > 0.9
            await phone.hang_up()
            await h.until(lambda: h.events("Call.Disconnected", phone.session))

    asyncio.run(story())
