"""The samples do what their first lines promise, against an Ultravox written by hand, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.connectors.provider import Ultravox, Wire, ms
from tests.connectors.test_namespace import meet
from tests.harness import Stage, play

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = sorted(path.name for path in SCENARIOS.glob("*.js") if "Modules.Ultravox" in path.read_text("utf-8"))
INBOUND = [name for name in NAMES if name != "outbound.js"]
VOICE = b"\x01\x02" * 320

Story = Callable[[Stage], Awaitable[None]]


def source(name: str) -> str:
    return (SCENARIOS / name).read_text("utf-8")


async def final(wire: Wire, role: str, text: str, ordinal: int = 0) -> None:
    await wire.tell(type="transcript", role=role, medium="voice", text=text, final=True, ordinal=ordinal)


async def greet(wire: Wire) -> None:
    """An agent that greets, hears the caller and listens on."""
    await wire.tell(type="call_started", callId="5f4c")
    await wire.tell(type="state", state="speaking")
    await wire.audio(ms(500))
    await wire.tell(type="transcript", role="agent", medium="voice", text="Hello", final=False, ordinal=0)
    await final(wire, "agent", "Hello there. ")
    await wire.tell(type="state", state="listening")
    await final(wire, "user", "Hi.", 1)
    await wire.listen()


def perform(story: Story) -> Stage:
    stage = play(story)
    assert stage.errors() == []
    return stage


def sound(stage_leg: Any) -> int:
    """Frames of the agent's voice that a leg heard."""
    return sum(1 for _, frame in stage_leg.heard if frame.count(0) != len(frame))


def test_there_are_five_samples_with_a_voice_ai() -> None:
    assert NAMES == ["barge-in.js", "dtmf-to-text.js", "function-calling.js", "inbound.js", "outbound.js"]


@pytest.mark.parametrize("name", INBOUND)
def test_an_inbound_sample_answers_bridges_logs_both_sides_and_ends_with_the_call(name: str) -> None:
    app = Ultravox(greet)

    async def story(stage: Stage) -> None:
        meet(stage, app)
        leg = await stage.call_in(source(name))
        await stage.until(lambda: any("caller: Hi." in line for line in stage.logs()))
        leg.remote.speak(VOICE * 50)
        await asyncio.sleep(2)
        assert 24 <= sound(leg) <= 26
        leg.remote.hang_up()
        ended_by = stage.clock.now()
        ending = await stage.ended()
        assert ending.reason == "Normal termination"
        assert stage.clock.now() - ended_by < 1  # not after the 60 s without calls
        await asyncio.sleep(0.1)
        assert app.wires[0].heard.count(VOICE) >= 45
        assert app.wires[0].code == 1000

    stage = perform(story)
    assert any("agent: Hello there." in line for line in stage.logs())
    assert app.requests[0]["headers"]["x-api-key"] == "local"


@pytest.mark.parametrize("name", INBOUND)
def test_an_inbound_sample_uses_the_secret(name: str) -> None:
    app = Ultravox(greet)

    async def story(stage: Stage) -> None:
        meet(stage, app)
        leg = await stage.call_in(source(name), secrets={"ULTRAVOX_API_KEY": "Zk3vTq9a.0123"})
        await stage.until(lambda: app.requests)
        leg.remote.hang_up()
        await stage.ended()

    perform(story)
    assert app.requests[0]["headers"]["x-api-key"] == "Zk3vTq9a.0123"


@pytest.mark.parametrize("name", INBOUND)
@pytest.mark.parametrize("status", [401, 402, 429, 503])
def test_a_refused_agent_is_logged_with_its_reason_and_the_caller_is_not_left_in_silence(
    name: str, status: int
) -> None:
    async def story(stage: Stage) -> None:
        meet(stage, Ultravox(status=status, body={"detail": "no"}))
        leg = await stage.call_in(source(name))
        ending = await stage.ended()
        assert ending.reason == "Normal termination"
        assert leg.over
        assert stage.clock.now() < 1

    stage = perform(story)
    assert any(f"HTTP {status}" in line for line in stage.logs())


@pytest.mark.parametrize("name", INBOUND)
@pytest.mark.parametrize("breaks", [False, True])
def test_the_agent_s_end_ends_the_call(name: str, breaks: bool) -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(ms(300))
        await asyncio.sleep(1)
        if breaks:
            raise ConnectionResetError
        await wire.close(1000, "")

    async def story(stage: Stage) -> None:
        meet(stage, Ultravox(talk))
        leg = await stage.call_in(source(name))
        await stage.ended()
        assert leg.over
        assert sound(leg) == 15

    perform(story)


@pytest.mark.parametrize("name", INBOUND)
def test_a_client_that_cannot_be_made_hangs_up(name: str) -> None:
    async def story(stage: Stage) -> None:
        meet(stage, Ultravox(status=401, body={"detail": "no"}))
        leg = await stage.call_in(source(name), connector_errors="reject")
        await stage.ended()
        assert leg.over

    stage = perform(story)
    assert any("no agent: Error: Ultravox refused" in line for line in stage.logs())


@pytest.mark.parametrize("name", INBOUND)
def test_an_interruption_is_silence_at_once(name: str) -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(ms(5000))
        await asyncio.sleep(1.005)
        await wire.tell(type="playback_clear_buffer")
        await wire.listen()

    async def story(stage: Stage) -> None:
        meet(stage, Ultravox(talk))
        leg = await stage.call_in(source(name))
        await asyncio.sleep(3)
        assert 45 <= sound(leg) <= 53

    perform(story)


# --- outbound


def outbound(custom_data: str) -> Stage:
    """A call that rings for two seconds, is answered, and is over a second after the greeting."""
    app = Ultravox(greet)

    async def story(stage: Stage) -> None:
        meet(stage, app)
        await stage.start(source("outbound.js"), custom_data)
        leg = await stage.dialled_leg()
        leg.remote.ring()
        await asyncio.sleep(2)
        assert app.requests == []  # an agent is made for somebody who is there
        leg.remote.answer()
        await stage.until(lambda: "callee: Hi." in stage.logs())
        await asyncio.sleep(1)
        assert sound(leg) == 25
        leg.remote.hang_up()
        await stage.ended()

    return perform(story)


def test_outbound_calls_the_user_that_custom_data_names_and_talks_when_answered() -> None:
    stage = outbound('{"user": "alice"}')
    request, _ = stage.dialled[0]
    assert (request.kind, request.destination) == ("user", "alice")
    assert stage.logs() == ["ringing", "answered", "agent: Hello there. ", "callee: Hi.", "over after 1 s"]


def test_outbound_calls_a_number_from_the_number_that_custom_data_names() -> None:
    stage = outbound('{"number": "+4930123456", "callerid": "+4930654321"}')
    request, _ = stage.dialled[0]
    assert (request.kind, request.destination, request.callerid) == ("pstn", "+4930123456", "+4930654321")


def test_outbound_without_custom_data_calls_the_demo_user() -> None:
    stage = outbound("")
    assert stage.dialled[0][0].destination == "demo"


@pytest.mark.parametrize("custom_data", ["{}", "nonsense", '{"name": "alice"}'])
def test_outbound_with_wrong_custom_data_says_so_and_ends(custom_data: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(source("outbound.js"), custom_data)
        await stage.ended()
        assert stage.clock.now() < 1

    stage = perform(story)
    assert stage.logs()[0].startswith("nobody to call: ")
    assert stage.dialled == []


def test_outbound_that_is_not_answered_ends_with_the_reason_and_makes_no_agent() -> None:
    app = Ultravox(greet)

    async def story(stage: Stage) -> None:
        meet(stage, app)
        await stage.start(source("outbound.js"), '{"user": "alice"}')
        (await stage.dialled_leg()).remote.refuse(486, "Busy Here")
        await stage.ended()
        assert stage.logs() == ["not answered: 486 Busy Here"]

    perform(story)
    assert app.requests == []


# --- function calling


def asking(tool: str, **parameters: str) -> tuple[Ultravox, list[dict[str, Any]]]:
    """An Ultravox whose agent calls one tool; with the messages that it gets afterwards."""
    got: list[dict[str, Any]] = []

    async def talk(wire: Wire) -> None:
        await wire.tell(
            type="client_tool_invocation", toolName=tool, invocationId="i1", parameters=parameters
        )
        got.append(await wire.message())
        if got[0].get("responseType") == "hang-up":
            await wire.audio(ms(200))
            await wire.close(1000, "")
            return
        while True:
            message = await wire.read()
            if message is None:
                return
            if isinstance(message, str):
                got.append(json.loads(message))

    return Ultravox(talk), got


@pytest.mark.parametrize(
    ("city", "result"),
    [
        ("London", {"city": "London", "sky": "rain", "celsius": 12}),
        ("  new YORK ", {"city": "  new YORK ", "sky": "snow", "celsius": -2}),
        ("Atlantis", {"city": "Atlantis", "error": "no weather is known for this city"}),
    ],
)
def test_the_weather_tool_answers_with_the_same_invocation_id(city: str, result: dict[str, Any]) -> None:
    app, got = asking("getWeather", city=city)

    async def story(stage: Stage) -> None:
        meet(stage, app)
        leg = await stage.call_in(source("function-calling.js"))
        await stage.until(lambda: got)
        leg.remote.hang_up()
        await stage.ended()

    perform(story)
    declared = [tool["temporaryTool"]["modelToolName"] for tool in app.requests[0]["body"]["selectedTools"]]
    assert declared == ["getWeather", "transferCall", "hangUp"]
    assert got[0]["type"] == "client_tool_result"
    assert got[0]["invocationId"] == "i1"
    assert json.loads(got[0]["result"]) == result


def test_an_unknown_tool_is_answered_too_or_the_agent_would_wait() -> None:
    app, got = asking("makeCoffee")

    async def story(stage: Stage) -> None:
        meet(stage, app)
        await stage.call_in(source("function-calling.js"))
        await stage.until(lambda: got)

    perform(story)
    assert got[0]["errorType"] == "undefined"
    assert "makeCoffee" in got[0]["errorMessage"]


def test_the_hang_up_tool_lets_the_agent_say_goodbye_and_ends_the_call() -> None:
    app, got = asking("hangUp")

    async def story(stage: Stage) -> None:
        meet(stage, app)
        leg = await stage.call_in(source("function-calling.js"))
        await stage.ended()
        assert leg.over
        assert sound(leg) == 10

    perform(story)
    assert got[0]["responseType"] == "hang-up"


def test_the_transfer_tool_connects_the_caller_with_the_colleague_and_lets_the_agent_go() -> None:
    app, got = asking("transferCall")

    async def story(stage: Stage) -> None:
        meet(stage, app)
        caller = await stage.call_in(source("function-calling.js"))
        colleague = await stage.dialled_leg()
        assert stage.dialled[0][0].destination == "operator"
        await asyncio.sleep(5)
        assert not caller.over
        colleague.remote.answer()
        await asyncio.sleep(1)
        assert app.wires[0].code == 1000
        assert not caller.over
        caller.remote.speak(VOICE * 10)
        colleague.remote.speak(ms(400))
        await asyncio.sleep(2)
        assert (sound(colleague), sound(caller)) == (10, 20)
        colleague.remote.hang_up()
        await stage.ended()
        assert caller.over

    perform(story)
    assert "ringing" in got[0]["result"]


def test_a_colleague_who_does_not_answer_leaves_the_caller_with_the_agent_who_is_told() -> None:
    app, got = asking("transferCall")

    async def story(stage: Stage) -> None:
        meet(stage, app)
        caller = await stage.call_in(source("function-calling.js"))
        colleague = await stage.dialled_leg()
        await asyncio.sleep(31)
        assert colleague.over
        await stage.until(lambda: len(got) == 2)
        assert not caller.over
        caller.remote.hang_up()
        await stage.ended()

    perform(story)
    assert got[1]["type"] == "user_text_message"
    assert "did not answer" in got[1]["text"]


# --- barge-in


def test_the_barge_in_sample_logs_when_the_caller_cut_in_and_how_fast_the_answer_came() -> None:
    async def talk(wire: Wire) -> None:
        await wire.tell(type="state", state="speaking")
        await wire.audio(ms(5000))
        await asyncio.sleep(2)
        await wire.tell(type="playback_clear_buffer")
        await final(wire, "agent", "Once upon ")
        await wire.tell(type="state", state="listening")
        await asyncio.sleep(0.75)
        await wire.tell(type="state", state="speaking")
        await wire.listen()

    async def story(stage: Stage) -> None:
        meet(stage, Ultravox(talk))
        leg = await stage.call_in(source("barge-in.js"))
        await asyncio.sleep(4)
        leg.remote.hang_up()
        await stage.ended()

    lines = [line.partition(" s  ") for line in perform(story).logs()]
    assert [text for _, _, text in lines] == [
        "agent is speaking",
        "sound of the agent begins",
        "interruption 1: the rest of the sentence is dropped",
        "agent: Once upon ",
        "agent is listening",
        "agent is speaking",
        "answer 750 ms after the interruption",
        "sound of the agent ended, 2 s long",
        "the end, after 1 interruption(s)",
    ]
    times = [float(seconds) for seconds, _, _ in lines]
    assert times == sorted(times)


# --- keys


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ("4711#", ["4 7 1 1"]),
        ("12*34#", ["3 4"]),
        ("1#2#", ["1", "2"]),
        ("#*#", []),
    ],
)
def test_keys_reach_the_agent_as_text(keys: str, numbers: list[str]) -> None:
    app = Ultravox()

    async def story(stage: Stage) -> None:
        meet(stage, app)
        leg = await stage.call_in(source("dtmf-to-text.js"))
        await asyncio.sleep(1)
        leg.remote.press(keys)
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await stage.ended()

    perform(story)
    assert [message["text"] for message in app.wires[0].said] == [
        f"My parcel number is {number}." for number in numbers
    ]
    assert all(message["urgency"] == "immediate" for message in app.wires[0].said)


def test_a_pause_of_three_seconds_sends_what_was_typed() -> None:
    app = Ultravox()

    async def story(stage: Stage) -> None:
        meet(stage, app)
        leg = await stage.call_in(source("dtmf-to-text.js"))
        await asyncio.sleep(1)
        leg.remote.press("12")
        await asyncio.sleep(2.5)
        leg.remote.press("3")
        await asyncio.sleep(2.9)
        assert app.wires[0].said == []
        await asyncio.sleep(0.2)
        assert app.wires[0].said[0]["text"] == "My parcel number is 1 2 3."

    perform(story)
