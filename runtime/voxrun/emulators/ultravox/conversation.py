"""One call as a state machine: time and happenings in, effects out. No sockets, no audio, no clock.

Every input takes ``now`` (loop time) and returns the effects to carry out, in order. ``deadline`` says when
``tick`` must be called next. States on the wire:

    idle --join--> thinking/listening
    listening --turn ended, text, timer--> thinking --audio ready--> speaking --heard to its end--> listening
    speaking --caller interrupts--> listening      (playback_clear_buffer, final transcript, then the state)
    thinking --tool call--> (frozen) --result, timeout--> thinking or listening

What the agent is going to do is a *plan*: utterances, tool calls, the end of the call. What the caller said
while the agent could not answer waits in the *inbox*.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from voxrun.emulators.ultravox import inbound
from voxrun.emulators.ultravox.effects import (
    CallHttpTool,
    Effect,
    End,
    EndReason,
    Note,
    Render,
    Send,
    Severity,
    StartAudio,
    StopAudio,
)
from voxrun.emulators.ultravox.history import History
from voxrun.emulators.ultravox.mind import Action, HangUp, Mind, Say, ToolOutcome
from voxrun.emulators.ultravox.playback import Playback
from voxrun.emulators.ultravox.request import CallConfig, Medium
from voxrun.emulators.ultravox.stage import next_stage
from voxrun.emulators.ultravox.tools import Tool, ToolAnswer, hang_up_message, parameters
from voxrun.session.messages import Json, JsonObject

State: TypeAlias = Literal["idle", "listening", "thinking", "speaking"]

THINKING: Final = 0.2
"""Seconds from the end of a turn to the mind's answer."""
MIN_UNCLEAR: Final = 0.4
"""Seconds of speech that could not be made out, from which the agent says so; less is a cough."""
_FLAGS: Final = {
    "call_started": "callStarted",
    "state": "state",
    "transcript": "transcript",
    "client_tool_invocation": "clientToolInvocation",
    "data_connection_tool_invocation": "dataConnectionToolInvocation",
    "pong": "pong",
    "playback_clear_buffer": "playbackClearBuffer",
    "debug": "debug",
}


@dataclass(frozen=True, slots=True)
class _Speak:
    text: str
    uninterruptible: bool = False
    idle: bool = False
    """An inactivity message: it does not start the silence count anew."""


@dataclass(frozen=True, slots=True)
class _Invoke:
    name: str
    args: JsonObject
    invocation_id: str = ""
    answer: ToolAnswer | None = None
    forced: bool = False


@dataclass(frozen=True, slots=True)
class _Finish:
    reason: EndReason
    soft: bool = False


_Planned: TypeAlias = _Speak | _Invoke | _Finish


@dataclass(slots=True)
class _Waiting:
    """A tool call that was made; the conversation is frozen until it is answered."""

    invocation_id: str
    tool: Tool
    until: float
    spoke: bool
    forced: bool
    asked: bool = False
    """Made ahead of the speech that comes with it (precomputable)."""
    answer: ToolAnswer | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """What a conversation is made from."""

    call_id: str
    config: CallConfig
    make_mind: Callable[[CallConfig], Mind]
    new_id: Callable[[], str]


class Conversation:
    """The life of one joined call."""

    def __init__(self, setup: Setup) -> None:
        self.config = setup.config
        self.mind = setup.make_mind(setup.config)
        self.history = History(setup.new_id())
        self.state: State = "idle"
        self.call_state: JsonObject = dict(setup.config.state)
        self.over = False
        self._setup = setup
        self._medium: Medium = setup.config.output
        self._next_medium: Medium | None = None
        self._flags = setup.config.medium.flags
        self._out: list[Effect] = []
        self._plan: deque[_Planned] = deque()
        self._inbox: deque[str | None] = deque()
        self._joined_at = 0.0
        self._ends_at = float("inf")
        self._first_at: float | None = None
        self._think_at: float | None = None
        self._quiet_since: float | None = None
        self._idle_count = 0
        self._ending = False
        self._user_speaking = False
        self._recognising = 0
        self._utterance = 0
        self._speaking: _Speak | None = None
        self._ready: float | None = None  # seconds of rendered speech held back while the caller talks
        self._playback: Playback | None = None
        self._ordinal = 0
        self._waiting: _Waiting | None = None
        self._spoke_in_turn = False

    # -- inputs ---------------------------------------------------------------------------------------

    def joined(self, now: float, *, debug: bool = False) -> list[Effect]:
        """The client is connected."""
        if debug:
            self._flags = self._flags | {"debug"}
        self._joined_at = now
        self._ends_at = now + self.config.max_duration
        self._send({"type": "call_started", "callId": self._setup.call_id})
        self._send({"type": "state", "state": "idle"})
        for message in self.config.messages:
            self._recall(message)
        self._begin(now)
        return self._flush(now)

    def speech_started(self, now: float) -> list[Effect]:
        """The caller has been speaking for as long as an interruption needs."""
        self._user_speaking = True
        self._active(now)
        if self._first_at is not None and not self.config.first.agent:
            self._first_at = None
        if self._playback is not None and not self._protected:
            self._interrupt(now)
        return self._flush(now)

    def turn_ended(self, now: float) -> list[Effect]:
        """The caller fell silent; ``heard`` follows."""
        self._user_speaking = False
        self._recognising += 1
        self._active(now)
        if self.state == "listening":
            self._show("thinking")
        return self._flush(now)

    def turn_dropped(self, now: float) -> list[Effect]:
        """What began as speech was too short for a turn: no ``heard`` follows."""
        self._user_speaking = False
        return self._flush(now)

    def heard(self, text: str | None, seconds: float, now: float) -> list[Effect]:
        """What the caller said in the turn that ended; None when it could not be made out."""
        self._recognising = max(0, self._recognising - 1)
        if self._ending or self.over:
            return self._flush(now)
        if text is not None:
            self._user_said(text, "voice", now, seconds)
            self._take(text, now)
        elif seconds >= MIN_UNCLEAR:
            self._note("info", "speech_not_understood", f"{seconds:.1f} s of speech fit none of the phrases")
            self._take(None, now)
        return self._flush(now)

    def client_message(self, message: inbound.ClientMessage, now: float) -> list[Effect]:
        """A data message from the client (or the REST API)."""
        match message:
            case inbound.Ping(timestamp):
                self._send({"type": "pong", "timestamp": timestamp})
            case inbound.Ignored(reason):
                self._note("warning", "message_ignored", reason)
            case inbound.SpawnThread(thread_id):
                self._note("warning", "threads_not_emulated", f"thread {thread_id!r} was rejected")
                self._out.append(
                    Send({"type": "thread_rejected", "threadId": thread_id, "reason": "not emulated"})
                )
            case inbound.ToolResult(invocation_id, answer):
                return self.tool_answered(invocation_id, answer, now)
            case inbound.SetMedium(medium):
                self._next_medium = medium
            case _ if self._ending or self.over:
                pass
            case inbound.HangUpRequest(farewell):
                self._finish(farewell, "hangup", now)
            case inbound.UserText():
                self._user_text(message, now)
            case inbound.ForcedMessage():
                self._forced(message, now)
        return self._flush(now)

    def speech_ready(self, utterance: int, seconds: float, now: float) -> list[Effect]:
        """The audio of a ``Render`` is there; ``seconds`` 0 when there is nothing to hear."""
        if utterance == self._utterance and self._speaking is not None and self._playback is None:
            self._ready = seconds
        return self._flush(now)

    def tool_answered(self, invocation_id: str, answer: ToolAnswer, now: float) -> list[Effect]:
        """A tool's result, from the client or from an HTTP tool."""
        waiting = self._waiting
        if waiting is None or waiting.invocation_id != invocation_id or waiting.answer is not None:
            known = "came too late or twice" if invocation_id else "has no id"
            self._note("warning", "tool_result_ignored", f"the result of {invocation_id[:60]!r} {known}")
        else:
            waiting.answer = answer
        return self._flush(now)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        if now >= self._ends_at:
            self._ends_at = float("inf")
            self._finish(self.config.time_exceeded_message, "timeout", now)
        if self._first_at is not None and now >= self._first_at:
            self._first_at = None
            self._open()
        if self._waiting is not None and self._waiting.answer is None and now >= self._waiting.until:
            tool = self._waiting.tool
            self._note("warning", "tool_timeout", f"{tool.name} did not answer within {tool.timeout:g} s")
            self._waiting.answer = ToolAnswer(error=f"{tool.name} did not answer in time")
        idle = self._idle_deadline()
        if idle is not None and now >= idle:
            self._say_idle()
        return self._flush(now)

    @property
    def deadline(self) -> float | None:
        """When ``tick`` is needed; None when the call is over."""
        if self.over:
            return None
        times = [self._ends_at, self._first_at, self._idle_deadline()]
        if self._playback is not None:
            times.append(self._playback.deadline)
        elif self._free:
            times.append(self._think_at)
        if self._waiting is not None and self._waiting.answer is None:
            times.append(self._waiting.until)
        return min(time for time in times if time is not None)

    @property
    def _free(self) -> bool:
        """Whether the mind can be asked: a deadline that nothing can act on would come again at once."""
        return self._playback is None and self._speaking is None and self._waiting is None and not self._plan

    def closed(self) -> None:
        """The socket is gone: nothing more will happen."""
        self.over = True
        self._plan.clear()

    # -- the beginning --------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        first = self.config.first
        last = self.config.messages[-1] if self.config.messages else None
        if last is not None and last.get("role") != "MESSAGE_ROLE_AGENT":
            self._take(str(last.get("text") or ""), now)
            self._show("thinking")
        elif last is None and first.delay is not None:
            self._first_at = now + first.delay
            self._show("thinking" if first.agent and first.delay == 0 else "listening")
        else:
            self._show("listening")
            self._quiet_since = now

    def _open(self) -> None:
        """The agent's first words."""
        first = self.config.first
        if first.text:
            self._plan.append(_Speak(first.text, first.uninterruptible))
        elif self.config.greets or not first.agent:
            for action in self.mind.greet():
                if isinstance(action, Say):
                    self._plan.append(_Speak(action.text, first.uninterruptible or action.uninterruptible))

    def _recall(self, message: JsonObject) -> None:
        role = str(message.get("role", "")).removeprefix("MESSAGE_ROLE_")
        self.history.add(role, str(message.get("text") or ""), medium="text")

    # -- what the caller does -------------------------------------------------------------------------

    def _active(self, now: float) -> None:
        """Any sign of life of the caller."""
        self._idle_count = 0
        self._quiet_since = None if self._quiet_since is None else now
        if any(isinstance(planned, _Finish) and planned.soft for planned in self._plan):
            self._plan = deque(p for p in self._plan if not (isinstance(p, _Finish) and p.soft))

    def _user_said(self, text: str, medium: Medium, now: float, seconds: float = 0.0) -> None:
        at = now - self._joined_at
        ordinal = self.history.add("USER", text, medium=medium, start=max(0.0, at - seconds), end=at)
        self._transcript("user", medium, ordinal, text=text, final=True)

    def _take(self, text: str | None, now: float) -> None:
        """Put what was said before the mind, as soon as it is free."""
        self._inbox.append(text)
        if self._think_at is None:
            self._think_at = now + THINKING

    def _user_text(self, message: inbound.UserText, now: float) -> None:
        self._active(now)
        if message.urgency == "immediate" and self._playback is not None and not self._protected:
            self._interrupt(now)
        if not message.text.strip():
            return
        self._user_said(message.text, "text", now)
        if message.replies:
            self._take(message.text, now)

    def _forced(self, message: inbound.ForcedMessage, now: float) -> None:
        if message.immediate and self._playback is not None and not self._protected:
            self._interrupt(now)
        planned: list[_Planned] = []
        if message.content.strip():
            planned.append(_Speak(message.content, message.uninterruptible))
        for call in message.calls:
            planned.append(_Invoke(call.name, call.args, call.invocation_id, call.answer, forced=True))
        self._plan.extend(planned)

    # -- the plan -------------------------------------------------------------------------------------

    def _flush(self, now: float) -> list[Effect]:
        """Go on as far as possible, then hand out what is to be done."""
        while not self.over and self._advance(now):
            pass
        out, self._out = self._out, []
        return out

    def _advance(self, now: float) -> bool:
        """One step; False when there is nothing to do but wait."""
        if self._playback is not None:
            return self._play(now)
        if self._speaking is not None:
            return self._start_speaking(now)
        if self._next_medium is not None:
            self._medium, self._next_medium = self._next_medium, None
            return True
        if self._waiting is not None and (self._waiting.asked is False or not self._plan):
            return self._settle(now)
        if self._plan:
            self._carry_out(self._plan.popleft(), now)
            return True
        return self._think(now)

    def _think(self, now: float) -> bool:
        """Ask the mind about the oldest thing said; rest when there is none."""
        if self._think_at is not None and now < self._think_at:
            self._show("thinking")
            return False
        self._think_at = None
        if self._inbox:
            self._spoke_in_turn = False
            self._plan_actions(self.mind.hear(self._inbox.popleft()))
            return True
        if self.state != "listening" and not self._recognising and self._first_at is None:
            self._show("listening")
        if self.state == "listening" and self._quiet_since is None and not self._recognising:
            self._quiet_since = now
        return False

    def _plan_actions(self, actions: tuple[Action, ...]) -> None:
        planned: list[_Planned] = []
        for action in actions:
            if isinstance(action, Say):
                planned.append(_Speak(action.text, action.uninterruptible))
            elif isinstance(action, HangUp):
                planned.append(_Finish("agent_hangup"))
            else:
                planned.append(_Invoke(action.name, action.args))
        self._plan.extendleft(reversed(planned))

    def _carry_out(self, planned: _Planned, now: float) -> None:
        self._quiet_since = None
        if isinstance(planned, _Finish):
            self._over(planned.reason)
        elif isinstance(planned, _Invoke):
            self._invoke(planned, now)
        elif not planned.text.strip():
            return
        elif self._medium == "text":
            self._write(planned.text, now)
        else:
            self._precompute(now)
            self._speaking = planned
            self._utterance += 1
            self._show("thinking")
            self._out.append(Render(self._utterance, planned.text))

    def _over(self, reason: EndReason) -> None:
        self.over = True
        self._out.append(End(reason))

    def _finish(self, farewell: str, reason: EndReason, now: float) -> None:
        """End the call after ``farewell``; nothing else is said or heard any more."""
        if self.over or self._ending:
            return
        if self._playback is not None:
            self._interrupt(now)
        self._drop_turn()
        self._ending = True
        self._inbox.clear()
        self._first_at = self._think_at = None
        self._waiting = self._speaking = self._ready = None
        self._plan = deque([_Speak(farewell, uninterruptible=True), _Finish(reason)])

    # -- speech ---------------------------------------------------------------------------------------

    @property
    def _protected(self) -> bool:
        return self._ending or (self._speaking is not None and self._speaking.uninterruptible)

    def _start_speaking(self, now: float) -> bool:
        """Begin with the audio that is ready, but not into the caller's words."""
        if self._ready is None or self._speaking is None:
            return False
        if (self._user_speaking or self._recognising) and not self._protected:
            return False
        seconds, self._ready = self._ready, None
        if seconds <= 0:
            self._speaking = None
            return True
        at = now - self._joined_at
        text = self._speaking.text
        self._ordinal = self.history.add("AGENT", text, medium="voice", start=at, end=at + seconds)
        self._playback = Playback(text, seconds, now)
        self._spoke_in_turn = True
        self._show("speaking")
        self._out.append(StartAudio(self._utterance))
        return True

    def _play(self, now: float) -> bool:
        playback = self._playback
        if playback is None:
            return False
        self._show_parts("voice", playback, now)
        if not playback.done(now):
            return False
        self._transcript("agent", "voice", self._ordinal, text=f"{playback.text} ", final=True)
        self._quiet_since = None
        idle = self._speaking is not None and self._speaking.idle
        self._playback = self._speaking = None
        if not idle:
            self._idle_count = 0
        return True

    def _show_parts(self, medium: Medium, playback: Playback, now: float) -> None:
        begun = playback.begun
        for part in playback.due(now):
            key = "delta" if begun else "text"
            begun = True
            self._transcript("agent", medium, self._ordinal, **{key: part}, final=False)

    def _interrupt(self, now: float) -> None:
        """Fall silent: first the client's buffer, then what was heard, then the state."""
        playback = self._playback
        if playback is None:
            return
        self._show_parts("voice", playback, now)
        self._send({"type": "playback_clear_buffer"})
        self._out.append(StopAudio())
        self.history.revise(self._ordinal, playback.heard, now - self._joined_at)
        if playback.begun:
            self._transcript("agent", "voice", self._ordinal, text=f"{playback.heard} ", final=True)
        self._playback = self._speaking = self._ready = None
        self._drop_turn()
        self._show("listening")

    def _drop_turn(self) -> None:
        """Forget what the agent was still going to do in this turn."""
        forced = [p for p in self._plan if isinstance(p, _Invoke) and p.forced]
        self._plan = deque(forced)
        if self._waiting is not None and self._waiting.asked:
            self._waiting = None
        self.mind.forget_turn()

    def _write(self, text: str, now: float) -> None:
        """An utterance in the text medium: the same stream of transcripts, at once and silent."""
        at = now - self._joined_at
        self._ordinal = self.history.add("AGENT", text, medium="text", start=at, end=at)
        self._show_parts("text", Playback(text, 0.0, now), now)
        self._transcript("agent", "text", self._ordinal, text=text, final=True)
        self._spoke_in_turn = True

    # -- tools ----------------------------------------------------------------------------------------

    def _precompute(self, now: float) -> None:
        """Call a precomputable tool before the speech that comes with it."""
        following = self._plan[0] if self._plan else None
        if isinstance(following, _Invoke) and self._waiting is None:
            tool = self.config.tools.get(following.name)
            if tool is not None and tool.precomputable:
                self._invoke(self._plan.popleft(), now)  # type: ignore[arg-type]
                if self._waiting is not None:
                    self._waiting.spoke = True

    def _invoke(self, call: _Invoke, now: float) -> None:
        tool = self.config.tools.get(call.name)
        invocation_id = call.invocation_id or self._setup.new_id()
        if tool is None:
            declared = ", ".join(self.config.tools) or "none"
            text = f"the agent wants {call.name!r}, which the call does not declare (declared: {declared})"
            self._note("error", "tool_not_declared", text)
            tool = Tool(call.name, "client")
            call = replace(call, answer=ToolAnswer(error=f"there is no tool called {call.name}"))
        known: Mapping[str, Json] = self._known_values()
        values = parameters(tool, call.args, known)
        self.history.add(
            "TOOL_CALL", "", invocationId=invocation_id, toolName=tool.name, start=now - self._joined_at
        )
        self._waiting = _Waiting(
            invocation_id, tool, now + tool.timeout, self._spoke_in_turn, call.forced, answer=call.answer
        )
        if call.answer is None:
            self._ask(tool, invocation_id, values)

    def _ask(self, tool: Tool, invocation_id: str, values: JsonObject) -> None:
        waiting = self._waiting
        if waiting is None:
            return
        message: JsonObject = {"toolName": tool.name, "invocationId": invocation_id, "parameters": values}
        if tool.kind == "built_in":
            waiting.answer = _built_in(tool, values)
        elif tool.kind == "http":
            self._out.append(CallHttpTool(invocation_id, tool, values))
        else:
            kind = f"{tool.kind}_tool_invocation"
            if not self._send({"type": kind, **message}):
                waiting.answer = ToolAnswer(
                    error=f"{tool.name} cannot be reached: the call's dataMessages keep {_FLAGS[kind]} off"
                )
        if tool.static_response is not None and waiting.answer is None:
            waiting.answer = ToolAnswer(tool.static_response)

    def _known_values(self) -> Mapping[str, Json]:
        messages: list[Json] = list(self.history.messages())
        return {
            "KNOWN_PARAM_CALL_ID": self._setup.call_id,
            "KNOWN_PARAM_CONVERSATION_HISTORY": messages,
            "KNOWN_PARAM_OUTPUT_SAMPLE_RATE": self.config.medium.output_rate,
            "KNOWN_PARAM_CALL_STATE": dict(self.call_state),
            "KNOWN_PARAM_CALL_STAGE_ID": self.history.stage_id,
            "KNOWN_PARAM_THREAD_ID": "UI",
            "KNOWN_PARAM_CALL_METADATA": dict(self.config.metadata),
        }

    def _settle(self, now: float) -> bool:
        """Use a tool's answer, once it is there."""
        waiting = self._waiting
        if waiting is None or waiting.answer is None:
            self._show("thinking")
            return False
        answer, self._waiting = waiting.answer, None
        at = now - self._joined_at
        self.history.add(
            "TOOL_RESULT",
            answer.result,
            invocationId=waiting.invocation_id,
            toolName=waiting.tool.name,
            errorDetails=answer.error,
            start=at,
        )
        if answer.state is not None:
            self.call_state = dict(answer.state)
        if answer.response == "hang-up" and not answer.error:
            self._finish(hang_up_message(answer.result), "agent_hangup", now)
            return True
        if answer.response == "new-stage" and not answer.error:
            answer = self._change_stage(answer)
        reaction = answer.reaction or waiting.tool.reaction
        speaks = reaction == "speaks" or (reaction == "speaks-once" and not waiting.spoke)
        self._plan_actions(self.mind.answer(ToolOutcome(answer.result, answer.error, speaks)))
        return True

    def _change_stage(self, answer: ToolAnswer) -> ToolAnswer:
        config, text, problem = next_stage(self.config, answer.result)
        if problem:
            self._note("error", "new_stage_failed", problem)
            return ToolAnswer(error=problem)
        waiting_step = self.mind
        self.config = config
        self.mind = self._setup.make_mind(config)
        self.mind.inherit(waiting_step)
        self.history.stage_id = self._setup.new_id()
        return replace(answer, result=text)

    # -- silence --------------------------------------------------------------------------------------

    def _idle_deadline(self) -> float | None:
        if self._quiet_since is None or self._ending or self._user_speaking or not self._free:
            return None
        if self._idle_count >= len(self.config.inactivity) or self._think_at is not None:
            return None
        return self._quiet_since + self.config.inactivity[self._idle_count].after

    def _say_idle(self) -> None:
        message = self.config.inactivity[self._idle_count]
        self._idle_count += 1
        self._plan.append(_Speak(message.text, message.end == "strict", idle=True))
        if message.end:
            self._plan.append(_Finish("agent_hangup", soft=message.end == "soft"))

    # -- out ------------------------------------------------------------------------------------------

    def _show(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._send({"type": "state", "state": state})

    def _transcript(self, role: str, medium: Medium, ordinal: int, *, final: bool, **text: str) -> None:
        self._send(
            {"type": "transcript", "role": role, "medium": medium, **text, "final": final, "ordinal": ordinal}
        )

    def _send(self, message: JsonObject) -> bool:
        if _FLAGS[str(message["type"])] not in self._flags:
            return False
        self._out.append(Send(message))
        return True

    def _note(self, severity: Severity, kind: str, text: str) -> None:
        self._out.append(Note(severity, kind, text))
        self._send({"type": "debug", "message": f"{kind}: {text}"})


def _built_in(tool: Tool, values: JsonObject) -> ToolAnswer:
    if tool.name in ("hangUp",):
        return ToolAnswer("{}", response="hang-up")
    return ToolAnswer(error=f"the built-in tool {tool.name} is not emulated")
