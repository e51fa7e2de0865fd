"""The Ultravox client against frames written by hand, in the shapes of Ultravox's documentation."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.connectors.provider import API, CREATE, JOIN, KEY, LOUD, Call, Ultravox, Wire, ms, virtual

from voxrun import __version__
from voxrun.connectors.ultravox_protocol import STATUS_HINTS
from voxrun.errors import PeerError, ScenarioError
from voxrun.media.frames import SILENCE
from voxrun.media.graph import Source

# --- creating and joining


@virtual
async def test_create_call_posts_the_body_with_the_medium_and_the_authorization_as_given() -> None:
    app = Ultravox()
    async with Call(app, {**CREATE, "queryParameters": {"enableGreetingPrompt": False}}) as call:
        await call.host.until("HTTPResponse")
    (request,) = app.requests
    assert (request["method"], request["path"]) == ("POST", "/api/calls")
    assert request["query"] == "enableGreetingPrompt=false"
    assert request["headers"]["x-api-key"] == KEY
    assert request["headers"]["content-type"] == "application/json"
    medium = request["body"].pop("medium")["serverWebSocket"]
    assert request["body"] == CREATE["body"]
    assert (medium["inputSampleRate"], medium["outputSampleRate"]) == (16000, 16000)
    assert medium["clientBufferSizeMs"] > 60


@virtual
async def test_create_agent_call_names_the_agent_in_the_path() -> None:
    app = Ultravox()
    params = {**CREATE, "endpoint": "CreateAgentCall", "pathParameters": {"agent_id": "a/b"}, "body": {}}
    async with Call(app, params) as call:
        await call.host.until("HTTPResponse")
    assert app.requests[0]["path"] == "/api/agents/a/b/calls"  # decoded by the server
    assert "medium" in app.requests[0]["body"]


@virtual
async def test_join_call_dials_the_given_address_without_any_request() -> None:
    joined = asyncio.Event()

    async def talk(wire: Wire) -> None:
        joined.set()
        await wire.listen()

    app = Ultravox(talk)
    url = JOIN + "?apiVersion=1"
    params = {"endpoint": "JoinCall", "joinUrl": url, "queryParameters": {"experimentalMessages": "debug"}}
    async with Call(app, params) as call:
        await asyncio.wait_for(joined.wait(), 5)
        assert call.wire.scope["query_string"] == b"apiVersion=1&experimentalMessages=debug"
        assert call.wire.scope["path"] == "/calls/5f4c/server_web_socket"
        assert call.wire.scope["server"] == ("voice.ultravox.test", 443)
    assert app.requests == []
    assert "HTTPResponse" not in call.host.log


@virtual
async def test_the_key_goes_to_the_api_and_not_to_the_websocket() -> None:
    app = Ultravox()
    async with Call(app) as call:
        await call.host.until("HTTPResponse")
        await asyncio.sleep(0.1)
        names = [name for name, _ in call.wire.scope["headers"]]
    assert b"x-api-key" not in names


# --- events


@virtual
async def test_the_promise_resolves_first_and_connector_information_is_the_first_event() -> None:
    app = Ultravox()
    call = Call(app)
    await call.client.open()
    assert call.host.log == []
    assert app.requests == []  # the provider was not asked yet
    await call.host.until("HTTPResponse")
    assert call.host.log == ["ConnectorInformation", "HTTPResponse"]
    (information,) = call.host.payloads("ConnectorInformation")
    assert information == {
        "applicationVersion": __version__,
        "id": information["id"],
        "endpoint": "/ultravox",
    }
    assert len(information["id"]) == 32
    await call.client.close()


@virtual
async def test_http_response_tells_status_headers_and_parsed_body() -> None:
    async with Call(Ultravox(headers={"X-Request-Id": "r1", "Set-Cookie": "session=1"})) as call:
        await call.host.until("HTTPResponse")
    (payload,) = call.host.payloads("HTTPResponse")
    assert (payload["status"], payload["code"], payload["statusText"]) == (201, 201, "Created")
    assert payload["body"]["joinUrl"] == JOIN
    assert payload["headers"]["x-request-id"] == "r1"
    assert "set-cookie" not in payload["headers"]


MESSAGES: list[tuple[str, dict[str, Any]]] = [
    ("Unknown", {"type": "call_started", "callId": "5f4c"}),
    ("State", {"type": "state", "state": "speaking"}),
    (
        "Transcript",
        {
            "type": "transcript",
            "role": "agent",
            "medium": "voice",
            "text": "Hello",
            "final": False,
            "ordinal": 0,
        },
    ),
    (
        "Transcript",
        {
            "type": "transcript",
            "role": "agent",
            "medium": "voice",
            "text": "",
            "delta": " this",
            "final": False,
            "ordinal": 0,
        },
    ),
    (
        "ClientToolInvocation",
        {
            "type": "client_tool_invocation",
            "toolName": "getWeather",
            "invocationId": "i1",
            "parameters": {"city": "Oslo"},
        },
    ),
    (
        "DataConnectionToolInvocation",
        {
            "type": "data_connection_tool_invocation",
            "toolName": "look",
            "invocationId": "i2",
            "parameters": {},
        },
    ),
    ("Debug", {"type": "debug", "message": "LLM response: tool calls"}),
    ("PlaybackClearBuffer", {"type": "playback_clear_buffer"}),
    ("Unknown", {"type": "pong", "timestamp": 12.5}),
    ("Unknown", {"type": "thread_spawned", "threadId": "T"}),
    ("Unknown", {"type": 7}),
    ("Unknown", {"no": "type"}),
]


@virtual
async def test_every_message_arrives_unchanged_under_its_event_name_in_order() -> None:
    async def talk(wire: Wire) -> None:
        for _, message in MESSAGES:
            await wire.tell(**message)
        await wire.listen()

    async with Call(Ultravox(talk)) as call:
        await call.host.until("Unknown", count=5)
    heard = [(name, data["data"]) for name, data in call.host.events[2:]]
    assert heard == [
        ("Ultravox.WebSocketAPI." + name, {"customEvent": name, "payload": message})
        for name, message in MESSAGES
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "",
        "null",
        '"state"',
        "[1,2]",
        '{"type":"state","x":NaN}',
        "1e999",
        "[" * 5000,
        "ÿ",
    ],
)
def test_a_malformed_message_is_an_unknown_event_and_the_call_goes_on(text: str) -> None:
    async def test() -> None:
        async def talk(wire: Wire) -> None:
            await wire.text(text)
            await wire.tell(type="state", state="listening")
            await wire.listen()

        async with Call(Ultravox(talk)) as call:
            await call.host.until("State")
        assert call.host.log[2:4] == ["Unknown", "State"]
        json.dumps(call.host.events, allow_nan=False)

    virtual(test)()


# --- methods

METHODS: list[tuple[str, dict[str, Any], str]] = [
    ("inputTextMessage", {"type": "user_text_message", "text": "HI!"}, "user_text_message"),
    ("inputTextMessage", {"type": "input_text_message", "text": "HI!"}, "input_text_message"),
    ("inputTextMessage", {"text": "HI!"}, "user_text_message"),
    ("userTextMessage", {"text": "HI!", "urgency": "immediate"}, "user_text_message"),
    ("setOutputMedium", {"medium": "text"}, "set_output_medium"),
    ("clientToolResult", {"invocationId": "i1", "result": "7 degrees"}, "client_tool_result"),
    ("dataConnectionToolResult", {"invocationId": "i2", "result": "x"}, "data_connection_tool_result"),
    ("forcedAgentMessage", {"content": "Please hold.", "uninterruptible": True}, "forced_agent_message"),
    ("hangUp", {"message": "Goodbye."}, "hang_up"),
    ("hangUp", {}, "hang_up"),
]


@virtual
async def test_every_method_passes_its_argument_on_and_adds_the_type_when_left_out() -> None:
    async with Call(Ultravox()) as call:
        for method, argument, _ in METHODS:
            call.client.call(method, argument)  # before the join: kept
        await call.host.until("HTTPResponse")
        await asyncio.sleep(0.1)
        assert call.wire.said == [{**argument, "type": kind} for _, argument, kind in METHODS]


@virtual
async def test_an_unknown_method_is_named_with_those_that_exist() -> None:
    async with Call(Ultravox()) as call:
        with pytest.raises(ScenarioError, match=r"no method 'sing'.*userTextMessage"):
            call.client.call("sing", {})


# --- audio


@virtual
async def test_the_provider_hears_the_unit_and_zeros_while_none_sends() -> None:
    async with Call(Ultravox()) as call:
        await asyncio.sleep(1)
        source = Source()
        source.connect(call.client.sink)
        for _ in range(50):
            source.push(LOUD)
            await asyncio.sleep(0.02)
        source.disconnect_all()
        await asyncio.sleep(1)
        heard = call.wire.heard
    assert 148 <= len(heard) <= 151
    assert {len(message) for message in heard} == {640}
    first, last = heard.index(LOUD), len(heard) - heard[::-1].index(LOUD)
    assert heard[first:last] == [LOUD] * 50
    assert heard[0] == heard[-1] == SILENCE


@virtual
async def test_speech_in_bursts_is_played_in_real_time_with_media_events() -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(ms(3000))
        await wire.listen()

    async with Call(Ultravox(talk)) as call:
        await call.host.until("WebSocketMediaStarted")
        assert len(call.ear.frames) <= 2
        await asyncio.sleep(1)
        assert 49 <= len(call.ear.frames) <= 51
        await call.host.until("WebSocketMediaEnded")
    assert call.ear.pcm == ms(3000)
    media = [entry for entry in call.host.events if entry[0].startswith("Ultravox.Events.")]
    assert media == [
        ("Ultravox.Events.WebSocketMediaStarted", {"encoding": "PCM16"}),
        ("Ultravox.Events.WebSocketMediaEnded", {"mediaInfo": {"duration": 3}}),
    ]
    assert call.host.times["WebSocketMediaEnded"] - call.ear.times[-1] == pytest.approx(1.0, abs=0.021)


@virtual
async def test_after_clear_media_buffer_not_one_more_frame_is_played() -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(ms(20_000))
        await asyncio.sleep(1.005)
        await wire.tell(type="playback_clear_buffer")
        await wire.listen()

    async with Call(Ultravox(talk)) as call:
        await call.host.until("PlaybackClearBuffer")
        call.client.clear_media_buffer()
        played = len(call.ear.frames)
        await asyncio.sleep(3)
    assert played > 40
    assert len(call.ear.frames) == played
    assert call.ear.flushed == 1  # what waits on the way out of a call goes too


@virtual
async def test_playback_goes_on_until_the_scenario_clears_it_as_on_the_platform() -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(ms(2000))
        await wire.tell(type="playback_clear_buffer")
        await wire.listen()

    async with Call(Ultravox(talk)) as call:
        await call.host.until("WebSocketMediaEnded")
    assert call.ear.pcm == ms(2000)


@virtual
async def test_odd_and_empty_binaries_leave_the_speech_after_them_in_order() -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(b"")
        await wire.audio(b"\x10")
        await wire.audio(ms(100))
        await wire.audio(ms(100)[:-1])
        await wire.audio(ms(100)[-1:])
        await wire.listen()

    async with Call(Ultravox(talk)) as call:
        await call.host.until("WebSocketMediaEnded")
    assert call.ear.pcm == ms(200)


@virtual
async def test_rates_that_the_scenario_asks_for_are_converted_both_ways() -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(b"\x10\x27" * 24_000)
        await wire.listen()

    medium = {
        "serverWebSocket": {"inputSampleRate": 8000, "outputSampleRate": 24000, "clientBufferSizeMs": 60}
    }
    app = Ultravox(talk)
    async with Call(app, {**CREATE, "body": {"medium": medium}}) as call:
        await call.host.until("WebSocketMediaEnded")
        assert {len(message) for message in call.wire.heard} == {320}
    assert app.requests[0]["body"]["medium"] == medium
    assert 31_000 <= len(call.ear.pcm) <= 33_000


# --- failures


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 429, 500, 503])
def test_a_refusal_is_http_response_then_websocket_error_then_close(status: int) -> None:
    async def test() -> None:
        app = Ultravox(status=status, body={"detail": "no."}, headers={"Retry-After": "3"})
        async with Call(app) as call:
            await call.host.until("closed")
        assert call.host.log == ["ConnectorInformation", "HTTPResponse", "WebSocketError", "closed"]
        (response,) = call.host.payloads("HTTPResponse")
        assert (response["status"], response["body"]) == (status, {"detail": "no."})
        (error,) = call.host.payloads("WebSocketError")
        assert f"HTTP {status}" in error["reason"]
        assert "no." in error["reason"]
        assert STATUS_HINTS.get(status, "") in error["reason"]
        assert "Retry-After: 3 s" in error["reason"]
        ((code, reason, clean),) = call.host.ends
        assert (code, clean) == (1011, True)
        assert reason
        assert len(reason.encode()) <= 123
        assert app.wires == []

    virtual(test)()


@virtual
async def test_under_reject_a_refusal_rejects_and_says_why() -> None:
    call = Call(Ultravox(status=402, body={"detail": "subscribe"}), reject_errors=True)
    with pytest.raises(PeerError, match=r"HTTP 402 Payment Required.*subscribe"):
        await call.client.open()
    await call.client.close()
    assert call.host.log == []


@virtual
async def test_under_reject_a_good_call_raises_the_same_events_as_ever() -> None:
    async def talk(wire: Wire) -> None:
        await wire.tell(type="state", state="listening")
        await wire.listen()

    async with Call(Ultravox(talk), reject_errors=True) as call:
        assert call.host.log == []
        await call.host.until("State")
    assert call.host.log[:3] == ["ConnectorInformation", "HTTPResponse", "State"]


@virtual
async def test_an_answer_that_is_no_ultravox_call_says_so() -> None:
    async with Call(Ultravox(status=200, body=b"<html>hello</html>")) as call:
        await call.host.until("closed")
    assert call.host.payloads("HTTPResponse")[0]["body"] == "<html>hello</html>"
    assert "without a joinUrl" in call.host.payloads("WebSocketError")[0]["reason"]


@virtual
async def test_a_socket_that_is_refused_after_the_call_was_created_is_an_error_and_a_close() -> None:
    class Refusing(Ultravox):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await super().__call__(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})

    async with Call(Refusing()) as call:
        await call.host.until("closed")
    assert call.host.log == ["ConnectorInformation", "HTTPResponse", "WebSocketError", "closed"]
    assert "403" in call.host.payloads("WebSocketError")[0]["reason"]


@virtual
async def test_1006_in_mid_word_ends_the_speech_and_closes_unclean() -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(ms(5000))
        await asyncio.sleep(1.005)
        raise ConnectionResetError

    async with Call(Ultravox(talk)) as call:
        await call.host.until("closed")
        played = len(call.ear.frames)
        await asyncio.sleep(2)
    assert len(call.ear.frames) == played < 60
    assert call.host.log[2:] == ["WebSocketMediaStarted", "WebSocketMediaEnded", "WebSocketError", "closed"]
    ((code, _, clean),) = call.host.ends
    assert (code, clean) == (1006, False)


@virtual
async def test_ultravox_hanging_up_lets_the_last_words_out_first() -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(ms(800))
        await wire.close(1000, "done")

    async with Call(Ultravox(talk)) as call:
        await call.host.until("closed")
    assert call.ear.pcm == ms(800)
    assert call.host.ends == [(1000, "done", True)]
    assert "WebSocketError" not in call.host.log
    assert call.host.log[-2:] == ["WebSocketMediaEnded", "closed"]


@virtual
async def test_close_by_the_scenario_ends_the_ultravox_call_with_1000_once() -> None:
    async def talk(wire: Wire) -> None:
        await wire.audio(ms(5000))
        await wire.listen()

    async with Call(Ultravox(talk)) as call:
        await asyncio.sleep(1)
        await call.client.close()
        await call.client.close()
        call.client.call("hangUp", {})
        await asyncio.sleep(0.1)
        assert call.wire.code == 1000
    assert call.host.ends == [(1000, "Normal connection close", True)]
    assert call.host.log[-2:] == ["WebSocketMediaEnded", "closed"]


@virtual
async def test_close_at_once_after_the_promise_leaves_nothing_behind() -> None:
    call = Call(Ultravox())
    await call.client.open()
    await call.client.close()
    await asyncio.sleep(1)
    assert call.host.log == ["ConnectorInformation", "closed"]


@virtual
async def test_close_without_open_tells_nobody_anything() -> None:
    call = Call(Ultravox())
    await call.client.close()
    assert call.host.log == []


@virtual
async def test_an_ultravox_that_stops_reading_costs_the_oldest_audio_and_no_memory() -> None:
    async def talk(wire: Wire) -> None:
        await asyncio.sleep(60)
        await wire.listen()

    async with Call(Ultravox(talk)) as call:
        await asyncio.sleep(50)
        call.client.call("userTextMessage", {"text": "still there?"})
        await asyncio.sleep(12)
        assert [message["text"] for message in call.wire.said] == ["still there?"]
        assert len(call.wire.heard) < 400
    dropped = [payload for direction, what, payload in call.host.traffic if what == "dropped"]
    assert dropped[0]["out_frames"] > 2000


# --- bad parameters

BAD: list[tuple[dict[str, Any], str]] = [
    ({"endpoint": "createCall"}, "HTTPEndpoint"),
    ({}, "HTTPEndpoint"),
    ({"endpoint": "JoinCall"}, "joinUrl"),
    ({"endpoint": "JoinCall", "joinUrl": "https://x/"}, "joinUrl"),
    ({"endpoint": "CreateAgentCall"}, "agent_id"),
    ({**CREATE, "body": "text"}, "body must be an object"),
    ({**CREATE, "authorizations": KEY}, "authorizations must be an object"),
    ({**CREATE, "authorizations": {"X-API-Key": KEY + "\n"}}, "line break"),
    ({**CREATE, "authorizations": {"X API Key": KEY}}, "header name"),
    ({**CREATE, "authorizations": {"X-API-Key": {"key": KEY}}}, "string or a number"),
    ({**CREATE, "queryParameters": {"a": {}}}, "queryParameters"),
    ({**CREATE, "body": {"medium": {"webRtc": {}}}}, "webRtc"),
    ({**CREATE, "body": {"medium": {"serverWebSocket": {"inputSampleRate": 96000}}}}, "inputSampleRate"),
    ({**CREATE, "body": {"medium": {"serverWebSocket": {"outputSampleRate": "8k"}}}}, "outputSampleRate"),
]


@pytest.mark.parametrize(("params", "named"), BAD, ids=[named for _, named in BAD])
def test_a_wrong_parameter_rejects_and_is_named_without_telling_the_key(
    params: dict[str, Any], named: str
) -> None:
    async def test() -> None:
        call = Call(Ultravox(), params or {"endpoint": None})
        with pytest.raises(ScenarioError) as caught:
            await call.client.open()
        assert named in str(caught.value)
        assert KEY not in str(caught.value)
        assert call.app.requests == []

    virtual(test)()


@virtual
async def test_null_parameters_count_as_left_out() -> None:
    app = Ultravox()
    nothing = dict.fromkeys(("pathParameters", "queryParameters", "authorizations", "joinUrl"))
    async with Call(
        app, {"endpoint": "CreateCall", "body": {"medium": None, "voice": None}, **nothing}
    ) as call:
        await call.host.until("HTTPResponse")
    assert app.requests[0]["body"]["medium"]["serverWebSocket"]["inputSampleRate"] == 16000
    assert app.requests[0]["body"]["voice"] is None


# --- secrets


@virtual
async def test_the_key_reaches_no_note_no_event_and_no_error_even_when_ultravox_repeats_it() -> None:
    for key in (KEY, f"Bearer {KEY}"):
        app = Ultravox(status=401, body={"detail": f"bad key {KEY}"}, headers={"X-Echo": KEY})
        async with Call(app, {**CREATE, "authorizations": {"Authorization": key}}) as call:
            await call.host.until("closed")
        assert KEY not in call.host.everything
        assert "[redacted]" in call.host.payloads("HTTPResponse")[0]["body"]["detail"]
        notes = [payload for direction, what, payload in call.host.traffic if what == "http"]
        assert notes[0]["headers"] == ["Authorization"]
        assert notes[0]["url"] == API + "/calls"
    rejecting = Call(
        Ultravox(status=401, body={"detail": KEY}),
        {**CREATE, "authorizations": {"X-API-Key": KEY}},
        reject_errors=True,
    )
    with pytest.raises(PeerError) as caught:
        await rejecting.client.open()
    assert KEY not in str(caught.value)


@virtual
async def test_privacy_keeps_what_is_said_out_of_the_notes() -> None:
    async def talk(wire: Wire) -> None:
        await wire.tell(type="transcript", role="user", medium="voice", text="my number is 4711", final=True)
        await wire.listen()

    async with Call(Ultravox(talk), {**CREATE, "privacy": True}) as call:
        call.client.call("userTextMessage", {"text": "4711"})
        await call.host.until("Transcript")
    assert "4711" not in json.dumps(call.host.traffic)
    assert call.host.payloads("Transcript")[0]["text"].endswith("4711")
