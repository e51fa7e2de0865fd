"""WebSockets as they are read from a call script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.replay.test_format import read, wrong

from voxrun.media.stream_codec import ALAW, BY_NAME, PCM16, ULAW
from voxrun.replay import format_sockets
from voxrun.replay.script import Expect
from voxrun.replay.socket_script import (
    UNREACHABLE,
    Answer,
    Behaviour,
    Close,
    Handler,
    Pause,
    Send,
    SocketStep,
    Speak,
    Visit,
)
from voxrun.replay.texts import Wanted
from voxrun.speech.base import Voice


def test_a_server_with_everything_it_may_do(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"x")
    (stub, other) = read(
        tmp_path,
        """
websockets:
  - url: wss://a/*
    name: bot
    delay: 300ms
    times: 2
    encoding: ulaw
    tag: t
    does:
      - send: hello
      - send: {a: [1]}
      - wait: 2s
      - bytes: 00fF
      - say: Good morning.
      - say: {audio: a.wav, voice: en-gb, encoding: ALAW, tag: u, custom: {k: 1}, paced: true, stop: false,
             for: 2s}
      - close
      - close: 1006
      - close: {code: 4000, reason: over}
    replies:
      - {to: hi, does: [send: hello], times: 2}
      - {to: {type: bye}, does: [close]}
  - url: wss://b/
steps: [hangup]
""",
    ).sockets
    assert (stub.url, stub.name, stub.delay_ms, stub.refuse) == (Wanted("wss://a/*"), "bot", 300, 0)
    assert (stub.times, other.times) == (2, 0)
    assert stub.where.endswith("it.call.yaml:3:5")
    assert (stub.behaviour.encoding, stub.behaviour.tag) == (ULAW, "t")
    voice = Voice(name="en-gb")
    assert stub.behaviour.does == (
        Send("hello"),
        Send('{"a":[1]}'),
        Pause(2000),
        Send(data=b"\x00\xff"),
        Speak("Good morning.", encoding=ULAW, tag="t"),
        Speak("", tmp_path / "a.wav", voice, ALAW, "u", {"k": 1}, True, False, 2000),
        Close(),
        Close(1006),
        Close(4000, "over"),
    )
    assert stub.behaviour.replies == (
        Answer(text=Wanted("hi"), does=(Send("hello"),), times=2),
        Answer(json={"type": "bye"}, does=(Close(),)),
    )
    assert (other.name, other.behaviour) == ("server 2", Behaviour((), (), None, PCM16, ""))


def test_refusals_and_the_only_servers_name(tmp_path: Path) -> None:
    def refusal(text: str) -> tuple[int, str]:
        (stub,) = read(tmp_path, f"websockets: [{{url: a, refuse: {text}}}]\nsteps: [hangup]").sockets
        assert stub.name == "server"
        return stub.refuse, stub.refuse_text

    assert refusal("503") == (503, "")
    assert refusal("{status: 401, text: who are you}") == (401, "who are you")
    assert refusal("unreachable") == (UNREACHABLE, "")


def test_a_handler_is_a_file_and_a_function(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text("")
    script = "websockets: [{url: a, handler: bot.py, encoding: ALAW}, {url: b, handler: bot.py:talk}]\n"
    one, two = read(tmp_path, script + "steps: [hangup]").sockets
    assert one.behaviour == Behaviour(handler=Handler(tmp_path / "bot.py", "handle"), encoding=ALAW)
    assert two.behaviour.handler == Handler(tmp_path / "bot.py", "talk")


def test_steps_of_clients_and_servers(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        """
websockets: [{url: a, name: bot}]
steps:
  - {send: [1], as: bot}
  - websocket: {path: /x?y=1, headers: {X: 1}, does: [send: hi]}
  - {close: 4001, as: guest}
  - websocket: {name: late, refused: 429}
  - {say: hello, as: guest}
  - expect: {websocket: bot, text: /hel+o/, with: {a: 1}}
  - expect: [{websocket: a*}, {caller_hears: x, as: bot}]
""",
    )
    send, visit, close, late, say, expect, _ = script.steps
    assert isinstance(send, SocketStep)
    assert (send.deed, send.who) == (Send("[1]"), "bot")
    assert isinstance(visit, Visit)
    assert (visit.name, visit.path, visit.headers) == ("guest", "/x?y=1", {"X": "1"})
    assert visit.behaviour.does == (Send("hi"),)
    assert isinstance(close, SocketStep)
    assert (close.deed, close.who) == (Close(4001), "guest")
    assert isinstance(late, Visit)
    assert (late.name, late.refused) == ("late", 429)
    assert getattr(say, "who", None) == "guest"
    assert isinstance(expect, Expect)
    (wish,) = expect.wishes
    assert wish.fields == {"$text": "/hel+o/", "a": 1}


def test_the_only_websocket_need_not_be_named(tmp_path: Path) -> None:
    (step,) = read(tmp_path, "websockets: [{url: a, name: bot}]\nsteps: [close: {reason: x}]").steps
    assert isinstance(step, SocketStep)
    assert (step.deed, step.who) == (Close(1000, "x"), "bot")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("websockets: [{does: []}]", "1:14: websockets[0] needs 'url'"),
        ("websockets: [{url: a, dose: []}]", "1:23: unknown key 'dose' in websockets[0] (did you mean"),
        ("websockets: [{url: a, name: x}, {url: b, name: x}]", "1:33: there is somebody named 'x' already"),
        ("websockets: [{url: a, name: caller}]", "somebody named 'caller' already"),
        ("callees: {bob: {}}\nwebsockets: [{url: a, name: bob}]", "2:14: there is somebody named 'bob'"),
        ("websockets: [{url: a, name: ''}]", "name is empty"),
        ("websockets: [{url: a, refuse: 503, does: []}]", "refuses, so it cannot have 'does'"),
        ("websockets: [{url: a, refuse: 503, delay: 1s}]", "refuses, so it cannot have 'delay'"),
        ("websockets: [{url: a, refuse: {text: x}}]", "refuse needs 'status'"),
        ("websockets: [{url: a, refuse: 200}]", "must be 400 to 599"),
        ("websockets: [{url: a, encoding: MP3}]", "must be one of PCM8, PCM16, ULAW, ALAW, OPUS, not 'MP3'"),
        ("websockets: [{url: a, handler: no.py}]", "there is no file"),
        ("websockets: [{url: a, handler: bot.py:a-b}]", "'a-b' is no name of a function"),
        ("websockets: [{url: a, handler: bot.py, replies: []}]", "the handler does everything itself"),
        ("websockets: [{url: a, does: [sned: x]}]", "1:30: 'sned' is nothing that a WebSocket does"),
        ("websockets: [{url: a, does: [sned]}]", "a WebSocket does (did you mean 'send'?)"),
        ("websockets: [{url: a, does: [send]}]", "'send' is nothing that a WebSocket does"),
        ("websockets: [{url: a, does: [send: ]}]", "'send' needs a value"),
        ("websockets: [{url: a, does: [{}]}]", "this is empty"),
        ("websockets: [{url: a, does: [{send: a, wait: 1s}]}]", "unknown key 'wait'"),
        ("websockets: [{url: a, does: [bytes: 0g]}]", "must be hex digits"),
        ("websockets: [{url: a, does: [close: 99]}]", "must be 1000 to 4999"),
        ("websockets: [{url: a, does: [say: {voice: a}]}]", "needs 'text' or 'audio', one of them"),
        ("websockets: [{url: a, does: [say: ' ']}]", "say is empty"),
        (
            "websockets: [{url: a, does: [say: {text: a, for: 0s}]}]",
            "must be more than 0 s and at most 600 s",
        ),
        ("websockets: [{url: a, does: [say: {audio: no.wav}]}]", "no.wav"),
        ("websockets: [{url: a, replies: [{to: a}]}]", "needs 'to' (a text, or members of a message)"),
        ("websockets: [{url: a, replies: [{to: /(/, does: []}]}]", "is not a regular expression"),
        ("websockets_unmatched: allow", "must be fail or refuse, not 'allow'"),
        ("websocket_encoding: ULAW", "must be PCM8 or PCM16, not 'ULAW'"),
        ("steps: [send: x]", "1:9: which WebSocket? 'send' needs 'as'; there are 0 in this script"),
        (
            "websockets: [{url: a}, {url: b}]\nsteps: [close: 1000]",
            "which WebSocket? 'close' needs 'as'; there are 2: server, server 2",
        ),
        ("websockets: [{url: a}]\nsteps: [{send: x, as: caller}]", "caller is no WebSocket: 'send' is for"),
        ("websockets: [{url: a}]\nsteps: [{send: x, as: srever}]", "(did you mean 'server'?)"),
        ("websockets: [{url: a}]\nsteps: [{dtmf: 1, as: server}]", "none has anything like 'dtmf'"),
        ("websockets: [{url: a}]\nsteps: [{websocket: {name: server}}]", "somebody named 'server' already"),
        ("steps: [{websocket: {refused: 429, does: []}}]", "a client that is refused cannot have 'does'"),
        ("steps: [{websocket: {refused: 200}}]", "must be 400 to 599"),
        ("steps: [{send: x, as: guest}, {websocket: {}}]", "there is nobody called 'guest'"),
        ("steps: [{websocket: {refused: 429}}, {send: x, as: guest}]", "there is nobody called 'guest'"),
        ("steps: [{expect: {log: a, text: b}}]", "unknown key 'text'"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bot.py").write_text("")
    found = wrong(tmp_path, text if "steps:" in text else text + "\nsteps: [hangup]")
    assert message in found
    assert "it.call.yaml:" in found
    assert "\n" not in found


def test_the_schema_knows_every_key_and_no_other() -> None:
    file = Path(format_sockets.__file__).parent / "call.schema.json"
    schema: dict[str, Any] = json.loads(file.read_text("utf-8"))["$defs"]
    assert set(schema["socket"]["properties"]) == set(format_sockets.STUB_KEYS)
    deeds = {deed["required"][0]: deed for deed in schema["deed"]["anyOf"] if "required" in deed}
    assert set(deeds) == set(format_sockets.DEEDS)
    say = deeds["say"]["properties"]["say"]["anyOf"][1]["properties"]
    assert set(say) == set(format_sockets.SAY_KEYS)
    assert set(say["encoding"]["enum"]) == set(BY_NAME)
    steps = {step["required"][0]: step for step in schema["step"]["anyOf"] if "required" in step}
    visit = steps["websocket"]["properties"]["websocket"]["properties"]
    assert set(visit) == set(format_sockets.VISIT_KEYS)
