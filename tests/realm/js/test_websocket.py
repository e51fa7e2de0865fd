"""js/websocket.js: WebSockets as scenarios see them; what they do is in tests/services/test_websockets.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.realm.js.conftest import Platform

OPEN = {"protocols": ["chat"], "headers": [], "statistics": False, "trace": False, "private": False}


def made(platform: Platform, code: str) -> str:
    """Boot with ``ws`` made by ``code``; gives its id."""
    result = platform.boot(f"let ws = {code};")
    assert result.error is None, result.error.message
    return platform.sent("websocket.open")[0].target


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("VoxEngine.createWebSocket('wss://a/')", {}),
        ("new WebSocket('wss://a/')", {}),
        ("WebSocket('wss://a/')", {}),
        ("VoxEngine.createWebSocket('wss://a/', 'p')", {"protocols": ["p"]}),
        ("VoxEngine.createWebSocket('wss://a/', ['p', ' q ', ''])", {"protocols": ["p", "q"]}),
        ("VoxEngine.createWebSocket('wss://a/', {protocols: 'p'})", {"protocols": ["p"]}),
        ("new WebSocket('wss://a/', {headers: [{name: 'X', value: 1}]})", {"headers": [["X", "1"]]}),
        ("VoxEngine.createWebSocket('wss://a/', {statistics: true, trace: 1, privacy: true})",
         {"statistics": True, "trace": True, "private": True}),
        ("VoxEngine.createWebSocket('wss://a/', null)", {}),
    ],
)  # fmt: skip
def test_every_way_to_make_one_is_the_same_command(
    platform: Platform, code: str, data: dict[str, Any]
) -> None:
    made(platform, code)
    (command,) = platform.sent("websocket.")
    assert dict(command.data) == {"url": "wss://a/", **OPEN, **data}


@pytest.mark.parametrize("argument", ["", "undefined", "null", "''"])
def test_one_without_a_url_is_a_type_error(platform: Platform, argument: str) -> None:
    result = platform.boot(f"VoxEngine.createWebSocket({argument});")
    assert result.error is not None
    assert "needs a URL" in result.error.message


@pytest.mark.covers("WebSocket.id", "WebSocket.url", "WebSocket.readyState")
def test_it_is_an_instance_with_url_id_and_ready_state(platform: Platform) -> None:
    shown = "Logger.write([ws instanceof WebSocket, ws.url, ws.id(), ws.readyState].join())"
    socket = made(platform, f"VoxEngine.createWebSocket('wss://a/'); {shown}")
    assert platform.logs() == [f"true,wss://a/,{socket},connecting"]


def test_ready_state_follows_its_life_and_equals_enum_and_browser_names(platform: Platform) -> None:
    source = """VoxEngine.createWebSocket('wss://a/');
    const say = () => Logger.write([ws.readyState, ws.readyState === WebSocketReadyState.OPEN,
      ws.readyState === WebSocket.OPEN].join());
    say();
    ws.onopen = () => { say(); ws.close(); say(); };
    ws.onclose = say"""
    socket = made(platform, source)
    platform.fire("WebSocket.Open", socket)
    platform.fire("WebSocket.Close", socket, code=1000, reason="", wasClean=True)
    assert platform.logs() == [
        "connecting,false,false",
        "open,true,true",
        "closing,false,false",
        "closed,false,false",
    ]


def test_events_carry_name_websocket_and_their_fields(platform: Platform) -> None:
    source = """VoxEngine.createWebSocket('wss://a/');
    ws.addEventListener(WebSocketEvents.MESSAGE, (e) => {
      const hidden = !JSON.stringify(e).includes('data');
      Logger.write([e.name, e.websocket === ws, e.text, e.data, hidden].join());
    })"""
    socket = made(platform, source)
    platform.fire("WebSocket.Message", socket, text="hello")
    assert platform.logs() == ["WebSocket.Message,true,hello,hello,true"]


def test_listeners_may_name_events_as_strings_and_as_browsers_do(platform: Platform) -> None:
    source = """VoxEngine.createWebSocket('wss://a/');
    for (const name of ["WebSocket.Open", "open", "message", "error", "close"]) {
      ws.addEventListener(name, () => Logger.write(name));
    }"""
    socket = made(platform, source)
    for kind in ("Open", "Message", "Error", "Close"):
        platform.fire(f"WebSocket.{kind}", socket)
    assert platform.logs() == ["WebSocket.Open", "open", "message", "error", "close"]


def test_properties_that_are_no_functions_are_passed_over(platform: Platform) -> None:
    socket = made(platform, "VoxEngine.createWebSocket('wss://a/'); ws.onopen = 5; ws.onmessage = null")
    assert platform.fire("WebSocket.Open", socket).error is None
    assert platform.fire("WebSocket.Message", socket, text="x").error is None


def test_what_a_property_throws_ends_the_session_with_its_event(platform: Platform) -> None:
    socket = made(
        platform, "VoxEngine.createWebSocket('wss://a/'); ws.onopen = () => { throw new Error('oops'); }"
    )
    error = platform.fire("WebSocket.Open", socket).error
    assert error is not None
    assert "oops" in error.message


def test_methods_work_unbound_and_do_not_show_in_json(platform: Platform) -> None:
    source = """VoxEngine.createWebSocket('wss://a/');
    const { send, close, clearMediaBuffer, id } = ws;
    send("x");
    clearMediaBuffer({tag: "t"});
    clearMediaBuffer();
    Logger.write(JSON.stringify(ws) + (id() === ws.id()));
    close()"""
    made(platform, source)
    assert [(c.kind, dict(c.data)) for c in platform.sent("websocket.")[1:]] == [
        ("websocket.send", {"text": "x"}),
        ("websocket.clear", {"tag": "t"}),
        ("websocket.clear", {"tag": ""}),
        ("websocket.close", {}),
    ]
    assert platform.logs() == ['{"url":"wss://a/","readyState":"connecting"}true']


@pytest.mark.parametrize(
    ("argument", "text", "warnings"),
    [("'x'", "x", 0), ("5", "5", 0), ("null", "null", 0), ("{a: 1}", '{"a":1}', 1), ("[1]", "[1]", 1)],
)
def test_send_takes_texts_and_writes_everything_else(
    platform: Platform, argument: str, text: str, warnings: int
) -> None:
    made(platform, f"VoxEngine.createWebSocket('wss://a/'); ws.send({argument})")
    assert platform.sent("websocket.send")[0].data["text"] == text
    assert len(platform.logs("warning")) == warnings


def test_media_links_carry_their_options(platform: Platform) -> None:
    source = """VoxEngine.createWebSocket('wss://a/');
    const second = VoxEngine.createWebSocket('wss://b/');
    const encoding = WebSocketAudioEncoding.ULAW;
    ws.sendMediaTo(second, {tag: 't', encoding, customParameters: {a: 1}, other: 5});
    ws.stopMediaTo(second, {tag: 't'});
    VoxEngine.sendMediaBetween(ws, second, {tag: 'u'})"""
    made(platform, source)
    commands = platform.sent("media.")
    options = [command.data["options"] for command in commands]
    assert options[0] == {"tag": "t", "encoding": "ULAW", "customParameters": {"a": 1}}
    assert [each["tag"] for each in options[1:]] == ["t", "u", "u"]
    assert [command.kind for command in commands] == [
        "media.connect",
        "media.disconnect",
        "media.connect",
        "media.connect",
    ]


def test_a_closed_one_takes_nothing_more(platform: Platform) -> None:
    source = """VoxEngine.createWebSocket('wss://a/');
    ws.onclose = () => { ws.send('x'); ws.sendMediaTo(ws); ws.close(); ws.clearMediaBuffer(); }"""
    socket = made(platform, source)
    platform.fire("WebSocket.Close", socket, code=1000, reason="", wasClean=True)
    assert [command.kind for command in platform.sent("websocket.")] == ["websocket.open"]
    assert platform.sent("media.") == []
    assert len(platform.logs("warning")) == 2


def test_those_that_come_in_are_open_and_known_by_their_path(platform: Platform) -> None:
    platform.boot(
        "VoxEngine.allowWebSocketConnections();"
        "VoxEngine.addEventListener(AppEvents.WebSocket, (e) => {"
        "  e.websocket.onopen = () => Logger.write('open');"
        "  Logger.write(JSON.stringify(e)); e.websocket.send('hi'); });"
    )
    platform.fire(
        "AppEvents.NewWebSocketConnection", "w1", method="GET", path="/request/1/2", content="", headers=[]
    )
    platform.fire("WebSocket.Open", "w1")
    shown, opened = platform.logs()
    assert json.loads(shown) == {
        "name": "AppEvents.NewWebSocketConnection",
        "websocket": {"url": "/request/1/2", "readyState": "open"},
        "method": "GET",
        "path": "/request/1/2",
        "content": "",
        "headers": [],
    }
    assert opened == "open"
    assert [(c.kind, c.target) for c in platform.sent("websocket.")] == [
        ("websocket.allow", ""),
        ("websocket.send", "w1"),
    ]


def test_the_toggles_for_incoming_ones(platform: Platform) -> None:
    platform.boot(
        "VoxEngine.enableTraceForIncomingWebsockets(); VoxEngine.enableStatisticsForIncomingWebsockets();"
        "VoxEngine.disableTraceForIncomingWebsockets(); VoxEngine.disableStatisticsForIncomingWebsockets();"
    )
    assert [(c.data["statistics"], c.data["trace"]) for c in platform.sent("websocket.incoming")] == [
        (False, True), (True, True), (True, False), (False, False),
    ]  # fmt: skip


def test_a_failed_one_is_told_to_the_application(platform: Platform) -> None:
    platform.boot(
        "VoxEngine.addEventListener(AppEvents.NewWebSocketFailed, (e) => Logger.write(e.name + e.reason));"
    )
    platform.fire("Application.OnNewWebSocketFailed", "", reason="too many")
    assert platform.logs() == ["Application.OnNewWebSocketFailedtoo many"]


def test_the_module_may_be_required_and_is_not_needed(platform: Platform) -> None:
    result = platform.boot(
        "require(Modules.WebSocket); require('websocket'); VoxEngine.createWebSocket('wss://a/');"
    )
    assert result.error is None


def test_what_the_scenario_does_to_built_ins_does_not_matter(platform: Platform) -> None:
    source = """VoxEngine.createWebSocket('wss://a/', ['p']);
    const spy = () => { throw new Error("spied"); };
    Array.prototype.push = Object.defineProperty = WeakMap.prototype.get = spy;
    String.prototype.trim = Array.isArray = Object.keys = spy;
    VoxEngine.createWebSocket('wss://b/', {protocols: ['q'], headers: [{name: 'X', value: 'y'}]}).send('x')"""
    socket = made(platform, source)
    assert platform.fire("WebSocket.Open", socket).error is None
    assert platform.sent("websocket.open")[1].data["protocols"] == ["q"]
