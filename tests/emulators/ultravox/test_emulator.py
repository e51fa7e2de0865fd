"""All calls of one emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.emulators.ultravox.caller import ToneRecogniser, ToneSpeech, World
from tests.emulators.ultravox.test_live import listening, play

from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.emulator import KEEP_CALLS, Emulator, Settings
from voxrun.emulators.ultravox.request import read_call
from voxrun.emulators.ultravox.script import Faults
from voxrun.session.virtual import run_virtual

CONFIG = read_call({"medium": {"serverWebSocket": {"inputSampleRate": 8000}}, "joinTimeout": "1s"})


def in_time(story: Callable[[Emulator], Any], **options: Any) -> Any:
    async def main(_: object) -> Any:
        found = story(Emulator(Settings(**options), ToneSpeech(), ToneRecogniser()))
        return await found if asyncio.iscoroutine(found) else found

    return run_virtual(main)


@pytest.mark.parametrize(
    ("public", "used", "url"),
    [
        ("", "http://a.test:1", "ws://a.test:1/calls/"),
        ("https://b.test/", "http://a.test", "wss://b.test/calls/"),
    ],
)
def test_the_join_url_is_where_clients_reach_it(public: str, used: str, url: str) -> None:
    record = in_time(lambda emulator: emulator.create(CONFIG, used), public_url=public)
    assert record.join_url.startswith(url)


def test_ids_follow_the_seed() -> None:
    one, same, other = (in_time(lambda emulator: emulator.new_id(), seed=seed) for seed in (1, 1, 2))
    assert one == same != other


def test_calls_that_are_over_are_forgotten_in_the_end() -> None:
    async def story(emulator: Emulator) -> None:
        for _ in range(KEEP_CALLS + 50):
            emulator.create(CONFIG, "http://a.test")
        await asyncio.sleep(2)
        assert len(emulator.calls) == KEEP_CALLS + 50
        live = emulator.create(CONFIG, "http://a.test")
        assert len(emulator.calls) == KEEP_CALLS + 1
        assert live.call_id in emulator.calls

    in_time(story)


def test_settings_go_before_the_faults_of_the_file_and_refusals_are_counted() -> None:
    faults = Faults(refuse_status=503, retry_after=2, refuse_times=2)

    def story(emulator: Emulator) -> list[int]:
        emulator.agent = parse_agent("faults: {refuse: {status: 401}}")
        refusals = [emulator.refusal() for _ in range(3)]
        return [0 if refusal is None else refusal.status for refusal in refusals]

    assert in_time(story, faults=faults) == [503, 503, 0]
    assert in_time(story) == [401, 401, 401]


def test_greetings_alternate_by_call_and_a_file_without_one_takes_the_prompts() -> None:
    async def greetings(here: World) -> list[str]:
        found = []
        for _ in range(2):
            caller = await here.call(systemPrompt="You are Anna.")
            await listening(caller)
            found += caller.finals("agent")
            await caller.hang_up()
        return found

    assert play(greetings, agent="greeting: [One., Two.]") == ["One.", "Two."]
    anna = "Hello, this is Anna. How can I help you?"
    assert play(greetings, agent="rules: [{hears: a b, says: c}]") == [anna, anna]
    assert play(greetings, agent="faults: {odd_audio: true}") == [anna, anna]
