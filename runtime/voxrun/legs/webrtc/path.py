"""Which way the audio of WebRTC calls goes: our own RTP path, or aiortc's where the self-test fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

WARNING = (
    "The fast audio path does not work with the installed aiortc ({problem}). Calls go through aiortc's own "
    "tracks: audio is 100 ms later, several times dearer, and keys of browsers are not heard. "
    "bin/voxrun sets the right versions up again when .venv is removed; bin/voxrun doctor tells more."
)


class AudioPath:
    """The choice for a process. Without a check, our own."""

    def __init__(self) -> None:
        self._check: asyncio.Task[str] | None = None

    def check(self, test: Callable[[], Awaitable[str]], warn: Callable[[str], None]) -> asyncio.Task[str]:
        """Try it out in the background; ``warn`` is told when it does not work. Calls wait for the result."""

        async def run() -> str:
            try:
                problem = await test()
            except Exception as error:  # whatever it is: calls are to be taken
                problem = f"{type(error).__name__}: {error}"
            if problem:
                warn(WARNING.format(problem=problem))
            return problem

        self._check = asyncio.get_running_loop().create_task(run())
        return self._check

    async def fast(self) -> bool:
        """Whether calls may take our own path."""
        return self._check is None or not await asyncio.shield(self._check)
