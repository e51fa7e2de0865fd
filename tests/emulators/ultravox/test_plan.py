"""What the agent is going to do."""

from __future__ import annotations

from voxrun.emulators.ultravox.mind import HangUp, Say, UseTool
from voxrun.emulators.ultravox.plan import Finish, Invoke, Plan, Speak, planned

ITEMS = planned((Say("One.", True), UseTool("t", {"a": 1}), HangUp()))


def test_actions_become_items_in_order() -> None:
    assert [Speak("One.", uninterruptible=True), Invoke("t", {"a": 1}), Finish("agent_hangup")] == ITEMS


def test_what_the_mind_answers_comes_before_what_waits() -> None:
    plan = Plan([Speak("Later.")])
    plan.put_first(ITEMS)
    assert list(plan) == [*ITEMS, Speak("Later.")]


def test_an_interruption_keeps_what_the_client_forced() -> None:
    forced = Invoke("f", {}, forced=True)
    plan = Plan([*ITEMS, forced])
    plan.keep_forced()
    assert list(plan) == [forced]


def test_only_a_soft_end_is_forgotten() -> None:
    plan = Plan([Finish("agent_hangup", soft=True), Finish("timeout")])
    plan.forget_soft_end()
    assert list(plan) == [Finish("timeout")]
