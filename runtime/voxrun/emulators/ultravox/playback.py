"""One utterance as it is heard: which words were spoken by when, and the transcript messages. Pure.

Transcripts keep step with the playback (measured on a real call: the first audio about 150 ms before the
first transcript, then word by word). The first part carries ``text``, later parts ``delta``, the last one
the whole ``text`` with ``final``.
"""

from __future__ import annotations

import re
from typing import Final

LEAD: Final = 0.15
"""Seconds from the first audio to the first transcript."""
_PART: Final = re.compile(r"\s*[^\W_]+(?:['’.,][^\W_]+)*|\s*[^\w\s]|\s*_+")


def split_text(text: str) -> tuple[str, ...]:
    """Words, each with the space before it, and punctuation by itself. They add up to ``text``."""
    parts = _PART.findall(text)
    rest = text[sum(map(len, parts)) :]
    return (*parts, rest) if rest else tuple(parts)


class Playback:
    """Progress of one utterance of ``seconds`` that began at ``start`` (loop time)."""

    def __init__(self, text: str, seconds: float, start: float) -> None:
        self.text = text
        self.start = start
        self.ends_at = start + seconds
        self.parts: Final = split_text(text)
        self._sent = 0
        spoken = max(0.0, seconds - LEAD)
        total = max(1, len(text))
        self._times: list[float] = []
        before = 0
        for part in self.parts:
            self._times.append(start + LEAD + spoken * before / total)
            before += len(part)

    @property
    def deadline(self) -> float:
        """When something is due next."""
        return self._times[self._sent] if self._sent < len(self.parts) else self.ends_at

    def done(self, now: float) -> bool:
        """Whether it was heard to its end."""
        return now >= self.ends_at

    def due(self, now: float) -> list[str]:
        """Parts whose time has come and that were not given before."""
        until = self.ends_at <= now
        first = self._sent
        while self._sent < len(self.parts) and (until or self._times[self._sent] <= now):
            self._sent += 1
        return list(self.parts[first : self._sent])

    @property
    def begun(self) -> bool:
        """Whether any part was given."""
        return self._sent > 0

    @property
    def heard(self) -> str:
        """The text given so far."""
        return "".join(self.parts[: self._sent])
