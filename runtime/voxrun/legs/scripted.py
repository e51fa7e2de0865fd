"""The scripted leg: a party whose far end is Python code. Works on the virtual and on the real clock.

The far end is driven by ``remote``: ``leg.remote.ring()``, ``.answer()``, ``.speak(pcm)``,
``.press("12#")``, ``.hang_up()``... What the scenario did to it is in plain attributes: ``heard`` (frames
with their time), ``digits``, ``messages``, ``infos``, ``log`` (calls of the Leg contract in order).

While it is connected the leg gives a frame every 20 ms, as a real one does: speech when there is some,
else the shared frame of silence. Telephone numbers (client type "pstn") speak in narrow band; SIP phones
("sip") can be transferred and take re-INVITEs, which ``remote`` answers; others refuse.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import Any

from voxrun.legs.base import Headers, Leg, MediaCounts
from voxrun.media.frames import FRAME_MS, SILENCE, split
from voxrun.media.graph import Sink, Source, Ticker
from voxrun.media.runs import Leaper, Run, Ticks

RTP_SILENCE_SECONDS = 6.0
"""Without packets this long, RTP has stopped (the platform says so within 7 s)."""


class _Ear(Sink):
    """Keeps what the far end hears: (milliseconds on the loop's clock, frame)."""

    exclusive = True

    def __init__(self, leg: ScriptedLeg) -> None:
        super().__init__()
        self._leg = leg

    def write(self, frame: bytes, source: Source) -> None:
        self._leg.hear(frame)

    def room(self, run: Run, source: Source) -> int:
        return self._leg.hears_at_once(run)

    def write_run(self, run: Run, source: Source) -> None:
        self._leg.hear_run(run)


class Remote:
    """The far end of a scripted leg."""

    def __init__(self, leg: ScriptedLeg) -> None:
        self._leg = leg

    def ring(self, headers: Headers | None = None) -> None:
        """Outgoing: 180."""
        self._leg.tell("ringing", headers=dict(headers or {}))

    def early_media(self, headers: Headers | None = None) -> None:
        """Outgoing: 183, audio from now on."""
        self._leg.open_audio()
        self._leg.tell("early_media", headers=dict(headers or {}))

    def answer(self, headers: Headers | None = None, custom_data: str = "") -> None:
        """Outgoing: 200."""
        self._leg.connect(dict(headers or {}), custom_data)

    def refuse(self, code: int, reason: str = "", headers: Headers | None = None) -> None:
        """Outgoing: 3xx to 6xx."""
        self._leg.finish("failed", code=code, reason=reason, headers=dict(headers or {}))

    def hang_up(self, code: int = 0, reason: str = "", headers: Headers | None = None) -> None:
        """End the call; before the answer the caller abandons it (487)."""
        code = code or (200 if self._leg.connected else 487)
        self._leg.finish("ended", code=code, reason=reason, by="remote", headers=dict(headers or {}))

    def speak(self, pcm: bytes) -> None:
        """Say something: 16 kHz mono s16le, played after what is still being said."""
        self._leg.queue.extend(split(pcm))

    def fall_silent(self) -> None:
        """Stop in mid-word."""
        self._leg.queue.clear()

    def stop_sending(self) -> None:
        """Its packets stop in mid-word (a muted browser, a dead network)."""
        self._leg.close_audio()

    def resume_sending(self) -> None:
        self._leg.open_audio()

    def press(self, digits: str, method: str = "rfc2833") -> None:
        """Press keys."""
        for digit in digits:
            self._leg.tell("dtmf", digit=digit, method=method)

    def info(self, mime: str, body: str, headers: Headers | None = None) -> None:
        self._leg.tell("info", mime=mime, body=body, headers=dict(headers or {}))

    def message(self, text: str) -> None:
        self._leg.tell("message", text=text)

    def hold(self, on: bool = True) -> None:
        """Hold the call, or take it back; the second time does nothing."""
        if on != self._leg.held and self._leg.connected:
            self._leg.held = on
            self._leg.tell("hold" if on else "unhold")

    def lose(self, packets: int, jitter: float = 0.0) -> None:
        """So many of its packets get lost, the others come with ``jitter`` (ms)."""
        self._leg.lost += packets
        self._leg.jitter = jitter

    def reinvite(self, mime: str, body: str, headers: Headers | None = None) -> None:
        self._leg.tell("reinvite", mime=mime, body=body, headers=dict(headers or {}))

    def accept_reinvite(self, mime: str = "", body: str = "", headers: Headers | None = None) -> None:
        self._leg.tell("reinvite_accepted", mime=mime, body=body, headers=dict(headers or {}))

    def reject_reinvite(self, code: int = 488, reason: str = "", headers: Headers | None = None) -> None:
        self._leg.tell("reinvite_rejected", code=code, reason=reason, headers=dict(headers or {}))

    def refer(self, to: str, headers: Headers | None = None) -> None:
        """Ask that the other side be transferred to ``to``."""
        self._leg.tell("refer", to=to, headers=dict(headers or {}))

    def go_over(self, headers: Headers | None = None) -> None:
        """Follow the transfer: it talks to the other one now, and both leave."""
        other = self._leg.attended
        self._leg.tell("transferred", headers=dict(headers or {}))
        self.hang_up()
        if isinstance(other, ScriptedLeg):
            other.remote.hang_up()

    def refuse_transfer(self, code: int, reason: str = "", headers: Headers | None = None) -> None:
        self._leg.tell("transfer_failed", code=code, reason=reason, headers=dict(headers or {}))


class ScriptedLeg(Leg, Leaper):
    """See the module docstring."""

    def __init__(self, ticker: Ticker, incoming: bool, client_type: str = "user") -> None:
        super().__init__()
        self.client_type = client_type
        self.incoming = incoming
        self.connected = False
        self.over = False
        self.held = False
        self.can_transfer = self.can_reinvite = client_type == "sip"
        """Whether it can be transferred, and whether it takes re-INVITEs."""
        self.attended: Leg | None = None
        """Whom it is to talk to after an attended transfer."""
        self.lost = 0
        self.jitter = 0.0
        self.remote = Remote(self)
        self.queue: deque[bytes] = deque()
        self.heard: list[tuple[int, bytes]] = []
        self.digits = ""
        self.messages: list[str] = []
        self.infos: list[tuple[str, str, dict[str, str]]] = []
        self.log: list[tuple[str, dict[str, Any]]] = []
        self._ticker = ticker
        self._sink = _Ear(self)
        self._talking = False
        self._sent = 0
        self._received = 0
        self._stopped = False
        self._silence: asyncio.TimerHandle | None = None
        self._ahead: Run | None = None

    @property
    def sink(self) -> Sink:
        return self._sink

    # -- Leg contract -------------------------------------------------------------------------------

    def ring(self, headers: Headers) -> None:
        self._note("ring", headers=dict(headers))

    def early_media(self, headers: Headers) -> None:
        self._note("early_media", headers=dict(headers))

    def answer(self, headers: Headers) -> None:
        self._note("answer", headers=dict(headers))
        if self.incoming and not self.connected:
            self.connect({})

    def reject(self, code: int, reason: str, headers: Headers) -> None:
        self._note("reject", code=code, reason=reason, headers=dict(headers))
        if self.incoming and not self.connected:
            self.finish("ended", code=code, reason=reason, by="local", headers={})

    def hangup(self, headers: Headers) -> None:
        self._note("hangup", headers=dict(headers))
        if self.connected:
            self.finish("ended", code=200, reason="", by="local", headers={})
        elif self.incoming:
            self.finish("ended", code=603, reason="", by="local", headers={})
        else:
            self.finish("failed", code=487, reason="", headers={})

    def send_dtmf(self, digits: str) -> None:
        self._note("dtmf", digits=digits)
        if self.connected:
            self.digits += digits

    def send_info(self, mime: str, body: str, headers: Headers) -> None:
        self._note("info", mime=mime, body=body, headers=dict(headers))
        if not self.over:
            self.infos.append((mime, body, dict(headers)))

    def send_message(self, text: str) -> None:
        self._note("message", text=text)
        if not self.over:
            self.messages.append(text)

    @property
    def wideband(self) -> bool:
        return self.client_type != "pstn"

    def counts(self) -> MediaCounts:
        return MediaCounts(self._received, self.lost, self.jitter, self._sent)

    def transfer(self, to: str, attended: Leg | None, headers: Headers) -> None:
        self._note("transfer", to=to, attended=attended, headers=dict(headers))
        self.attended = attended
        if self.connected and not self.over and not self.can_transfer:
            super().transfer(to, attended, headers)

    def answer_refer(self, code: int, reason: str) -> None:
        self._note("answer_refer", code=code, reason=reason)

    def reinvite(self, mime: str, body: str, headers: Headers) -> None:
        self._note("reinvite", mime=mime, body=body, headers=dict(headers))
        if self.connected and not self.over and not self.can_reinvite:
            super().reinvite(mime, body, headers)

    def accept_reinvite(self, mime: str, body: str, headers: Headers) -> None:
        self._note("accept_reinvite", mime=mime, body=body, headers=dict(headers))

    def reject_reinvite(self, code: int, reason: str, headers: Headers) -> None:
        self._note("reject_reinvite", code=code, reason=reason, headers=dict(headers))

    async def close(self) -> None:
        if not self.over:
            self._note("close")
        self.on_event = None
        self._end()

    # -- used by Remote and the sink ----------------------------------------------------------------

    def connect(self, headers: dict[str, str], custom_data: str = "") -> None:
        if self.connected or self.over:
            return
        self.connected = True
        self.open_audio()
        self.tell("answered", headers=headers, **({"custom_data": custom_data} if custom_data else {}))

    def open_audio(self) -> None:
        """Start to give frames."""
        self._forget_silence()
        if self.over:
            return
        self._ticker.start(self)
        if self._stopped:
            self._stopped = False
            self.tell("rtp_resumed")

    def close_audio(self) -> None:
        """Give no frames until ``open_audio``."""
        self._ticker.stop(self)
        self._forget_silence()
        if self._talking and not self.over:
            self._silence = asyncio.get_running_loop().call_later(RTP_SILENCE_SECONDS, self._rtp_stopped)

    def _rtp_stopped(self) -> None:
        self._silence = None
        self._stopped = True
        self.tell("rtp_stopped")

    def _forget_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def finish(self, kind: Any, **data: Any) -> None:
        if self.over:
            return
        if not self.connected:
            kind = "ended" if self.incoming else "failed"
        self.emit(kind, **data)
        self._end()

    def tell(self, kind: Any, **data: Any) -> None:
        """Raise an event of the far end; after the end nothing is told."""
        if not self.over:
            self.emit(kind, **data)

    def hear(self, frame: bytes) -> None:
        self._sent += 1
        if not self.over and not self.held:
            self.heard.append((round(asyncio.get_running_loop().time() * 1000), frame))

    def hears_at_once(self, run: Run) -> int:
        """See ``Sink.room``."""
        return run.count

    def hear_run(self, run: Run) -> None:
        """Many frames at once."""
        self._sent += run.count
        if not self.over and not self.held:
            self.heard.extend(zip(run.ticks.stamps(0.0), run.frames(), strict=True))

    def ahead(self, ticks: Ticks) -> int:
        if self.over or self.held or not self._talking:
            return 0
        if self.queue:
            ticks = ticks.cut(len(self.queue))
            run = Run(ticks, b"".join(islice(self.queue, ticks.count)))
        else:
            run = Run(ticks, None)
        self._ahead = run
        return self.audio.room(run)

    def leap(self, ticks: Ticks) -> bool:
        assert self._ahead is not None
        run, self._ahead = self._ahead.cut(ticks.count), None
        if run.pcm is not None:
            for _ in range(run.count):
                self.queue.popleft()
        self.give_run(run)
        return not self.over

    def give_run(self, run: Run) -> None:
        """Many frames of the far end."""
        self._received += run.count
        self.audio.push_run(run)

    def tick(self) -> bool:
        if self.over:
            return False
        if not self._talking:
            self._talking = True
            self.tell("first_audio")
        self._received += 1
        frame = self.queue.popleft() if self.queue else SILENCE
        self.audio.push(SILENCE if self.held else frame)
        return not self.over

    def _end(self) -> None:
        self.over = True
        self._forget_silence()
        self._ticker.stop(self)

    def _note(self, what: str, **data: Any) -> None:
        self.log.append((what, data))

    def heard_pcm(self, since_ms: int = 0) -> bytes:
        """Everything heard since ``since_ms``, gaps as silence, on a 20 ms grid."""
        out = bytearray()
        at: int | None = None
        for moment, frame in self.heard:
            if moment < since_ms:
                continue
            while at is not None and moment - at >= 2 * FRAME_MS:
                out += SILENCE
                at += FRAME_MS
            out += frame
            at = moment
        return bytes(out)
