"""Keys by RFC 4733: payloads in, digits out, and the other way round. No I/O, no clock.

A payload has four bytes: event, end bit and volume, duration in timestamp units (section 2.3). One key is
many packets with one RTP timestamp; the last is sent three times with the end bit (section 2.5.1.4).
"""

from __future__ import annotations

import struct
from collections import deque

from msgspec import Struct

from voxrun.media.dtmf import DIGITS, digit_of

TONE_FRAMES = 5
"""Frames of 20 ms a key lasts: 100 ms, as browsers send."""
GAP_FRAMES = 4
"""Frames between keys; with less, a browser plays only the first."""
PAUSE_FRAMES = 25
""""p": half a second."""
VOLUME = 10
"""-10 dBm0."""

_PAYLOAD = struct.Struct("!BBH")
_LONGEST = 0xFFFF
_FULL_SEGMENT = 0xF000  # the last packet of a full segment may be lost


def _later(a: int, b: int) -> bool:
    """Whether RTP timestamp ``a`` comes after ``b`` (32 bits, RFC 1982)."""
    return 0 < (a - b) % (1 << 32) < (1 << 31)


class Receiver:
    """Finds digits in payloads. A key is reported once, with the first packet of it that arrives."""

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._event = -1
        self._duration = 0
        self._ended = False
        self.new_units = 0
        """Timestamp units by which the last packet made its key longer (0 for a repetition)."""

    def receive(self, timestamp: int, payload: bytes) -> str | None:
        """Take one payload; returns the digit when it begins a key."""
        self.new_units = 0
        if len(payload) < _PAYLOAD.size:
            return None
        event, flags, duration = _PAYLOAD.unpack_from(payload)
        ended = bool(flags & 0x80)
        if self._timestamp is not None and not _later(timestamp, self._timestamp):
            if timestamp == self._timestamp:
                self._grow(duration, ended)
            return None
        continued = self._continues(timestamp, event)
        self._timestamp, self._event, self._duration, self._ended = timestamp, event, duration, ended
        self.new_units = duration
        return None if continued else digit_of(event)

    def _grow(self, duration: int, ended: bool) -> None:
        self.new_units = max(0, duration - self._duration)
        self._duration = max(self._duration, duration)
        self._ended = self._ended or ended

    def _continues(self, timestamp: int, event: int) -> bool:
        """A key longer than a segment can tell goes on in a new one with its own timestamp (2.5.1.3)."""
        if self._timestamp is None or self._ended or event != self._event:
            return False
        passed = (timestamp - self._timestamp) % (1 << 32)
        return passed <= _LONGEST and self._duration >= _FULL_SEGMENT


class Packets(Struct, frozen=True):
    """What to send in one frame instead of audio."""

    payload: bytes
    copies: int
    marker: bool
    frames_back: int
    """Frames since the key began: its timestamp is that much before this frame's."""


class Sender:
    """Turns digits into payloads, one call of ``frame`` each 20 ms."""

    def __init__(self, clock_rate: int) -> None:
        self._units = clock_rate // 50
        self._digits: deque[str] = deque()
        self._at = 0
        self._wait = 0

    def queue(self, digits: str) -> None:
        """Add digits (0-9 * # A-D, "p" pauses); others are left out."""
        self._digits.extend(d for d in digits.upper() if d in DIGITS or d == "P")

    @property
    def idle(self) -> bool:
        return not self._digits and self._wait == 0

    def frame(self) -> Packets | None:
        """What this frame carries; None when it is audio."""
        if self._wait:
            self._wait -= 1
            return None
        if not self._digits:
            return None
        if self._digits[0] == "P":
            self._digits.popleft()
            self._wait = PAUSE_FRAMES - 1
            return None
        return self._tone(DIGITS.index(self._digits[0]))

    def _tone(self, event: int) -> Packets:
        back = self._at
        self._at += 1
        last = self._at == TONE_FRAMES
        payload = _PAYLOAD.pack(event, (0x80 if last else 0) | VOLUME, self._at * self._units)
        if last:
            self._digits.popleft()
            self._at = 0
            self._wait = GAP_FRAMES
        return Packets(payload, 3 if last else 1, back == 0, back)
