"""The sending half of a call's RTP: a frame in each 20 ms, packets out, with sequence numbers, timestamps,
keys (RFC 4733) and reports (RFC 3550) of its own. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voxrun.legs.webrtc import rtp, telephone_event
from voxrun.legs.webrtc.codec import AudioCodec
from voxrun.legs.webrtc.statistics import ReceiverStatistics
from voxrun.media.frames import SILENCE

SETTLED: Final = 10
"""Frames of silence after which the encoder has nothing new to say: its last payload is sent again."""


class Sender:
    """Gives packets to ``send``. ``event_type``: payload type of telephone-event, None to send no keys;
    ``event_rate``: its units a second, 0 for those of the codec."""

    def __init__(
        self,
        codec: AudioCodec,
        event_type: int | None,
        ssrc: int,
        send: Callable[[bytes], object],
        event_rate: int = 0,
    ) -> None:
        self.keys = telephone_event.Sender(event_rate or codec.codec.clock_rate)
        self.packets = self.octets = 0
        self._codec = codec
        self._audio_type = codec.codec.payload_type
        self._event_type = event_type
        self._ssrc = ssrc
        self._send_packet = send
        # RFC 3550 wants random starts against known-plaintext attacks; the SSRC is one and SRTP encrypts.
        self._sequence = ssrc & 0x7FFF
        self._timestamp = ssrc * 7 % (1 << 32)
        self._key_began = 0
        self._talking = False
        self._silent = 0
        self._silence = b""
        self._told = 0

    def frame(self, audio: bytes) -> None:
        """Send 20 ms: ``audio`` (640 bytes), or what is due of a key in its place."""
        packets = self.keys.frame() if self._event_type is not None and not self.keys.idle else None
        if packets is None:
            self._send(self._audio_type, self._encoded(audio), self._timestamp, not self._talking)
            self._talking = True
        else:
            self._send_key(packets)
        self.skip(1)

    def skip(self, frames: int) -> None:
        """Let time pass without sending."""
        self._timestamp = (self._timestamp + frames * self._codec.frame_units) % (1 << 32)

    def report(self, statistics: ReceiverStatistics, now: float, cname: str) -> bytes:
        """A compound RTCP packet about both directions. ``now``: seconds of a steady clock, which stands for
        the wall clock (RFC 3550 section 4 lets those who have none count from any moment)."""
        blocks = statistics.block(now)
        if self.packets == self._told:
            return rtp.receiver_report(self._ssrc, blocks, cname)
        self._told = self.packets
        ntp = int(now * 4_294_967_296)
        return rtp.sender_report(self._ssrc, ntp, self._timestamp, self.packets, self.octets, blocks, cname)

    def goodbye(self, statistics: ReceiverStatistics, now: float, cname: str) -> bytes:
        """The last report, with BYE."""
        return self.report(statistics, now, cname) + rtp.goodbye(self._ssrc)

    def _encoded(self, audio: bytes) -> bytes:
        if audio is not SILENCE:
            self._silent = 0
            return self._codec.encode(audio)
        self._silent += 1
        if self._silent <= SETTLED:
            self._silence = self._codec.encode(audio)
        return self._silence

    def _send_key(self, packets: telephone_event.Packets) -> None:
        assert self._event_type is not None
        if packets.frames_back == 0:
            self._key_began = self._timestamp
        # Time that is let pass in the middle of a key must not move its beginning: it would be two keys.
        for _ in range(packets.copies):
            self._send(self._event_type, packets.payload, self._key_began, packets.marker)

    def _send(self, payload_type: int, payload: bytes, timestamp: int, marker: bool) -> None:
        if not payload:
            return
        self._send_packet(rtp.build(payload_type, marker, self._sequence, timestamp, self._ssrc, payload))
        self._sequence = (self._sequence + 1) % (1 << 16)
        self.packets += 1
        self.octets += len(payload)
