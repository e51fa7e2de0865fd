"""How a stream of RTP packets arrives: loss, jitter, round trip (RFC 3550 section 6.4 and appendix A).

No I/O and no clock: the moment of each packet comes in as seconds of any steady clock.
"""

from __future__ import annotations

from voxrun.legs.webrtc.rtp import Packet, ReportBlock, middle

MAX_DROPOUT = 3000
"""A sequence number further ahead than this is a stream that started over (appendix A.1)."""


class ReceiverStatistics:
    """Counts the packets of one audio stream; ``block`` is what a report says of it."""

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._ssrc: int | None = None
        self._first = 0
        self._highest = 0
        """Extended: how often the number wrapped, and the number."""
        self._jitter16 = 0
        """In 1/16 of timestamp units, as appendix A.8 keeps it."""
        self._transit: int | None = None
        self._told_expected = self._told_received = 0
        self._last_report = 0
        self._reported_at = 0.0
        self.received = 0
        self.audio_bytes = 0

    def add(self, packet: Packet, now: float) -> None:
        """Count one packet that arrived at ``now``."""
        self.received += 1
        self.audio_bytes += len(packet.payload)
        sequence = packet.sequence_number
        if packet.ssrc != self._ssrc:
            self._begin(packet.ssrc, sequence)
        ahead = (sequence - self._highest) & 0xFFFF
        if ahead < MAX_DROPOUT:
            self._highest += ahead
        elif (1 << 16) - ahead > MAX_DROPOUT:
            self._begin(packet.ssrc, sequence)
        transit = int(now * self._rate) - packet.timestamp
        if self._transit is not None:
            # The difference of two RTP times wraps at 32 bits.
            moved = abs((transit - self._transit + (1 << 31)) % (1 << 32) - (1 << 31))
            self._jitter16 += moved - ((self._jitter16 + 8) >> 4)
        self._transit = transit

    def _begin(self, ssrc: int, sequence: int) -> None:
        self._ssrc, self._first, self._highest = ssrc, sequence, sequence
        self._transit, self.received = None, 1
        self._told_expected = self._told_received = 0

    @property
    def expected(self) -> int:
        """Packets there should have been."""
        return self._highest - self._first + 1 if self._ssrc is not None else 0

    @property
    def lost(self) -> int:
        """Packets missing so far; negative where repetitions outnumber them."""
        return self.expected - self.received

    @property
    def jitter_ms(self) -> float:
        return (self._jitter16 >> 4) * 1000 / self._rate

    def sender_report(self, ntp: int, now: float) -> None:
        """Note a sender report of the far end."""
        self._last_report, self._reported_at = middle(ntp), now

    def block(self, now: float) -> tuple[ReportBlock, ...]:
        """The report block since the last one; empty while nothing has come."""
        if self._ssrc is None:
            return ()
        expected, received = self.expected - self._told_expected, self.received - self._told_received
        self._told_expected, self._told_received = self.expected, self.received
        missing = max(0, expected - received)
        fraction = min(255, missing * 256 // expected) if expected > 0 else 0
        delay = int((now - self._reported_at) * 65536) if self._last_report else 0
        lost = max(-(1 << 23), min(self.lost, (1 << 23) - 1))
        highest, jitter = self._highest & 0xFFFFFFFF, self._jitter16 >> 4
        last, since = self._last_report, delay & 0xFFFFFFFF
        return (ReportBlock(self._ssrc, fraction, lost, highest, jitter, last, since),)


def round_trip_ms(block: ReportBlock, ntp_now: int) -> float | None:
    """Round trip by a block about our stream; None where the far end has no report of ours yet."""
    if not block.last_report:
        return None
    units = (middle(ntp_now) - block.last_report - block.delay) & 0xFFFFFFFF
    return units * 1000 / 65536 if units < 1 << 31 else 0.0
