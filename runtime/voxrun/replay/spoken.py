"""Speech that remembers what it rendered: the texts by which audio that was heard is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from voxrun.speech.base import Speech, Voice


class KeptSpeech:
    """``Speech`` whose renderings stay in memory, for all calls of a process.

    What is kept comes as if it came from a thread, like everything else: a warm memory must not change the
    order of things in virtual time.
    """

    def __init__(self, speech: Speech, at_once: Executor) -> None:
        self._speech = speech
        self._at_once = at_once
        self._kept: dict[tuple[str, Voice], bytes] = {}

    async def render(self, text: str, voice: Voice) -> bytes:
        kept = self._kept.get((text, voice))
        if kept is None:
            kept = self._kept[text, voice] = await self._speech.render(text, voice)
            return kept
        known = kept
        return await asyncio.get_running_loop().run_in_executor(self._at_once, lambda: known)

    async def close(self) -> None:
        await self._speech.close()


class RememberingSpeech:
    """``Speech`` that keeps each text with its audio, for one call."""

    def __init__(self, speech: Speech, told: Callable[[str, bytes], None] | None = None) -> None:
        self._speech = speech
        self._told = told
        self.spoken: dict[str, list[bytes]] = {}
        """By text: the renderings (one for each voice), the texts in the order of their first use."""

    async def render(self, text: str, voice: Voice) -> bytes:
        pcm = await self._speech.render(text, voice)
        self.know(text, pcm)
        if self._told is not None:
            self._told(text, pcm)
        return pcm

    def know(self, text: str, pcm: bytes) -> None:
        """Audio of a text, however it was made."""
        known = self.spoken.setdefault(text, [])
        if pcm and pcm not in known:
            known.append(pcm)

    async def close(self) -> None:
        """The speech beneath is its owner's to close."""
