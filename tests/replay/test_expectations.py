"""What meets an expectation, in which order, and what came closest."""

from __future__ import annotations

from typing import Any

from voxrun.replay.expectations import Cursor, closest, describe, look
from voxrun.replay.script import Wish
from voxrun.replay.texts import Wanted
from voxrun.replay.timeline import Moment, Timeline


def timeline(*moments: Moment) -> Timeline:
    made = Timeline()
    for moment in moments:
        made.add(moment)
    return made


def wish(kind: str, text: str | None = None, **fields: Any) -> Wish:
    return Wish(kind, Wanted(text) if text is not None else None, **fields)


def find(wanted: Wish, made: Timeline, cursor: Cursor | None = None) -> int | None:
    found = look(wanted, made, cursor or Cursor(), "caller")
    return None if found is None else found.at


def test_things_before_the_cursor_do_not_count_and_each_counts_once() -> None:
    made = timeline(Moment(10, "log", "a"), Moment(20, "log", "a"), Moment(20, "log", "b"))
    cursor = Cursor()
    for expected in (10, 20):
        found = look(wish("log", "a"), made, cursor, "caller")
        assert found is not None
        assert found.at == expected
        cursor.take(wish("log", "a"), found)
    assert find(wish("log", "a"), made, cursor) is None
    assert find(wish("log", "b"), made, Cursor(20)) == 20
    assert find(wish("log", "b"), made, Cursor(21)) is None


def test_in_any_order_a_moment_is_taken_only_once() -> None:
    made = timeline(Moment(10, "log", "a b"), Moment(20, "log", "a"))
    cursor = Cursor(taken=set())
    found = look(wish("log", "a"), made, cursor, "caller")
    assert found is not None
    cursor.take(wish("log", "a"), found)
    other = Cursor(taken=cursor.taken)
    assert find(wish("log", "a"), made, other) == 20
    assert find(wish("log", "b"), made, other) is None
    main = Cursor()
    main.join(cursor)
    assert (main.at, main.used) == (10, {"log": 1})


def test_a_message_to_a_websocket_has_its_peer_its_text_and_its_members() -> None:
    data = {"url": "wss://bot.example/talk?key=1", "json": {"type": "hello", "n": [1]}}
    made = timeline(Moment(1, "websocket", '{"type":"hello","n":[1]}', data, "bot"))
    for where in (None, "bot", "wss://bot.example/*", "/talk/"):
        assert find(wish("websocket", where), made) == 1
    assert find(wish("websocket", "bo"), made) is None
    assert find(wish("websocket", "wss://bot.example/"), made) is None
    for fields in ({"$text": "hello"}, {"$text": "/^..type/", "type": "hello"}, {"n": [1]}):
        assert find(wish("websocket", "bot", fields=fields), made) == 1
    for fields in ({"$text": "adieu"}, {"$text": "hello", "type": "bye"}, {"n": [2]}):
        assert find(wish("websocket", "bot", fields=fields), made) is None
    near = closest(wish("websocket", "bot", fields={"type": "bye"}), made, Cursor(), "caller")
    assert near is not None
    assert (near.text, near.why) == (f"to bot: {made.moments[0].text}", 'type is "hello", expected "bye"')
    near = closest(wish("websocket", "guest"), made, Cursor(), "caller")
    assert near is not None
    assert near.why == "it was sent to bot at wss://bot.example/talk?key=1"


def test_a_call_has_its_number_and_fields() -> None:
    made = timeline(Moment(1, "call", "+49301", {"kind": "pstn", "callerid": "+49309"}))
    assert find(wish("call", "+49*", fields={"kind": "pstn", "callerid": "+49309"}), made) == 1
    assert find(wish("call", "+49*", fields={"callerid": "+49301"}), made) is None
    assert find(wish("call", "+48*"), made) is None


def test_personal_things_are_about_one_person() -> None:
    made = timeline(Moment(1, "dtmf", "5", who="bob"), Moment(2, "dtmf", "5", who="caller"))
    assert find(wish("dtmf", "5"), made) == 2
    assert find(wish("dtmf", "5", who="bob"), made) == 1


def test_a_tool_has_arguments_and_a_result() -> None:
    call = Moment(1, "tool", "book", {"arguments": {"day": "monday", "n": 2}, "id": "i"}, "agent")
    result = Moment(2, "tool_result", "book", {"id": "i", "result": {"ok": True, "at": "9:00"}})
    assert find(wish("tool", "book", fields={"n": 2}), timeline(call)) == 1
    assert find(wish("tool", "book", fields={"n": 3}), timeline(call)) is None
    assert find(wish("tool", "book", fields={"$result": {"ok": True}}), timeline(call)) is None
    assert find(wish("tool", "book", fields={"$result": {"ok": True}}), timeline(call, result)) == 1
    assert find(wish("tool", "book", fields={"$result": "/9:\\d+/"}), timeline(call, result)) == 1
    near = closest(wish("tool", "book", fields={"day": "sunday"}), timeline(call), Cursor(), "caller")
    assert near is not None
    assert near.why == 'day is "monday", expected "sunday"'


def test_a_request_has_a_method_headers_and_a_body() -> None:
    data = {"method": "POST", "headers": {"x-a": "1"}, "body": '{"a":1}', "json": {"a": 1}, "stub": "x"}
    made = timeline(Moment(1, "http", "https://a.example/b?c=1", data))
    for fields in ({}, {"method": "POST"}, {"headers": {"X-A": 1}}, {"body": {"a": 1}}, {"body": '/"a"/'}):
        assert find(wish("http", "https://a.example/*", fields=fields), made) == 1
    for fields in ({"method": "GET"}, {"headers": {"X-B": 1}}, {"body": {"a": 2}}, {"body": "zz"}):
        assert find(wish("http", "https://a.example/*", fields=fields), made) is None
    assert find(wish("http", "/example.b/"), made) == 1
    assert "POST https://a.example" in describe(made.moments[0])


def test_speech_is_found_across_utterances_and_never_twice() -> None:
    made = timeline()
    stream = made.stream("agent_says")
    stream.grow(stream.begin(100), "Hello, this is Ada.", 100)
    stream.grow(stream.begin(3000), "Hello again.", 3000)
    cursor = Cursor()
    found = look(wish("agent_says", "hello"), made, cursor, "caller")
    assert found is not None
    cursor.take(wish("agent_says", "hello"), found)
    assert find(wish("agent_says", "this is Ada hello"), made, cursor) == 100
    assert find(wish("agent_says", "hello"), made, cursor) == 3000
    near = closest(wish("agent_says", "hello this is Eve"), made, cursor, "caller")
    assert near is not None
    assert near.text == "Hello, this is Ada."


def test_what_came_at_the_wrong_time_is_said_to_be_that() -> None:
    made = timeline(Moment(10, "log", "a"))
    near = closest(wish("log", "a"), made, Cursor(20), "caller")
    assert near is not None
    assert "in order" in near.why
    near = closest(wish("log", "a"), made, Cursor(0, {"log": 1}), "caller")
    assert near is not None
    assert "met an expectation before" in near.why
    assert closest(wish("log", "something else entirely"), made, Cursor(), "caller") is None


def test_own_errors_of_voxrun_are_not_the_scenarios() -> None:
    made = timeline(Moment(1, "error", "x", {"own": True}), Moment(2, "error", "x", {"own": False}))
    assert find(wish("error", "x"), made) == 2


def test_in_real_time_a_recording_may_be_a_second_longer_or_shorter() -> None:
    made = timeline(Moment(9000, "recording", "a.mp3", {"url": "a.mp3", "duration": 5}))
    for seconds, there in ((3, False), (4, True), (5, True), (6, True), (7, False)):
        wanted = wish("recording", fields={"duration": seconds})
        assert (look(wanted, made, Cursor(), "caller", slack=500) is not None) is there
        assert (find(wanted, made) is not None) is (seconds == 5)
