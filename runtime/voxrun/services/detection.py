"""What a scenario has listened for in its calls: keys, speech, beeps, progress tones, media statistics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct, field

from voxrun.errors import ScenarioError
from voxrun.media.graph import Ticker
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.beeps import BeepWatch, ToneScan, wrong_frequencies
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.services.keys import BY_TYPE, handle_keys
from voxrun.services.mic import MicWatcher
from voxrun.services.statistics import StatisticsReport, interval_seconds
from voxrun.session.messages import Command

TONE_DETECTED = "ToneDetected"
VOICEMAIL_MS = 20_000
"""How long detectVoicemailTone listens where it is not told."""
LONGEST_MS = 86_400_000
MOST_FREQUENCIES = 16
MISUSED = "ignored: beep detection is on already"


def _nothing() -> None:
    return None


class _Ears(Struct):
    """What listens to one call."""

    keys: Callable[[], None] = _nothing
    mic: MicWatcher | None = None
    beep: BeepWatch | None = None
    statistics: StatisticsReport | None = None
    scan: ToneScan | None = None
    tone_detected: bool = False
    """ToneDetected comes once in a call."""
    voicemail: asyncio.TimerHandle | None = None
    """Until when detectVoicemailTone listens."""
    wants: set[str] = field(default_factory=set)
    """"progress", "voicemail": what the scan is for."""


class DetectionService(Service):
    """See the module docstring."""

    handles: ClassVar[frozenset[str]] = frozenset(
        f"call.{name}" for name in ("tones", "mic", "beep", "statistics", "tonescan")
    )

    def __init__(self, context: ServiceContext, calls: CallService, ticker: Ticker) -> None:
        super().__init__(context)
        self._calls = calls
        self._ticker = ticker
        self._ears: dict[str, _Ears] = {}
        calls.on_call.append(self._begin)

    def execute(self, command: Command) -> None:
        call, data = self._calls.needed(command), Arguments(command)
        if call.over:
            return
        ears, on = self._ears[call.id], data.flag("on")
        match command.kind:
            case "call.tones":
                self._keys(call, ears, BY_TYPE.get(data.text("type"), BY_TYPE["0"]) if on else frozenset())
            case "call.mic":
                self._mic(call, ears, on)
            case "call.beep":
                self._beep(call, ears, data, on)
            case "call.statistics":
                self._statistics(call, ears, data, on)
            case "call.tonescan":
                self._asked_to_scan(call, ears, data)

    # -- one by one

    @staticmethod
    def _keys(call: CallState, ears: _Ears, ways: frozenset[str]) -> None:
        ears.keys()
        ears.keys = handle_keys(call, ways)

    def _mic(self, call: CallState, ears: _Ears, on: bool) -> None:
        if on and ears.mic is None:
            ears.mic = MicWatcher(self._ticker, lambda active: call.send("MicStatusChange", active=active))
            call.audio.connect(ears.mic)
        elif not on and ears.mic is not None:
            call.audio.disconnect(ears.mic)
            ears.mic.stop()
            ears.mic = None

    def _beep(self, call: CallState, ears: _Ears, data: Arguments, on: bool) -> None:
        running = ears.beep is not None and ears.beep.running
        if not on:
            if running and ears.beep is not None:
                ears.beep.disable()
            return
        frequencies = data.numbers("frequencies", MOST_FREQUENCIES)
        problem = MISUSED if running else wrong_frequencies(frequencies)
        if problem:
            call.send("BeepDetectionError", reason=problem)
            return
        timeout = data.optional_number("timeout", 0, LONGEST_MS)
        ears.beep = BeepWatch(call, self._ticker, frequencies, None if timeout is None else round(timeout))

    @staticmethod
    def _statistics(call: CallState, ears: _Ears, data: Arguments, on: bool) -> None:
        if ears.statistics is not None:
            ears.statistics.stop()
            ears.statistics = None
        if on:
            seconds = interval_seconds(data.number("interval", 0, LONGEST_MS))
            ears.statistics = StatisticsReport(call, seconds)

    # -- progress tones and the beep of a voicemail

    def _begin(self, call: CallState) -> None:
        ears = self._ears[call.id] = _Ears()
        call.on_over.append(lambda: self._stop(call.id))
        call.on_watch.append(lambda name: self._watched(call, ears, name))
        call.on_connected.append(lambda: self._scan(call, ears))

    def _watched(self, call: CallState, ears: _Ears, name: str) -> None:
        if name == TONE_DETECTED:
            ears.wants |= {"progress", "voicemail"}
            self._scan(call, ears)

    def _asked_to_scan(self, call: CallState, ears: _Ears, data: Arguments) -> None:
        what = data.needed("what", 16)
        if what not in ("progress", "voicemail"):
            raise ScenarioError(f"call.tonescan: there is no scan for {what!r}")
        ears.wants.add(what)
        if what == "voicemail":
            timeout = data.optional_number("timeout", 0, LONGEST_MS)
            self._arm_voicemail(call, ears, VOICEMAIL_MS if timeout is None else round(timeout))
        self._scan(call, ears)

    def _arm_voicemail(self, call: CallState, ears: _Ears, timeout_ms: int) -> None:
        if ears.voicemail is not None:
            ears.voicemail.cancel()
        loop = asyncio.get_running_loop()
        ears.voicemail = loop.call_later(timeout_ms / 1000, self._no_voicemail, call, ears)

    @staticmethod
    def _no_voicemail(call: CallState, ears: _Ears) -> None:
        ears.voicemail = None
        if TONE_DETECTED not in call.watched:
            ears.wants.discard("voicemail")
        call.send("VoicemailToneNotDetected")

    def _scan(self, call: CallState, ears: _Ears) -> None:
        if ears.scan is not None or not ears.wants or not call.connected or call.over:
            return
        ears.scan = ToneScan(
            self._ticker,
            lambda name: self._tone(call, ears, "progress", name in ("dial", "busy", "congestion"), 0),
            lambda hz: self._tone(call, ears, "voicemail", True, hz),
        )
        call.audio.connect(ears.scan)

    @staticmethod
    def _tone(call: CallState, ears: _Ears, what: str, counts: bool, hz: int) -> None:
        if what not in ears.wants or not counts:
            return
        if not ears.tone_detected:
            ears.tone_detected = True
            call.send(TONE_DETECTED, ProgressTone=what == "progress", VoicemailTone=what == "voicemail")
        if what == "voicemail" and ears.voicemail is not None:
            ears.voicemail.cancel()
            ears.voicemail = None
            call.send("VoicemailToneDetected", frequency=hz)
        if ears.scan is not None and ears.voicemail is None:
            ears.scan.stop()

    # -- the end

    def _stop(self, call_id: str) -> None:
        ears = self._ears.pop(call_id, None)
        if ears is None:
            return
        ears.keys()
        for ear in (ears.mic, ears.beep, ears.statistics, ears.scan):
            if ear is not None:
                ear.stop()
        if ears.voicemail is not None:
            ears.voicemail.cancel()

    async def close(self) -> None:
        for call_id in tuple(self._ears):
            self._stop(call_id)
