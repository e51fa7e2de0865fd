"""WebSockets of a scenario from end to end: a real realm and services, a server in memory, virtual time.

The platform's behaviour is described in docs/websockets.md; each of its sentences has a test here.
"""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.harness import Stage, play
from tests.services.sockets import Peer, Server

from voxrun.connectors.asgi_socket import AsgiDoor
from voxrun.connectors.memory import MemoryConnector, MemorySocket
from voxrun.connectors.transport import SocketClosed
from voxrun.errors import PeerError
from voxrun.services.websockets import check_url, request_headers, subprotocols, whole_characters
from voxrun.session.limits import Limits
from voxrun.session.session import CROWDED

LOUD = b"\x10\x20" * 320
SMALL = replace(Limits(), websocket_chars=1000, websockets=3)
TOKEN = f"{1:032x}"
WATCH = """
const shown = (e) => { const {name, websocket, ...rest} = e; return JSON.stringify(rest); };
function watch(ws) {
  const kinds = [
    WebSocketEvents.CREATED, WebSocketEvents.OPEN, WebSocketEvents.MESSAGE, WebSocketEvents.CLOSE,
    WebSocketEvents.ERROR, WebSocketEvents.MEDIA_STARTED, WebSocketEvents.MEDIA_ENDED,
  ];
  for (const kind of kinds) {
    ws.addEventListener(kind, (e) => Logger.write(kind.slice(10) + " " + shown(e) + " " + ws.readyState));
  }
}
"""
CALL = (
    WATCH
    + """
let call, ws;
VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
  call = e.call;
  call.answer();
  call.addEventListener(CallEvents.MessageReceived, (m) => eval(m.text));
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  ws = VoxEngine.createWebSocket("wss://bot.example/talk?key=1");
  watch(ws);
  BODY
});
"""
)
BRIDGE = "ws.onopen = () => { call.sendMediaTo(ws, OPTIONS); ws.sendMediaTo(call); };"


def scenario(body: str = "") -> str:
    return CALL.replace("BODY", body)


def bridged(options: str = "undefined") -> str:
    return scenario(BRIDGE.replace("OPTIONS", options))


def converse(server: Server, story: Any, source: str | None = None, **application: Any) -> Stage:
    """A caller calls a scenario whose WebSockets end in ``server``."""

    async def whole(stage: Stage) -> None:
        stage.sockets = server.connect
        leg = await stage.call_in(source if source is not None else scenario(), **application)
        await stage.until(lambda: leg.connected)
        await story(stage, leg)

    return play(whole)


async def settle(seconds: float = 0.1) -> None:
    await asyncio.sleep(seconds)


def sound_ms(leg: Any) -> int:
    return 20 * sum(1 for _, frame in leg.heard if frame.count(0) != len(frame))


# -- outgoing: life -----------------------------------------------------------------------------------


@pytest.mark.covers(
    "VoxEngine.createWebSocket",
    "WebSocket.addEventListener",
    "WebSocketEvents.CREATED",
    "WebSocketEvents.OPEN",
    "WebSocketEvents.MESSAGE",
    "WebSocketEvents.CLOSE",
)
def test_events_come_in_order_created_open_message_close() -> None:
    async def talk(peer: Peer) -> None:
        await peer.tell("hello")
        await asyncio.sleep(1)
        await peer.close(4000, "enough")

    async def story(stage: Stage, leg: Any) -> None:
        await settle(2)

    assert converse(Server(talk), story).logs() == [
        "Created {} connecting",
        "Open {} open",
        'Message {"text":"hello"} open',
        'Close {"code":4000,"reason":"enough","wasClean":true} closed',
    ]


def test_what_is_sent_before_it_is_open_waits_and_keeps_its_order() -> None:
    server = Server(delay=1)

    async def story(stage: Stage, leg: Any) -> None:
        await settle(2)

    stage = converse(
        server, story, scenario("ws.send('one'); ws.send('two'); ws.onopen = () => ws.send('three');")
    )
    assert server.peer.texts == ["one", "two", "three"]
    assert stage.errors() == []


def test_url_protocols_and_headers_reach_the_server() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        await settle()

    body = """
    const headers = [{name: "X-Key", value: "7"}];
    VoxEngine.createWebSocket("wss://bot.example/a", {protocols: ["x", "y"], headers});
    VoxEngine.createWebSocket("wss://bot.example/b", "soap");
    new WebSocket("wss://bot.example/c", ["p"]);
    VoxEngine.createWebSocket("wss://bot.example/d", {protocols: [], headers: {"X-Key": 8}});
    """
    converse(server, story, scenario(body))
    assert [(p.path, p.query, p.protocols, p.headers.get("x-key")) for p in server.peers] == [
        ("/talk", "key=1", ["chat"], None),
        ("/a", "", ["x", "y"], "7"),
        ("/b", "", ["soap"], None),
        ("/c", "", ["p"], None),
        ("/d", "", [], "8"),
    ]


@pytest.mark.covers("WebSocket.close", "WebSocket.send")
def test_the_scenario_s_close_lets_messages_out_and_is_clean() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.message("ws.send('bye'); ws.close(); ws.close(); ws.send('late');")
        await settle()
        assert server.peer.texts == ["bye"]
        assert server.peer.ended == (1000, "")

    stage = converse(server, story)
    assert stage.logs()[-1] == 'Close {"code":1000,"reason":"Normal connection close","wasClean":true} closed'
    assert stage.logs("warning") == ["WebSocket.send() ignored: the WebSocket is closing"]


def test_closing_before_it_is_open_gives_up_the_attempt() -> None:
    server = Server(delay=5)

    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.message("ws.close();")
        await settle(10)

    stage = converse(server, story)
    assert stage.logs() == [
        "Created {} connecting",
        'Close {"code":1006,"reason":"closed before it was open","wasClean":false} closed',
    ]


@pytest.mark.parametrize("how", ["refuses", "is not there"])
def test_a_server_that_cannot_be_reached_gives_error_and_close_1006_and_says_why(how: str) -> None:
    async def nobody(url: str, headers: Any, protocols: Any) -> Any:
        raise PeerError("nothing answers at wss://bot.example/talk (connection refused)")

    async def whole(stage: Stage) -> None:
        stage.sockets = Server(status=503).connect if how == "refuses" else nobody
        await stage.call_in(scenario())
        await settle(1)

    stage = play(whole)
    assert [line.split()[0] for line in stage.logs()] == ["Created", "Error", "Close"]
    assert '"code":1006' in stage.logs()[-1]
    why = "HTTP 503" if how == "refuses" else "connection refused"
    (warning,) = stage.logs("warning")
    assert why in warning
    assert "key=1" not in warning


@pytest.mark.covers("WebSocketEvents.ERROR", "WebSocket.onerror")
def test_a_connection_that_breaks_off_gives_error_and_close_1006() -> None:
    async def talk(peer: Peer) -> None:
        await asyncio.sleep(1)
        peer.break_off()

    async def story(stage: Stage, leg: Any) -> None:
        await settle(2)
        assert leg.connected

    stage = converse(Server(talk), story, scenario("ws.onerror = (e) => Logger.write('property ' + e.name);"))
    broken = 'Close {"code":1006,"reason":"","wasClean":false} closed'
    assert stage.logs()[2:] == ["property WebSocket.Error", "Error {} open", broken]


def test_a_websocket_outlives_the_call_and_ends_with_the_session() -> None:
    server = Server()
    source = scenario().replace("call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);", "")

    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.hang_up()
        await settle(30)
        await server.peer.tell("still here")
        await settle(1)
        assert "still here" in stage.logs()[-1]
        await stage.ended()
        await settle()
        assert server.peer.ended == (1001, "the session is over")

    converse(server, story, source)


def test_what_was_sent_just_before_terminate_still_goes_out() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.message("call.sendMediaTo(ws);")
        await settle(1)
        leg.remote.message("ws.send('farewell'); VoxEngine.terminate();")
        await stage.ended()
        await settle()
        assert [m["event"] if isinstance(m, dict) else m for m in server.peer.texts] == [
            "start",
            "farewell",
            "stop",
        ]

    converse(server, story)


# -- outgoing: properties, names, old forms -----------------------------------------------------------


@pytest.mark.covers(
    "WebSocket.oncreated",
    "WebSocket.onopen",
    "WebSocket.onmessage",
    "WebSocket.onmediastarted",
    "WebSocket.onmediaended",
    "WebSocket.onclose",
)
def test_handler_properties_run_right_before_the_listeners() -> None:
    async def talk(peer: Peer) -> None:
        await peer.tell("x")
        await peer.start()
        await peer.stop()
        await peer.close()

    body = """
    for (const name of ["oncreated", "onopen", "onmessage", "onmediastarted", "onmediaended", "onclose"]) {
      ws[name] = (e) => Logger.write("property " + e.name);
    }
    """

    async def story(stage: Stage, leg: Any) -> None:
        await settle()

    lines = converse(Server(talk), story, scenario(body)).logs()
    names = ["Created", "Open", "Message", "MediaEventStarted", "MediaEventEnded", "Close"]
    expected = [line for name in names for line in (f"property WebSocket.{name}", name)]
    assert [line.split(" {")[0] for line in lines] == expected


# -- media: to the peer -------------------------------------------------------------------------------


def test_send_media_to_sends_start_then_20_ms_pieces_and_stop_media_to_sends_stop() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.speak(LOUD * 25)
        await settle(2)
        leg.remote.message("call.stopMediaTo(ws);")
        await settle(1)
        peer = server.peer
        start, stop = peer.texts
        assert start["start"]["mediaFormat"] == {"encoding": "ULAW", "sampleRate": 8000, "channels": 1}
        chunks = peer.media()
        assert [body["chunk"] for body in chunks] == list(range(len(chunks)))
        assert [body["timestamp"] for body in chunks] == [160 * n for n in range(len(chunks))]
        assert len(peer.audio()) == 160 * len(chunks)
        assert 98 <= len(chunks) <= 102
        assert stop["stop"]["mediaInfo"] == {"bytesSent": 160 * len(chunks), "duration": 2}

    converse(server, story, bridged("{encoding: WebSocketAudioEncoding.ULAW}"))


@pytest.mark.parametrize(
    ("setting", "encoding", "rate"), [({}, "PCM8", 8000), ({"websocket_encoding": "PCM16"}, "PCM16", 16000)]
)
def test_the_default_encoding_is_pcm8_unless_the_switch_says_pcm16(
    setting: dict[str, str], encoding: str, rate: int
) -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        await settle(1)
        form = server.peer.texts[0]["start"]["mediaFormat"]
        assert (form["encoding"], form["sampleRate"]) == (encoding, rate)
        assert len(server.peer.audio()) == rate // 50 * 2 * len(server.peer.media())

    converse(server, story, bridged(), **setting)


def test_several_streams_are_told_apart_by_tag_and_carry_custom_parameters_as_a_json_text() -> None:
    server = Server()
    body = """
    const other = VoxEngine.callUser("bob");
    other.addEventListener(CallEvents.Connected, () => {
      call.sendMediaTo(ws, {tag: "a", customParameters: {who: "caller"}});
      other.sendMediaTo(ws, {tag: "b", encoding: WebSocketAudioEncoding.PCM16});
    });
    """

    async def story(stage: Stage, leg: Any) -> None:
        bob = await stage.dialled_leg()
        bob.remote.answer()
        await settle(0.1)
        bob.remote.speak(LOUD * 10)
        await settle(1)
        first, second = server.peer.texts
        assert first["start"]["tag"] == "a"
        assert json.loads(first["start"]["customParameters"]) == {"who": "caller"}
        assert "customParameters" not in second["start"]
        assert LOUD in server.peer.audio("b")
        assert not any(server.peer.audio("a"))
        bob.remote.hang_up()
        await settle(0.5)
        assert server.peer.texts[-1]["stop"]["tag"] == "b"  # the unit is over, and so is its stream

    converse(server, story, scenario(body))


def test_another_encoding_for_a_stream_makes_it_stop_and_start_anew() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        await settle(0.5)
        leg.remote.message(
            "call.sendMediaTo(ws); call.sendMediaTo(ws, {encoding: WebSocketAudioEncoding.OPUS});"
        )
        await settle(0.5)
        texts = server.peer.texts
        assert [(m["event"], m["sequenceNumber"] == 0) for m in texts] == [
            ("start", True),
            ("stop", False),
            ("start", True),
        ]
        assert texts[2]["start"]["mediaFormat"] == {"encoding": "OPUS", "sampleRate": 48000, "channels": 1}
        assert server.peer.media()[-1]["timestamp"] == 960 * server.peer.media()[-1]["chunk"]

    converse(server, story, bridged())


def test_an_unknown_encoding_is_told_and_the_default_is_sent() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        await settle(0.5)
        assert server.peer.texts[0]["start"]["mediaFormat"]["encoding"] == "PCM8"

    stage = converse(server, story, bridged("{encoding: 'vorbis'}"))
    assert "the encoding 'vorbis' is none of" in stage.logs("warning")[0]


def test_send_media_between_takes_options_in_third_place_too() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        await settle(0.5)
        assert server.peer.texts[0]["start"]["mediaFormat"]["encoding"] == "ALAW"

    converse(
        server, story, scenario("ws.onopen = () => VoxEngine.sendMediaBetween(call, ws, {encoding: 'ALAW'});")
    )


def test_a_conference_gives_a_websocket_everybody_but_itself() -> None:
    async def talk(peer: Peer) -> None:
        await asyncio.sleep(0.5)
        await peer.start()
        await peer.send_media(LOUD * 50)

    server = Server(talk)
    body = """
    require(Modules.Conference);
    const room = VoxEngine.createConference();
    room.addEventListener(ConferenceEvents.Started, () => {
      VoxEngine.sendMediaBetween(call, room);
      VoxEngine.sendMediaBetween(ws, room, {encoding: WebSocketAudioEncoding.PCM16});
    });
    """

    async def story(stage: Stage, leg: Any) -> None:
        await settle(1)
        assert sound_ms(leg) > 400
        leg.remote.speak(b"\x01\x02" * 3200)
        await settle(1)
        heard = server.peer.audio()
        assert b"\x01\x02" * 1000 in heard
        assert LOUD not in heard

    converse(server, story, scenario(body))


# -- media: from the peer -----------------------------------------------------------------------------


@pytest.mark.covers("WebSocket.sendMediaTo", "WebSocketEvents.MEDIA_STARTED", "WebSocketEvents.MEDIA_ENDED")
def test_audio_of_the_peer_reaches_the_call_in_real_time_with_started_and_ended() -> None:
    async def talk(peer: Peer) -> None:
        await asyncio.sleep(1)
        await peer.start(customParameters={"id": "5"})
        for _ in range(10):
            await peer.send_media(LOUD * 10)
        await peer.stop()

    async def story(stage: Stage, leg: Any) -> None:
        await settle(2)
        assert 960 <= sound_ms(leg) <= 1000
        await settle(2)
        assert sound_ms(leg) == 2000

    stage = converse(Server(talk), story, bridged())
    assert stage.logs()[2:] == [
        'MediaEventStarted {"encoding":"PCM16","customParameters":{"id":"5"}} open',
        'MediaEventEnded {"mediaInfo":{"duration":2}} open',
    ]


def test_a_tagged_stream_goes_to_whom_its_tag_was_sent_and_not_to_an_untagged_link() -> None:
    async def talk(peer: Peer) -> None:
        await asyncio.sleep(1)
        for tag in ("one", None):
            more = {"tag": tag} if tag else {}
            await peer.start(**more)
            await peer.send_media(LOUD * (10 if tag else 20), **more)
            await peer.stop(**more)

    async def story(stage: Stage, leg: Any) -> None:
        bob = await stage.dialled_leg()
        bob.remote.answer()
        await settle(4)
        assert (sound_ms(leg), sound_ms(bob)) == (400, 200)

    body = """
    const bob = VoxEngine.callUser("bob");
    bob.addEventListener(CallEvents.Connected, () => {
      ws.sendMediaTo(bob, {tag: "one"});
      ws.sendMediaTo(call);
    });
    """
    stage = converse(Server(talk), story, scenario(body))
    started = [line for line in stage.logs() if line.startswith("MediaEventStarted")]
    assert [json.loads(line.split(" ")[1]).get("tag") for line in started] == ["one", None]


@pytest.mark.covers("WebSocket.clearMediaBuffer")
@pytest.mark.parametrize(("argument", "cleared"), [("", {"a", "b"}), ("{tag: 'a'}", {"a"})])
def test_clear_media_buffer_empties_one_stream_or_all(argument: str, cleared: set[str]) -> None:
    async def talk(peer: Peer) -> None:
        for tag in ("a", "b"):
            await peer.start(tag=tag)
            await peer.send_media(LOUD * 200, tag=tag)
            await peer.stop(tag=tag)

    async def story(stage: Stage, leg: Any) -> None:
        await settle(1)
        leg.remote.message(f"ws.clearMediaBuffer({argument});")
        await settle(0.1)

    stage = converse(Server(talk), story)
    ended = {
        json.loads(line.split(" ")[1])["tag"] for line in stage.logs() if line.startswith("MediaEventEnded")
    }
    assert ended == cleared


@pytest.mark.covers("WebSocket.stopMediaTo", "WebSocket.removeEventListener")
def test_stopping_the_way_to_the_call_silences_the_peer_and_a_removed_listener_hears_nothing() -> None:
    async def talk(peer: Peer) -> None:
        await asyncio.sleep(0.5)
        await peer.start()
        await peer.send_media(LOUD * 100)
        await peer.stop()

    async def story(stage: Stage, leg: Any) -> None:
        await settle(1)
        before = sound_ms(leg)
        assert before > 400
        leg.remote.message("ws.stopMediaTo(call); ws.removeEventListener(WebSocketEvents.MEDIA_ENDED);")
        await settle(3)
        assert sound_ms(leg) - before <= 100

    stage = converse(Server(talk), story, bridged())
    assert stage.logs()[-1].startswith("MediaEventStarted")
    assert len(stage.events("WebSocket.MediaEventEnded")) == 1


def test_stop_media_to_with_and_without_a_tag() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.message("for (const tag of ['a', 'b', 'c']) call.sendMediaTo(ws, {tag});")
        await settle()
        leg.remote.message("call.stopMediaTo(ws, {tag: 'b'});")
        await settle()
        leg.remote.message("call.stopMediaTo(ws);")
        await settle()
        stops = [m["stop"]["tag"] for m in server.peer.texts if m["event"] == "stop"]
        assert stops == ["b", "a", "c"]

    converse(server, story)


def test_a_websocket_can_send_to_a_websocket() -> None:
    async def talk(peer: Peer) -> None:
        if peer.path == "/talk":
            await asyncio.sleep(0.5)
            await peer.start()
            await peer.send_media(LOUD * 20)

    server = Server(talk)

    async def story(stage: Stage, leg: Any) -> None:
        await settle(2)
        assert LOUD * 10 in server.peers[1].audio()

    body = """
    const second = VoxEngine.createWebSocket("wss://bot.example/second");
    second.onopen = () => ws.sendMediaTo(second, {encoding: "PCM16"});
    """
    converse(server, story, scenario(body))


# -- what is none of it -------------------------------------------------------------------------------


def test_json_that_is_no_media_custom_events_and_garbage_arrive_as_messages() -> None:
    texts = ['{"customEvent":"heard"}', '{"event":"speech_done","ms":5}', "{broken", "", "\u2028", "[]"]

    async def talk(peer: Peer) -> None:
        for text in texts:
            await peer.tell(text)

    async def story(stage: Stage, leg: Any) -> None:
        await settle()

    stage = converse(Server(talk), story)
    assert [r["data"]["text"] for r in stage.events("WebSocket.Message")] == texts  # type: ignore[index,call-overload]


def test_broken_media_and_binary_frames_are_told_once_and_hurt_nobody() -> None:
    async def talk(peer: Peer) -> None:
        for _ in range(50):
            await peer.tell({"event": "media", "media": {"payload": "§"}})
            await peer.tell({"event": "start", "start": {"mediaFormat": {"encoding": "MP3"}}})
            await peer.tell({"event": "stop", "customEvent": "x", "stop": {}})
            await peer.send_media(LOUD)
            await peer.stop()
            await peer.tell_bytes(b"\x00\xff")
        await peer.tell("fine")

    async def story(stage: Stage, leg: Any) -> None:
        await settle(1)

    stage = converse(Server(talk), story)
    assert stage.logs()[-1] == 'Message {"text":"fine"} open'
    told = " ".join(stage.logs("warning"))
    assert len(stage.logs("warning")) == 5
    for why in (
        "no base64",
        "none of PCM8",
        "both 'event' and 'customEvent'",
        "no start before it",
        "binary message",
    ):
        assert why in told


def test_a_message_over_the_limit_ends_its_own_websocket_only() -> None:
    async def talk(peer: Peer) -> None:
        await peer.tell("x" * 2000)

    async def story(stage: Stage, leg: Any) -> None:
        await settle(1)
        assert leg.connected

    server = Server(talk)
    stage = converse(server, story, limits=SMALL)
    assert [line.split()[0] for line in stage.logs()] == ["Created", "Open", "Error", "Close"]
    assert "more than 1000 characters" in stage.logs("warning")[0]
    assert server.peer.ended is not None
    assert server.peer.ended[0] == 1009


def test_a_peer_that_floods_a_slow_scenario_is_made_to_wait() -> None:
    sent = 0

    async def talk(peer: Peer) -> None:
        nonlocal sent
        for _ in range(500):
            await peer.tell("x" * 500)
            sent += 1

    class Crowd:
        most = 0

    async def story(stage: Stage, leg: Any) -> None:
        assert stage.runtime is not None
        session = next(iter(stage.runtime._sessions.values())).session
        for _ in range(400):
            Crowd.most = max(Crowd.most, len(session._queue))
            await asyncio.sleep(0)
        await settle(5)

    stage = converse(Server(talk), story, scenario().replace("watch(ws);", ""))
    assert Crowd.most <= CROWDED + 20
    assert sent == 500
    assert len(stage.events("WebSocket.Message")) == 500


def test_a_peer_that_reads_nothing_costs_bounded_memory_and_then_its_connection() -> None:
    class Deaf(MemoryConnector):
        async def __call__(self, url: str, headers: Any, protocols: Any = ()) -> Any:
            socket = await super().__call__(url, headers, protocols)

            async def send(message: str | bytes) -> None:
                await asyncio.Event().wait()

            socket.send = send  # type: ignore[method-assign]
            return socket

    async def whole(stage: Stage) -> None:
        stage.sockets = Deaf(Server())
        leg = await stage.call_in(bridged())
        await settle(20)  # of audio that nobody takes
        leg.remote.message("for (let i = 0; i < 1001; i++) ws.send('x');")
        await settle(5)
        assert leg.connected

    stage = play(whole)
    assert [line.split()[0] for line in stage.logs()][2:] == ["Error", "Close"]
    assert "reads no messages any more" in stage.logs("warning")[0]
    (dropped,) = [r for r in stage.records if r["k"] == "wire" and r["what"] == "dropped"]
    assert dropped["payload"]["out_frames"] > 900  # type: ignore[index,call-overload]


def test_more_websockets_than_the_limit_end_with_an_error() -> None:
    body = "for (let i = 0; i < 4; i++) VoxEngine.createWebSocket('wss://bot.example/' + i);"
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        await settle()

    stage = converse(server, story, scenario(body), limits=SMALL)
    assert [peer.path for peer in server.peers] == ["/talk", "/0", "/1"]
    assert ["3 WebSockets are open already" in line for line in stage.logs("warning")] == [True, True]
    assert stage.errors() == []


def test_a_message_of_the_scenario_over_the_limit_is_its_error() -> None:
    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.message("ws.send('x'.repeat(1001));")
        await stage.ended()

    stage = converse(Server(), story, limits=SMALL)
    assert "1001 characters, the limit is 1000" in stage.errors()[0]


def test_half_a_character_goes_out_as_u_fffd() -> None:
    server = Server()

    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.message("ws.send('a\\ud800b');")
        await settle()
        assert server.peer.texts == ["a\ufffdb"]

    converse(server, story)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("'http://bot.example'", "begins with wss:// or ws://"),
        ("'wss://10.0.0.1/x'", "takes a domain name"),
        ("'wss://[::1'", "is no address"),
        ("'ws://bot:99999/'", "is no address"),
        ("'nonsense'", "begins with wss:// or ws://"),
        ("{toString() { return 'ws://'; }}", "begins with wss:// or ws://"),
        ("'ws://bot/', {headers: [{name: 'a b', value: '1'}]}", "no name of a header"),
        ("'ws://bot/', {headers: {Host: 'x'}}", "belongs to the WebSocket's handshake"),
        ("'ws://bot/', {headers: {'Sec-WebSocket-Key': 'x'}}", "belongs to the WebSocket's handshake"),
        ("'ws://bot/', {headers: {X: 'a\\r\\nEvil: b'}}", "characters that no header can have"),
        ("'ws://bot/', 'not a token'", "no name of a subprotocol"),
    ],
)
def test_wrong_arguments_give_error_and_close_with_the_reason(arguments: str, told: str) -> None:
    async def story(stage: Stage, leg: Any) -> None:
        leg.remote.message(f"watch(VoxEngine.createWebSocket({arguments}))")
        await settle()

    server = Server()
    stage = converse(server, story)
    assert told in stage.logs("warning")[0]
    assert [line.split()[0] for line in stage.logs()][2:] == ["Created", "Error", "Close"]
    assert len(server.peers) == 1


def test_ws_takes_ip_addresses() -> None:
    check_url("ws://127.0.0.1:9000/x")
    check_url("wss://localhost:9000/x")
    assert request_headers([("X-A", "1")]) == {"X-A": "1"}
    assert subprotocols(["a", "b", "a"]) == ["a", "b"]
    assert whole_characters("a😀\ud83d") == "a😀\ufffd"


# -- incoming -----------------------------------------------------------------------------------------

DOOR = (
    WATCH
    + """
let call;
VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
  call = e.call;
  call.answer();
  call.addEventListener(CallEvents.MessageReceived, (m) => eval(m.text));
});
VoxEngine.addEventListener(AppEvents.WebSocket, (e) => {
  watch(e.websocket);
  Logger.write(shown(e) + " " + e.name + " " + e.websocket.readyState + " " + e.websocket.url);
  e.websocket.sendMediaTo(call);
});
VoxEngine.addEventListener(AppEvents.NewWebSocketFailed, (e) => Logger.write("failed " + e.reason));
"""
)
OPEN_DOOR = "VoxEngine.allowWebSocketConnections();" + DOOR


async def visit(stage: Stage, path: str = "", headers: Any = None, token: str = TOKEN) -> MemorySocket:
    """Open the session's access URL as a WebSocket."""
    runtime = stage.runtime
    assert runtime is not None

    async def app(scope: Any, receive: Any, send: Any) -> None:
        door = AsgiDoor(scope, receive, send)
        try:
            await runtime.websocket(stage.session_id, token, door)
        except KeyError:
            await door.refuse(404, "no such session")

    url = f"ws://voxrun.test/request/{stage.session_id}/{token}{path}"
    return await MemoryConnector(app)(url, headers or {})


def visited(story: Any, source: str = OPEN_DOOR, **application: Any) -> Stage:
    async def whole(stage: Stage) -> None:
        leg = await stage.call_in(source, **application)
        await stage.until(lambda: leg.connected)
        await story(stage, leg)

    return play(whole)


@pytest.mark.covers("VoxEngine.allowWebSocketConnections", "AppEvents.WebSocket")
def test_a_websocket_to_the_access_url_raises_appevents_websocket_then_created_and_open() -> None:
    async def story(stage: Stage, leg: Any) -> None:
        client = await visit(stage, "/bot?x=1", {"X-Key": "7", "Accept": "*/*"})
        await client.send("hello")
        await settle()
        await client.close(4002, "done")
        await settle()
        path = f"/request/{stage.session_id}/{TOKEN}/bot"
        request = {
            "method": "GET",
            "path": path + "?x=1",
            "content": "",
            "headers": [{"key": "x-key", "value": "7"}],
        }
        line, *rest = stage.logs()
        line = line.replace("«secret:session access token»", TOKEN)
        assert json.loads(line.split(" AppEvents")[0]) == request
        assert line.endswith(f"AppEvents.NewWebSocketConnection open {path}?x=1")
        assert rest == [
            "Created {} open",
            "Open {} open",
            'Message {"text":"hello"} open',
            'Close {"code":4002,"reason":"done","wasClean":true} closed',
        ]

    visited(story)


def test_media_of_an_incoming_websocket_reaches_the_call_and_the_other_way() -> None:
    async def story(stage: Stage, leg: Any) -> None:
        client = await visit(stage)
        form = {"encoding": "PCM16", "sampleRate": 16000}
        await client.send(json.dumps({"event": "start", "start": {"mediaFormat": form}}))
        payload = base64.b64encode(LOUD * 25).decode()
        await client.send(json.dumps({"event": "media", "media": {"payload": payload}}))
        await settle(1)
        assert sound_ms(leg) == 500
        leg.remote.message("call.sendMediaTo(ws)")
        await settle()
        assert json.loads(str(await client.recv()))["event"] == "start"

    visited(
        story,
        OPEN_DOOR.replace(
            "e.websocket.sendMediaTo(call);", "e.websocket.sendMediaTo(call); ws = e.websocket;"
        ),
    )


def test_without_allow_websocket_connections_they_are_refused() -> None:
    async def story(stage: Stage, leg: Any) -> None:
        with pytest.raises(PeerError, match="403"):
            await visit(stage)
        leg.remote.message("VoxEngine.allowWebSocketConnections()")
        await settle()
        await visit(stage)

    stage = visited(story, DOOR)
    assert "allowWebSocketConnections" in stage.logs("warning")[0]


@pytest.mark.covers("AppEvents.NewWebSocketFailed")
def test_one_more_than_calls_and_three_fails_with_a_reason() -> None:
    async def story(stage: Stage, leg: Any) -> None:
        clients = [await visit(stage) for _ in range(4)]
        await settle()
        with pytest.raises(PeerError, match="429"):
            await visit(stage)
        await settle()
        assert stage.logs()[-1] == "failed more than 3 WebSockets beyond the number of calls"
        await clients[0].close()
        await settle()
        await visit(stage)  # one has gone
        leg.remote.hang_up()
        await settle()
        with pytest.raises(SocketClosed):
            await clients[0].recv()
        await clients[1].send("those that are there survive the end of the call")
        await settle()
        assert "survive" in stage.logs()[-1]

    visited(story)


def test_incoming_websockets_that_are_there_survive_the_end_of_the_call() -> None:
    async def story(stage: Stage, leg: Any) -> None:
        client = await visit(stage)
        leg.remote.hang_up()
        await settle()
        await client.send("still here")
        await settle()
        assert stage.logs()[-1] == 'Message {"text":"still here"} open'

    visited(story)


def test_a_wrong_token_reaches_no_session() -> None:
    async def story(stage: Stage, leg: Any) -> None:
        with pytest.raises(PeerError, match="404"):
            await visit(stage, token="0" * 32)

    visited(story)


def test_visitors_leave_with_the_session() -> None:
    async def story(stage: Stage, leg: Any) -> None:
        client = await visit(stage)
        leg.remote.message("VoxEngine.terminate()")
        await stage.ended()
        with pytest.raises(SocketClosed) as closed:
            await client.recv()
        assert (closed.value.code, closed.value.reason) == (1001, "the session is over")
        with pytest.raises(PeerError):
            await visit(stage)

    visited(story)


# -- files and the journal ----------------------------------------------------------------------------


def test_statistics_and_trace_are_files_of_the_session_without_secrets(tmp_path: Path) -> None:
    async def talk(peer: Peer) -> None:
        await peer.tell("the password is hunter22")

    async def whole(stage: Stage) -> None:
        stage.sockets = Server(talk).connect
        source = scenario().replace('?key=1"', '?key=1", {statistics: true, trace: true}')
        leg = await stage.call_in(source, secrets={"PASSWORD": "hunter22"})
        await settle(1)
        leg.remote.hang_up()
        await stage.ended()

    stage = play(whole, folder=tmp_path)
    url = json.loads(stage.logs()[0].split(" ")[1])["statisticsUrl"]
    assert url.endswith("/files/websocket-1-statistics.json")
    assert "websocket-1-trace.txt" in stage.logs("system")[0]
    (folder,) = tmp_path.iterdir()
    assert "«secret:PASSWORD»" in (folder / "websocket-1-trace.txt").read_text()
    assert json.loads((folder / "websocket-1-statistics.json").read_text())["in"]["messages"] == 1
    for path in folder.iterdir():
        if path.is_file():
            assert b"hunter22" not in path.read_bytes(), path


@pytest.mark.covers(
    "VoxEngine.enableStatisticsForIncomingWebsockets",
    "VoxEngine.enableTraceForIncomingWebsockets",
    "VoxEngine.disableStatisticsForIncomingWebsockets",
    "VoxEngine.disableTraceForIncomingWebsockets",
)
def test_the_toggles_for_incoming_websockets_give_them_files(tmp_path: Path) -> None:
    async def whole(stage: Stage) -> None:
        toggles = (
            "VoxEngine.enableStatisticsForIncomingWebsockets(); VoxEngine.enableTraceForIncomingWebsockets();"
        )
        leg = await stage.call_in(toggles + OPEN_DOOR)
        await visit(stage)
        leg.remote.message("VoxEngine.disableStatisticsForIncomingWebsockets();")
        leg.remote.message("VoxEngine.disableTraceForIncomingWebsockets();")
        await settle()
        await visit(stage)
        await settle()

    stage = play(whole, folder=tmp_path)
    created = [line for line in stage.logs() if line.startswith("Created")]
    assert ["statisticsUrl" in line for line in created] == [True, False]
    (folder,) = tmp_path.iterdir()
    assert sorted(path.name for path in folder.glob("websocket*")) == [
        "websocket-1-statistics.json", "websocket-1-trace.txt",
    ]  # fmt: skip


def test_privacy_keeps_contents_out_of_the_traffic_and_wins_over_trace(tmp_path: Path) -> None:
    async def whole(stage: Stage) -> None:
        stage.sockets = Server().connect
        source = scenario("ws.send('mine');").replace('?key=1"', '?key=1", {privacy: true, trace: true}')
        await stage.call_in(source)
        await settle()

    stage = play(whole, folder=tmp_path)
    traffic = [r["payload"] for r in stage.records if r["k"] == "wire"]
    assert traffic == [{"connect": "wss://bot.example/talk"}, "[private]"]
    assert list(tmp_path.glob("*/websocket*")) == []


def test_traffic_is_in_the_journal_without_audio() -> None:
    async def talk(peer: Peer) -> None:
        await peer.start("ULAW", 8000)
        await peer.send_media(b"\x80" * 160)
        await peer.stop()
        await peer.tell("x" * 10_000)

    async def story(stage: Stage, leg: Any) -> None:
        await settle(1)

    stage = converse(Server(talk), story, bridged())
    traffic = [(r["dir"], r["payload"]) for r in stage.records if r["k"] == "wire"]
    events = [payload.get("event") for _, payload in traffic if isinstance(payload, dict)]  # type: ignore[union-attr]
    assert sorted(map(str, events)) == ["None", "start", "start", "stop", "stop"]
    assert max(len(json.dumps(payload)) for _, payload in traffic) < 5000
