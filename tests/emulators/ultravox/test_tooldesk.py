"""One tool call at a time."""

from __future__ import annotations

from typing import Any

from voxrun.emulators.ultravox.call_config import DEFAULT_FLAGS
from voxrun.emulators.ultravox.effects import CallHttpTool, Note, Send
from voxrun.emulators.ultravox.history import History
from voxrun.emulators.ultravox.outlet import Outlet
from voxrun.emulators.ultravox.plan import Invoke
from voxrun.emulators.ultravox.tooldesk import ToolDesk
from voxrun.emulators.ultravox.tools import ToolAnswer, read_tools


def desk_of(flags: frozenset[str] = DEFAULT_FLAGS) -> tuple[ToolDesk, Outlet, History]:
    outlet, history = Outlet(flags), History("s")
    return ToolDesk(outlet, history), outlet, history


def tools(**fields: Any) -> Any:
    return read_tools([{"temporaryTool": {"modelToolName": "t", **fields}}, {"toolName": "hangUp"}])


CALL = Invoke("t", {"a": 1}, "id-1")


def test_a_client_tool_is_asked_and_its_answer_settles_the_call() -> None:
    desk, outlet, history = desk_of()
    desk.ask(CALL, tools(client={}), {}, 10.0, 1.0)
    asked = {
        "type": "client_tool_invocation",
        "toolName": "t",
        "invocationId": "id-1",
        "parameters": {"a": 1},
    }
    assert outlet.take() == [Send(asked)]
    assert (desk.deadline, desk.settle(1.5)) == (12.5, None)
    desk.answered("id-1", ToolAnswer("five"))
    settled = desk.settle(2.0)
    assert settled is not None
    assert settled[1] == ToolAnswer("five")
    assert (desk.deadline, desk.waiting) == (None, None)
    assert [message["role"] for message in history.messages()] == [
        "MESSAGE_ROLE_TOOL_CALL",
        "MESSAGE_ROLE_TOOL_RESULT",
    ]


def test_time_runs_out() -> None:
    desk, outlet, _ = desk_of()
    desk.ask(CALL, tools(client={}, timeout="1s"), {}, 10.0, 0.0)
    desk.expire(10.9)
    assert desk.settle(0.0) is None
    desk.expire(11.0)
    settled = desk.settle(0.0)
    assert settled is not None
    assert settled[1].error == "t did not answer in time"
    assert [effect.type for effect in outlet.take() if isinstance(effect, Note)] == ["tool_timeout"]


def test_who_answers_depends_on_the_kind() -> None:
    desk, outlet, _ = desk_of()
    http = tools(http={"baseUrlPattern": "http://x.test"})
    desk.ask(CALL, http, {}, 0.0, 0.0)
    assert outlet.take() == [CallHttpTool("id-1", http["t"], {"a": 1})]
    built_in = desk.ask(Invoke("hangUp", {}, "id-2"), http, {}, 0.0, 0.0)
    assert built_in.answer == ToolAnswer("{}", response="hang-up")
    closed = desk.ask(CALL, tools(dataConnection={}), {}, 0.0, 0.0)
    assert closed.answer is not None
    assert "dataConnectionToolInvocation off" in closed.answer.error
    assert outlet.take() == []


def test_an_undeclared_tool_is_an_error_that_names_the_declared_ones() -> None:
    desk, outlet, _ = desk_of()
    waiting = desk.ask(Invoke("u", {}, "i"), tools(client={}), {}, 0.0, 0.0)
    assert waiting.answer == ToolAnswer(error="there is no tool called u")
    (note,) = outlet.take()
    assert isinstance(note, Note)
    assert "(declared: t, hangUp)" in note.text


def test_only_an_early_call_is_dropped_with_its_speech() -> None:
    desk, _, _ = desk_of()
    waiting = desk.ask(CALL, tools(client={}), {}, 0.0, 0.0)
    desk.drop(early_only=True)
    assert desk.waiting is waiting
    waiting.early = True
    desk.drop(early_only=True)
    assert desk.waiting is None
