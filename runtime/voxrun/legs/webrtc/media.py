"""Audio of one WebRTC call between RTP and 20 ms frames.

In: packets are put in order, keys taken out, the rest decoded and handed on in the callback that received
them; time a key or a lost packet took is filled with silence, so audio time goes on. Out: frames wait in
a short queue and leave one every 20 ms, silence when there is none, keys instead of audio while they last.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from aiortc.rtp import RtpPacket

from voxrun.legs.webrtc import telephone_event
from voxrun.legs.webrtc.codec import AudioCodec
from voxrun.legs.webrtc.reorder import Reorder
from voxrun.legs.webrtc.sdp import Offer
from voxrun.media.frames import FRAME_BYTES, FRAME_MS, SILENCE
from voxrun.media.levels import is_silence

FRAME_SECONDS = FRAME_MS / 1000
MAX_QUEUE = 25
"""Frames that may wait (500 ms); above it the oldest go."""
COMFORTABLE = 2
"""Frames that may wait before quiet ones are skipped: a backlog from the start of a call melts away."""
QUIET_DBFS = -60.0
"""What counts as quiet there."""
MAX_CATCH_UP = 10
"""Frames sent late after the loop was held up; what is missed beyond is left out."""
PATIENCE_SECONDS = 0.1
"""How long after a stall sources may bring what they owe."""
RTP_SILENCE_SECONDS = 6.0
"""Without packets this long, RTP has stopped (the platform says so within 7 s)."""


class Port(Protocol):
    """The part of ``RtpPort`` that media needs."""

    ssrc: int
    on_packet: Callable[[RtpPacket], None] | None

    def send(self, packet: bytes) -> bool: ...

    def close(self) -> None: ...


class Incoming:
    """Packets of the far end to frames."""

    def __init__(self, offer: Offer, codec: AudioCodec) -> None:
        self._codec = codec
        self._audio_type = offer.codec.payload_type
        self._event_type = offer.telephone_event
        self._keys = telephone_event.Receiver()
        self._key_units = 0
        self._order: Reorder[RtpPacket] = Reorder()
        self._pcm = bytearray(
            64
        )  # the resampler holds a few samples back: without this the first frame waits
        self.on_frame: Callable[[bytes], None] = lambda frame: None
        self.on_digit: Callable[[str], None] = lambda digit: None

    def packet(self, packet: RtpPacket) -> None:
        """Take one packet, in whatever order."""
        for ready in self._order.add(packet.sequence_number, packet):
            if ready is None:
                self.on_frame(SILENCE)
            elif ready.payload_type == self._event_type:
                self._key(ready)
            elif ready.payload_type == self._audio_type:
                self._audio(self._codec.decode(ready.payload))

    def _audio(self, pcm: bytes) -> None:
        self._pcm += pcm
        while len(self._pcm) >= FRAME_BYTES:
            frame = bytes(self._pcm[:FRAME_BYTES])
            del self._pcm[:FRAME_BYTES]
            self.on_frame(frame)

    def _key(self, packet: RtpPacket) -> None:
        digit = self._keys.receive(packet.timestamp, packet.payload)
        if digit is not None:
            self._key_units = 0
            self.on_digit(digit)
        self._key_units += self._keys.new_units
        while self._key_units >= self._codec.frame_units:
            self._key_units -= self._codec.frame_units
            self.on_frame(SILENCE)


class Outgoing:
    """Frames for the far end to packets."""

    def __init__(self, offer: Offer, codec: AudioCodec, port: Port, frames: deque[bytes]) -> None:
        self._codec = codec
        self._port = port
        self._frames = frames
        self._audio_type = offer.codec.payload_type
        self._event_type = offer.telephone_event
        self.keys = telephone_event.Sender(codec.codec.clock_rate)
        self.tones: deque[bytes] = deque()
        """Frames of in-band keys; they go before everything else, in place of audio."""
        # RFC 3550 wants random starts against known-plaintext attacks; the SSRC is one and SRTP encrypts.
        self._sequence = port.ssrc & 0x7FFF
        self._timestamp = port.ssrc * 7 % (1 << 32)
        self._talking = False

    @property
    def waiting(self) -> int:
        """Frames that wait."""
        return len(self._frames) + len(self.tones)

    def frame(self) -> None:
        """Send what is due now."""
        audio = self._next()
        packets = self.keys.frame() if self._event_type is not None else None
        if packets is None:
            self._send(self._audio_type, self._codec.encode(audio), self._timestamp, not self._talking)
            self._talking = True
        else:
            self._send_key(packets)
        self.skip(1)

    def skip(self, frames: int) -> None:
        """Let time pass without sending."""
        self._timestamp = (self._timestamp + frames * self._codec.frame_units) % (1 << 32)

    def _next(self) -> bytes:
        while len(self._frames) > COMFORTABLE and is_silence(self._frames[0], QUIET_DBFS):
            self._frames.popleft()
        frame = self._frames.popleft() if self._frames else SILENCE
        return self.tones.popleft() if self.tones else frame

    def _send_key(self, packets: telephone_event.Packets) -> None:
        assert self._event_type is not None
        began = self._timestamp - packets.frames_back * self._codec.frame_units
        for _ in range(packets.copies):
            self._send(self._event_type, packets.payload, began % (1 << 32), packets.marker)

    def _send(self, payload_type: int, payload: bytes, timestamp: int, marker: bool) -> None:
        if not payload:
            return
        packet = RtpPacket(payload_type, int(marker), self._sequence, timestamp, self._port.ssrc, payload)
        self._sequence = (self._sequence + 1) % (1 << 16)
        self._port.send(packet.serialize())


class MediaPath:
    """Both directions of a connected call, and the watch over them. Runs from construction to ``close``."""

    def __init__(self, offer: Offer, port: Port, frames: deque[bytes]) -> None:
        codec = AudioCodec(offer.codec)
        self.incoming = Incoming(offer, codec)
        self.outgoing = Outgoing(offer, codec, port, frames)
        self.can_send_keys = offer.telephone_event is not None
        self.on_rtp: Callable[[bool, bool], None] = lambda flowing, first: None
        """Told whether packets flow, when they begin to (``first`` with the very first) or stop."""
        self.flowing = False
        self._any = False
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._last_packet = self._due = self._loop.time()
        self._owed = 0
        self._patience = 0.0
        self._timer: asyncio.Handle = self._loop.call_soon(self._tick)
        port.on_packet = self._packet

    def close(self) -> None:
        """Stop both directions."""
        self._timer.cancel()
        self._port.close()

    def _packet(self, packet: RtpPacket) -> None:
        self._last_packet = self._loop.time()
        if not self.flowing:
            self.flowing, first = True, not self._any
            self._any = True
            self.on_rtp(True, first)
        try:
            self.incoming.packet(packet)
        except Exception as error:  # aiortc would end the connection: one bad packet must not
            self._report("a packet of the far end was not digested", error)

    def _report(self, message: str, error: Exception) -> None:
        self._loop.call_exception_handler({"message": f"webrtc: {message}", "exception": error})

    def _tick(self) -> None:
        now = self._loop.time()
        try:
            self._send_due(now)
        except Exception as error:  # or the call would fall silent for good
            self._report("a frame could not be sent", error)
        if self.flowing and now - self._last_packet > RTP_SILENCE_SECONDS:
            self.flowing = False
            self.on_rtp(False, False)
        self._timer = self._loop.call_at(max(self._due, now + 0.001), self._tick)

    def _send_due(self, now: float) -> None:
        """Send the frame of this tick and those missed while the loop was held up.

        Sources were held up too: frames they still owe may follow within ``PATIENCE_SECONDS`` and go out
        at once, so that a stall neither cuts audio nor leaves the call late. Then time is let pass.
        """
        behind = int((now - self._due) / FRAME_SECONDS)
        self._due += (max(0, behind) + 1) * FRAME_SECONDS
        if behind > 0:
            self._owed = min(self._owed + behind, MAX_CATCH_UP)
            self._patience = now + PATIENCE_SECONDS
        self.outgoing.frame()
        while self._owed and self.outgoing.waiting:
            self._owed -= 1
            self.outgoing.frame()
        if self._owed and now > self._patience:
            self.outgoing.skip(self._owed)
            self._owed = 0
