"""A caller or a callee with a real phone: signalling over a WebSocket, audio and keys over WebRTC."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

from voxrun.errors import VoxrunError
from voxrun.legs.base import Headers
from voxrun.media.dtmf import DIGITS, generate
from voxrun.media.frames import split
from voxrun.media.graph import Ticker
from voxrun.replay.live.clock import MediaClock
from voxrun.replay.live.line import Line
from voxrun.replay.live.phone import Message, Phone
from voxrun.replay.live.telephone import Telephone
from voxrun.replay.people import Hand, Party
from voxrun.replay.script import Incoming
from voxrun.replay.timeline import Timeline

KINDS: Final = {"user": "user", "pstn": "pstn", "sip": "sip", "wab": "whatsapp"}
"""Kinds of lines of a script, as the signalling calls them."""
REQUEST_TIMEOUT: Final = 408
BREATH_S: Final = 0.2
"""From a line that is up to the first word of somebody who is called: the scenario connects it meanwhile."""
STALL_MS: Final = 100
"""Sound that has stopped for so long seems to be over."""


class LivePerson(Party):
    """See the module docstring. ``now`` gives the time on the timeline; ``trouble`` is told what keeps a call
    from being made. The call is ``call_id`` on ``phone``."""

    def __init__(
        self,
        name: str,
        timeline: Timeline,
        now: Callable[[], int],
        ticker: Ticker,
        phone: Phone,
        call_id: str,
        trouble: Callable[[str], None],
    ) -> None:
        super().__init__(name, timeline)
        self.connected = False
        self.over = False
        self.line = Line()
        self._now = now
        self._ticker = ticker
        self._phone = phone
        self._id = call_id
        self._trouble = trouble
        self._clock = MediaClock()
        self._mouth: deque[bytes] = deque()
        self._said = asyncio.Event()
        self._settled = asyncio.Event()
        """Connected, or over."""
        self._announced: deque[str] = deque()
        """Keys that the scenario presses, as the signalling tells them."""
        self._arrived = ""
        """Those that came as RTP."""
        self._early = False
        """Whether its offer went out before the answer."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._hand = LiveHand(self)
        self.telephone: Telephone | None = None
        """What it can do beyond signalling and media, once the scenario's end of its call is known."""
        self.line.on_frame = self._heard
        self.line.on_digit = self._digit
        phone.calls[call_id] = self._take

    def takes(self, telephone: Telephone) -> None:
        """This is the scenario's end of its call."""
        self.telephone = telephone
        telephone.told, telephone.hang_up = self.tell_moment, self._hand.hang_up

    @property
    def now(self) -> int:  # type: ignore[override]
        return self._now()

    @property
    def hand(self) -> Hand:
        return self._hand

    async def up(self) -> None:
        await self._settled.wait()

    # -- what it does

    async def call(self, call: Incoming) -> None:
        """Call the scenario."""
        self._phone.send(
            type="call",
            id=self._id,
            to=call.destination,
            displayName=call.display_name,
            kind=KINDS[call.client],
            headers=dict(call.headers),
            customData=call.custom_data,
            sdp=await self.line.offer(),
            **{"from": call.caller},
        )

    async def answer(self, headers: Headers) -> None:
        """Take a call of the scenario."""
        sdp = {} if self._early else {"sdp": await self.line.offer()}
        self.send("answer", **sdp, headers=dict(headers))

    async def early_audio(self) -> None:
        """Open the way for audio before the answer."""
        self._early = True
        self.send("early", sdp=await self.line.offer(), headers={})

    def send(self, kind: str, **fields: Any) -> None:
        """A message about this call; none after its end."""
        if not self.over:
            self._phone.send(type=kind, id=self._id, **fields)

    def press(self, digits: str, method: str) -> None:
        """Keys: as RTP where the line has telephone-event, as tones within the audio, or as messages."""
        if self.over:
            return
        if method == "inband":
            self._mouth.extend(split(generate(digits)))
            self._ticker.start(self)
        elif method == "info":
            self.send("dtmf", digits=digits)
        else:
            self.spawn(self._press(digits))

    async def _press(self, digits: str) -> None:
        """What the line has is known when it is up."""
        await self._early_up()
        if not self.over and not self.line.press(digits):
            self.send("dtmf", digits=digits)

    def hush(self) -> None:
        """Stop in mid-word."""
        self._mouth.clear()

    async def speak(self, pcm: bytes) -> None:
        await (self._early_up() if self._early and not self.connected else self.up())
        if self.over:
            return
        self._mouth.extend(split(pcm))
        self._said.clear()
        self._ticker.start(self)
        await self._said.wait()

    def tick(self) -> bool:
        """One frame of speech."""
        if self._mouth and not self.over:
            frame = self._mouth.popleft()
            self.voice.add(self.now, frame)
            self.line.write(frame)
        if not self._mouth or self.over:
            self._said.set()
            return False
        return True

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something happen beside; what it fails with fails the script."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def finish(self, by: str, code: int, reason: str) -> None:
        """The call is over."""
        if self.over:
            return
        self.tell_moment("ended", by, by=by, code=code, reason=reason)
        self.over = True
        self.connected = False
        self._phone.calls.pop(self._id, None)
        self._settled.set()
        self._said.set()
        self.spawn(self.line.close())
        self.timeline.touch()

    async def close(self) -> None:
        """Free everything; a call that is up ends."""
        self.finish("scenario", 200, "the session is over")
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if self.over:  # its line was closed while it was being made
            return
        told = str(error) if isinstance(error, VoxrunError) else repr(error)
        self._trouble(f"{self.name} has no line: {told}")
        self.timeline.touch()

    # -- what the scenario does to it

    def _take(self, message: Message) -> None:
        """One message of the signalling about this call."""
        headers = message.get("headers", {})
        match message["type"]:
            case "ringing":
                self.tell_moment("ringing", headers=headers)
            case "early":
                if self._incoming:  # else it is our own
                    self.tell_moment("early_media", headers=headers)
                self.spawn(self.line.accept(message["sdp"]))
            case "answered":
                self.spawn(self._connect(message.get("sdp")))
            case "ended" | "cancelled":
                self._ended(message)
            case "dtmf":
                self._pressed(message["digits"], message["method"])
            case "message":
                self.tell_moment("message", message["text"])
            case "info":
                fields = {key: message[key] for key in ("mime", "body", "headers")}
                self.tell_moment("info", message["body"], **fields)
            case "error":
                self._trouble(f"{self.name}'s call is refused: {message['message']}")
                self.finish("scenario", 0, message["message"])

    async def _connect(self, answer: str | None) -> None:
        if answer is not None:
            await self.line.accept(answer)
        await self._early_up()
        if not self._incoming:
            await asyncio.sleep(BREATH_S)
        if not self.over:
            self.connected = True
            self._settled.set()
            self.timeline.touch()

    async def _early_up(self) -> None:
        """Until audio can flow, or the call is over."""
        over = asyncio.create_task(self._settled.wait())
        up = asyncio.create_task(self.line.up.wait())
        await asyncio.wait((over, up), return_when=asyncio.FIRST_COMPLETED)
        for task in (over, up):
            task.cancel()

    @property
    def _incoming(self) -> bool:
        """Whether it is the scenario's incoming call, our caller."""
        return not self._id.startswith("in-")

    def _ended(self, message: Message) -> None:
        code, reason = int(message["code"]), message["reason"]
        by = self.name if message.get("by") == "you" else "scenario"
        if self._incoming and not self.connected and by == "scenario" and self._is_refusal(code):
            self.tell_moment("rejected", str(code), code=code, reason=reason, headers=message["headers"])
        self.finish(by, code, reason)

    def _is_refusal(self, code: int) -> bool:
        """Whether the scenario refused the call, and did not just hang up."""
        commands = {moment.text for moment in self.timeline.moments if moment.kind == "command"}
        return not commands & {"call.answer"} and (code == REQUEST_TIMEOUT or "call.reject" in commands)

    # -- what it hears

    def _heard(self, frame: bytes) -> None:
        if self.over:
            return
        now, before = self.now, self.sound.last
        begun = self.sound.add(self._clock.place(now), frame)
        # Who listens may have taken a stall of the line for the end of what was said.
        if begun or (before != self.sound.last and before is not None and now - before > STALL_MS):
            self.timeline.touch()

    def _pressed(self, digits: str, method: str) -> None:
        """The scenario presses keys: what it is about to send."""
        if method == "rfc2833":
            self._announced.append(digits)
            self._match_keys()
        else:  # tones within the audio
            self.tell_moment("dtmf", digits)

    def _digit(self, digit: str) -> None:
        """One of them has come as RTP."""
        self._arrived += digit
        self._match_keys()

    def _match_keys(self) -> None:
        """Keys are there when the last one of them is."""
        while self._announced:
            wanted = "".join(digit for digit in self._announced[0].upper() if digit in DIGITS)
            if not self._arrived.startswith(wanted):
                return
            self._arrived = self._arrived[len(wanted) :]
            self.tell_moment("dtmf", self._announced.popleft())


class LiveHand:
    """What a person does with the phone (``people.Hand``)."""

    def __init__(self, person: LivePerson) -> None:
        self._person = person

    def ring(self) -> None:
        self._person.send("ringing", headers={})

    def early_media(self) -> None:
        self._person.spawn(self._person.early_audio())

    def fall_silent(self) -> None:
        self._person.hush()

    def answer(self, headers: Headers | None = None, custom_data: str = "") -> None:
        if self._person.telephone is not None:
            self._person.telephone.custom_data = custom_data
        self._person.spawn(self._person.answer(headers or {}))

    def refer(self, to: str, headers: Headers | None = None) -> None:
        if self._person.telephone is not None:
            self._person.telephone.remote.refer(to, headers)

    def reinvite(self, mime: str, body: str, headers: Headers | None = None) -> None:
        if self._person.telephone is not None:
            self._person.telephone.remote.reinvite(mime, body, headers)

    def refuse(self, code: int, reason: str = "") -> None:
        self._person.send("decline", code=code, reason=reason)

    def hang_up(self) -> None:
        person = self._person
        person.send("hangup", headers={})
        person.finish(person.name, 200 if person.connected else 487, "")

    def press(self, digits: str, method: str = "rfc2833") -> None:
        self._person.press(digits, method)

    def hold(self, on: bool = True) -> None:
        self._person.send("hold", on=on)

    def stop_sending(self) -> None:
        self._person.line.network(up=False)

    def resume_sending(self) -> None:
        self._person.line.network(up=True)

    def info(self, mime: str, body: str, headers: Headers | None = None) -> None:
        self._person.send("info", mime=mime, body=body, headers=dict(headers or {}))

    def message(self, text: str) -> None:
        self._person.send("message", text=text)
