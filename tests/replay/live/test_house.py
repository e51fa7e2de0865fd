"""What a served scenario can reach."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from voxrun.errors import ConfigError, PeerError
from voxrun.replay.live import house


def test_a_test_reaches_the_local_voice_ai_and_no_provider() -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            transports = house.local_transports(stack, "http://127.0.0.1:9/api")
            assert transports.http is not None
            for url in ("https://api.ultravox.ai/api/calls", "http://127.0.0.1:10/x"):
                with pytest.raises(PeerError, match="--ai cloud"):
                    await transports.http.handle_async_request(httpx.Request("POST", url))
            with pytest.raises(PeerError, match=r"api\.openai\.com"):
                await transports.connect("wss://api.openai.com/v1/realtime", {})
            with pytest.raises(PeerError, match="nothing answers"):
                await transports.connect("ws://127.0.0.1:9/calls", {})

    asyncio.run(main())


def test_what_keeps_a_server_from_listening_is_told() -> None:
    async def fails() -> None:
        raise ConfigError("the port is taken")

    async def main() -> None:
        never = asyncio.get_running_loop().create_future()
        with pytest.raises(ConfigError, match="the port is taken"):
            await house._first(never, asyncio.create_task(fails()))

    asyncio.run(main())
