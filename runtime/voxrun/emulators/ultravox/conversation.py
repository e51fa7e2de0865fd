"""One call as a state machine: time and happenings in, effects out. No sockets, no audio, no clock.

Every input takes ``now`` (loop time) and returns the effects to carry out, in order. ``deadline`` says when
``tick`` must be called next. States on the wire:

    idle --join--> thinking/listening
    listening --turn ended, text, timer--> thinking --audio ready--> speaking --heard to its end--> listening
    speaking --caller interrupts--> listening      (playback_clear_buffer, final transcript, then the state)
    thinking --tool call--> (frozen) --result, timeout--> thinking or listening

What the agent is going to do is a *plan*: utterances, tool calls, the end of the call. What the caller said
while the agent could not answer waits in the *inbox*. After each input ``_advance`` goes on as far as
possible: playback, then speech that is ready, then a tool's answer, then the plan, then the inbox.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from voxrun.emulators.ultravox import inbound
from voxrun.emulators.ultravox.call_config import CallConfig, Medium
from voxrun.emulators.ultravox.effects import Effect, End, EndReason, Send
from voxrun.emulators.ultravox.history import History
from voxrun.emulators.ultravox.mind import Mind, ToolOutcome
from voxrun.emulators.ultravox.outlet import Outlet, State
from voxrun.emulators.ultravox.plan import Finish, Invoke, Plan, Planned, Speak, planned
from voxrun.emulators.ultravox.silence import Silence
from voxrun.emulators.ultravox.speaker import Speaker
from voxrun.emulators.ultravox.stage import next_stage
from voxrun.emulators.ultravox.tooldesk import ToolDesk
from voxrun.emulators.ultravox.tools import ToolAnswer, hang_up_message
from voxrun.session.messages import Json, JsonObject

THINKING: Final = 0.2
"""Seconds from the end of a turn to the mind's answer."""
MIN_UNCLEAR: Final = 0.4
"""Seconds of speech that could not be made out, from which the agent says so; less is a cough."""
NEVER: Final = float("inf")


class Setup(Struct, frozen=True):
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
        self.call_state: JsonObject = dict(setup.config.state)
        self.over = False
        self._setup = setup
        self._outlet = Outlet(setup.config.medium.flags)
        self._desk = ToolDesk(self._outlet, self.history)
        self._silence = Silence(setup.config.inactivity)
        self._plan = Plan()
        self._inbox: deque[str | None] = deque()
        self._speaker = Speaker(self._outlet, self.history, setup.config.output)
        self._next_medium: Medium | None = None
        self._joined_at = 0.0
        self._ends_at = NEVER
        self._first_at: float | None = None
        self._think_at: float | None = None
        self._ending = False
        self._user_speaking = False
        self._recognising = 0

    # -- inputs ---------------------------------------------------------------------------------------

    def joined(self, now: float, *, debug: bool = False) -> list[Effect]:
        """The client is connected; ``debug``: it wants debug messages."""
        if debug:
            self._outlet.flags |= {"debug"}
        self._joined_at = self._speaker.joined_at = now
        self._ends_at = now + self.config.max_duration
        self._outlet.send({"type": "call_started", "callId": self._setup.call_id})
        self._outlet.send({"type": "state", "state": "idle"})
        for message in self.config.messages:
            role = str(message.get("role", "")).removeprefix("MESSAGE_ROLE_")
            self.history.add(role, str(message.get("text") or ""), medium="text")
        self._begin(now)
        return self._go_on(now)

    def speech_started(self, now: float) -> list[Effect]:
        """The caller has been speaking for as long as an interruption needs."""
        self._user_speaking = True
        self._sign_of_life(now)
        if not self.config.first.agent:
            self._first_at = None
        self._interrupt_if_allowed(now)
        return self._go_on(now)

    def turn_ended(self, now: float) -> list[Effect]:
        """The caller fell silent; ``heard`` follows."""
        self._user_speaking = False
        self._recognising += 1
        self._sign_of_life(now)
        if self.state == "listening":
            self._outlet.show("thinking")
        return self._go_on(now)

    def turn_dropped(self, now: float) -> list[Effect]:
        """What began as speech was too short for a turn: no ``heard`` follows."""
        self._user_speaking = False
        return self._go_on(now)

    def heard(self, text: str | None, seconds: float, now: float) -> list[Effect]:
        """What the caller said in the turn that ended; None when it could not be made out."""
        self._recognising = max(0, self._recognising - 1)
        if self._ending or self.over:
            return self._go_on(now)
        if text is not None:
            self._user_said(text, "voice", now, seconds)
            self._answer(text, now)
        elif seconds >= MIN_UNCLEAR:
            unclear = f"{seconds:.1f} s of speech fit none of the phrases"
            self._outlet.note("info", "speech_not_understood", unclear)
            self._answer(None, now)
        return self._go_on(now)

    def client_message(self, message: inbound.ClientMessage, now: float) -> list[Effect]:
        """A data message from the client (or the REST API)."""
        match message:
            case inbound.Ping(timestamp):
                self._outlet.send({"type": "pong", "timestamp": timestamp})
            case inbound.Ignored(reason):
                self._outlet.note("warning", "message_ignored", reason)
            case inbound.SpawnThread(thread_id):
                self._outlet.note(
                    "warning", "threads_not_emulated", f"thread {thread_id[:60]!r} was rejected"
                )
                refusal: JsonObject = {"threadId": thread_id, "reason": "threads are not emulated"}
                self._outlet.add(Send({"type": "thread_rejected", **refusal}))
            case inbound.ToolResult(invocation_id, answer):
                self._desk.answered(invocation_id, answer)
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
        return self._go_on(now)

    def speech_ready(self, utterance: int, seconds: float, now: float) -> list[Effect]:
        """The audio of a ``Render`` is there; ``seconds`` 0 when there is nothing to hear."""
        self._speaker.rendered(utterance, seconds)
        return self._go_on(now)

    def tool_answered(self, invocation_id: str, answer: ToolAnswer, now: float) -> list[Effect]:
        """The result of an HTTP tool."""
        self._desk.answered(invocation_id, answer)
        return self._go_on(now)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        if now >= self._ends_at:
            self._ends_at = NEVER
            self._finish(self.config.time_exceeded_message, "timeout", now)
        if self._first_at is not None and now >= self._first_at:
            self._first_at = None
            self._open()
        self._desk.expire(now)
        idle = self._idle_deadline
        if idle is not None and now >= idle:
            message = self._silence.next()
            self._plan.append(Speak(message.text, uninterruptible=message.end == "strict"))
            if message.end:
                self._plan.append(Finish("agent_hangup", soft=message.end == "soft"))
        return self._go_on(now)

    def closed(self) -> None:
        """The socket is gone: nothing more will happen."""
        self.over = True
        self._plan.clear()

    # -- outputs --------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The agent's state as it was last shown."""
        return self._outlet.state

    @property
    def deadline(self) -> float | None:
        """When ``tick`` is needed; None when the call is over."""
        if self.over:
            return None
        times = [self._ends_at, self._first_at, self._desk.deadline, self._idle_deadline]
        times.append(self._think_at if self._free else self._speaker.deadline)
        return min(time for time in times if time is not None)

    @property
    def _free(self) -> bool:
        """Whether the mind can be asked: a deadline that nothing can act on would come again at once."""
        return not (self._speaker.busy or self._desk.waiting is not None or self._plan)

    @property
    def _idle_deadline(self) -> float | None:
        if self._ending or self._user_speaking or not self._free or self._think_at is not None:
            return None
        return self._silence.deadline

    # -- the beginning and the end --------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        first = self.config.first
        last = self.config.messages[-1] if self.config.messages else None
        if last is not None and last.get("role") != "MESSAGE_ROLE_AGENT":
            self._answer(str(last.get("text") or ""), now)
            self._outlet.show("thinking")
        elif last is None and first.delay is not None:
            self._first_at = now + first.delay
            self._outlet.show("thinking" if first.agent and first.delay == 0 else "listening")
        else:
            self._outlet.show("listening")

    def _open(self) -> None:
        """The agent's first words."""
        first = self.config.first
        if first.text:
            self._plan.append(Speak(first.text, first.uninterruptible))
        elif self.config.greets or not first.agent:
            for item in planned(self.mind.greet()):
                if isinstance(item, Speak):
                    item = replace(item, uninterruptible=first.uninterruptible or item.uninterruptible)
                self._plan.append(item)

    def _finish(self, farewell: str, reason: EndReason, now: float) -> None:
        """End the call after ``farewell``; nothing else is said or heard any more."""
        if self.over or self._ending:
            return
        self._interrupt(now)
        self._drop_turn()
        self._ending = True
        self._inbox.clear()
        self._first_at = self._think_at = None
        self._speaker.drop()
        self._desk.drop()
        self._plan.clear()
        self._plan.extend((Speak(farewell, uninterruptible=True), Finish(reason)))

    # -- what the caller does -------------------------------------------------------------------------

    def _sign_of_life(self, now: float) -> None:
        self._silence.broken(now)
        self._plan.forget_soft_end()

    def _user_said(self, text: str, medium: Medium, now: float, seconds: float = 0.0) -> None:
        at = now - self._joined_at
        ordinal = self.history.add("USER", text, medium=medium, start=max(0.0, at - seconds), end=at)
        self._outlet.transcript("user", medium, ordinal, text=text, final=True)

    def _answer(self, text: str | None, now: float) -> None:
        """Put what was said before the mind, as soon as it is free."""
        self._inbox.append(text)
        if self._think_at is None:
            self._think_at = now + THINKING

    def _user_text(self, message: inbound.UserText, now: float) -> None:
        self._sign_of_life(now)
        if message.urgency == "immediate":
            self._interrupt_if_allowed(now)
        if not message.text.strip():
            return
        self._user_said(message.text, "text", now)
        if message.replies:
            self._answer(message.text, now)

    def _forced(self, message: inbound.ForcedMessage, now: float) -> None:
        if message.immediate:
            self._interrupt_if_allowed(now)
        self._plan.append(Speak(message.content, message.uninterruptible))
        for call in message.calls:
            self._plan.append(Invoke(call.name, call.args, call.invocation_id, call.answer, forced=True))

    # -- going on -------------------------------------------------------------------------------------

    def _go_on(self, now: float) -> list[Effect]:
        """Go on as far as possible, then hand out what is to be done."""
        while not self.over and self._advance(now):
            pass
        return self._outlet.take()

    def _advance(self, now: float) -> bool:
        """One step; False when there is nothing to do but wait."""
        if self._speaker.busy:  # not into the caller's words
            talks = self._user_speaking or self._recognising > 0
            return self._speaker.advance(now, held=talks and not self._protected)
        if self._next_medium is not None:
            self._speaker.medium, self._next_medium = self._next_medium, None
            return True
        if self._desk.waiting is not None:
            return self._settle(now)
        if self._plan:
            self._carry_out(self._plan.popleft(), now)
            return True
        return self._think(now)

    def _carry_out(self, item: Planned, now: float) -> None:
        self._silence.interrupted()
        if isinstance(item, Finish):
            self.over = True
            self._outlet.add(End(item.reason))
        elif isinstance(item, Invoke):
            self._invoke(item, now)
        elif item.text.strip():
            if self._speaker.medium == "voice":
                self._invoke_early(now)
            self._speaker.say(item, now)

    def _think(self, now: float) -> bool:
        """Ask the mind about the oldest thing said; rest when there is none."""
        if self._think_at is not None and now < self._think_at:
            self._outlet.show("thinking")
            return False
        self._think_at = None
        if self._inbox:
            self._speaker.spoke = False
            self._plan.put_first(planned(self.mind.hear(self._inbox.popleft())))
            return True
        if not self._recognising:
            if self.state != "listening" and self._first_at is None:
                self._outlet.show("listening")
            if self.state == "listening":
                self._silence.began(now)
        return False

    # -- interruptions ---------------------------------------------------------------------------------------

    @property
    def _protected(self) -> bool:
        return self._ending or self._speaker.protected

    def _interrupt_if_allowed(self, now: float) -> None:
        if not self._protected:
            self._interrupt(now)

    def _interrupt(self, now: float) -> None:
        if self._speaker.cut(now):
            self._drop_turn()
            self._outlet.show("listening")

    def _drop_turn(self) -> None:
        """Forget what the agent was still going to do in this turn."""
        self._plan.keep_forced()
        self._desk.drop(early_only=True)
        self.mind.forget_turn()

    # -- tools ----------------------------------------------------------------------------------------

    def _invoke(self, call: Invoke, now: float) -> None:
        call = replace(call, invocation_id=call.invocation_id or self._setup.new_id())
        waiting = self._desk.ask(call, self.config.tools, self._known(), now, now - self._joined_at)
        waiting.spoke = self._speaker.spoke

    def _invoke_early(self, now: float) -> None:
        """Call a precomputable tool before the speech that comes with it."""
        call = self._plan[0] if self._plan else None
        tool = self.config.tools.get(call.name) if isinstance(call, Invoke) else None
        if isinstance(call, Invoke) and tool is not None and tool.precomputable:
            self._plan.popleft()
            self._invoke(call, now)
            if self._desk.waiting is not None:
                self._desk.waiting.spoke = self._desk.waiting.early = True

    def _known(self) -> Mapping[str, Json]:
        """Values of automatic parameters."""
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
        settled = self._desk.settle(now - self._joined_at)
        if settled is None:
            self._outlet.show("thinking")
            return False
        waiting, answer = settled
        if answer.state is not None:
            self.call_state = dict(answer.state)
        if answer.response == "hang-up" and not answer.error:
            self._finish(hang_up_message(answer.result), "agent_hangup", now)
            return True
        if answer.response == "new-stage" and not answer.error:
            answer = self._change_stage(answer)
        reaction = answer.reaction or waiting.tool.reaction
        speaks = reaction == "speaks" or (reaction == "speaks-once" and not waiting.spoke)
        self._plan.put_first(planned(self.mind.answer(ToolOutcome(answer.result, answer.error, speaks))))
        return True

    def _change_stage(self, answer: ToolAnswer) -> ToolAnswer:
        config, text, problem = next_stage(self.config, answer.result)
        if problem:
            self._outlet.note("error", "new_stage_failed", problem)
            return ToolAnswer(error=problem)
        before = self.mind
        self.config = config
        self.mind = self._setup.make_mind(config)
        self.mind.inherit(before)
        self.history.stage_id = self._setup.new_id()
        return replace(answer, result=text)
