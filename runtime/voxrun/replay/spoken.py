"""Speech that remembers what it rendered: the texts by which audio that was heard is told."""

from __future__ import annotations

from collections.abc import Callable

from voxrun.speech.base import Speech, Voice


class RememberingSpeech:
    """``Speech`` that keeps each text with its audio, for one call."""

    def __init__(self, speech: Speech, told: Callable[[str, bytes], None] | None = None) -> None:
        self._speech = speech
        self._told = told
        self.spoken: dict[str, list[bytes]] = {}
        """By text: the renderings (one for each voice), the texts in the order of their first use."""

    async def render(self, text: str, voice: Voice) -> bytes:
        pcm = await self._speech.render(text, voice)
        known = self.spoken.setdefault(text, [])
        if pcm and pcm not in known:
            known.append(pcm)
        if self._told is not None:
            self._told(text, pcm)
        return pcm

    async def close(self) -> None:
        """The speech beneath is its owner's to close."""
