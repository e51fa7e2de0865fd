"""A journal told as people would tell it."""

from __future__ import annotations

from typing import Any

from voxrun.replay.from_session_items import Deed, Heard, Said, Story, Tool
from voxrun.replay.from_session_story import read_story
from voxrun.session.messages import Event
from voxrun.session.replay import RecordedTurn, Recording

AI = "Ultravox.WebSocketAPI."


def event(t: int, kind: str, target: str = "", /, **data: Any) -> RecordedTurn:
    return RecordedTurn(Event(kind, target, data), t, ())


def ai(t: int, kind: str, **payload: Any) -> RecordedTurn:
    return event(t, AI + kind, "ai", data={"payload": payload})


def says(t: int, role: str, text: str, medium: str = "voice") -> RecordedTurn:
    return ai(t, "Transcript", role=role, text=text, final=True, medium=medium)


def command(t: int, kind: str, target: str = "", /, **data: Any) -> RecordedTurn:
    record: Any = {"k": "command", "t": t, "kind": kind, "id": target, "data": data}
    return RecordedTurn(Event("@timer", "1", {}), t, (record,))


def tell(*turns: RecordedTurn) -> Story:
    alerting = event(0, "Application.CallAlerting", "call", callerid="alice")
    return read_story(Recording({"startMs": 0, "seed": 1, "secrets": ["KEY"]}, (alerting, *turns), ()))


def test_a_conversation_is_told_in_order() -> None:
    story = tell(
        command(0, "call.answer", "call"),
        command(0, "connector.create", "ai"),
        says(100, "agent", "Hello. "),
        says(200, "user", "weather"),
        ai(300, "ClientToolInvocation", toolName="w", invocationId="1", parameters={"city": "x"}),
        says(400, "agent", "Rain."),
        event(500, "Call.Disconnected", "call"),
    )
    assert story.items == [
        Deed(0, "answered"),
        Said(100, "Hello."),
        Heard(200, "weather"),
        Tool(300, "w", {"city": "x"}, "1"),
        Said(400, "Rain."),
        Deed(500, "ended", "caller"),
    ]
    assert story.has_agent
    assert not story.agent_hung_up


def test_an_interruption_marks_the_sentence_it_cut_in_either_order() -> None:
    for first, second in ((0, 1), (1, 0)):
        cut = [ai(100, "PlaybackClearBuffer"), says(101, "agent", "Once upon")]
        story = tell(cut[first], cut[second], says(200, "user", "stop"))
        assert story.items == [Said(101, "Once upon", cut=True), Heard(200, "stop", interrupts=True)]


def test_keys_and_turns_that_belong_together_are_one() -> None:
    story = tell(
        event(1, "Call.ToneReceived", "call", tone="1"),
        event(2, "Call.ToneReceived", "call", tone="#"),
        says(3, "user", "one"),
        says(4, "user", "two"),
    )
    assert story.items == [Deed(1, "keys", "1#"), Heard(3, "one two")]


def test_keys_after_a_long_pause_are_another_entry() -> None:
    keys = [event(t, "Call.ToneReceived", "call", tone=str(t // 1000)) for t in (1000, 3000, 5001)]
    assert tell(*keys).items == [Deed(1000, "keys", "13"), Deed(5001, "keys", "5")]


def test_what_callers_do_with_their_telephones_is_told() -> None:
    story = tell(
        event(1, "Call.OnHold", "call"),
        event(2, "Call.OffHold", "call"),
        event(3, "Call.InfoReceived", "call", mimeType="a/b", body="x"),
        event(4, "Call.ReInviteReceived", "call", mimeType="c/d", body="y"),
        event(5, "Call.BlindTransferRequested", "call", transferTo="7"),
    )
    told = [(item.what, item.text) for item in story.items if isinstance(item, Deed)]
    assert told == [("hold", ""), ("unhold", ""), ("info", "x"), ("reinvite", "y"), ("transfer", "7")]


def test_prompts_that_were_heard_to_their_end_are_told() -> None:
    ssml = "<speak>Press <b>one</b> &amp; wait</speak>"
    finished = event(4, "Call.PlaybackFinished", "call")
    assert tell(command(1, "call.say", "call", text=ssml), finished).items == [
        Deed(4, "prompt", "Press  one  & wait")
    ]
    for ending in (
        command(2, "call.stopplay", "call"),
        command(2, "call.play", "call", url="https://x.example/a.mp3"),
    ):
        assert tell(command(1, "call.say", "call", text="Hello"), ending, finished).items == []
    other = [command(1, "call.say", "other", text="Hello"), event(4, "Call.PlaybackFinished", "other")]
    assert tell(*other).items == []


def test_what_the_scenarios_own_asr_understood_began_when_it_was_captured() -> None:
    connected = command(1, "media.connect", "call", to="asr")
    capture, key = event(2, "ASR.CaptureStarted", "asr"), event(3, "Call.ToneReceived", "call", tone="1")
    result = event(4, "ASR.Result", "asr", text="my order")
    heard = [Heard(2, "my order", asr=True), Deed(3, "keys", "1")]
    assert tell(connected, capture, key, result).items == heard
    assert tell(connected, capture, key, event(4, "ASR.Result", "asr", text="")).items == heard[1:]
    assert tell(connected, capture, key).items == heard[1:]
    assert tell(command(1, "media.connect", "other", to="asr"), capture, key, result).items == heard[1:]
    with_ai = event(1, AI + "ConnectorInformation", "ai")
    assert tell(connected, with_ai, capture, key, result).items == heard[1:]


def test_typed_texts_and_forced_words_are_the_scenarios() -> None:
    story = tell(
        command(1, "connector.call", "ai", method="userTextMessage", argument={"text": "hi"}),
        says(1, "user", "hi", medium="text"),
        command(
            2, "connector.call", "ai", method="forcedAgentMessage", argument={"content": {"text": "Bye."}}
        ),
        says(3, "agent", "Bye."),
    )
    assert story.items == [Heard(1, "hi", typed=True)]


def test_who_ended_what() -> None:
    by_scenario = tell(command(1, "call.hangup", "call"), event(2, "Call.Disconnected", "call"))
    assert by_scenario.items == [Deed(2, "ended", "scenario")]
    hung_up = tell(event(5, AI + "ConnectorInformation", "ai"), event(9, "@wsclose", "ai", code=1000))
    assert (hung_up.agent_hung_up, hung_up.broken) == (True, None)
    broken = tell(event(5, AI + "ConnectorInformation", "ai"), event(9, "@wsclose", "ai", code=1006))
    assert (broken.agent_hung_up, broken.broken) == (False, (4, 1006))
    closed = tell(command(1, "connector.close", "ai"), event(9, "@wsclose", "ai", code=1000))
    assert not closed.agent_hung_up


def test_callees_have_their_times() -> None:
    story = tell(
        command(1000, "call.dial", "b", destination="1"),
        event(1300, "Call.Ringing", "b"),
        event(2000, "Call.Connected", "b"),
        event(5000, "Call.Disconnected", "b"),
        command(6000, "call.dial", "c", destination="2"),
        event(6100, "Call.Failed", "c", code=486),
    )
    one, two = story.callees
    assert (one.ringing, one.connected, one.hung_up) == (1300, 2000, 5000)
    assert (two.failed, two.code) == (6100, 486)


def test_what_callees_do_by_themselves_is_told_of_them() -> None:
    story = tell(
        command(0, "call.dial", "b", destination="+491", kind="pstn"),
        event(2000, "Call.Connected", "b"),
        event(3000, "Call.ToneReceived", "b", tone="1"),
        event(3200, "Call.ToneReceived", "b", tone="#"),
        event(6000, "Call.ToneReceived", "b", tone="2"),
        event(7000, "Call.MessageReceived", "b", text="hi"),
        event(8000, "Call.OnHold", "b"),
    )
    (callee,) = story.callees
    assert [(deed.t, deed.what, deed.text) for deed in callee.deeds] == [
        (3000, "keys", "1#"),
        (6000, "keys", "2"),
        (7000, "message", "hi"),
        (8000, "hold", ""),
    ]


def test_a_conference_is_called_and_is_no_callee() -> None:
    story = tell(command(0, "call.dial", "room", destination="lobby", kind="conference"))
    assert story.callees == []
    assert story.items == [Deed(0, "call", "lobby")]


def test_keys_pressed_while_the_voice_ai_ends_a_sentence_are_one_entry_after_it() -> None:
    story = tell(
        command(0, "connector.create", "ai"),
        ai(100, "Transcript", role="agent", delta="Type", final=False, ordinal=0),
        event(2900, "Call.ToneReceived", "call", tone="4"),
        ai(2950, "Transcript", role="agent", text="Type it.", final=True, ordinal=0),
        event(3100, "Call.ToneReceived", "call", tone="7"),
    )
    assert story.items == [Said(2950, "Type it.", ms=2850), Deed(2900, "keys", "47")]


def test_an_answer_to_words_that_are_not_there_follows_something_that_was_not_understood() -> None:
    story = tell(
        command(
            0, "connector.create", "ai", params={"body": {"inactivityMessages": [{"message": "There?"}]}}
        ),
        ai(50, "State", state="thinking"),
        says(100, "agent", "Hello."),
        ai(3000, "State", state="thinking"),
        says(3500, "agent", "Pardon?"),
        ai(9000, "State", state="thinking"),
        says(9100, "agent", "There?"),
    )
    assert story.items == [
        Said(100, "Hello."),
        Heard(3000, "", lost=True),
        Said(3500, "Pardon?"),
        Said(9100, "There?", prompted=True),
    ]


def test_a_voice_ai_that_was_refused_with_an_exception() -> None:
    story = tell(
        command(0, "connector.create", "ai"),
        event(10, "@reject", "p", message="Ultravox refused the call with HTTP 429 Too Many Requests"),
    )
    assert (story.refused, story.rejects) == (429, True)


def test_a_tool_that_failed_is_known_by_its_answer() -> None:
    argument = {"invocationId": "i", "errorType": "implementation-error"}
    story = tell(
        command(0, "connector.create", "ai"),
        ai(100, "ClientToolInvocation", toolName="look", parameters={}, invocationId="i"),
        command(200, "connector.call", "ai", method="clientToolResult", argument=argument),
    )
    assert story.items == [Tool(100, "look", {}, "i", failed=True)]


def test_a_tools_answer_is_told_where_it_is_short() -> None:
    def answered(result: object) -> object:
        argument = {"invocationId": "i", "result": result}
        story = tell(
            command(0, "connector.create", "ai"),
            ai(100, "ClientToolInvocation", toolName="look", parameters={}, invocationId="i"),
            command(200, "connector.call", "ai", method="clientToolResult", argument=argument),
        )
        (tool,) = story.items
        assert isinstance(tool, Tool)
        return tool.result

    assert answered('{"a": 1}') == {"a": 1}
    assert answered("fine") == "fine"
    assert [answered(each) for each in ("", "x" * 201, "/odd/", "[1]", "{}", 5)] == [None] * 6


def test_files_of_players_are_fetched() -> None:
    segments = [{"kind": "tts", "text": "x"}, {"kind": "url", "url": "https://a/2.mp3"}]
    story = tell(
        command(0, "player.create", "p", kind="url", url="https://a/1.mp3"),
        command(1, "player.create", "q", kind="sequence", segments=segments),
    )
    assert story.audio_urls == ["https://a/1.mp3", "https://a/2.mp3"]
