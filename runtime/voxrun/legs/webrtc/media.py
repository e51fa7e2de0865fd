"""Audio of one connected WebRTC call: its RTP port on one side, 20 ms frames on the other.

In: each packet is decoded in the callback of the socket that received it (``receiver``). Out: a frame is
sent in the call that brings it, if the one before it is about over; what comes in bursts waits in a short
queue, and where nothing comes the pacer sends silence. So what a source gives every 20 ms leaves without
delay, and a clock of the source that is slightly off is followed instead of being corrected by gaps.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from voxrun.legs.webrtc.codec import AudioCodec
from voxrun.legs.webrtc.pacer import pacer
from voxrun.legs.webrtc.quality import Quality
from voxrun.legs.webrtc.receiver import Receiver
from voxrun.legs.webrtc.rtp import ReportBlock, parse, parse_reports
from voxrun.legs.webrtc.sdp import Offer
from voxrun.legs.webrtc.sender import Sender
from voxrun.legs.webrtc.statistics import round_trip_ms
from voxrun.media.backlog import QUIET_DBFS, Surplus
from voxrun.media.frames import FRAME_MS, SILENCE
from voxrun.media.levels import is_silence

FRAME_SECONDS: Final = FRAME_MS / 1000
MAX_QUEUE: Final = 25
"""Frames that may wait (500 ms); above it the oldest go."""
COMFORTABLE: Final = 2
"""Frames that may wait before quiet ones are skipped: a backlog from the start of a call melts away; where
nothing is quiet, see ``Surplus``."""
EARLY_SECONDS: Final = 0.018
"""How long before its time a frame may leave; the far end's jitter buffer takes more."""
DRIFT_SECONDS: Final = 0.010
"""A source whose every frame of a window is earlier than this has a faster clock: ours follows it."""
DRIFT_FRAMES: Final = 100
"""Frames of such a window."""
LATE_SECONDS: Final = 0.005
"""How long after its time a frame is waited for before silence takes its place."""
PULL: Final = 0.1
"""The part of its lateness by which a frame of a source that goes on moves the time of the next ones."""
LAG_KEPT: Final = 0.998
"""What is left a tick later of what the stream's clock has lost: a source with a slow clock is no loss."""
MAKE_UP: Final = 0.002
"""Seconds of that which are made up for with each frame behind which another waits."""
BEAT_SECONDS: Final = 0.010
"""How much before the pacer's tick the time of a frame is where no source sets it."""
MAX_CATCH_UP: Final = 10
"""Frames sent late after the loop was held up; what is missed beyond is left out."""
PATIENCE_SECONDS: Final = 0.1
"""How long after a stall sources may bring what they owe."""
RTP_SILENCE_SECONDS: Final = 6.0
"""Without packets this long, RTP has stopped (the platform says so within 7 s)."""
REPORT_TICKS: Final = 50
"""Ticks between RTCP reports: one a second."""


class Port(Protocol):
    """The part of ``RtpPort`` that media needs."""

    ssrc: int
    cname: str
    on_rtp: Callable[[bytes], None] | None
    on_rtcp: Callable[[bytes], None] | None

    def send(self, packet: bytes) -> bool: ...

    def send_rtcp(self, packet: bytes) -> bool: ...

    def close(self) -> None: ...


class MediaPath:
    """Both directions of a connected call, and the watch over them. Runs from construction to ``close``."""

    def __init__(self, offer: Offer, codec: AudioCodec, port: Port, frames: deque[bytes]) -> None:
        self.receiver = Receiver(codec, offer.telephone_event)
        self.sender = Sender(codec, offer.telephone_event, port.ssrc, port.send, offer.event_rate)
        self.keys = self.sender.keys
        self.tones: deque[bytes] = deque()
        """Frames of in-band keys; they go before everything else, in place of audio."""
        self.can_send_keys = offer.telephone_event is not None
        self.on_rtp: Callable[[bool, bool], None] = lambda flowing, first: None
        """Told whether packets flow, when they begin to (``first`` with the very first) or stop."""
        self.flowing = False
        self._frames = frames
        self._surplus = Surplus()
        self._any = False
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._last_packet = self._due = self._loop.time()
        self._owed = 0
        self._lag = 0.0
        """Seconds by which frames were moved lately without the times of their packets."""
        self._patience = 0.0
        self._written_at = -PATIENCE_SECONDS
        self._ticks = 0
        self._sounding = False
        self._in_window, self._least_early = 0, 1.0
        self._round_trip: float | None = None
        self._far: ReportBlock | None = None
        self._clock_rate = codec.codec.clock_rate
        port.on_rtp = self._packet
        port.on_rtcp = self._reports
        pacer().add(self)

    def close(self) -> None:
        """Stop both directions."""
        pacer().remove(self)
        if self.sender.packets:
            statistics, now = self.receiver.statistics, self._loop.time()
            self._port.send_rtcp(self.sender.goodbye(statistics, now, self._port.cname))
        self._port.close()

    @property
    def quality(self) -> Quality:
        """Counts so far."""
        statistics = self.receiver.statistics
        far = self._far
        return Quality(
            received=statistics.received,
            lost=statistics.lost,
            concealed=self.receiver.concealed,
            jitter_ms=statistics.jitter_ms,
            sent=self.sender.packets,
            round_trip_ms=self._round_trip,
            far_lost=far.lost if far else 0,
            far_jitter_ms=far.jitter * 1000 / self._clock_rate if far else 0.0,
        )

    # -- in

    @property
    def on_frame(self) -> Callable[[bytes], None]:
        """Takes the frames of the far end."""
        return self.receiver.on_frame

    @on_frame.setter
    def on_frame(self, take: Callable[[bytes], None]) -> None:
        self.receiver.on_frame = take

    @property
    def on_digit(self) -> Callable[[str], None]:
        """Takes the keys of the far end."""
        return self.receiver.on_digit

    @on_digit.setter
    def on_digit(self, take: Callable[[str], None]) -> None:
        self.receiver.on_digit = take

    def _packet(self, data: bytes) -> None:
        now = self._last_packet = self._loop.time()
        if not self.flowing:
            self.flowing, first = True, not self._any
            self._any = True
            self.on_rtp(True, first)
        packet = parse(data)
        if packet is None:
            return
        try:
            self.receiver.packet(packet, now)
        except Exception as error:  # it would end up in the socket's callback: one bad packet must not
            self._report("a packet of the far end was not digested", error)

    def _reports(self, data: bytes) -> None:
        now = self._loop.time()
        for report in parse_reports(data):
            if report.ntp:
                self.receiver.statistics.sender_report(report.ntp, now)
            for block in report.blocks:
                if block.ssrc == self._port.ssrc:
                    self._far = block
                    self._round_trip = round_trip_ms(block, int(now * 4_294_967_296))

    def _report(self, message: str, error: Exception) -> None:
        self._loop.call_exception_handler({"message": f"webrtc: {message}", "exception": error})

    # -- out

    def written(self) -> None:
        """A frame was added to the queue."""
        now = self._loop.time()
        goes_on, self._written_at = now - self._written_at < PATIENCE_SECONDS, now
        if self._owed:
            self._owed -= 1
            self.sender.frame(self._next())
            return
        behind = now - self._due
        if len(self._frames) == 1:
            if 0.0 < behind < FRAME_SECONDS:
                # One that begins is followed at once; later what is late once was held up, what is late
                # always has a slower clock.
                self._move(behind * PULL if goes_on else behind)
            self._follow(-behind)
        if behind >= -EARLY_SECONDS:
            self._send(now)

    def cut(self) -> None:
        """What waited was forgotten (barge-in): end the sound now, not when silence would be due.

        The packet that holds the first silence still holds the codec's memory of the sound before it, so
        a caller hears the agent until that one. However early it leaves, it is only one.
        """
        if self._sounding and not self._frames and not self.tones:
            self._send(self._loop.time())

    def _follow(self, early: float) -> None:
        self._least_early = min(self._least_early, early)
        self._in_window += 1
        if self._in_window == DRIFT_FRAMES:
            if self._least_early > DRIFT_SECONDS:
                self._move(DRIFT_SECONDS - self._least_early)
            self._in_window, self._least_early = 0, 1.0

    def _move(self, seconds: float) -> None:
        """Frames are due at other times from now on. Where that adds up soon, the clock of the stream leaves
        one out: else each stall and each word would leave it further behind."""
        self._due += seconds
        self._lag += seconds
        if self._lag >= FRAME_SECONDS:
            self._lag -= FRAME_SECONDS
            self.sender.skip(1)

    def tick(self, now: float) -> None:
        """Once in 20 ms: send what nobody's writing has sent, and look after the call."""
        if self._frames or self.tones or not self.sender.keys.idle:
            if now >= self._due - EARLY_SECONDS:
                self._send(now)
        elif now >= self._due + LATE_SECONDS:
            self._be_silent(now)
        while self._owed and (self._frames or self.tones):
            self._owed -= 1
            self.sender.frame(self._next())
        if self._owed and now > self._patience:
            self.sender.skip(self._owed)
            self._owed = 0
        self.receiver.expire(now)
        self._lag *= LAG_KEPT
        self._ticks += 1
        if self._ticks % REPORT_TICKS == 0:
            self._watch(now)

    def _be_silent(self, now: float) -> None:
        """No source has given the frame that is due."""
        behind = now - BEAT_SECONDS - self._due
        if behind < FRAME_SECONDS:
            self._move(behind)
        elif self._due - self._written_at < PATIENCE_SECONDS:
            self._owe(
                now, 1
            )  # a stall, and a source that was held up too: silence would come between its frames
            return
        self._send(now)

    def _send(self, now: float) -> None:
        """Send the next frame, which is due; what was missed while the loop was held up is owed."""
        if now - self._due >= FRAME_SECONDS:
            self._owe(now, 0)
        self._due += FRAME_SECONDS
        self.sender.frame(self._next())
        if self._lag > 0.0 and self._frames:
            # More waits: what was lost while nothing came is made up for.
            back = min(self._lag, MAKE_UP)
            self._due -= back
            self._lag -= back

    def _owe(self, now: float, more: int) -> None:
        """Frames were missed while the loop was held up, and with ``more`` the one that is due now as well.

        Sources were held up too: frames they still owe may follow within ``PATIENCE_SECONDS`` and go out
        at once, so that a stall neither cuts audio nor leaves the call late. Then time is let pass.
        """
        missed = int((now - self._due) / FRAME_SECONDS) + more
        self._due += missed * FRAME_SECONDS
        self._patience = now + PATIENCE_SECONDS
        owed = self._owed + missed
        self._owed = min(owed, MAX_CATCH_UP)
        self.sender.skip(owed - self._owed)

    def _next(self) -> bytes:
        frames = self._frames
        while len(frames) > COMFORTABLE and is_silence(frames[0], QUIET_DBFS):
            frames.popleft()
        frame = frames.popleft() if frames else SILENCE
        self._sounding = frame is not SILENCE
        if self._surplus.found(len(frames)):
            frames.popleft()
        return self.tones.popleft() if self.tones else frame

    def _watch(self, now: float) -> None:
        if self.flowing and now - self._last_packet > RTP_SILENCE_SECONDS:
            self.flowing = False
            self.on_rtp(False, False)
        if self.sender.packets or self._any:
            self._port.send_rtcp(self.sender.report(self.receiver.statistics, now, self._port.cname))
