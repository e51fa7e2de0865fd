"""One WebSocket of a scenario, outgoing or incoming: its life, its messages, its audio.

::

    run(opening) -> WebSocket.Created -> Open -> Message, MediaEventStarted, MediaEventEnded...
                 -> [Error] -> Close

Error comes before Close where nobody wanted the end: the peer could not be reached, refused, broke off
without a close frame, or sent or left unread more than is allowed. What is sent before the socket is open
waits. Text frames are the scenario's unless they are of the media path (``media.stream_protocol``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from msgspec import Struct

from voxrun.connectors.client import CLOSE_WAIT_S, CLOSED_BY_SCENARIO, FLUSH_WAIT_S, LONGEST_REASON
from voxrun.connectors.mailbox import Mailbox
from voxrun.connectors.payloads import parse
from voxrun.connectors.transport import ClientSocket, SocketClosed
from voxrun.errors import VoxrunError
from voxrun.media.stream_protocol import (
    Broken,
    StreamMedia,
    StreamStart,
    StreamStop,
    Text,
    read_message,
    written,
)
from voxrun.services.websocket_files import SocketFiles, Way
from voxrun.services.websocket_media import MediaHost, SocketMedia
from voxrun.session.messages import Json, JsonObject

log = logging.getLogger(__name__)

MOST_WARNINGS: Final = 20
"""Different ones about one peer."""
BREATHER: Final = 16
"""Messages after which a flood lets others have their turn."""
ABNORMAL: Final = 1006
GOING_AWAY: Final = 1001
TOO_LARGE: Final = 1009
MOST_SHOWN: Final = 4_000
"""Characters of a message in the journal's record of the traffic."""


class SocketHost(MediaHost, Protocol):
    """What one WebSocket may do to its session."""

    @property
    def longest(self) -> int:
        """Characters of a message."""
        ...

    def wire(self, direction: str, what: str, payload: Json) -> None:
        """Note traffic for the journal ("in"/"out", "ws"). Never audio."""
        ...

    async def room(self) -> None:
        """Wait while the scenario does not keep up with its events."""
        ...


class About(Struct, frozen=True):
    """A WebSocket as people are told of it. ``shown`` is its address without what may be secret."""

    shown: str
    private: bool = False
    """Contents stay out of the journal's record of the traffic."""
    statistics_url: str = ""


class WebSocketState:
    """See the module docstring. ``media`` is its ports as a media unit."""

    def __init__(self, about: About, host: SocketHost, files: SocketFiles | None = None) -> None:
        self._about = about
        self._host = host
        self._files = files
        self._mailbox = Mailbox()
        self._socket: ClientSocket | None = None
        self.media = SocketMedia(host, self._send_stream)
        self._warned: set[str] = set()
        self._ending: SocketClosed | None = None
        """How it ends where that was our decision."""
        self._wanted = False
        """The scenario asked for the end."""
        self._connecting: asyncio.Future[ClientSocket] | None = None
        self._shutting: asyncio.Task[None] | None = None
        self.over = False

    # -- what the scenario does ---------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Send a text, at once or when the socket is open."""
        if self.over or self._ending is not None:
            return
        if not self._mailbox.put(text):
            self._give_up(ABNORMAL, "the peer reads no messages any more: too many wait for it")

    def close(self) -> None:
        """End it; messages that were sent before go out first."""
        if not self.over and self._ending is None:
            self._wanted = True
            self._end_with(SocketClosed(1000, "", clean=True))

    def clear(self, tag: str) -> None:
        """Drop the audio of the peer that was not played: of the stream with this tag, of all for ""."""
        self.media.clear(tag)

    def _send_stream(self, message: JsonObject, is_audio: bool) -> None:
        text = written(message)
        if is_audio:
            self._mailbox.put_audio(text)
        else:
            self._mailbox.put(text)

    def _sending(self, text: str, is_audio: bool) -> None:
        self._record("out", text)
        if not is_audio:
            self._note("out", text)

    # -- life ---------------------------------------------------------------------------------------

    async def run(self, opening: Callable[[], Awaitable[ClientSocket]]) -> None:
        """Open the socket and live until its end, which is told. Never raises."""
        url = self._about.statistics_url
        self._host.emit("WebSocket.Created", {"statisticsUrl": url} if url else {})
        try:
            ended = await self._live(opening)
        except Exception:
            log.exception("a WebSocket failed")
            self._host.warn(
                f"{self._about.shown}: a fault of voxrun itself; its log says more, please report it"
            )
            ended = SocketClosed(ABNORMAL, "", clean=False)
        await self._finish(ended)

    async def _live(self, opening: Callable[[], Awaitable[ClientSocket]]) -> SocketClosed:
        self._host.wire("out", "ws", {"connect": self._about.shown})
        try:
            self._connecting = asyncio.ensure_future(opening())
            socket = await self._connecting
        except asyncio.CancelledError:
            if self._ending is None:
                raise
            return SocketClosed(ABNORMAL, "closed before it was open", clean=False)
        except VoxrunError as error:
            self._host.warn(f"WebSocket: {error}")
            return SocketClosed(ABNORMAL, str(error), clean=False)
        finally:
            self._connecting = None
        if self._ending is not None:  # in the very moment when it opened
            await self._hang_up(socket, self._ending)
            return SocketClosed(ABNORMAL, "closed before it was open", clean=False)
        self._socket = socket
        self._host.emit("WebSocket.Open", {})
        self.media.open()
        return await self._talk(socket)

    async def _talk(self, socket: ClientSocket) -> SocketClosed:
        """Send and receive until the end, which is returned."""
        sending = asyncio.create_task(self._send(socket))
        try:
            count = 0
            while True:
                message = await socket.recv()
                count += 1
                if count % BREATHER == 0:
                    await asyncio.sleep(0)
                if self._ending is None:
                    await self._take(message)
        except SocketClosed as closed:
            return closed
        finally:
            sending.cancel()

    async def _send(self, socket: ClientSocket) -> None:
        # The receiving side learns of the end as well, and with the reason.
        with contextlib.suppress(SocketClosed):
            await self._mailbox.run(socket, self._sending)

    async def _finish(self, ended: SocketClosed) -> None:
        if self.over:
            return
        self.over = True
        if self._ending is not None and not self._wanted:
            ended = SocketClosed(ABNORMAL, self._ending.reason, clean=False)
        self.media.close()
        if not self._wanted and (ended.code == ABNORMAL or not ended.clean):
            self._host.emit("WebSocket.Error", {})
        reason = CLOSED_BY_SCENARIO if self._wanted and ended.clean else ended.reason
        data: JsonObject = {"code": ended.code, "reason": reason[:LONGEST_REASON], "wasClean": ended.clean}
        self._host.emit("WebSocket.Close", data)
        self._note_losses()
        if self._files is not None:
            await self._files.close()

    async def abandon(self) -> None:
        """The session is over: end it without another word to the scenario."""
        if self.over:
            return
        self.over = True
        self.media.close()
        socket, self._socket = self._socket, None
        if socket is not None:
            await self._hang_up(socket, SocketClosed(GOING_AWAY, "the session is over", clean=True))
        self._note_losses()
        if self._files is not None:
            await self._files.close()

    def _give_up(self, code: int, why: str) -> None:
        """End it because of what the peer does."""
        if self._ending is None:
            self._host.warn(f"WebSocket {self._about.shown} was closed: {why}")
            self._end_with(SocketClosed(code, why, clean=False))

    def _end_with(self, how: SocketClosed) -> None:
        self._ending = how
        self.media.close()
        if self._socket is not None:
            self._shutting = asyncio.create_task(self._hang_up(self._socket, how))
        elif self._connecting is not None:
            self._connecting.cancel()

    async def _hang_up(self, socket: ClientSocket, how: SocketClosed) -> None:
        """Let out what was sent before, then start the closing handshake."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_WAIT_S if how.clean else 0.05):
                await self._mailbox.flushed()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                await socket.close(
                    1000 if how.code == ABNORMAL else how.code, how.reason[: LONGEST_REASON // 4]
                )

    # -- what the peer sends ------------------------------------------------------------------------

    async def _take(self, message: str | bytes) -> None:
        if len(message) > self._host.longest:
            self._give_up(TOO_LARGE, f"a message of more than {self._host.longest} characters")
        elif isinstance(message, bytes):
            self._warn_once(f"a binary message of {len(message)} bytes was ignored: scenarios get texts")
        else:
            await self._text(message)

    async def _text(self, text: str) -> None:
        self._record("in", text)
        match read_message(text):
            case Text():
                self._note("in", text)
                self._host.emit("WebSocket.Message", {"text": text})
                await self._host.room()
            case StreamMedia() as media:
                self._warn_once(self.media.take(media))
            case StreamStart() | StreamStop() as message:
                self._note("in", text)
                self._warn_once(self.media.take(message))
            case Broken(why=why):
                self._warn_once(f"a media message was ignored: {why}")

    # -- notes --------------------------------------------------------------------------------------

    def _warn_once(self, text: str) -> None:
        """Peers repeat themselves fifty times a second; people are told once."""
        if text and len(self._warned) < MOST_WARNINGS and text not in self._warned:
            self._warned.add(text)
            self._host.warn(f"WebSocket {self._about.shown}: {text}")

    def _note(self, way: Way, text: str) -> None:
        """A message for the journal."""
        self._host.wire(way, "ws", "[private]" if self._about.private else _shown(text))

    def _record(self, way: Way, text: str) -> None:
        """A message for trace and statistics."""
        if self._files is not None:
            self._files.message(way, text)

    def _note_losses(self) -> None:
        losses: JsonObject = {
            "in_ms": self.media.dropped_ms,
            "out_frames": self._mailbox.dropped_audio,
        }
        if any(losses.values()):
            self._host.wire("in", "dropped", losses)


def _shown(text: str) -> Json:
    """A message as the journal shows it: JSON as such, for redaction by name; long texts are cut."""
    if len(text) > MOST_SHOWN:
        return text[:MOST_SHOWN] + f"… ({len(text)} characters)"
    try:
        value = parse(text)
    except ValueError:
        return text
    return value if isinstance(value, dict | list) else text
