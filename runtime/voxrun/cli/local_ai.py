"""The local Ultravox: the emulator in a process of its own, started and ended with a run."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from voxrun.errors import ConfigError

READY = "ready "
"""What the emulator prints once it listens: "ready URL"."""
START_SECONDS = 30.0


def agent_file(asked: Path | None, scenarios: Sequence[Path]) -> Path | None:
    """The agent to use: the one asked for, else NAME.agent.yaml beside the last scenario, else none."""
    if asked is not None:
        return asked
    for scenario in reversed(scenarios):
        beside = scenario.with_name(scenario.name.removesuffix(".js") + ".agent.yaml")
        if beside.is_file():
            return beside
    return None


class LocalUltravox:
    """``start()`` gives the port; ``close()`` ends the process."""

    def __init__(self, agent: Path | None) -> None:
        self._agent = agent
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> int:
        """Start the emulator. Raises ConfigError with its own message (a mistake in the agent file)."""
        command = [sys.executable, "-m", "voxrun.emulators.ultravox.process", "--port", "0"]
        if self._agent is not None:
            command += ["--agent", str(self._agent)]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,  # closed when we end, however we end: the emulator then ends too
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours: calls end first
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                return await self._port(self._process)
        except TimeoutError:
            raise ConfigError(f"the local Ultravox did not start within {START_SECONDS:g} s") from None

    async def _port(self, process: asyncio.subprocess.Process) -> int:
        assert process.stdout is not None
        assert process.stderr is not None
        async for line in process.stdout:
            text = line.decode("utf-8", "replace").strip()
            if text.startswith(READY):
                return urlsplit(text.removeprefix(READY)).port or 0
        message = (await process.stderr.read()).decode("utf-8", "replace").strip()
        await process.wait()  # or close() would signal it, and take its exit code from asyncio
        raise ConfigError(message.removeprefix("voxrun: ") or "the local Ultravox ended at its start")

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                await process.wait()
                return
        process.kill()
        await process.wait()
