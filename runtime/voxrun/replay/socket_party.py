"""One end of a WebSocket of the scenario: its server, or a client that came in: somebody, as people are.

What the scenario sends goes on the timeline (``websocket``), media aside, which is decoded: what was said to
the peer can be expected with ``caller_hears`` and ``as``. The party outlives a connection: a scenario that
connects again finds the same one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import Struct

from voxrun.connectors.transport import ClientSocket, SocketClosed
from voxrun.errors import ScriptError
from voxrun.legs.base import Headers
from voxrun.media.files import decode_audio
from voxrun.media.frames import FRAME_BYTES, FRAME_MS, split
from voxrun.media.stream_codec import StreamDecoder, StreamEncoder
from voxrun.media.stream_protocol import StreamMedia, StreamStart, StreamWriter, read_message, written
from voxrun.replay.people import Hand, Party
from voxrun.replay.socket_handler import HandlerSocket, Talk, talk
from voxrun.replay.socket_script import BROKEN, Answer, Behaviour, Close, Deed, Pause, Send, Speak
from voxrun.replay.texts import mismatch
from voxrun.replay.timeline import Moment, Timeline
from voxrun.session.messages import JsonObject
from voxrun.speech.base import Speech, Voice


class Around(Struct, frozen=True):
    """The call that a party is in. ``trouble`` is told of what fails the script whatever it expects."""

    timeline: Timeline
    speech: Speech
    now: Callable[[], int]
    trouble: Callable[[str], None]


class SocketParty(Party):
    """See the module docstring. ``handler`` is the coroutine that talks instead of the behaviour's deeds."""

    def __init__(self, name: str, behaviour: Behaviour, around: Around, handler: Talk | None = None) -> None:
        super().__init__(name, around.timeline)
        self.connected = False
        self.over = False
        self._behaviour = behaviour
        self._around = around
        self._handler = handler
        self._socket: _Watched | None = None
        self._decoders: dict[str, StreamDecoder] = {}
        self._rest = b""
        self._done = [0] * len(behaviour.replies)
        self._mouth = asyncio.Lock()
        self._ended: asyncio.Future[bool] | None = None

    @property
    def now(self) -> int:  # type: ignore[override]
        return self._around.now()

    @property
    def hand(self) -> Hand:
        return _SocketHand(self)

    # -- a connection

    async def live(
        self,
        socket: ClientSocket,
        url: str,
        path: str,
        headers: Sequence[tuple[str, str]],
        subprotocol: str = "",
    ) -> bool:
        """Be one end of a connection until it is over. True: it is to break off without a close frame."""
        self.connected, self.over = True, False
        self.tell_moment("socket_open", url)
        watched = self._socket = _Watched(socket, lambda message: self._heard(message, url), self._said)
        ended = self._ended = asyncio.get_running_loop().create_future()
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        if self._handler is not None:
            at_work = HandlerSocket(watched, path, headers, subprotocol)
            file = self._behaviour.handler.file if self._behaviour.handler is not None else None
            assert file is not None
            work = [talk(self._handler, at_work, file), _until_closed(watched)]
        else:
            work = [self._do_all(self._behaviour.does), self._answer(answers), self._read(watched, answers)]
        tasks = [asyncio.create_task(self._guarded(each)) for each in work]
        try:
            # The last one ends with the connection; the others may be done before.
            await asyncio.wait({tasks[-1], ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._socket is watched:
                self.connected, self.over, self._socket = False, True, None
            broken = ended.done()
            code = BROKEN if broken or watched.end is None else watched.end.code
            self.tell_moment("socket_closed", str(code))
        return broken

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except SocketClosed:
            pass
        except Exception as error:
            self._around.trouble(str(error))
            self.timeline.touch()

    async def _read(self, socket: _Watched, answers: asyncio.Queue[Answer]) -> None:
        while True:
            message = await socket.recv()
            if isinstance(message, str) and (answer := self._answer_to(message)) is not None:
                answers.put_nowait(answer)

    async def _answer(self, answers: asyncio.Queue[Answer]) -> None:
        while True:
            await self._do_all((await answers.get()).does)

    def _answer_to(self, text: str) -> Answer | None:
        """What is to be done on a message; counts it."""
        if isinstance(read_message(text), StreamMedia):
            return None
        for number, answer in enumerate(self._behaviour.replies):
            spent = answer.times and self._done[number] >= answer.times
            if not spent and fits(answer, text):
                self._done[number] += 1
                return answer
        return None

    # -- deeds

    async def _do_all(self, deeds: Sequence[Deed]) -> None:
        for deed in deeds:
            await self.do(deed)

    async def do(self, deed: Deed) -> None:
        """Do one thing. Raises SocketClosed when the connection is over."""
        socket = self._socket
        if socket is None:
            raise SocketClosed(BROKEN, "", clean=False)
        match deed:
            case Send():
                await socket.send(deed.text if deed.data is None else deed.data)
            case Pause():
                await asyncio.sleep(deed.ms / 1000)
            case Close(code=code, reason=reason) if code != BROKEN:
                await socket.close(code, reason)
            case Close():
                if self._ended is not None and not self._ended.done():
                    self._ended.set_result(True)
            case Speak():
                await self._speak(deed)

    async def speak(self, pcm: bytes) -> None:
        with contextlib.suppress(SocketClosed):
            await self._play(pcm, Speak(encoding=self._behaviour.encoding, tag=self._behaviour.tag))

    async def up(self) -> None:
        """A WebSocket is up when it is open."""

    async def _speak(self, deed: Speak) -> None:
        if deed.audio is not None:
            pcm, text = decode_audio(deed.audio), deed.audio.name
        else:
            pcm, text = await self._around.speech.render(deed.text, deed.voice or Voice()), deed.text
        if deed.ms:
            pcm = pcm[: deed.ms * 32].ljust(deed.ms * 32, b"\0")
        is_file = deed.audio is not None
        self.tell_moment("said", text, ms=len(pcm) // 32, file=is_file, interrupts=False)
        await self._play(pcm, deed)

    async def _play(self, pcm: bytes, deed: Speak) -> None:
        """Say something: one thing at a time."""
        async with self._mouth:
            socket = self._socket
            if socket is None:
                return
            writer, encoder = StreamWriter(deed.encoding, deed.tag, deed.custom), StreamEncoder(deed.encoding)
            await socket.send(written(writer.start()))
            loop = asyncio.get_running_loop()
            began, at = loop.time(), self.now
            for number, frame in enumerate(split(pcm)):
                await socket.send(written(writer.media(encoder.encode(frame))))
                self.voice.add(at + number * FRAME_MS, frame)
                if deed.paced:
                    await asyncio.sleep(began + (number + 1) * FRAME_MS / 1000 - loop.time())
            if deed.stop:
                await socket.send(written(writer.stop()))
            await asyncio.sleep(max(0.0, began + len(pcm) / 32_000 - loop.time()))

    # -- what goes over the wire

    def _heard(self, message: str | bytes, url: str) -> None:
        if isinstance(message, bytes):
            return
        found = read_message(message)
        if isinstance(found, StreamMedia):
            self._hear(found)
            return
        if isinstance(found, StreamStart):
            self._decoders[found.tag] = StreamDecoder(found.encoding)
        self._moment("websocket", message, {"url": url, "json": _json(message)})

    def _hear(self, media: StreamMedia) -> None:
        """Streams with several tags are heard one over the other: that is what a bot would have to undo."""
        decoder = self._decoders.get(media.tag)
        if decoder is None:
            return
        pcm = self._rest + decoder.decode(media.payload)
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._rest = pcm[whole:]
        for frame in split(pcm[:whole]):
            if self.sound.add(self.now, frame):
                self.timeline.touch()

    def _said(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self._moment("socket_says", f"{len(message)} bytes", {})
        elif not isinstance(read_message(message), StreamMedia):
            self._moment("socket_says", message, {})

    def _moment(self, kind: str, text: str, data: JsonObject) -> None:
        self.timeline.add(Moment(self.now, kind, text, data, self.name))


def fits(answer: Answer, text: str) -> bool:
    """Whether a message is one that the answer is for."""
    if answer.text is not None:
        return answer.text.inside(text)
    return not mismatch(answer.json, _json(text))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


async def _until_closed(socket: _Watched) -> None:
    await socket.closed.wait()


class _Watched:
    """``ClientSocket`` whose messages are noted, whoever reads them."""

    def __init__(
        self,
        inner: ClientSocket,
        received: Callable[[str | bytes], None],
        sent: Callable[[str | bytes], None],
    ) -> None:
        self.end: SocketClosed | None = None
        self.closed = asyncio.Event()
        self._inner = inner
        self._received = received
        self._sent = sent

    async def send(self, message: str | bytes) -> None:
        self._sent(message)
        await self._inner.send(message)

    async def recv(self) -> str | bytes:
        try:
            message = await self._inner.recv()
        except SocketClosed as closed:
            self._over(closed)
            raise
        self._received(message)
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._inner.close(code, reason)
        self._over(SocketClosed(code, reason, clean=True))

    def _over(self, closed: SocketClosed) -> None:
        self.end = self.end or closed
        self.closed.set()


class _SocketHand:
    """What a WebSocket can do of what people do with a phone: hang up."""

    def __init__(self, party: SocketParty) -> None:
        self._party = party

    def fall_silent(self) -> None:
        self._cannot()

    def hang_up(self) -> None:
        closing = asyncio.ensure_future(self._party.do(Close()))
        closing.add_done_callback(lambda task: task.cancelled() or task.exception())

    def _cannot(self) -> None:
        raise ScriptError("a WebSocket can speak, send messages and close; this needs a telephone")

    def ring(self) -> None:
        self._cannot()

    def early_media(self) -> None:
        self._cannot()

    def answer(self, headers: Headers | None = None) -> None:
        self._cannot()

    def refuse(self, code: int, reason: str = "") -> None:
        self._cannot()

    def press(self, digits: str, method: str = "rfc2833") -> None:
        self._cannot()

    def message(self, text: str) -> None:
        self._cannot()

    def hold(self, on: bool = True) -> None:
        self._cannot()

    def stop_sending(self) -> None:
        self._cannot()

    def resume_sending(self) -> None:
        self._cannot()

    def info(self, mime: str, body: str, headers: Headers | None = None) -> None:
        self._cannot()
