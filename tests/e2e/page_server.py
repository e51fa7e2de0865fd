"""A voxrun whose every word a test decides: the page's files and headers are the real ones, its WebSocket
speaks docs/signalling.md from the test's hand, and a real aiortc peer takes the calls.

The server lives in a thread of its own, because playwright's plain API wants the test's::

    with PageServer() as server:
        page.goto(server.url)
        call = server.wait("call")                   # the page called
        server.send(type="ringing", id=call["id"])
        server.answer(call)                          # aiortc answers, "answered" goes out
"""

from __future__ import annotations

import asyncio
import json
import math
import struct
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import uvicorn
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.legs.webrtc.caller import PcmTrack

from voxrun.legs.webrtc.aiortc_private import close_peer, offer_loopback
from voxrun.server.app import PAGE_HEADERS, STATIC, PageFiles

T = TypeVar("T")
Message = dict[str, Any]
PATIENCE = 15.0
TELEPHONE_EVENT = 110
"""Chromium's payload type of telephone-event at 48 kHz."""


class PageServer:
    """See the module docstring. Methods may be called from the test's thread."""

    def __init__(self, *, port: int = 0, welcome: Message | None = None, tones: bool = False) -> None:
        self.port = port
        self.tones = tones
        """Whether the answers take telephone-event, so that keys go by RTP."""
        self.welcome: Message = {
            "type": "welcome",
            "version": "0.1.0",
            "protocol": 1,
            "scenarios": ["inbound.js"],
            "ai": "Ultravox: local emulator",
            "user": None,
            "iceServers": [],
            "limits": {"calls": 4, "noAnswerSeconds": 60},
            "sessions": [],
        } | (welcome or {})
        self.received: list[Message] = []
        self.key_packets = 0
        """RTP packets of telephone-event that arrived."""
        self.heard = bytearray()
        """Audio that arrived from the page, 48 kHz s16le, as aiortc's decoder gives it."""
        self._taken = 0
        self._news = threading.Condition()
        self._sockets: list[WebSocket] = []
        self._peers: list[RTCPeerConnection] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # -- life -----------------------------------------------------------------------------------------

    def __enter__(self) -> PageServer:
        self._loop = asyncio.new_event_loop()
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                host="127.0.0.1",
                port=self.port,
                log_level="error",
                ws="websockets-sansio",
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="page-server", daemon=True)
        self._thread.start()
        self.until(lambda: self._server.started or not self._thread.is_alive())
        if not self._server.started:
            raise RuntimeError(f"no server on port {self.port}")
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Hang up, close every socket, leave the port. Again: nothing."""
        if not self._thread.is_alive():
            return
        self._do(self._hang_up())
        self._server.should_exit = True
        self._thread.join(PATIENCE)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        await self._server.serve()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _hang_up(self) -> None:
        for socket in list(self._sockets):
            await socket.close(1001)
        for peer in self._peers:
            await close_peer(peer)
        for task in self._tasks:
            task.cancel()

    # -- HTTP and WebSocket -----------------------------------------------------------------------------

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/sessions/{session}/files/{name}", self._file),
                WebSocketRoute("/ws", self._socket),
                Mount("/static", PageFiles(directory=STATIC)),
            ]
        )

    async def _page(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers=PAGE_HEADERS)

    async def _file(self, request: Request) -> Response:
        return PlainTextResponse("a file of the session\n")

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(json.dumps(self.welcome))
        self._sockets.append(socket)
        try:
            while True:
                message = json.loads(await socket.receive_text())
                with self._news:
                    self.received.append(message)
                    self._news.notify_all()
        except WebSocketDisconnect:
            pass
        finally:
            self._sockets.remove(socket)

    # -- talking to the page ----------------------------------------------------------------------------

    def send(self, **message: Any) -> None:
        """One message to every page."""
        self._do(self._send(message))

    async def _send(self, message: Message) -> None:
        for socket in list(self._sockets):
            await socket.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        """Any text at all."""

        async def send() -> None:
            for socket in list(self._sockets):
                await socket.send_text(text)

        self._do(send())

    def record(self, session: str, *records: Message) -> None:
        """Journal records of a session, as the page gets them when it watches."""
        for record in records:
            self.send(type="record", session=session, record=record)

    def wait(self, kind: str, **fields: Any) -> Message:
        """The next message of this type (and these fields) that was not waited for yet."""

        def find() -> Message | None:
            for index in range(self._taken, len(self.received)):
                message = self.received[index]
                if message["type"] == kind and all(message.get(k) == v for k, v in fields.items()):
                    self._taken = index + 1
                    return message
            return None

        deadline = time.monotonic() + PATIENCE
        with self._news:
            while (found := find()) is None:
                if not self._news.wait(max(0.0, deadline - time.monotonic())):
                    kinds = [message["type"] for message in self.received]
                    raise AssertionError(f"the page sent no {kind!r} {fields}; it sent {kinds}")
            return found

    def sent(self, kind: str) -> list[Message]:
        """Everything of this type that the page sent so far."""
        with self._news:
            return [message for message in self.received if message["type"] == kind]

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for something that the server's thread brings about."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("waited too long")
            threading.Event().wait(0.01)

    def drop(self) -> None:
        """Close every socket, as a server does that stops."""

        async def close() -> None:
            for socket in list(self._sockets):
                await socket.close(1001)

        self._do(close())

    # -- calls ------------------------------------------------------------------------------------------

    def answer(self, call: Message, *, kind: str = "answered", tone: float = 0.0, pcm: bytes = b"") -> None:
        """Answer the offer of a ``call`` or ``answer`` message. The page hears ``tone`` (Hz) or ``pcm``
        (16 kHz mono s16le)."""
        sdp = self._do(self._answer(call["sdp"], sine(tone, seconds=30) if tone else pcm))
        self.send(type=kind, id=call["id"], sdp=sdp, headers={})

    async def _answer(self, offer: str, pcm: bytes) -> str:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append(peer)
        peer.on("track", self._listen)
        await peer.setRemoteDescription(RTCSessionDescription(without_mdns(offer), "offer"))
        transceiver = peer.getTransceivers()[0]
        transceiver.sender.replaceTrack(PcmTrack(pcm))
        transceiver.direction = "sendrecv"
        offer_loopback(transceiver)
        self._count_keys(transceiver.receiver)
        await peer.setLocalDescription(await peer.createAnswer())
        sdp = peer.localDescription.sdp
        return with_keys(sdp) if self.tones else sdp

    def _listen(self, track: MediaStreamTrack) -> None:
        task = self._loop.create_task(self._hear(track))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hear(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):  # the call is over
            while True:
                frame = await track.recv()
                self.heard += bytes(frame.planes[0])  # type: ignore[union-attr]

    def _count_keys(self, receiver: Any) -> None:
        """aiortc drops telephone-event, which it does not know; see it pass by."""
        router = receiver.transport._rtp_router
        route = router.route_rtp

        def watch(packet: Any) -> Any:
            self.key_packets += packet.payload_type == TELEPHONE_EVENT
            return route(packet)

        router.route_rtp = watch


def without_mdns(sdp: str) -> str:
    """An offer without ``.local`` candidates, each of which would cost a second."""
    lines = sdp.splitlines(keepends=True)
    return "".join(line for line in lines if not (line.startswith("a=candidate") and ".local " in line))


def with_keys(sdp: str) -> str:
    """An answer that takes telephone-event at 48 kHz too."""
    lines = []
    for line in sdp.splitlines():
        lines.append(f"{line} {TELEPHONE_EVENT}" if line.startswith("m=audio") else line)
        if line.startswith("a=rtpmap:") and "opus" in line:
            lines += [
                f"a=rtpmap:{TELEPHONE_EVENT} telephone-event/48000",
                f"a=fmtp:{TELEPHONE_EVENT} 0-15",
            ]
    return "\r\n".join(lines) + "\r\n"


def sine(hertz: float, seconds: float) -> bytes:
    """A tone at a comfortable level, 16 kHz mono s16le."""
    step = 2 * math.pi * hertz / 16000
    return b"".join(struct.pack("<h", int(8000 * math.sin(step * i))) for i in range(int(16000 * seconds)))
