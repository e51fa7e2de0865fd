"""Tool calls of a conversation: asked, awaited for as long as the tool allows, answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from voxrun.emulators.ultravox.effects import CallHttpTool
from voxrun.emulators.ultravox.history import History
from voxrun.emulators.ultravox.outlet import FLAGS, Outlet
from voxrun.emulators.ultravox.plan import Invoke
from voxrun.emulators.ultravox.tools import Tool, ToolAnswer, parameters
from voxrun.session.messages import Json, JsonObject


class Waiting(Struct):
    """A call that was made; the conversation is frozen until it is settled."""

    invocation_id: str
    tool: Tool
    until: float
    spoke: bool
    """The agent has spoken in the same turn."""
    early: bool = False
    """Made ahead of the speech that comes with it (precomputable)."""
    answer: ToolAnswer | None = None


class ToolDesk:
    """At most one call at a time."""

    def __init__(self, outlet: Outlet, history: History) -> None:
        self._outlet = outlet
        self._history = history
        self.waiting: Waiting | None = None

    @property
    def deadline(self) -> float | None:
        """When the call that goes on has taken too long."""
        waiting = self.waiting
        return waiting.until if waiting is not None and waiting.answer is None else None

    def ask(
        self, call: Invoke, tools: Mapping[str, Tool], known: Mapping[str, Json], now: float, at: float
    ) -> Waiting:
        """Make the call. ``at`` is the call's own time, for the history; ``known`` the automatic values."""
        tool = tools.get(call.name)
        answer = call.answer
        if tool is None:
            declared = ", ".join(tools) or "none"
            text = f"the agent wants {call.name!r}, which the call does not declare (declared: {declared})"
            self._outlet.note("error", "tool_not_declared", text)
            tool, answer = Tool(call.name, "client"), ToolAnswer(error=f"there is no tool called {call.name}")
        invocation_id = call.invocation_id
        self._history.add("TOOL_CALL", "", invocationId=invocation_id, toolName=tool.name, start=at)
        self.waiting = Waiting(invocation_id, tool, now + tool.timeout, spoke=False, answer=answer)
        if answer is None:
            self.waiting.answer = self._send(tool, invocation_id, parameters(tool, call.args, known))
        return self.waiting

    def _send(self, tool: Tool, invocation_id: str, values: JsonObject) -> ToolAnswer | None:
        """Ask whoever answers; gives the answer when it is known at once."""
        if tool.kind == "built_in":
            return _built_in(tool)
        kind = f"{tool.kind}_tool_invocation"
        message: JsonObject = {"toolName": tool.name, "invocationId": invocation_id, "parameters": values}
        if tool.kind == "http":
            self._outlet.add(CallHttpTool(invocation_id, tool, values))
        elif not self._outlet.send({"type": kind, **message}):
            return ToolAnswer(error=f"{tool.name} cannot be reached: dataMessages keep {FLAGS[kind]} off")
        return None if tool.static_response is None else ToolAnswer(tool.static_response)

    def answered(self, invocation_id: str, answer: ToolAnswer) -> None:
        """A result came."""
        waiting = self.waiting
        if waiting is None or waiting.invocation_id != invocation_id or waiting.answer is not None:
            text = (
                f"nobody waits for the result of {invocation_id[:60]!r}: it came too late, twice, or unasked"
            )
            self._outlet.note("warning", "tool_result_ignored", text)
        else:
            waiting.answer = answer

    def expire(self, now: float) -> None:
        """Give up on a call whose time is over."""
        deadline, waiting = self.deadline, self.waiting
        if waiting is None or deadline is None or now < deadline:
            return
        tool = waiting.tool
        self._outlet.note("warning", "tool_timeout", f"{tool.name} did not answer within {tool.timeout:g} s")
        waiting.answer = ToolAnswer(error=f"{tool.name} did not answer in time")

    def settle(self, at: float) -> tuple[Waiting, ToolAnswer] | None:
        """The call and its answer once it is there; the desk is free then."""
        waiting = self.waiting
        if waiting is None or waiting.answer is None:
            return None
        self.waiting = None
        answer = waiting.answer
        self._history.add(
            "TOOL_RESULT",
            answer.result,
            invocationId=waiting.invocation_id,
            toolName=waiting.tool.name,
            errorDetails=answer.error,
            start=at,
        )
        return waiting, answer

    def drop(self, *, early_only: bool = False) -> None:
        """Forget the call; with ``early_only`` just one made ahead of its speech."""
        if not early_only or (self.waiting is not None and self.waiting.early):
            self.waiting = None


def _built_in(tool: Tool) -> ToolAnswer:
    if tool.built_in == "hangUp":
        return ToolAnswer("{}", response="hang-up")
    return ToolAnswer(error=f"the built-in tool {tool.name} is not emulated")
