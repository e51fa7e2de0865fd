"""WebSockets of a journal as servers and clients of a call script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.replay.test_from_session_story import command, event, tell

from voxrun.media.stream_codec import ULAW
from voxrun.replay.format import parse_script
from voxrun.replay.from_session_call import call_text
from voxrun.replay.from_session_sockets import SPEECH, known_by
from voxrun.replay.script import CallScript, Expect, Wait
from voxrun.replay.socket_script import (
    UNREACHABLE,
    Answer,
    Close,
    Deed,
    Pause,
    Send,
    Speak,
    Visit,
)
from voxrun.replay.texts import Wanted
from voxrun.session.replay import RecordedTurn

URL = "wss://bot.example/talk"
REQUEST = "/request/0123/«secret:session access token»"


@pytest.fixture
def made(tmp_path: Path) -> Any:
    (tmp_path / "a.js").write_text("1")

    def make(*turns: RecordedTurn) -> CallScript:
        story = tell(*turns)
        story.header["startMs"] = 1_736_154_000_000
        return parse_script(call_text(story, ["a.js"], ""), tmp_path / "a.call.yaml")

    return make


def opens(t: int = 0, target: str = "ws", url: str = URL) -> tuple[RecordedTurn, ...]:
    return command(t, "websocket.open", target, url=url), event(t, "WebSocket.Open", target)


def says(t: int, text: str, target: str = "ws") -> RecordedTurn:
    return event(t, "WebSocket.Message", target, text=text)


def sent(t: int, text: str, target: str = "ws") -> RecordedTurn:
    return command(t, "websocket.send", target, text=text)


def closed(t: int, code: int, reason: str = "", clean: bool = True, target: str = "ws") -> RecordedTurn:
    return event(t, "WebSocket.Close", target, code=code, reason=reason, wasClean=clean)


def deeds(script: CallScript) -> tuple[Deed, ...]:
    (stub,) = script.sockets
    return stub.behaviour.does


def wishes(script: CallScript) -> list[tuple[str, Any]]:
    steps = [step for step in script.steps if isinstance(step, Expect)]
    found = [wish for step in steps for wish in step.wishes if wish.kind == "websocket"]
    return [(str(wish.text and wish.text.source), wish.fields) for wish in found]


def test_what_a_server_did_by_itself_it_does_with_the_same_pauses(made: Any) -> None:
    texts = ['{"a":1}', '{"a": 1}', "plain", "true"]
    script = made(*opens(1000), *(says(1300 + 10 * number, text) for number, text in enumerate(texts)))
    assert deeds(script) == (Pause(300), *(Send(text) for text in texts))
    assert (script.sockets[0].url, script.sockets[0].name) == (Wanted(URL), "server")


def test_what_it_did_after_a_message_is_its_reply_to_that_message(made: Any) -> None:
    hello, other = '{"type":"hello","id":"volatile"}', "something"
    script = made(
        *opens(),
        says(0, "welcome"),
        sent(100, "before"),
        sent(200, hello),
        says(700, "one"),
        says(700, "two"),
        sent(800, other),
        sent(850, hello),
        says(850, "three"),
    )
    (stub,) = script.sockets
    assert stub.behaviour.does == (Send("welcome"),)
    assert stub.behaviour.replies == (
        Answer(json={"type": "hello"}, does=(Pause(500), Send("one"), Send("two")), times=1),
        Answer(json={"type": "hello"}, does=(Send("three"),), times=1),
    )
    assert wishes(script) == [
        ("server", {"$text": "before"}),
        ("server", {"type": "hello"}),
        ("server", {"$text": other}),
    ]


def test_speech_has_its_stream_and_its_length(made: Any) -> None:
    started = {"encoding": "ULAW", "tag": "a", "customParameters": {"b": 1}}
    script = made(
        *opens(),
        event(100, "WebSocket.MediaEventStarted", "ws", **started),
        says(400, "meanwhile"),
        event(1100, "WebSocket.MediaEventEnded", "ws", tag="a"),
        event(1600, "WebSocket.MediaEventStarted", "ws", encoding="PCM16", customParameters={}),
        closed(1800, 4000, "enough"),
    )
    assert deeds(script) == (
        Pause(100),
        Speak(SPEECH, encoding=ULAW, tag="a", custom={"b": 1}, ms=1000),
        Send("meanwhile"),
        Pause(500),
        Speak(SPEECH, ms=200),
        Close(4000, "enough"),
    )


@pytest.mark.parametrize(
    ("end", "deed"),
    [
        (closed(0, 1006, "broken", clean=False), Close(1006)),
        (closed(0, 1005), Close(1000)),
        (closed(0, 1001, "away"), Close(1001, "away")),
        (closed(0, 7000, clean=True), Close(1000)),
    ],
)
def test_a_server_that_ended_it_does_so(made: Any, end: RecordedTurn, deed: Close) -> None:
    assert deeds(made(*opens(), end)) == (deed,)


def test_an_end_that_the_scenario_wanted_is_none_of_the_server(made: Any) -> None:
    for deed in (command(10, "websocket.close", "ws"), command(10, "session.terminate", "")):
        assert deeds(made(*opens(), deed, closed(20, 1000))) == ()


def test_a_server_that_refused_or_was_not_there(made: Any) -> None:
    for reason, refuse in (("wss://… refused the WebSocket with HTTP 503 Busy", 503), ("no", UNREACHABLE)):
        end = closed(5, 1006, reason, clean=False)
        (stub,) = made(command(0, "websocket.open", "ws", url=URL), end).sockets
        assert stub.refuse == refuse


def test_each_connection_to_an_address_is_a_server_of_its_own(made: Any) -> None:
    script = made(
        *opens(0, "a", f"{URL}?id=1"), says(0, "one", "a"), *opens(9, "b", f"{URL}?id=2"), says(9, "two", "b")
    )
    one, two = script.sockets
    assert (one.name, one.url.source, one.times) == ("server", f"{URL}*", 1)
    assert (two.name, two.url.source, two.times) == ("server 2", f"{URL}*", 1)
    assert two.behaviour.does == (Send("two"),)


def test_clients_come_when_they_came_and_one_too_many_is_refused(made: Any) -> None:
    about = {"method": "GET", "path": f"{REQUEST}/room/7", "headers": []}
    script = made(
        event(0, "AppEvents.NewWebSocketConnection", "a", **about),
        says(100, "hello", "a"),
        sent(200, "welcome", "a"),
        says(200, "bye", "a"),
        event(1000, "AppEvents.NewWebSocketConnection", "b", path=REQUEST),
        event(1000, "AppEvents.NewWebSocketFailed", "", reason="limit", path=REQUEST),
    )
    assert script.sockets == ()
    first, expect, wait, second, third, *_ = script.steps
    assert isinstance(first, Visit)
    assert (first.name, first.path, first.refused) == ("guest", "/room/7", 0)
    assert first.behaviour.does == (Pause(100), Send("hello"))
    assert first.behaviour.replies == (Answer(text=Wanted("welcome"), does=(Send("bye"),), times=1),)
    assert isinstance(expect, Expect)
    assert wait == Wait(800, wait.where)
    assert isinstance(second, Visit)
    assert (second.name, second.path, second.behaviour.does) == ("guest 2", "", ())
    assert isinstance(third, Visit)
    assert (third.name, third.refused) == ("guest 3", 429)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('{"type":"a","event":"b","id":1}', {"type": "a", "event": "b"}),
        ('{"type":1,"id":1}', '{"type":1,"id":1}'),
        ("[1]", "[1]"),
        ("[" * 100_000, "[" * 200),
        (" \n", r"/^\s*$/"),
        ("/start", "//start/"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_message_is_known_again(text: str, known: Any) -> None:
    found = known_by(text)
    assert found == known
    if isinstance(found, str):
        assert Wanted(found).inside(text)
