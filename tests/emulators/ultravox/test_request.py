"""Bodies of creations: what is accepted, what is refused, and how it is shown again."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.emulators.ultravox.call_config import FirstSpeaker, SocketMedium, TimedMessage, Vad
from voxrun.emulators.ultravox.request import CALL_FIELDS, read_agent_call, read_call
from voxrun.emulators.ultravox.values import Invalid

MEDIUM: dict[str, Any] = {"serverWebSocket": {"inputSampleRate": 48000}}


def body(**fields: Any) -> dict[str, Any]:
    return {"medium": MEDIUM, **fields}


def test_the_smallest_call_has_the_platforms_defaults() -> None:
    config = read_call(body())
    assert config.medium == SocketMedium(48_000, 48_000)
    assert (config.medium.buffer_ms, config.join_timeout, config.max_duration) == (60, 30.0, 3600.0)
    assert config.vad == Vad(0.384, 0.0, 0.09, 0.1)
    assert config.first == FirstSpeaker(agent=True, delay=0.0)
    defaults = {
        "joinTimeout": "30s",
        "maxDuration": "3600s",
        "temperature": 0.0,
        "model": "ultravox-v0.7",
        "firstSpeaker": "FIRST_SPEAKER_AGENT",
    }
    assert {key: config.echo[key] for key in defaults} == defaults


def test_null_is_unset_everywhere() -> None:
    socket = dict.fromkeys(
        ("outputSampleRate", "clientBufferSizeMs", "dataMessages", "mediaIdleTimeout"), None
    )
    nulls: dict[str, Any] = dict.fromkeys(CALL_FIELDS)
    medium = {"serverWebSocket": {"inputSampleRate": 48000, **socket}, "webRtc": None}
    plain = read_call(body())
    nulled = read_call({**nulls, "medium": medium})
    assert {**nulled.echo, "medium": None} == {**plain.echo, "medium": None}
    assert nulled.medium == plain.medium


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"medium": None}, "medium"),
        ({"medium": {"webRtc": {}}}, "medium"),
        ({"medium": {"serverWebSocket": {}}}, "medium.serverWebSocket.inputSampleRate"),
        (
            {"medium": {"serverWebSocket": {"inputSampleRate": "fast"}}},
            "medium.serverWebSocket.inputSampleRate",
        ),
        ({"medium": {"serverWebSocket": {"inputSampleRate": 7}}}, "medium.serverWebSocket.inputSampleRate"),
        ({"medium": {"serverWebSocket": {"inputSampleRate": 8000}, "twilio": {}}}, "medium"),
        ({"medium": []}, "medium"),
        ({"temperature": 2}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"maxDuration": 60}, "maxDuration"),
        ({"maxDuration": "60"}, "maxDuration"),
        ({"joinTimeout": "-1s"}, "joinTimeout"),
        ({"systemPrompt": 5}, "systemPrompt"),
        ({"languageHint": "x" * 17}, "languageHint"),
        ({"voice": "Mark", "externalVoice": {}}, "voice"),
        ({"metadata": {"ultravox.x": "1"}}, "metadata"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"firstSpeaker": "NOBODY"}, "firstSpeaker"),
        ({"firstSpeaker": "FIRST_SPEAKER_USER", "firstSpeakerSettings": {"agent": {}}}, "firstSpeaker"),
        ({"firstSpeakerSettings": {"agent": {}, "user": {}}}, "firstSpeakerSettings"),
        ({"vadSettings": {"turnEndpointDelay": 5}}, "vadSettings.turnEndpointDelay"),
        ({"vadSettings": {"frameActivationThreshold": 3}}, "vadSettings.frameActivationThreshold"),
        ({"inactivityMessages": [{"endBehavior": "X"}]}, "inactivityMessages[0].endBehavior"),
        ({"initialMessages": [{"text": "a"}]}, "initialMessages[0].role"),
        ({"selectedTools": {}}, "selectedTools"),
        ({"selectedTools": [{}]}, "selectedTools[0]"),
        ({"selectedTools": [{"toolName": "teleport"}]}, "selectedTools[0]"),
        ({"initialOutputMedium": "MESSAGE_MEDIUM_SMELL"}, "initialOutputMedium"),
    ],
)
def test_what_is_refused_names_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_call(body(**fields))
    assert list(caught.value.body()) == [field]


def test_settings_are_read() -> None:
    config = read_call(
        body(
            maxDuration="10.500000s",
            inactivityMessages=[
                {"duration": "5s", "message": "Hm?", "endBehavior": None},
                {"duration": "2s", "message": "Bye", "endBehavior": "END_BEHAVIOR_HANG_UP_STRICT"},
            ],
            firstSpeakerSettings={"user": {"fallback": {"delay": "3s", "text": "Hello?"}}},
            vadSettings={"turnEndpointDelay": "0.8s", "minimumTurnDuration": "0.2s"},
            model="fixie-ai/ultravox",
            sytemPrompt="oops",
        )
    )
    assert config.max_duration == 10.5
    assert config.echo["maxDuration"] == "10.5s"
    assert config.inactivity == (TimedMessage(5, "Hm?"), TimedMessage(2, "Bye", "strict"))
    assert config.first == FirstSpeaker(agent=False, text="Hello?", delay=3.0)
    assert (config.vad.turn_endpoint_delay, config.vad.minimum_turn) == (0.8, 0.2)
    assert config.echo["model"] == "ultravox-v0.7"
    assert "did you mean systemPrompt" in config.warnings[0]


def test_flags_and_the_idle_timeout() -> None:
    socket = {
        "inputSampleRate": 8000,
        "outputSampleRate": "16000",
        "clientBufferSizeMs": 30000,
        "mediaIdleTimeout": "3s",
        "dataMessages": {"state": False, "debug": True, "pong": None, "unheardOf": True},
    }
    medium = read_call({"medium": {"serverWebSocket": socket}}).medium
    assert (medium.output_rate, medium.buffer_ms, medium.idle_timeout) == (16_000, 30_000, 10.0)
    assert "state" not in medium.flags
    assert {"debug", "pong", "transcript"} <= medium.flags


def test_a_call_to_an_agent_starts_from_its_template() -> None:
    weather = {"temporaryTool": {"modelToolName": "weather", "client": {}}}
    clock = {"temporaryTool": {"modelToolName": "clock", "client": {}}}
    template = {
        "systemPrompt": "Serve {{ name }} and {{other}}.",
        "selectedTools": [weather, {"toolName": "hangUp"}],
    }
    config = read_agent_call(
        body(templateContext={"name": "Ada"}, toolOverrides={"remove": ["weather"], "add": [clock]}), template
    )
    assert config.system_prompt == "Serve Ada and {{other}}."
    assert set(config.tools) == {"hangUp", "clock"}
    with pytest.raises(Invalid, match="systemPrompt"):
        read_agent_call(body(systemPrompt="Mine."), template)
    assert read_agent_call(body(systemPrompt=None), template).tools.keys() == {"weather", "hangUp"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    sorted({*read_call(body()).echo, "selectedTools", "initialMessages", "dataConnection"})
)


@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_any_body_is_read_or_refused_by_field(fields: dict[str, Any]) -> None:
    with contextlib.suppress(Invalid):
        read_call({"medium": MEDIUM, **fields})
