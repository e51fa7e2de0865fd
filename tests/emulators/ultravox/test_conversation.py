"""The life of a call without sockets, audio or a clock: inputs with times in, effects out."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.emulators.ultravox import inbound
from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.conversation import Conversation, Setup
from voxrun.emulators.ultravox.effects import Effect, End, Note, Render, Send, StartAudio, StopAudio
from voxrun.emulators.ultravox.mind import Mind
from voxrun.emulators.ultravox.request import read_call
from voxrun.emulators.ultravox.tools import ToolAnswer

AGENT = parse_agent(
    """
    greeting: Hello.
    rules:
      - hears: [look it up]
        says: One moment please.
        tool: look_up
        then: Here it is.
        fails: Nothing.
      - hears: [good bye]
        says: Bye.
        hangs_up: true
    otherwise: Pardon?
    """
)


class Stage:
    """A conversation whose speech lasts a second for every text."""

    def __init__(self, tool: dict[str, Any] | None = None, **fields: Any) -> None:
        ids = itertools.count(1)
        temporary = {"modelToolName": "look_up", "client": {}, **(tool or {})}
        if "http" in temporary:
            del temporary["client"]
        medium = {"serverWebSocket": {"inputSampleRate": 8000}}
        config = read_call({"medium": medium, "selectedTools": [{"temporaryTool": temporary}], **fields})
        self.it = Conversation(Setup("call-1", config, lambda _: Mind(AGENT), lambda: f"id-{next(ids)}"))
        self.now = 100.0
        self.effects: list[Effect] = []
        self.did(self.it.joined(self.now))

    def did(self, effects: list[Effect]) -> list[Effect]:
        """Note effects; answers each Render at once, with a second of audio."""
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Render):
                self.did(self.it.speech_ready(effect.utterance, 1.0, self.now))
        return effects

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        for _ in range(10_000):
            due = self.it.deadline
            if due is None or due > end:
                self.now = end
                return
            self.now = max(self.now, due)
            self.did(self.it.tick(self.now))
        raise AssertionError("a deadline came again and again")

    def send(self, **message: Any) -> None:
        self.did(self.it.client_message(inbound.read(message), self.now))

    def speak(self, text: str | None, seconds: float = 1.0) -> None:
        """The caller says something; recognition takes no time."""
        self.did(self.it.speech_started(self.now))
        self.now += seconds
        self.did(self.it.turn_ended(self.now))
        self.did(self.it.heard(text, seconds, self.now))

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [effect.message for effect in self.effects if isinstance(effect, Send)]

    def said(self) -> list[str]:
        """Whole utterances of the agent."""
        return [m["text"].strip() for m in self.messages if m.get("role") == "agent" and m["final"]]

    def notes(self) -> list[str]:
        return [effect.type for effect in self.effects if isinstance(effect, Note)]

    def invocation(self) -> str:
        (message,) = [m for m in self.messages if m["type"] == "client_tool_invocation"]
        return str(message["invocationId"])


def test_a_tool_runs_after_the_speech_that_announces_it() -> None:
    stage = Stage()
    stage.run(5)
    stage.speak("look it up")
    stage.run(0.5)
    assert not [m for m in stage.messages if m["type"] == "client_tool_invocation"]
    stage.run(1)
    stage.send(type="client_tool_result", invocationId=stage.invocation(), result="x")
    stage.run(5)
    assert stage.said() == ["Hello.", "One moment please.", "Here it is."]


def test_a_precomputable_tool_runs_at_once_and_its_answer_waits_for_the_speech() -> None:
    stage = Stage({"precomputable": True})
    stage.run(5)
    stage.speak("look it up")
    stage.run(0.3)
    assert stage.it.state == "speaking"
    stage.send(type="client_tool_result", invocationId=stage.invocation(), result="x")
    assert stage.said() == ["Hello."]
    stage.run(5)
    assert stage.said() == ["Hello.", "One moment please.", "Here it is."]


def test_an_interrupted_announcement_calls_no_tool() -> None:
    stage = Stage()
    stage.run(5)
    stage.speak("look it up")
    stage.run(0.6)
    stage.speak(None)
    stage.run(5)
    assert not [m for m in stage.messages if m["type"] == "client_tool_invocation"]
    assert stage.said()[-1] == "Pardon?"


def test_what_is_said_while_a_tool_works_is_answered_after_it() -> None:
    stage = Stage({"timeout": "20s"})
    stage.run(5)
    stage.speak("look it up")
    stage.run(3)
    stage.speak("hm")
    stage.run(5)
    assert stage.said() == ["Hello.", "One moment please."]
    stage.send(type="client_tool_result", invocationId=stage.invocation(), result="x")
    stage.run(5)
    assert stage.said() == ["Hello.", "One moment please.", "Here it is.", "Pardon?"]


@pytest.mark.parametrize(
    ("tool", "result", "said"),
    [
        ({}, {"result": "x"}, "Here it is."),
        ({}, {"errorType": "implementation-error", "errorMessage": "broken"}, "Nothing."),
        ({}, {"result": "x", "agentReaction": "listens"}, "One moment please."),
        ({}, {"result": "x", "agentReaction": "speaks-once"}, "One moment please."),
        ({"defaultReaction": "AGENT_REACTION_LISTENS"}, {"result": "x"}, "One moment please."),
        ({}, {"responseType": "hang-up", "result": '{"message": "Over."}'}, "Over."),
        ({}, {"responseType": "new-stage", "result": "no json"}, "Nothing."),
    ],
)
def test_answers_of_a_tool(tool: dict[str, Any], result: dict[str, Any], said: str) -> None:
    stage = Stage(tool)
    stage.run(5)
    stage.speak("look it up")
    stage.run(2)
    stage.send(type="client_tool_result", invocationId=stage.invocation(), **result)
    stage.run(5)
    assert stage.said()[-1] == said


def test_a_late_or_second_answer_is_ignored_with_a_warning() -> None:
    stage = Stage()
    stage.run(5)
    stage.speak("look it up")
    stage.run(10)
    assert stage.said()[-1] == "Nothing."
    stage.send(type="client_tool_result", invocationId=stage.invocation(), result="late")
    stage.run(5)
    assert stage.notes() == ["tool_timeout", "tool_result_ignored"]
    assert stage.said()[-1] == "Nothing."


def test_a_static_response_is_not_waited_for() -> None:
    stage = Stage({"staticResponse": {"responseText": "known"}})
    stage.run(5)
    stage.speak("look it up")
    stage.run(5)
    assert stage.invocation()
    assert stage.said()[-1] == "Here it is."


def test_the_agent_does_not_begin_in_the_callers_words() -> None:
    stage = Stage()
    stage.did(stage.it.speech_started(stage.now))
    stage.run(3)
    assert StartAudio(1) not in stage.effects
    stage.did(stage.it.turn_ended(stage.now))
    stage.did(stage.it.heard(None, 0.1, stage.now))
    stage.run(3)
    assert stage.said() == ["Hello."]


def test_an_interruption_has_its_order_and_history_keeps_what_was_heard() -> None:
    stage = Stage()
    stage.run(0.4)
    before = len(stage.effects)
    effects = stage.did(stage.it.speech_started(stage.now))
    assert [type(effect) for effect in effects] == [Send, StopAudio, Send, Send]
    kinds = [message["type"] for message in stage.messages[-3:]]
    assert kinds == ["playback_clear_buffer", "transcript", "state"]
    assert stage.it.history.messages()[-1]["text"] == "Hello"
    assert before < len(stage.effects)


def test_a_cough_is_no_turn_but_unclear_speech_is_answered() -> None:
    stage = Stage()
    stage.run(5)
    stage.speak(None, 0.2)
    stage.run(5)
    assert stage.said() == ["Hello."]
    stage.speak(None, 0.8)
    stage.run(5)
    assert stage.said() == ["Hello.", "Pardon?"]


def test_a_text_with_nothing_in_it_only_interrupts() -> None:
    stage = Stage()
    stage.run(0.4)
    stage.send(type="user_text_message", text="", urgency="immediate", deferResponse=True)
    stage.run(5)
    assert {"type": "playback_clear_buffer"} in stage.messages
    assert stage.said() == ["Hello"]


def test_known_results_of_a_forced_message_need_no_client() -> None:
    stage = Stage()
    stage.run(5)
    stage.send(
        type="forced_agent_message",
        content="Wait.",
        toolCalls=[{"id": "t1", "name": "look_up", "arguments": {}}],
        knownToolResults=[{"invocationId": "t1", "result": "seven"}],
    )
    stage.run(5)
    assert stage.said() == ["Hello.", "Wait.", "The answer is: seven."]
    assert not [m for m in stage.messages if m["type"] == "client_tool_invocation"]


def test_threads_are_rejected_and_the_end_is_the_end() -> None:
    stage = Stage()
    stage.run(5)
    stage.send(type="spawn_thread", newThreadId="t")
    assert stage.messages[-1]["type"] == "thread_rejected"
    stage.speak("good bye")
    stage.run(5)
    assert stage.effects[-1] == End("agent_hangup")
    assert stage.it.deadline is None
    stage.effects.clear()
    stage.send(type="user_text_message", text="still there?")
    stage.run(60)
    assert stage.effects == []


def test_a_hang_up_during_speech_cuts_it_and_says_farewell() -> None:
    stage = Stage()
    stage.run(0.4)
    stage.send(type="hang_up", message="Farewell.")
    stage.speak("good bye")  # too late to be heard
    stage.run(5)
    assert stage.said() == ["Hello", "Farewell."]
    assert stage.effects[-1] == End("hangup")


def test_a_conversation_that_begins_with_messages() -> None:
    asked = Stage(initialMessages=[{"role": "MESSAGE_ROLE_USER", "text": "good bye"}])
    asked.run(5)
    assert asked.said() == ["Bye."]
    greeted = Stage(initialMessages=[{"role": "MESSAGE_ROLE_AGENT", "text": "Hello before."}])
    greeted.run(5)
    assert greeted.said() == []


INPUTS = st.one_of(
    st.floats(0, 3).map(lambda seconds: ("run", seconds)),
    st.sampled_from(["look it up", "good bye", "x", None]).map(lambda text: ("speak", text)),
    st.sampled_from(["start", "drop", "answer", "text", "urgent", "forced", "medium", "error"]).map(
        lambda what: (what, None)
    ),
)


@given(st.lists(INPUTS, max_size=25))
def test_whatever_happens_states_change_and_deadlines_move_on(inputs: list[tuple[str, Any]]) -> None:
    stage = Stage(inactivityMessages=[{"duration": "5s", "message": "Hm?"}])
    for what, value in inputs:
        match what:
            case "run":
                stage.run(value)
            case "speak":
                stage.speak(value, 0.5)
            case "start":
                stage.did(stage.it.speech_started(stage.now))
            case "drop":
                stage.did(stage.it.turn_dropped(stage.now))
            case "answer" | "error":
                known = [m["invocationId"] for m in stage.messages if m["type"] == "client_tool_invocation"]
                answer = ToolAnswer("1", error="e" if what == "error" else "")
                stage.did(stage.it.tool_answered(known[-1] if known else "none", answer, stage.now))
            case "text":
                stage.send(type="user_text_message", text="look it up")
            case "urgent":
                stage.send(type="user_text_message", text="hm", urgency="immediate")
            case "forced":
                stage.send(type="forced_agent_message", content="So.", toolCalls=[{"name": "look_up"}])
            case "medium":
                stage.send(type="set_output_medium", medium="text")
    stage.did(stage.it.turn_dropped(stage.now))
    stage.run(60)
    states = [message["state"] for message in stage.messages if message["type"] == "state"]
    assert all(one != other for one, other in itertools.pairwise(states))
    assert stage.it.over or stage.it.state == "listening"
    finals = [m["ordinal"] for m in stage.messages if m["type"] == "transcript" and m["final"]]
    assert len(finals) == len(set(finals))
