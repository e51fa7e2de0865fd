"""The emulator as a process that a parent starts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.emulators.ultravox.caller import KEY

pytestmark = pytest.mark.live


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(40):
            await story()

    asyncio.run(main())


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "voxrun.emulators.ultravox.process",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def test_the_process_says_where_it_is_and_ends_with_its_parent() -> None:
    async def story() -> None:
        process = await start()
        assert process.stdout is not None
        assert process.stdin is not None
        line = (await process.stdout.readline()).decode()
        assert line.startswith("ready http://127.0.0.1:")
        async with httpx.AsyncClient(base_url=line.removeprefix("ready ").strip()) as client:
            assert (await client.get("/api/calls", headers=KEY)).json()["total"] == 0
        process.stdin.close()
        assert await process.wait() == 0

    run(story)


def test_the_process_ends_on_sigterm_and_names_a_mistake() -> None:
    async def story() -> None:
        process = await start()
        assert process.stdout is not None
        await process.stdout.readline()
        process.terminate()
        assert await process.wait() == 0
        wrong = await start("--agent", "/nowhere/x.agent.yaml")
        _, errors = await wrong.communicate()
        assert wrong.returncode == 2
        assert errors.decode().startswith("voxrun: /nowhere/x.agent.yaml: cannot be read")

    run(story)
