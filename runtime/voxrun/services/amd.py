"""Answering machines: AMD.create, detect(), the ``amd`` option of outgoing calls, AI.detectVoicemail.

Events: AMD.Events.DetectionComplete{resultClass, resultSubtype?, confidence? 0 to 100}, where resultClass is
HUMAN, VOICEMAIL, TIMEOUT or CALL_ENDED; AMD.Events.DetectionError{message} (the realm adds the call to both).
Detection begins, and its timeout counts, when the call is connected. How it is decided: ``media.amd``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Final

from msgspec import Struct

from voxrun.errors import ScenarioError
from voxrun.media.amd import HUMAN_PERCENT, MACHINE_PERCENT, AnsweringDetector
from voxrun.media.graph import Sink, Source
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.services.ports import Surroundings
from voxrun.services.steady import Steady
from voxrun.services.units import Unit, Units
from voxrun.session.messages import Command, Event

LONGEST_MS: Final = 20_000
"""Platform: the longest timeout."""
NO_CALL: Final = "The 'call' parameter is required, the operation will be skipped!"
"""What the platform is reported to say."""
NO_AUDIO: Final = "A peer-to-peer call cannot be listened to: its audio does not pass through the scenario"

CLASSES: Final = {"human": "HUMAN", "machine": "VOICEMAIL"}


class Terms(Struct, frozen=True):
    """What a scenario asked for: ms, and thresholds in percent."""

    timeout_ms: int
    human: int
    machine: int


class Detection(Sink):
    """One detector. ``over(fields)`` is told once for each detection that was begun."""

    def __init__(self, around: Surroundings, terms: Terms, over: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._steady = Steady(around.ticker, self._take)
        self._terms = terms
        self._over = over
        self._call: CallState | None = None
        self._detector: AnsweringDetector | None = None
        """None: nobody is listened to."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, call: CallState) -> None:
        """Detect who answers ``call``; while a detection is on this does nothing."""
        if self._call is not None:
            return
        self._call = call
        if call.over:
            self._finish("CALL_ENDED")
            return
        call.on_over.append(self._call_over)
        if call.connected:
            self._listen()
        else:
            call.on_connected.append(self._listen)

    def stop(self) -> None:
        """Forget it; nothing is told."""
        self._steady.stop()
        self._detector = None
        if self._timer is not None:
            self._timer.cancel()
        if self._call is not None:
            self._call.audio.disconnect(self)

    def write(self, frame: bytes, source: Source) -> None:
        if self._detector is not None:
            self._steady.write(frame)

    def _listen(self) -> None:
        if self._call is None or self._detector is not None:
            return
        self._detector = AnsweringDetector(self._terms.human, self._terms.machine)
        self._timer = self._loop.call_later(self._terms.timeout_ms / 1000, self._finish, "TIMEOUT")
        self._call.audio.connect(self)

    def _take(self, frame: bytes) -> bool:
        if self._detector is None:
            return False
        verdict = self._detector.feed(frame)
        if verdict is not None:
            subtype = {"resultSubtype": "NONE"} if verdict.side == "machine" else {}
            self._finish(CLASSES[verdict.side], confidence=verdict.confidence, **subtype)
        return self._detector is not None

    def _call_over(self) -> None:
        if self._call is not None:
            self._finish("CALL_ENDED")

    def _finish(self, result: str, **fields: Any) -> None:
        self.stop()
        self._call = None
        self._over({"resultClass": result, **fields})


class AmdService(Service):
    """Owns the detectors of a session."""

    handles: ClassVar[frozenset[str]] = frozenset({"amd.create", "amd.detect"})

    def __init__(
        self, context: ServiceContext, units: Units, calls: CallService, around: Surroundings
    ) -> None:
        super().__init__(context)
        self._units = units
        self._calls = calls
        self._around = around
        self._detections: dict[str, Detection] = {}
        self._skipped: dict[str, asyncio.Handle] = {}
        """Detectors that were started without a call; one may still come in the same turn."""

    def execute(self, command: Command) -> None:
        if command.kind == "amd.create":
            self._create(command)
            return
        detection = self._detections.get(command.target)
        if detection is None:
            raise ScenarioError("amd.detect: no such detector")
        call_id = Arguments(command).text("call", 100)
        if not call_id:
            loop = asyncio.get_running_loop()
            self._skipped[command.target] = loop.call_soon(self._skip, command.target)
            return
        call = self._calls.get(call_id)
        if call is None:
            # Its number was refused before there was a line (call limits): Call.Failed is on its way.
            self._complete(command.target, {"resultClass": "CALL_ENDED"})
            return
        if call.kind.direct:
            self._fail(command.target, NO_AUDIO)
            return
        skipped = self._skipped.pop(command.target, None)
        if skipped is not None:
            skipped.cancel()
        detection.begin(call)

    def _create(self, command: Command) -> None:
        if command.target in self._detections:
            raise ScenarioError("amd.create: there is a detector of that id")
        data = Arguments(command)
        terms = Terms(
            int(data.number("timeout", 0, LONGEST_MS)),
            int(data.number("human", 0, 100)) or HUMAN_PERCENT,
            int(data.number("voicemail", 0, 100)) or MACHINE_PERCENT,
        )
        target = command.target
        detection = Detection(self._around, terms, lambda fields: self._complete(target, fields))
        self._detections[target] = detection
        self._units.add(Unit(target, sink=detection))

    def _complete(self, target: str, fields: dict[str, Any]) -> None:
        self.context.emit(Event("AMD.Events.DetectionComplete", target, fields))

    def _skip(self, target: str) -> None:
        del self._skipped[target]
        self._fail(target, NO_CALL)

    def _fail(self, target: str, message: str) -> None:
        self.context.emit(Event("AMD.Events.DetectionError", target, {"message": message}))

    async def close(self) -> None:
        for skipped in self._skipped.values():
            skipped.cancel()
        for detection in self._detections.values():
            detection.stop()
