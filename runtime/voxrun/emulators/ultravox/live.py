"""A joined call: the shell that connects its WebSocket, audio and speech with the ``Conversation``.

Everything runs on the loop that called ``run``; one timer serves all deadlines. Errors of the client end at
most its own call.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct
from starlette.websockets import WebSocket

from voxrun.emulators.ultravox import inbound
from voxrun.emulators.ultravox.conversation import Conversation
from voxrun.emulators.ultravox.downstream import Downstream
from voxrun.emulators.ultravox.ears import EarEvent, Ears, SpeechStarted, TurnEnded
from voxrun.emulators.ultravox.effects import (
    CallHttpTool,
    Effect,
    End,
    EndReason,
    Note,
    Render,
    Send,
    StartAudio,
    StopAudio,
)
from voxrun.emulators.ultravox.flow import FlowMeter, FlowReport
from voxrun.emulators.ultravox.hearing import Preparing
from voxrun.emulators.ultravox.script import Faults
from voxrun.emulators.ultravox.tools import ToolAnswer
from voxrun.errors import VoxrunError
from voxrun.jsontext import ascii_json
from voxrun.media.frames import FRAME_BYTES, SAMPLE_RATE
from voxrun.media.passage import PASSAGE, Passage
from voxrun.media.resample import convert
from voxrun.media.runs import Run
from voxrun.session.messages import JsonObject
from voxrun.speech.base import Recogniser, Speech, Voice

log = logging.getLogger("voxrun.emulators.ultravox")

MAX_MESSAGE: Final = 4_000_000
"""Bytes of one binary message; more is dropped (10 s at 96 kHz is 2 MB)."""
LAST_WORD: Final = 1.0
"""Seconds to learn how a client went that cannot be sent to any more."""


class Senses(Struct, frozen=True):
    """What a call speaks and listens with."""

    speech: Speech
    recogniser: Recogniser
    voice: Voice
    faults: Faults
    call_http_tool: Callable[[CallHttpTool], Awaitable[ToolAnswer]]
    note: Callable[[Note], None]


class LiveCall:
    """One connected client."""

    def __init__(self, conversation: Conversation, senses: Senses) -> None:
        medium = conversation.config.medium
        self.conversation = conversation
        self._senses = senses
        self._medium = medium
        self._ears = Ears(medium.input_rate, conversation.config.vad)
        self._flow = FlowMeter(medium.input_rate)
        self._audio: dict[int, bytes] = {}
        self._down = Downstream(medium, senses.faults, lambda: self._end("connection_error"))
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_audio = self._loop.time()
        self._hearing: asyncio.Task[None] | None = None
        self.end_reason: EndReason | None = None

    @property
    def broken(self) -> bool:
        """Whether the connection has to be cut without a close frame."""
        return self._down.aborted

    async def run(self, socket: WebSocket, *, debug: bool) -> EndReason:
        """Serve an accepted socket until the call is over; gives the reason."""
        passage = (socket.scope.get("extensions") or {}).get(PASSAGE)
        if isinstance(passage, Passage):
            self._down.passage = passage
            passage.app = self
        self._apply(self.conversation.joined(self._loop.time(), debug=debug))
        self._spawn(self._prepare())
        sender = asyncio.create_task(self._down.send_all(socket))
        receiver = asyncio.create_task(self._receive_all(socket))
        try:
            await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
            if self.broken:
                self.end_reason = "connection_error"
            if self.end_reason is None:  # the client went; the receiver knows how
                await asyncio.wait({receiver}, timeout=LAST_WORD)
            return self._reason(receiver)
        finally:
            if isinstance(passage, Passage):
                passage.app = self._down.passage = None
            await self._tidy([sender, receiver])

    def _reason(self, receiver: asyncio.Task[EndReason]) -> EndReason:
        if self.end_reason is not None:
            return self.end_reason
        if receiver.done() and not receiver.cancelled() and receiver.exception() is None:
            return receiver.result()
        return "connection_error"

    async def _tidy(self, tasks: list[asyncio.Task[EndReason] | asyncio.Task[None]]) -> None:
        self.conversation.closed()
        if not self._flow.any:
            self._note("warning", "underflow", "no audio came from the client in the whole call")
        if self._timer is not None:
            self._timer.cancel()
        waiting = [*tasks, *self._tasks]
        for task in waiting:
            task.cancel()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("a task of the call failed", exc_info=outcome)
                self._note("error", "system_error", f"{type(outcome).__name__}: {outcome}")

    def client_message(self, message: inbound.ClientMessage) -> None:
        """A data message that came by the REST API."""
        self._apply(self.conversation.client_message(message, self._loop.time()))

    # -- in -------------------------------------------------------------------------------------------

    async def _receive_all(self, socket: WebSocket) -> EndReason:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return _reason_of(message.get("code"), "reason" in message)
            text, data = message.get("text"), message.get("bytes")
            if text is not None:
                self.client_message(inbound.parse(text))
            elif data:
                self._take_audio(data)

    # The short way of a client in this process (AudioDoor).

    def take(self, pcm: bytes) -> None:
        """Audio of a client in this process; a fault of ours must not become one of its."""
        try:
            self._take_audio(pcm)
        except Exception as error:
            self._failed(error)

    def room(self, run: Run) -> int:
        if not self._flow.is_even(FRAME_BYTES, run.ticks.time(0)):
            return 0
        return self._ears.room(run)

    def take_run(self, run: Run) -> None:
        try:
            self._last_audio = now = run.ticks.last
            self._flow.take_even(FRAME_BYTES, run.count)
            events = self._ears.take_run(now)
            self._listen(events, now)
            self._arm_for_ears(bool(events))
        except Exception as error:
            self._failed(error)

    def _take_audio(self, data: bytes) -> None:
        now = self._loop.time()
        self._last_audio = now
        if len(data) > MAX_MESSAGE:
            self._note("warning", "overflow", f"a binary message of {len(data)} bytes was dropped")
            return
        keep, report = self._flow.take(len(data), now)
        if report is not None:
            self._report(report)
        events = self._ears.feed(data, now) if keep else []
        self._listen(events, now)
        self._arm_for_ears(bool(events))

    def _arm_for_ears(self, changed: bool) -> None:
        """Set the timer anew where audio that came may want it earlier."""
        due = self._ears.deadline
        if changed or self._timer is None or (due is not None and due < self._timer.when()):
            self._arm()

    def _report(self, report: FlowReport) -> None:
        more = "more" if report.kind == "overflow" else "less"
        text = f"{report.seconds:.2f} s {more} audio came than time has passed"
        self._note("warning", report.kind, text + ("; it is dropped" if report.dropped else ""))

    def _listen(self, events: list[EarEvent], now: float) -> None:
        for event in events:
            if isinstance(event, SpeechStarted):
                self._apply(self.conversation.speech_started(now))
            elif isinstance(event, TurnEnded):
                self._apply(self.conversation.turn_ended(now))
                self._hearing = self._spawn(self._hear(event, self._hearing))
            else:
                self._apply(self.conversation.turn_dropped(now))

    async def _prepare(self) -> None:
        """Learn the phrases while the greeting is spoken."""
        if isinstance(self._senses.recogniser, Preparing):
            with contextlib.suppress(VoxrunError):  # recognition will say so
                await self._senses.recogniser.prepare(self.conversation.mind.phrases)

    async def _hear(self, turn: TurnEnded, before: asyncio.Task[None] | None) -> None:
        """Recognise a turn; turns are understood in the order they were spoken."""
        if before is not None:
            await asyncio.wait({before})
        text: str | None = None
        try:
            text = await self._senses.recogniser.recognise(turn.pcm, self.conversation.mind.phrases)
        except VoxrunError as error:
            self._note("error", "recognition_failed", str(error))
        self._apply(self.conversation.heard(text, turn.seconds, self._loop.time()))

    # -- out ------------------------------------------------------------------------------------------

    def _apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(message):
                    self._down.put(ascii_json(message))
                case Render():
                    self._spawn(self._render(effect))
                case StartAudio(utterance):
                    self._down.start(self._audio.pop(utterance, b""), self._loop.time())
                case StopAudio():
                    self._down.stop()
                case CallHttpTool():
                    self._spawn(self._http_tool(effect))
                case Note():
                    self._senses.note(effect)
                case End(reason):
                    self._end(reason)
        self._arm()

    def _end(self, reason: EndReason) -> None:
        if self.end_reason is None:
            self.end_reason = reason
            self._down.close()

    async def _render(self, effect: Render) -> None:
        pcm = b""
        try:
            pcm = await self._senses.speech.render(effect.text, self._senses.voice)
        except VoxrunError as error:
            self._note("error", "speech_failed", str(error))
        self._audio.clear()
        self._audio[effect.utterance] = convert(pcm, SAMPLE_RATE, self._medium.output_rate)
        seconds = len(pcm) / 2 / SAMPLE_RATE
        self._apply(self.conversation.speech_ready(effect.utterance, seconds, self._loop.time()))

    async def _http_tool(self, effect: CallHttpTool) -> None:
        answer = await self._senses.call_http_tool(effect)
        now = self._loop.time()
        self._apply(self.conversation.tool_answered(effect.invocation_id, answer, now))

    # -- time -----------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """Set the one timer to the next deadline."""
        times = [self.conversation.deadline, self._ears.deadline, self._idle_deadline(), self._down.deadline]
        due = min((time for time in times if time is not None), default=None)
        if self._timer is not None:
            if due is not None and self._timer.when() <= due and not self.end_reason:
                return  # it comes early enough, and is set anew then: cheaper than a new one each message
            self._timer.cancel()
        self._timer = None if due is None or self.end_reason else self._loop.call_at(due, self._tick)

    def _idle_deadline(self) -> float | None:
        timeout = self._medium.idle_timeout
        return None if timeout is None else self._last_audio + timeout

    def _tick(self) -> None:
        self._timer = None
        try:
            self._do_due(self._loop.time())
        except Exception as error:  # a fault of ours must not leave a call that never ends
            self._failed(error)

    def _do_due(self, now: float) -> None:
        idle = self._idle_deadline()
        if idle is not None and now >= idle:
            self._note("error", "media_idle", f"no audio for {self._medium.idle_timeout:g} s")
            self._end("connection_error")
        self._down.pump(now)
        self._listen(self._ears.idle(now), now)
        self._apply(self.conversation.tick(now))

    def _spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed(task.exception())

    def _failed(self, error: BaseException | None) -> None:
        log.error("a call failed", exc_info=error)
        self._note("error", "system_error", f"{type(error).__name__}: {error}")
        self._end("system_error")

    def _note(self, severity: str, kind: str, text: str, extras: JsonObject | None = None) -> None:
        self._senses.note(Note(severity, kind, text, extras or {}))  # type: ignore[arg-type]


def _reason_of(code: int | None, close_frame: bool) -> EndReason:
    """Why a client went: a close frame of any code is a hang-up, none at all a broken connection."""
    lost = code == 1006 or (code == 1005 and not close_frame)
    return "connection_error" if lost else "hangup"
