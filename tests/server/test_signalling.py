"""The state machine of a page."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from voxrun.server.signalling import MAX_CALLS, MAY_SEND, PageProtocol


def send(page: PageProtocol, **message: Any) -> tuple[list[str], list[Any]]:
    actions, replies = page.receive(json.dumps(message))
    return [action.message.type for action in actions], replies


def call(page: PageProtocol, call_id: str = "a") -> tuple[list[str], list[Any]]:
    return send(page, type="call", id=call_id, to="100", sdp="v=0")


def test_a_call_from_offer_to_end() -> None:
    page = PageProtocol()
    assert call(page) == (["call"], [])
    assert page.placed("a", "s1") == [{"type": "trying", "id": "a", "session": "s1"}]
    assert page.ringing("a", {"X-R": "1"}) == [{"type": "ringing", "id": "a", "headers": {"X-R": "1"}}]
    assert page.early("a", "sdp1", {})[0]["sdp"] == "sdp1"
    assert "sdp" not in page.answered("a", None, {})[0]
    assert send(page, type="dtmf", id="a", digits="1") == (["dtmf"], [])
    assert send(page, type="hold", id="a", on=True)[1] == [{"type": "hold", "id": "a", "on": True}]
    assert page.ended("a", 200, "ok", "scenario", {}, 3.14159)[0]["duration"] == 3.1
    assert page.calls == {}


def test_a_message_that_crossed_the_end_is_dropped_without_an_error() -> None:
    page = PageProtocol()
    call(page)
    page.ended("a", 486, "Busy Here", "scenario", {}, 0)
    assert send(page, type="hangup", id="a") == ([], [])
    assert page.answered("a", "sdp", {}) == []


def test_a_second_call_with_the_same_id_is_refused_and_the_first_goes_on() -> None:
    page = PageProtocol()
    call(page)
    actions, replies = call(page)
    assert actions == []
    assert (replies[0]["type"], replies[0]["id"], replies[0]["field"]) == ("error", "a", "id")
    assert page.calls == {"a": "offering"}


def test_keys_before_the_answer_are_refused() -> None:
    page = PageProtocol()
    call(page)
    page.placed("a", "s1")
    actions, replies = send(page, type="dtmf", id="a", digits="1")
    assert actions == []
    assert "not answered yet" in replies[0]["message"]


def test_an_incoming_call_is_answered_once() -> None:
    page = PageProtocol()
    call_id, messages = page.incoming(kind="user", to="bob", **{"from": "alice"})
    assert messages == [{"type": "incoming", "id": "in-1", "kind": "user", "to": "bob", "from": "alice"}]
    assert send(page, type="answer", id=call_id, sdp="v=0")[0] == ["answer"]
    actions, replies = send(page, type="answer", id=call_id, sdp="v=0")
    assert actions == []
    assert "is being answered" in replies[0]["message"]
    page.answered(call_id, "sdp", {})
    assert "answered already" in send(page, type="answer", id=call_id, sdp="v=0")[1][0]["message"]


def test_an_incoming_call_may_have_audio_before_its_answer() -> None:
    page = PageProtocol()
    call_id, _ = page.incoming(kind="user", to="bob")
    assert send(page, type="early", id=call_id, sdp="v=0") == (["early"], [])
    assert page.early(call_id, "sdp1", {}) == [{"type": "early", "id": call_id, "sdp": "sdp1", "headers": {}}]
    assert send(page, type="answer", id=call_id) == (["answer"], [])
    assert page.early(call_id, "sdp1", {})[0]["sdp"] == "sdp1"
    assert page.calls == {call_id: "answering"}
    assert send(page, type="early", id=call_id, sdp="v=0")[1][0]["type"] == "error"


def test_after_a_refused_answer_the_call_rings_on() -> None:
    page = PageProtocol()
    call_id, _ = page.incoming()
    send(page, type="answer", id=call_id, sdp="garbage")
    assert page.refused(call_id, "answer", "This is not SDP.")[0]["re"] == "answer"
    assert send(page, type="answer", id=call_id, sdp="v=0")[0] == ["answer"]


def test_a_call_that_was_cancelled_cannot_be_answered() -> None:
    page = PageProtocol()
    call_id, _ = page.incoming()
    assert page.cancelled(call_id, 487, "gone")[0]["type"] == "cancelled"
    assert send(page, type="answer", id=call_id, sdp="v=0") == ([], [])


def test_too_many_calls_are_refused() -> None:
    page = PageProtocol()
    for number in range(MAX_CALLS):
        call(page, f"c{number}")
    assert "at most" in call(page, "more")[1][0]["message"]


def test_register_watch_start_and_ping() -> None:
    page = PageProtocol()
    assert send(page, type="register")[1] == [{"type": "registered", "user": "*"}]
    assert send(page, type="register", user="bob")[1] == [{"type": "registered", "user": "bob"}]
    assert send(page, type="unregister")[1] == [{"type": "registered", "user": None}]
    assert send(page, type="watch", session="*")[0] == ["watch"]
    assert send(page, type="start")[0] == ["start"]
    assert send(page, type="ping", t=7)[1] == [{"type": "pong", "t": 7}]


IDS = st.sampled_from(["a", "b", "in-1", "in-2", "zz"])
SENT = sorted(set().union(*MAY_SEND.values()) | {"call"})


class Machine(RuleBasedStateMachine):
    """Any order of messages and happenings: each message of the page gives an action or one error or
    nothing, never more, and only calls that exist are spoken of."""

    def __init__(self) -> None:
        super().__init__()
        self.page = PageProtocol()

    @rule(kind=st.sampled_from(SENT), call_id=IDS)
    def page_sends(self, kind: str, call_id: str) -> None:
        state = self.page.calls.get(call_id)
        fields = {"sdp": "v=0", "to": "1", "digits": "1", "mime": "a/b", "body": "", "text": "", "on": True}
        actions, replies = send(self.page, type=kind, id=call_id, **fields)
        errors = [reply for reply in replies if reply["type"] == "error"]
        assert len(actions) + len(errors) <= 1
        if state is not None and kind != "call":
            assert bool(actions) == (kind in MAY_SEND[state])
        if errors:
            assert self.page.calls.get(call_id) == state

    @rule(call_id=IDS)
    def placed(self, call_id: str) -> None:
        self.only_about(call_id, self.page.placed(call_id, "s"))

    @rule(call_id=IDS)
    def answered(self, call_id: str) -> None:
        self.only_about(call_id, self.page.answered(call_id, "sdp", {}))

    @rule(call_id=IDS)
    def early(self, call_id: str) -> None:
        self.only_about(call_id, self.page.early(call_id, "sdp", {}))

    @rule(call_id=IDS, re_=st.sampled_from(["call", "answer"]))
    def refused(self, call_id: str, re_: str) -> None:
        self.only_about(call_id, self.page.refused(call_id, re_, "no"))

    @rule(call_id=IDS)
    def ended(self, call_id: str) -> None:
        self.only_about(call_id, self.page.ended(call_id, 200, "", "you", {}, 0))
        assert call_id not in self.page.calls

    @rule()
    def incoming(self) -> None:
        self.page.incoming()

    @invariant()
    def states_are_known(self) -> None:
        assert set(self.page.calls.values()) <= set(MAY_SEND)

    def only_about(self, call_id: str, messages: list[Any]) -> None:
        assert len(messages) <= 1
        assert all(message["id"] == call_id for message in messages)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
