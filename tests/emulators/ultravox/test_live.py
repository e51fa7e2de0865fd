"""Whole calls over the wire, in memory and virtual time."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.emulators.ultravox.caller import SILENT_AGENT, Caller, World, buzz, world

from voxrun.connectors.transport import SocketClosed
from voxrun.session.virtual import run_virtual

WEATHER = """
greeting: Hello there.
slots: {city: [London, Paris]}
rules:
  - hears: ["weather in {city}"]
    says: One moment.
    tool: {name: get_weather, args: {city: "{city}"}}
    then: {says: "In {city} it is {result.temperature} degrees."}
    fails: The weather service is down.
  - hears: tell me a very long story
    says: Once upon a time there was a king, who had three daughters, and all of them were clever.
  - hears: [goodbye now]
    says: See you.
    hangs_up: true
otherwise: Pardon?
"""
WEATHER_TOOL = {
    "temporaryTool": {
        "modelToolName": "get_weather",
        "dynamicParameters": [
            {
                "name": "city",
                "location": "PARAMETER_LOCATION_BODY",
                "schema": {"type": "string"},
                "required": True,
            }
        ],
        "staticParameters": [{"name": "unit", "location": "PARAMETER_LOCATION_BODY", "value": "C"}],
        "client": {},
    }
}


def play(story: Any, agent: str = WEATHER, **options: Any) -> Any:
    """Run ``story(world)`` in virtual time."""

    async def main(_: object) -> Any:
        here = world(agent, **options)
        result = await story(here)
        await here.http.aclose()
        return result

    return run_virtual(main)


async def listening(caller: Caller, said: int = 1) -> None:
    """Wait until the agent has said ``said`` utterances and listens."""
    await caller.until(lambda: len(caller.finals("agent")) >= said and caller.states()[-1] == "listening")


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
def test_a_conversation_at_every_rate(rate: int) -> None:
    async def story(here: World) -> None:
        caller = await here.call(rate)
        await listening(caller)
        caller.say(buzz("goodbye now"))
        closed = await caller.until_closed()
        assert (closed.code, closed.clean) == (1000, True)
        assert caller.finals("agent") == ["Hello there.", "See you."]
        assert caller.finals("user") == ["goodbye now"]
        spoken = (len(buzz("Hello there.")) + len(buzz("See you."))) * rate // 16_000
        assert len(caller.audio) == spoken
        assert (await here.only_call())["endReason"] == "agent_hangup"

    play(story)


def test_input_and_output_rates_may_differ() -> None:
    async def story(here: World) -> None:
        caller = await here.call(8_000, {"outputSampleRate": 48_000})
        await listening(caller)
        assert len(caller.audio) == len(buzz("Hello there.")) * 3
        caller.say(buzz("weather in paris"))
        await caller.until(lambda: caller.finals("user"))
        await caller.hang_up()

    play(story)


def test_the_greeting_has_the_observed_shape_and_keeps_step_with_the_audio() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        assert [message["type"] for message in caller.messages][:2] == ["call_started", "state"]
        assert caller.states() == ["idle", "thinking", "speaking", "listening"]
        first, *middle, last = caller.of("transcript", role="agent")
        common = {"type": "transcript", "role": "agent", "medium": "voice", "ordinal": 0}
        assert first == {**common, "text": "Hello", "final": False}
        assert middle == [{**common, "delta": part, "final": False} for part in (" there", ".")]
        assert last == {**common, "text": "Hello there. ", "final": True}
        audio = [line.at for line in caller.lines if isinstance(line.message, bytes)]
        words = [line.at for line in caller.lines if line.message == first or line.message in middle]
        assert words[0] - audio[0] == pytest.approx(0.15, abs=0.02)
        assert words == sorted(words)
        assert audio[-1] - audio[0] == pytest.approx(0.72 - 0.06, abs=0.01)  # 60 ms ahead
        await caller.hang_up()

    play(story)


def test_a_large_client_buffer_is_filled_in_a_burst_but_transcripts_follow_the_playback() -> None:
    async def story(here: World) -> None:
        caller = await here.call(socket={"clientBufferSizeMs": 30_000})
        await listening(caller)
        audio = [line.at for line in caller.lines if isinstance(line.message, bytes)]
        assert audio[-1] == audio[0]
        final = next(
            line.at for line in caller.lines if isinstance(line.message, dict) and line.message.get("final")
        )
        assert final - audio[0] == pytest.approx(0.72, abs=0.02)
        await caller.hang_up()

    play(story)


def test_a_client_tool_freezes_the_conversation_until_its_result() -> None:
    async def story(here: World) -> None:
        caller = await here.call(selectedTools=[WEATHER_TOOL])
        await listening(caller)
        caller.say(buzz("weather in paris"))
        (invocation,) = await caller.until(lambda: caller.of("client_tool_invocation"))
        assert caller.finals("agent")[-1] == "One moment."  # the tool runs after the speech
        assert invocation["toolName"] == "get_weather"
        assert invocation["parameters"] == {"city": "Paris", "unit": "C"}
        await asyncio.sleep(1.0)
        assert caller.states()[-1] == "thinking"
        result = json.dumps({"temperature": 21})
        await caller.send(type="client_tool_result", invocationId=invocation["invocationId"], result=result)
        await listening(caller, 3)
        assert caller.finals("agent")[-1] == "In Paris it is 21 degrees."
        await caller.hang_up()

    play(story)


@pytest.mark.parametrize("field", ["invocationId", "invocation_id"])
def test_both_spellings_of_the_invocation_id_and_a_result_that_is_an_object(field: str) -> None:
    async def story(here: World) -> None:
        caller = await here.call(selectedTools=[WEATHER_TOOL])
        await listening(caller)
        await caller.send(type="user_text_message", text="What's the weather in Paris")
        (invocation,) = await caller.until(lambda: caller.of("client_tool_invocation"))
        answer = {field: invocation["invocationId"], "result": {"temperature": 7}, "errorType": None}
        await caller.send(type="client_tool_result", **answer)
        await listening(caller, 3)
        assert caller.finals("agent")[-1] == "In Paris it is 7 degrees."
        await caller.hang_up()

    play(story)


def test_a_tool_that_does_not_answer_fails_after_its_timeout() -> None:
    async def story(here: World) -> None:
        caller = await here.call(selectedTools=[WEATHER_TOOL])
        await listening(caller)
        await caller.send(type="input_text_message", text="weather in London")
        await caller.until(lambda: caller.of("client_tool_invocation"))
        asked = asyncio.get_running_loop().time()
        await caller.until(lambda: len(caller.of("state", state="speaking")) == 3)
        assert asyncio.get_running_loop().time() - asked == pytest.approx(2.5, abs=0.05)
        await listening(caller, 3)
        assert caller.finals("agent")[-1] == "The weather service is down."
        assert "tool_timeout" in await here.events()
        await caller.hang_up()

    play(story)


def test_hang_up_and_listening_as_answers_of_a_tool() -> None:
    async def story(here: World) -> None:
        caller = await here.call(selectedTools=[WEATHER_TOOL])
        await listening(caller)
        await caller.send(type="user_text_message", text="weather in London")
        (first,) = await caller.until(lambda: caller.of("client_tool_invocation"))
        await caller.send(
            type="client_tool_result",
            invocationId=first["invocationId"],
            result="{}",
            agentReaction="listens",
        )
        await listening(caller, 2)
        await caller.send(type="user_text_message", text="weather in London")
        second = (await caller.until(lambda: caller.of("client_tool_invocation")[1:]))[0]
        await caller.send(
            type="client_tool_result",
            invocationId=second["invocationId"],
            responseType="hang-up",
            result='{"strict": true, "message": "Bye then."}',
        )
        assert (await caller.until_closed()).code == 1000
        assert caller.finals("agent") == ["Hello there.", "One moment.", "One moment.", "Bye then."]
        assert (await here.only_call())["endReason"] == "agent_hangup"

    play(story)


def test_barge_in_clears_first_then_says_what_was_heard_then_changes_the_state() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        caller.say(buzz("tell me a very long story"))
        await caller.until(lambda: caller.of("transcript", delta=" upon"))
        caller.say(buzz("weather in paris"))
        await caller.until(lambda: caller.of("playback_clear_buffer"))
        await caller.until(lambda: len(caller.finals("agent")) == 2)
        await caller.until(lambda: caller.states()[-1] == "listening")
        clear = next(
            i for i, line in enumerate(caller.lines) if line.message == {"type": "playback_clear_buffer"}
        )
        after = [line.message for line in caller.lines[clear:] if isinstance(line.message, dict)][:3]
        assert [message["type"] for message in after] == ["playback_clear_buffer", "transcript", "state"]
        assert after[1]["final"] is True
        heard = after[1]["text"].strip()
        assert heard.startswith("Once upon")
        assert "clever" not in heard
        assert not any(isinstance(line.message, bytes) for line in caller.lines[clear : clear + 3])
        await caller.until(lambda: caller.finals("user") == ["tell me a very long story", "weather in Paris"])
        page = await here.get(f"/api/calls/{next(iter(here.emulator.calls))}/messages")
        assert heard in [message["text"] for message in page["results"]]
        await caller.hang_up()

    play(story)


def test_an_uninterruptible_greeting_is_spoken_to_its_end() -> None:
    async def story(here: World) -> None:
        caller = await here.call(
            firstSpeakerSettings={
                "agent": {"uninterruptible": True, "text": "This call is being recorded for you."}
            }
        )
        await caller.until(lambda: caller.of("state", state="speaking"))
        caller.say(buzz("goodbye now"))
        await caller.until_closed()
        assert not caller.of("playback_clear_buffer")
        assert caller.finals("agent") == ["This call is being recorded for you.", "See you."]

    play(story)


def test_unbridged_silence_is_heard_as_nothing() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        await asyncio.sleep(20)
        assert caller.finals("user") == []
        assert caller.finals("agent") == ["Hello there."]
        await caller.hang_up()

    play(story)


def test_text_messages_wait_for_the_agent_unless_they_are_urgent() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await caller.until(lambda: caller.of("transcript", role="agent"))
        await caller.send(type="user_text_message", text="weather in Rome")
        await caller.send(type="user_text_message", text="remember this", urgency="later")
        await listening(caller, 2)
        assert not caller.of("playback_clear_buffer")
        assert caller.of("transcript", role="user", medium="text", final=True, text="remember this")
        await caller.send(type="user_text_message", text="tell me a very long story")
        await caller.until(lambda: caller.of("transcript", delta=" upon"))
        await caller.send(type="user_text_message", text="goodbye now", urgency="immediate")
        await caller.until_closed()
        assert caller.of("playback_clear_buffer")
        assert caller.finals("agent")[-1] == "See you."

    play(story)


def test_a_forced_message_and_the_text_medium() -> None:
    async def story(here: World) -> None:
        caller = await here.call(selectedTools=[WEATHER_TOOL])
        await listening(caller)
        await caller.send(type="set_output_medium", medium="text")
        sent = len(caller.audio)
        await caller.send(
            type="forced_agent_message",
            content="Read this.",
            toolCalls=[{"name": "get_weather", "arguments": {}}],
        )
        await caller.until(lambda: caller.of("client_tool_invocation"))
        assert caller.of("transcript", medium="text", role="agent", text="Read", final=False)
        assert caller.of("transcript", medium="text", role="agent", text="Read this.", final=True)
        assert len(caller.audio) == sent
        await caller.hang_up()

    play(story)


def test_hang_up_by_message_says_farewell_and_ping_is_echoed() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        await caller.send(type="ping", timestamp=12.5)
        assert await caller.until(lambda: caller.of("pong")) == [{"type": "pong", "timestamp": 12.5}]
        await caller.send(type="hang_up", message="So long.")
        assert (await caller.until_closed()).code == 1000
        assert caller.finals("agent")[-1] == "So long."
        assert (await here.only_call())["endReason"] == "hangup"

    play(story)


def test_the_time_limit_ends_the_call_with_its_message() -> None:
    async def story(here: World) -> None:
        caller = await here.call(maxDuration="10.000000s", timeExceededMessage="Time is up.")
        await caller.until_closed()
        call = await here.only_call()
        assert caller.finals("agent")[-1] == "Time is up."
        assert (call["endReason"], call["billedDuration"]) == ("timeout", "12s")

    play(story)


def test_inactivity_messages_come_one_after_the_other_and_activity_starts_again() -> None:
    async def story(here: World) -> None:
        caller = await here.call(
            inactivityMessages=[
                {"duration": "5s", "message": "Are you there?"},
                {"duration": "3s", "message": "I hang up.", "endBehavior": "END_BEHAVIOR_HANG_UP_SOFT"},
            ]
        )
        await listening(caller, 2)
        await caller.send(type="user_text_message", text="hm", urgency="later")
        await caller.until_closed()
        expected = ["Hello there.", "Are you there?", "Are you there?", "I hang up."]
        assert caller.finals("agent") == expected
        assert (await here.only_call())["endReason"] == "agent_hangup"

    play(story)


def test_a_call_nobody_joins_ends_unjoined_and_cannot_be_joined_any_more() -> None:
    async def story(here: World) -> None:
        call = await here.create(joinTimeout="5s")
        await asyncio.sleep(5.1)
        assert (await here.only_call())["endReason"] == "unjoined"
        with pytest.raises(Exception, match="410"):
            await here.join(call)

    play(story)


def test_the_client_leaving_is_a_hangup_and_a_lost_connection_an_error() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        await caller.hang_up()
        assert (await here.only_call())["endReason"] == "hangup"

    async def lost(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        caller.socket.abort()  # type: ignore[attr-defined]
        assert (await here.only_call())["endReason"] == "connection_error"

    play(story)
    play(lost)


def test_no_audio_for_the_idle_timeout_ends_the_call() -> None:
    async def story(here: World) -> None:
        caller = await here.call(socket={"mediaIdleTimeout": "2s"})
        caller.feeding = False
        begun = asyncio.get_running_loop().time()
        await caller.until_closed()
        assert asyncio.get_running_loop().time() - begun == pytest.approx(10, abs=0.1)  # 10 s at least
        assert (await here.only_call())["endReason"] == "connection_error"

    play(story)


def test_too_much_and_too_little_audio_are_call_events() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        caller.feeding = False
        await asyncio.sleep(3)
        caller.feeding = True
        await asyncio.sleep(0.1)
        assert "underflow" in await here.events()
        await caller.socket.send(bytes(32_000 * 4))
        await asyncio.sleep(0.1)
        assert "overflow" in await here.events()
        await caller.hang_up()

    play(story)


def test_a_turn_ends_although_the_client_stopped_sending_in_it() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        pcm = buzz("weather in paris")
        caller.say(pcm)
        await asyncio.sleep(len(pcm) / 32_000 + 0.04)
        caller.feeding = False
        await caller.until(lambda: caller.finals("user") == ["weather in Paris"])
        await caller.hang_up()

    play(story)


def test_data_messages_switch_kinds_off_and_debug_comes_only_on_request() -> None:
    async def story(here: World) -> None:
        call = await here.create(socket={"dataMessages": {"state": False, "transcript": None, "debug": None}})
        caller = await here.join(call)
        await caller.until(lambda: caller.finals("agent"))
        assert caller.states() == []
        await caller.send(type="something_new")
        await asyncio.sleep(0.1)
        assert not caller.of("debug")
        await caller.hang_up()
        other = await here.join(
            await here.create(), query="?apiVersion=1&experimentalMessages=debug&clientVersion=t1"
        )
        await other.send(type="something_new")
        await other.until(lambda: other.of("debug"))
        await other.hang_up()
        await asyncio.sleep(0.1)
        assert (await here.get("/api/calls"))["results"][0]["clientVersion"] == "t1"

    play(story)


def test_the_user_speaks_first_with_and_without_fallback() -> None:
    async def story(here: World) -> None:
        caller = await here.call(
            firstSpeakerSettings={"user": {"fallback": {"delay": "3s", "text": "Is anybody there?"}}}
        )
        assert await caller.until(lambda: caller.finals("agent")) == ["Is anybody there?"]
        await caller.hang_up()
        quiet = await here.call(firstSpeaker="FIRST_SPEAKER_USER")
        await asyncio.sleep(10)
        assert quiet.states() == ["idle", "listening"]
        await quiet.hang_up()

    play(story)


def test_a_new_stage_changes_tools_and_the_result_text() -> None:
    async def story(here: World) -> None:
        caller = await here.call(selectedTools=[WEATHER_TOOL])
        await listening(caller)
        await caller.send(type="user_text_message", text="weather in London")
        (invocation,) = await caller.until(lambda: caller.of("client_tool_invocation"))
        stage = {"systemPrompt": "New.", "selectedTools": [], "toolResultText": '{"temperature": 3}'}
        await caller.send(
            type="client_tool_result",
            invocationId=invocation["invocationId"],
            responseType="new-stage",
            result=json.dumps(stage),
        )
        await listening(caller, 3)
        assert caller.finals("agent")[-1] == "In London it is 3 degrees."
        await caller.send(type="user_text_message", text="weather in London")
        await listening(caller, 5)
        assert "tool_not_declared" in await here.events()
        await caller.hang_up()

    play(story)


def test_without_an_agent_file_it_greets_from_the_prompt_and_calls_declared_tools() -> None:
    async def story(here: World) -> None:
        caller = await here.call(
            systemPrompt="You are Anna, a friendly receptionist. Be brief.", selectedTools=[WEATHER_TOOL]
        )
        await listening(caller)
        assert caller.finals("agent") == ["Hello, this is Anna, a friendly receptionist. How can I help you?"]
        caller.say(buzz("weather in berlin"))
        (invocation,) = await caller.until(lambda: caller.of("client_tool_invocation"))
        assert invocation["parameters"]["city"] == "Berlin"
        await caller.send(
            type="client_tool_result", invocationId=invocation["invocationId"], result='{"sky": "blue"}'
        )
        await listening(caller, 3)
        assert caller.finals("agent")[-1] == "The answer is: sky blue."
        await caller.hang_up()

    play(story, agent="")


# -- faults ---------------------------------------------------------------------------------------------


def test_a_refused_creation_carries_status_detail_and_retry_after() -> None:
    async def story(here: World) -> None:
        response = await here.post("/api/calls", {"medium": {"serverWebSocket": {"inputSampleRate": 8000}}})
        assert (response.status_code, response.headers["Retry-After"]) == (429, "3")
        assert set(response.json()) == {"detail"}
        await (await here.call()).hang_up()  # refused once only

    play(story, agent=WEATHER + "faults: {refuse: {status: 429, retry_after: 3, times: 1}}\n")


def test_the_connection_breaks_in_mid_word() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        closed = await caller.until_closed()
        assert (closed.code, closed.clean) == (1006, False)
        assert 0.3 <= len(caller.audio) / 32_000 <= 0.34
        assert (await here.only_call())["endReason"] == "connection_error"

    play(story, agent=WEATHER + "faults: {drop: {after: 300ms}}\n")


def test_a_stall_holds_everything_back_and_then_goes_on() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        times = [line.at for line in caller.lines]
        assert max(b - a for a, b in pairwise(times)) == pytest.approx(5, abs=0.05)
        await caller.hang_up()

    play(story, agent=WEATHER + "faults: {stall: {after: 200ms, for: 5s}}\n")


def test_malformed_json_and_odd_audio() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await listening(caller)
        assert caller.of("?")
        sizes = {len(line.message) for line in caller.lines if isinstance(line.message, bytes)}
        assert 641 in sizes
        assert caller.audio == buzz("Hello there.")  # nothing is lost
        await caller.hang_up()

    play(story, agent=WEATHER + "faults: {malformed_json: true, odd_audio: true}\n")


# -- hostile clients ------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from(
    [
        "ping",
        "user_text_message",
        "input_text_message",
        "set_output_medium",
        "client_tool_result",
        "forced_agent_message",
        "hang_up",
        "spawn_thread",
        "data_connection_tool_result",
        "state",
        "nonsense",
    ]
)
KEYS = st.sampled_from(
    [
        "text",
        "urgency",
        "medium",
        "invocationId",
        "invocation_id",
        "result",
        "responseType",
        "agentReaction",
        "errorType",
        "updateCallState",
        "content",
        "toolCalls",
        "knownToolResults",
        "message",
        "timestamp",
        "newThreadId",
        "deferResponse",
        "name",
        "arguments",
    ]
)
HOSTILE = st.one_of(
    st.binary(max_size=2000),
    st.text(max_size=50),
    st.builds(
        lambda kind, rest: json.dumps({**rest, "type": kind}), TYPES, st.dictionaries(KEYS, JSON, max_size=5)
    ),
    JSON.map(json.dumps),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HOSTILE, max_size=12))
def test_no_client_message_crashes_the_server_or_disturbs_another_call(messages: list[str | bytes]) -> None:
    async def story(here: World) -> None:
        other = await here.call(selectedTools=[WEATHER_TOOL])
        await listening(other)
        rude = await here.call(selectedTools=[WEATHER_TOOL])
        for message in messages:
            try:
                await rude.socket.send(message)
            except SocketClosed:  # it asked to be hung up
                break
            await asyncio.sleep(0.3)
        other.say(buzz("weather in paris"))
        await other.until(lambda: other.of("client_tool_invocation"))
        await rude.hang_up()
        await other.hang_up()
        await asyncio.sleep(0.1)
        reasons = {record.end_reason for record in here.emulator.calls.values()}
        assert "system_error" not in reasons
        types = [event["type"] for record in here.emulator.calls.values() for event in record.events]
        assert "system_error" not in types

    play(story)


def test_malformed_json_is_ignored_with_a_warning_event() -> None:
    async def story(here: World) -> None:
        caller = await here.call()
        await caller.socket.send("{not json")
        await caller.socket.send('{"type": "ping", "timestamp": NaN}')
        await caller.socket.send('{"type": "user_text_message", "text": "\\ud800"}')
        await caller.socket.send(b"")
        await caller.socket.send(b"\x01")
        await listening(caller)
        assert "message_ignored" in await here.events()
        await caller.hang_up()

    play(story, agent="greeting: Hello.\n" + SILENT_AGENT)
