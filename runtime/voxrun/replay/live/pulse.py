"""Whether the machine kept up: audio has to be there every 20 ms, and a loop that is late loses some."""

from __future__ import annotations

import asyncio
from typing import Final

BEAT_S: Final = 0.05
LATE_MS: Final = 100
"""What jitter buffers and catching up bridge."""


class Pulse:
    """Beats on the running loop from construction to ``stop``, and measures how late each beat is."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stalls: list[int] = []
        """Milliseconds, of those that were too long."""
        self._due = 0.0
        self._timer: asyncio.TimerHandle
        self._arm()

    def stop(self) -> None:
        self._timer.cancel()

    def told(self) -> list[str]:
        """What a person should know of it; nothing where all went well."""
        if not self._stalls:
            return []
        return [
            f"the machine was busy: this process got no processor for more than {LATE_MS} ms "
            f"(times: {len(self._stalls)}, the longest: {max(self._stalls)} ms); audio is lost then, and "
            "words are not understood"
        ]

    def _arm(self) -> None:
        self._due = self._loop.time() + BEAT_S
        self._timer = self._loop.call_at(self._due, self._beat)

    def _beat(self) -> None:
        late = round((self._loop.time() - self._due) * 1000)
        if late > LATE_MS:
            self._stalls.append(late)
        self._arm()
