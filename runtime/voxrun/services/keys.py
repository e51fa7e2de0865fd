"""handleTones: keys as sound. Each key is told, and kept from whoever else listens to the call."""

from __future__ import annotations

from collections.abc import Callable

from voxrun.media.dtmf import DtmfDetector
from voxrun.media.frames import SILENCE
from voxrun.media.runs import Run
from voxrun.services.call import ALL_TONES, CallState
from voxrun.services.call_media import Filter

BY_TYPE = {
    "0": ALL_TONES,
    "1": frozenset({"rfc2833"}),
    "2": frozenset({"inband"}),
    "3": frozenset({"info"}),
}
"""DTMFType -> ways of keys."""


class InbandKeys(Filter):
    """A filter of a call's audio: takes the keys out and tells them, from construction to ``stop``."""

    def __init__(self, call: CallState, told: Callable[[str], None]) -> None:
        self._call = call
        self._told = told
        self._detector = DtmfDetector()
        call.way_out.filters.append(self)

    def stop(self) -> None:
        if self in self._call.way_out.filters:
            self._call.way_out.filters.remove(self)

    def change(self, frame: bytes) -> bytes:
        for event in self._detector.feed(frame):
            if event.kind == "start":
                self._told(event.digit)
        return SILENCE if self._detector.hearing else frame

    def passes(self, run: Run) -> bool:
        return run.pcm is None and self._detector.quiet

    def passed(self, run: Run) -> None:
        self._detector.skip(run.count)


def handle_keys(call: CallState, ways: frozenset[str]) -> Callable[[], None]:
    """Tell the scenario of keys that come in these ``ways``; gives what ends the listening.

    With all ways at once the first key of RFC 2833 ends the listening for sound (the platform's rule: a phone
    that sends events sends no tones, or would be heard twice).
    """
    call.tones = ways
    if "inband" not in ways:
        return lambda: None
    keys = InbandKeys(call, lambda digit: call.send("ToneReceived", tone=digit, type="inband"))

    def first_event(method: str) -> None:
        if method == "rfc2833" and ways == ALL_TONES:
            keys.stop()

    def stop() -> None:
        keys.stop()
        call.on_key.remove(first_event)

    call.on_key.append(first_event)
    return stop
