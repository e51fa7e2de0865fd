"""On real sockets: a plain WebSocket client, and what goes wrong at a start."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from tests.emulators.ultravox.caller import KEY, ToneRecogniser, ToneSpeech, buzz
from websockets.asyncio.client import ClientConnection

from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.serve import serve
from voxrun.errors import ConfigError
from voxrun.media.resample import convert

pytestmark = pytest.mark.live

AGENT = """
greeting: Hello there.
rules:
  - hears: [goodbye now]
    says: See you.
    hangs_up: true
"""


@contextlib.asynccontextmanager
async def served(agent: str = AGENT) -> AsyncIterator[str]:
    """The base URL of an emulator in this process."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    parts: dict[str, Any] = {
        "speech": ToneSpeech(),
        "recogniser": ToneRecogniser(),
        "agent": parse_agent(agent),
    }
    serving = asyncio.create_task(serve(0, None, ready=ready.set_result, **parts))
    try:
        yield await asyncio.wait_for(ready, 20)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def create(url: str, rate: int, **fields: Any) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        medium = {"serverWebSocket": {"inputSampleRate": rate, **fields}}
        response = await client.post(f"{url}/api/calls", json={"medium": medium}, headers=KEY)
    assert response.status_code == 201
    call: dict[str, Any] = response.json()
    return call


async def feed(connection: ClientConnection, pcm: bytes, rate: int) -> None:
    """Send audio, then silence, in step with the wall clock."""
    size = rate // 50 * 2
    loop = asyncio.get_running_loop()
    due = loop.time()
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            await connection.send(pcm[:size].ljust(size, b"\0"))
            pcm = pcm[size:]
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(40):
            await story()

    asyncio.run(main())


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
def test_a_plain_websocket_client_talks_with_it(rate: int) -> None:
    async def story() -> None:
        async with served() as url:
            call = await create(url, rate)
            assert call["joinUrl"].startswith(url.replace("http://", "ws://") + "/calls/")
            audio, messages = b"", []
            async with websockets.connect(call["joinUrl"] + "?apiVersion=1", compression=None) as connection:
                feeding: asyncio.Task[None] | None = None
                async for message in connection:
                    if isinstance(message, bytes):
                        audio += message
                        continue
                    messages.append(json.loads(message))
                    if messages[-1].get("state") == "listening" and feeding is None:
                        pcm = convert(bytes(6400) + buzz("goodbye now"), 16_000, rate)
                        feeding = asyncio.create_task(feed(connection, pcm, rate))
                assert connection.close_code == 1000
            assert feeding is not None
            await feeding
            finals = [m["text"].strip() for m in messages if m["type"] == "transcript" and m["final"]]
            assert finals == ["Hello there.", "goodbye now", "See you."]
            assert len(audio) == (len(buzz("Hello there.")) + len(buzz("See you."))) * rate // 16_000
            async with httpx.AsyncClient(headers=KEY) as client:
                shown = (await client.get(f"{url}/api/calls/{call['callId']}")).json()
            assert (shown["endReason"], shown["billedDuration"]) == ("agent_hangup", "6s")

    run(story)


def test_a_break_is_a_1006_to_the_client_and_others_go_on() -> None:
    async def story() -> None:
        async with served(AGENT + "faults: {drop: {after: 200ms}}\n") as url:
            for _ in range(2):
                call = await create(url, 16_000)
                async with websockets.connect(call["joinUrl"]) as connection:
                    with contextlib.suppress(websockets.ConnectionClosed):
                        async for _message in connection:
                            pass
                    assert connection.close_code == 1006

    run(story)


def test_joins_that_cannot_be_are_refused_with_a_status() -> None:
    async def story() -> None:
        async with served() as url:
            base = url.replace("http://", "ws://")
            with pytest.raises(websockets.InvalidStatus) as unknown:
                await websockets.connect(f"{base}/calls/nobody/server_web_socket")
            assert unknown.value.response.status_code == 404
            call = await create(url, 16_000)
            async with websockets.connect(call["joinUrl"]):
                with pytest.raises(websockets.InvalidStatus) as second:
                    await websockets.connect(call["joinUrl"])
                assert second.value.response.status_code == 409

    run(story)


def test_a_port_in_use_and_a_broken_agent_file_are_said_plainly(tmp_path: Path) -> None:
    async def story() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}.*--port"):
                await serve(port, None)
        file = tmp_path / "a.agent.yaml"
        file.write_text("greting: Hi", encoding="utf-8")
        with pytest.raises(ConfigError, match=r"a\.agent\.yaml:1:1"):
            await serve(0, file)

    run(story)
