"""Modules.Ultravox as a scenario sees it: a real realm, a real session, an Ultravox written by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.connectors.provider import JOIN, Ultravox, Wire, listen, ms
from tests.harness import Stage, play

from voxrun.connectors.memory import MemoryConnector

PARAMS = (
    "{endpoint: Ultravox.HTTPEndpoint.CREATE_CALL, authorizations: {'X-API-Key': 'k'}, body: {voice: 'Mark'}"
)


def scenario(body: str, close: str = "null") -> str:
    """A scenario that creates a client in Started and goes on with ``body``."""
    return f"""
    require(Modules.Ultravox);
    const log = (value) => Logger.write(typeof value === "string" ? value : JSON.stringify(value));
    VoxEngine.addEventListener(AppEvents.Started, async () => {{
      const client = await Ultravox.createWebSocketAPIClient({PARAMS}, onWebSocketClose: {close}}});
      {body}
    }});
    """


def meet(stage: Stage, app: Ultravox) -> None:
    """Connectors of this stage reach ``app``."""
    stage.connect = MemoryConnector(app)
    asgi = httpx.ASGITransport(app=app)

    async def forward(request: httpx.Request) -> httpx.Response:
        return await asgi.handle_async_request(request)

    for path in ("/api/calls", "/api/agents/a1/calls"):
        stage.net.routes[path] = forward


def run(source: str, app: Ultravox, until: Callable[[Stage], object], **application: object) -> Stage:
    """Play the scenario until the condition holds."""

    async def story(stage: Stage) -> None:
        meet(stage, app)
        await stage.start(source)
        await stage.until(lambda: until(stage))

    return play(story, **application)


def logged(count: int) -> Callable[[Stage], bool]:
    return lambda stage: len(stage.logs()) >= count


@pytest.mark.covers(
    "Ultravox.HTTPEndpoint", "Ultravox.WebSocketAPIClient.id", "Ultravox.WebSocketAPIClient.webSocketId"
)
def test_the_namespace_holds_every_documented_member_old_and_new() -> None:
    source = """
    require("ultravox");
    require(Modules.Ultravox);
    Logger.write(JSON.stringify(Ultravox));
    VoxEngine.addEventListener(AppEvents.Started, async () => {
      const client = await Ultravox.createWebSocketAPIClient({endpoint: "JoinCall", joinUrl: "JOIN"});
      const names = ["id", "webSocketId", "close", "sendMediaTo", "stopMediaTo", "clearMediaBuffer",
        "addEventListener", "removeEventListener", "inputTextMessage", "userTextMessage", "setOutputMedium",
        "clientToolResult", "dataConnectionToolResult", "forcedAgentMessage", "hangUp"];
      Logger.write(names.filter((name) => typeof client[name] !== "function").join() || "all there");
      Logger.write([client.id().length, client.webSocketId().length, client.constructor.name,
        client instanceof Ultravox.WebSocketAPIClient, JSON.stringify(client)].join(" "));
    });
    """.replace("JOIN", JOIN)
    stage = run(source, Ultravox(), logged(3))
    namespace = json.loads(stage.logs()[0])
    assert namespace["HTTPEndpoint"] == {
        "CREATE_CALL": "CreateCall",
        "CREATE_AGENT_CALL": "CreateAgentCall",
        "JOIN_CALL": "JoinCall",
    }
    assert namespace["Events"] == {
        name: f"Ultravox.Events.{name}" for name in ("WebSocketMediaStarted", "WebSocketMediaEnded")
    }
    names = [
        "Unknown",
        "HTTPResponse",
        "State",
        "Transcript",
        "ClientToolInvocation",
        "DataConnectionToolInvocation",
        "Debug",
        "PlaybackClearBuffer",
        "WebSocketError",
        "ConnectorInformation",
    ]
    assert namespace["WebSocketAPIEvents"] == {name: f"Ultravox.WebSocketAPI.{name}" for name in names}
    assert stage.logs()[1:] == ["all there", "32 32 WebSocketAPIClient true {}"]


def test_without_require_the_namespace_does_not_exist() -> None:
    stage = run(
        "try { Ultravox; } catch (error) { Logger.write(error.name); }",
        Ultravox(),
        logged(1),
    )
    assert stage.logs() == ["ReferenceError"]


@pytest.mark.covers("Ultravox.createWebSocketAPIClient")
def test_listeners_added_after_the_await_hear_the_first_events() -> None:
    body = """
      for (const name of Object.values(Ultravox.WebSocketAPIEvents)) {
        client.addEventListener(name, (event) => log(event));
      }
    """

    async def talk(wire: Wire) -> None:
        await wire.tell(type="state", state="listening")
        await wire.listen()

    stage = run(scenario(body), Ultravox(talk), logged(3))
    events = [json.loads(line) for line in stage.logs()]
    assert [event["data"]["customEvent"] for event in events] == [
        "ConnectorInformation",
        "HTTPResponse",
        "State",
    ]
    assert events[2] == {
        "name": "Ultravox.WebSocketAPI.State",
        "client": {},
        "data": {"customEvent": "State", "payload": {"type": "state", "state": "listening"}},
    }


@pytest.mark.covers("Ultravox.Events.WebSocketMediaEnded", "Ultravox.Events.WebSocketMediaStarted")
def test_media_events_look_as_on_the_platform_and_start_with_the_id_of_the_client() -> None:
    body = """
      log(client.id());
      client.addEventListener(Ultravox.Events.WebSocketMediaStarted, log);
      client.addEventListener(Ultravox.Events.WebSocketMediaEnded, log);
    """

    async def talk(wire: Wire) -> None:
        await wire.audio(ms(6000))
        await wire.listen()

    stage = run(scenario(body), Ultravox(talk), logged(3))
    client, started, ended = stage.logs()
    head = '{"name":"Ultravox.Events.WebSocketMedia%s","id":"' + client + '","client":{},'
    assert started == head % "Started" + '"encoding":"PCM16"}'
    assert ended == head % "Ended" + '"mediaInfo":{"duration":6}}'


def test_methods_reach_ultravox_and_work_unbound() -> None:
    body = """
      const { hangUp, userTextMessage } = client;
      userTextMessage({text: "HI!", urgency: "immediate"});
      client.inputTextMessage({type: "input_text_message", text: "old"});
      client.clientToolResult({type: "client_tool_result", invocationId: "i", result: "{}"});
      hangUp();
    """
    app = Ultravox()
    run(scenario(body), app, lambda _: app.wires and len(app.wires[0].said) == 4)
    assert app.wires[0].said == [
        {"text": "HI!", "urgency": "immediate", "type": "user_text_message"},
        {"type": "input_text_message", "text": "old"},
        {"type": "client_tool_result", "invocationId": "i", "result": "{}"},
        {"type": "hang_up"},
    ]


METHODS = (
    "Ultravox.WebSocketAPIClient.clientToolResult",
    "Ultravox.WebSocketAPIClient.dataConnectionToolResult",
    "Ultravox.WebSocketAPIClient.forcedAgentMessage",
    "Ultravox.WebSocketAPIClient.hangUp",
    "Ultravox.WebSocketAPIClient.inputTextMessage",
    "Ultravox.WebSocketAPIClient.setOutputMedium",
    "Ultravox.WebSocketAPIClient.userTextMessage",
)


@pytest.mark.covers(*METHODS)
def test_every_method_says_what_it_was_given() -> None:
    methods = [name.rpartition(".")[2] for name in METHODS]
    body = "".join(f"client.{name}({{n: {number}}});" for number, name in enumerate(methods))
    app = Ultravox()
    run(scenario(body), app, lambda _: app.wires and len(app.wires[0].said) == len(methods))
    assert [message["n"] for message in app.wires[0].said] == list(range(len(methods)))


TOLD = {
    "Ultravox.WebSocketAPIEvents.ClientToolInvocation": "client_tool_invocation",
    "Ultravox.WebSocketAPIEvents.DataConnectionToolInvocation": "data_connection_tool_invocation",
    "Ultravox.WebSocketAPIEvents.Debug": "debug",
    "Ultravox.WebSocketAPIEvents.PlaybackClearBuffer": "playback_clear_buffer",
    "Ultravox.WebSocketAPIEvents.State": "state",
    "Ultravox.WebSocketAPIEvents.Transcript": "transcript",
    "Ultravox.WebSocketAPIEvents.Unknown": "pong",
}


@pytest.mark.covers(
    "Ultravox.WebSocketAPIEvents.ClientToolInvocation",
    "Ultravox.WebSocketAPIEvents.ConnectorInformation",
    "Ultravox.WebSocketAPIEvents.DataConnectionToolInvocation",
    "Ultravox.WebSocketAPIEvents.Debug",
    "Ultravox.WebSocketAPIEvents.PlaybackClearBuffer",
    "Ultravox.WebSocketAPIEvents.State",
    "Ultravox.WebSocketAPIEvents.Transcript",
    "Ultravox.WebSocketAPIEvents.Unknown",
    "Ultravox.WebSocketAPIClient.addEventListener",
    "Ultravox.WebSocketAPIClient.removeEventListener",
)
def test_every_message_of_ultravox_reaches_the_listeners_of_its_event() -> None:
    events = "".join(
        f"client.addEventListener({name}, (e) => log('{name} ' + e.data.payload.type));"
        f"client.addEventListener({name}, never); client.removeEventListener({name}, never);"
        for name in [*TOLD, "Ultravox.WebSocketAPIEvents.ConnectorInformation"]
    )

    async def talk(wire: Wire) -> None:
        for kind in TOLD.values():
            await wire.tell(type=kind)
        await wire.listen()

    body = "const never = () => log('removed');" + events
    stage = run(scenario(body), Ultravox(talk), logged(len(TOLD) + 1))
    assert stage.logs()[0].startswith("Ultravox.WebSocketAPIEvents.ConnectorInformation")
    assert stage.logs()[1:] == [f"{name} {kind}" for name, kind in TOLD.items()]


def test_functions_in_the_parameters_are_left_out_and_the_rest_is_sent() -> None:
    source = scenario("").replace(
        "body: {voice: 'Mark'}", "body: {voice: 'Mark', f() {}, n: null}, trace: true"
    )
    app = Ultravox()
    run(source, app, lambda _: app.requests)
    body = app.requests[0]["body"]
    del body["medium"]
    assert body == {"voice": "Mark", "n": None}


def test_on_websocket_close_gets_code_reason_and_was_clean_when_ultravox_ends_the_call() -> None:
    async def talk(wire: Wire) -> None:
        await wire.close(1000, "done")

    close = "({websocket, code, reason, wasClean}) => log([typeof websocket.id(), code, reason, wasClean])"
    stage = run(scenario("", close), Ultravox(talk), logged(1))
    assert stage.logs() == ['["string",1000,"done",true]']


@pytest.mark.covers("Ultravox.WebSocketAPIClient.close")
def test_close_calls_on_websocket_close_once_and_later_calls_are_harmless() -> None:
    body = """
      client.close();
      client.close();
      client.hangUp();
      client.clearMediaBuffer();
      setTimeout(() => log("later"), 1000);
    """
    stage = run(scenario(body, "(event) => log(event)"), Ultravox(), logged(2))
    assert stage.logs() == [
        '{"websocket":{},"code":1000,"reason":"Normal connection close","wasClean":true}',
        "later",
    ]
    assert len(stage.commands("connector.close")) == 1
    assert stage.logs("warning") == ["WebSocketAPIClient.hangUp() ignored: the client is closed"]


@pytest.mark.covers("Ultravox.WebSocketAPIEvents.HTTPResponse", "Ultravox.WebSocketAPIEvents.WebSocketError")
def test_a_refused_call_is_told_by_events_and_the_session_goes_on() -> None:
    body = """
      client.addEventListener(Ultravox.WebSocketAPIEvents.HTTPResponse, (e) => log(e.data.payload.status));
      client.addEventListener(Ultravox.WebSocketAPIEvents.WebSocketError, (e) => log(e.data.payload.reason));
    """
    app = Ultravox(status=429, body={"detail": "slow down"})
    stage = run(scenario(body, "(event) => log(event.code)"), app, logged(3))
    status, reason, code = stage.logs()
    assert (status, code) == ("429", "1011")
    assert "slow down" in reason
    assert stage.errors() == []


def test_with_connector_errors_reject_the_promise_rejects_instead() -> None:
    source = f"""
    require(Modules.Ultravox);
    VoxEngine.addEventListener(AppEvents.Started, () => {{
      Ultravox.createWebSocketAPIClient({PARAMS}}})
        .then(() => Logger.write("must not come"), (error) => Logger.write(error.message));
    }});
    """
    app = Ultravox(status=402, body={"detail": "subscribe"})
    stage = run(source, app, logged(1), connector_errors="reject")
    assert "HTTP 402" in stage.logs()[0]
    assert "subscribe" in stage.logs()[0]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("", "needs one object of parameters"),
        ("'CreateCall'", "needs one object of parameters"),
        ("{endpoint: 'Nope'}", "Ultravox.HTTPEndpoint"),
        ("{endpoint: Ultravox.HTTPEndpoint.JOIN_CALL}", "joinUrl"),
        (
            "(() => { const body = {}; body.body = body; return {endpoint: 'CreateCall', body}; })()",
            "circular",
        ),
    ],
)
def test_wrong_parameters_reject_the_promise_with_a_sentence(parameters: str, said: str) -> None:
    source = f"""
    require(Modules.Ultravox);
    VoxEngine.addEventListener(AppEvents.Started, async () => {{
      await Ultravox.createWebSocketAPIClient({parameters}).catch((error) => Logger.write(error));
    }});
    """
    stage = run(source, Ultravox(), logged(1))
    assert said in stage.logs()[0]
    assert stage.errors() == []


def test_a_message_that_is_no_object_ends_the_session_with_the_line() -> None:
    async def story(stage: Stage) -> None:
        meet(stage, Ultravox())
        await stage.start(scenario('client.userTextMessage("HI!");'))
        ending = await stage.ended()
        assert ending.reason == "JS session error"
        assert "takes one object" in stage.errors()[0]

    play(story)


def bridged(body: str = "") -> str:
    return f"""
    require(Modules.Ultravox);
    VoxEngine.addEventListener(AppEvents.CallAlerting, async ({{call}}) => {{
      call.answer();
      const client = await Ultravox.createWebSocketAPIClient({PARAMS}}});
      {body}
    }});
    """


async def speak_for_long(wire: Wire) -> None:
    await wire.audio(ms(20_000))
    await asyncio.sleep(2.005)
    await wire.tell(type="playback_clear_buffer")
    await wire.listen()


def hear(body: str, talk: Callable[[Wire], Awaitable[None]], seconds: float) -> tuple[int, Ultravox]:
    """Frames of sound that the caller heard in ``seconds`` of a bridged call."""
    app = Ultravox(talk)
    heard = 0

    async def story(stage: Stage) -> None:
        nonlocal heard
        meet(stage, app)
        leg = await stage.call_in(bridged(body))
        await stage.until(lambda: leg.connected)
        leg.remote.speak(ms(1000, b"\x01\x02" * 320))
        await asyncio.sleep(seconds)
        heard = sum(1 for _, frame in leg.heard if frame.count(0) != len(frame))
        assert stage.errors() == []

    play(story)
    return heard, app


def test_send_media_between_a_call_and_a_client_carries_both_voices() -> None:
    heard, app = hear("VoxEngine.sendMediaBetween(call, client);", speak_for_long, 3)
    assert 135 <= heard <= 150
    assert app.wires[0].heard.count(b"\x01\x02" * 320) >= 45


@pytest.mark.covers("Ultravox.WebSocketAPIClient.sendMediaTo", "Ultravox.WebSocketAPIClient.stopMediaTo")
def test_the_client_s_voice_goes_one_way_and_stops() -> None:
    heard, app = hear("client.sendMediaTo(call);", speak_for_long, 3)
    assert 135 <= heard <= 150
    assert all(message.count(0) == len(message) for message in app.wires[0].heard)
    heard, _ = hear(
        "client.sendMediaTo(call); setTimeout(() => { client.stopMediaTo(call);"
        " client.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer,"
        " () => client.sendMediaTo(call)); }, 1000);",
        speak_for_long,
        4,
    )
    assert 130 <= heard <= 155  # one second before, two after the silence


def test_a_scenario_that_forgets_to_bridge_is_silence_both_ways() -> None:
    heard, app = hear("", speak_for_long, 3)
    assert heard == 0
    assert app.wires[0].heard
    assert all(message.count(0) == len(message) for message in app.wires[0].heard)


@pytest.mark.covers("Ultravox.WebSocketAPIClient.clearMediaBuffer")
def test_clear_media_buffer_silences_the_agent_at_once_and_forgetting_it_does_not() -> None:
    clear = """
      VoxEngine.sendMediaBetween(call, client);
      const { PlaybackClearBuffer } = Ultravox.WebSocketAPIEvents;
      client.addEventListener(PlaybackClearBuffer, () => client.clearMediaBuffer());
    """
    heard, _ = hear(clear, speak_for_long, 5)
    assert 95 <= heard <= 102
    heard, _ = hear("VoxEngine.sendMediaBetween(call, client);", speak_for_long, 5)
    assert heard > 230


def test_two_clients_of_one_session_do_not_mix() -> None:
    source = f"""
    require(Modules.Ultravox);
    VoxEngine.addEventListener(AppEvents.Started, async () => {{
      for (const name of ["first", "second"]) {{
        const client = await Ultravox.createWebSocketAPIClient({PARAMS}}});
        const log = (event) => Logger.write(name + " " + event.data.payload.state);
        client.addEventListener(Ultravox.WebSocketAPIEvents.State, log);
        client.userTextMessage({{text: name}});
      }}
    }});
    """

    async def talk(wire: Wire) -> None:
        message = await wire.message()
        await wire.tell(type="state", state=message["text"])
        await listen(wire)

    stage = run(source, Ultravox(talk), logged(2))
    assert sorted(stage.logs()) == ["first first", "second second"]
