"""The baseline of live calls: a bridge between WebRTC and a WebSocket as anybody would write it on aiortc.

``python _stock.py WEBSOCKET_URL`` prints its address; POST /whip/100 with an offer gives the answer, as
voxrun does. Audio goes through aiortc's own tracks: received frames are resampled to 16 kHz for the
WebSocket, what comes from it is played in frames of 20 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import sys
from typing import Any

import av
import uvicorn
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from websockets.asyncio.client import connect

from voxrun.legs.webrtc.aiortc_private import close_peer, offer_loopback

FRAME = 640


class FromSocket(MediaStreamTrack):
    """Plays what the WebSocket brought."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.queue = bytearray()
        self._sent = 0
        self._zero: float | None = None

    async def recv(self) -> Any:
        loop = asyncio.get_running_loop()
        self._zero = loop.time() if self._zero is None else self._zero
        await asyncio.sleep(max(0.0, self._zero + self._sent * 0.02 - loop.time()))
        pcm = bytes(self.queue[:FRAME]).ljust(FRAME, b"\0")
        del self.queue[:FRAME]
        frame = av.AudioFrame(format="s16", layout="mono", samples=320)
        frame.planes[0].update(pcm)
        frame.sample_rate = 16_000
        frame.pts = self._sent * 320
        frame.time_base = fractions.Fraction(1, 16_000)
        self._sent += 1
        return frame


class Bridge:
    def __init__(self, url: str) -> None:
        self._url = url
        self._calls: dict[str, tuple[RTCPeerConnection, list[asyncio.Task[None]]]] = {}

    async def call(self, request: Request) -> Response:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        mouth = FromSocket()
        transceiver = peer.addTransceiver(mouth, direction="sendrecv")
        offer_loopback(transceiver)
        socket = await connect(self._url, compression=None)
        tasks = [asyncio.create_task(self._down(socket, mouth))]
        peer.on("track", lambda track: tasks.append(asyncio.create_task(self._up(track, socket))))
        await peer.setRemoteDescription(RTCSessionDescription((await request.body()).decode(), "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        name = str(len(self._calls))
        self._calls[name] = (peer, tasks)
        headers = {"Location": f"/calls/{name}", "X-Voxrun-Session": name}
        return Response(peer.localDescription.sdp, 201, headers)

    async def end(self, request: Request) -> Response:
        peer, tasks = self._calls[request.path_params["name"]]
        for task in tasks:
            task.cancel()
        await close_peer(peer)
        return Response(status_code=200)

    async def _up(self, track: Any, socket: Any) -> None:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000, frame_size=320)
        with contextlib.suppress(Exception):
            while True:
                for out in resampler.resample(await track.recv()):
                    await socket.send(bytes(out.planes[0])[:FRAME])

    async def _down(self, socket: Any, mouth: FromSocket) -> None:
        try:
            with contextlib.suppress(Exception):
                async for message in socket:
                    if isinstance(message, bytes):
                        mouth.queue += message
        finally:
            await socket.close()


async def main(url: str) -> None:
    bridge = Bridge(url)
    routes = [
        Route("/whip/100", bridge.call, methods=["POST"]),
        Route("/calls/{name}", bridge.end, methods=["DELETE"]),
        Route("/healthz", lambda request: Response("ok")),
    ]
    config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    print(f"Open  http://127.0.0.1:{port}  ", flush=True)
    await serving


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
