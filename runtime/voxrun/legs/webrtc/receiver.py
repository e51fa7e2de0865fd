"""The receiving half of a call's RTP: packets in, in whatever order; frames and keys out. No I/O, no clock.

Packets are put in order and decoded in the call that brought them. A lost one is bridged: by the in-band
FEC of the packet after it, else by the codec's concealment, at most ``MOST_CONCEALED`` in a row. Keys are
taken out, and the time they took is filled with silence, so that audio time goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voxrun.legs.webrtc import telephone_event
from voxrun.legs.webrtc.codec import AudioCodec
from voxrun.legs.webrtc.reorder import Reorder
from voxrun.legs.webrtc.rtp import Packet
from voxrun.legs.webrtc.statistics import ReceiverStatistics
from voxrun.media.frames import FRAME_BYTES, FRAME_SAMPLES, SILENCE

MOST_CONCEALED: Final = 5
"""Lost packets in a row that are made up; longer holes are left to those who listen by the clock."""


class Receiver:
    """Audio and keys of one far end. ``event_type``: payload type of telephone-event, if any."""

    def __init__(self, codec: AudioCodec, event_type: int | None) -> None:
        self.statistics = ReceiverStatistics(codec.codec.clock_rate)
        self.concealed = 0
        """Packets that were made up so far."""
        self.on_frame: Callable[[bytes], None] = lambda frame: None
        self.on_digit: Callable[[str], None] = lambda digit: None
        self._codec = codec
        self._audio_type = codec.codec.payload_type
        self._event_type = event_type
        self._keys = telephone_event.Receiver()
        self._key_units = 0
        self._order: Reorder[Packet] = Reorder()
        self._missing = 0
        self._pcm = bytearray()
        self._packet_samples = FRAME_SAMPLES

    def packet(self, packet: Packet, now: float) -> None:
        """Take one packet that arrived at ``now`` (seconds of a steady clock)."""
        kind = packet.payload_type
        if kind != self._audio_type and kind != self._event_type:
            return
        self.statistics.add(packet, now)
        for ready in self._order.add(packet.sequence_number, packet, now):
            self._take(ready)

    def expire(self, now: float) -> None:
        """Wait no longer for packets that are overdue; to be called now and then."""
        if not self._order.idle:
            for ready in self._order.expire(now):
                self._take(ready)

    def _take(self, packet: Packet | None) -> None:
        if packet is None:
            self._missing += 1
            return
        if packet.payload_type == self._event_type:
            self._missing = 0  # what is missing among keys was a key: their own time says how long it took
            self._key(packet)
            return
        if self._missing:
            self._bridge(packet.payload)
        pcm = self._codec.decode(packet.payload)
        if pcm:
            self._packet_samples = len(pcm) // 2
            self._audio(pcm)

    def _bridge(self, following: bytes) -> None:
        missing, self._missing = self._missing, 0
        if missing > MOST_CONCEALED:
            return
        self.concealed += missing
        for _ in range(missing - 1):
            self._audio(self._codec.conceal(self._packet_samples))
        self._audio(self._codec.recover(following, self._packet_samples))

    def _audio(self, pcm: bytes) -> None:
        if len(pcm) == FRAME_BYTES and not self._pcm:
            self.on_frame(pcm)
            return
        self._pcm += pcm
        while len(self._pcm) >= FRAME_BYTES:
            frame = bytes(self._pcm[:FRAME_BYTES])
            del self._pcm[:FRAME_BYTES]
            self.on_frame(frame)

    def _key(self, packet: Packet) -> None:
        digit = self._keys.receive(packet.timestamp, packet.payload)
        if digit is not None:
            self._key_units = 0
            self.on_digit(digit)
        self._key_units += self._keys.new_units
        while self._key_units >= self._codec.frame_units:
            self._key_units -= self._codec.frame_units
            self.on_frame(SILENCE)
