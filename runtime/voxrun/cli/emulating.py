"""``voxrun emulate``: a stand-in of a provider by itself, for voxrun or any other client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from voxrun.emulators.ultravox.serve import serve
from voxrun.errors import ConfigError


def run(host: str, port: int, agent: Path | None, say: Callable[[str], object]) -> int:
    """Serve the local Ultravox until Ctrl-C; the first line names its address."""
    if agent is not None and not agent.is_file():
        raise ConfigError(f"{agent}: no such agent file.")

    def ready(url: str) -> None:
        say(f"Local Ultravox: {url}")
        say(f"Agent: {agent or 'made from the system prompt of each call'}")
        say("Any API key is taken. Ctrl-C ends it.")

    try:
        asyncio.run(serve(port, agent, host, ready))
    except KeyboardInterrupt:
        say("Done.")
    return 0
