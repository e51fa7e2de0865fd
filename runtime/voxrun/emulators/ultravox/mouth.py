"""The agent's audio on its way out: 20 ms messages, at most ``clientBufferSizeMs`` ahead. Pure."""

from __future__ import annotations

from typing import Final

MESSAGE_MS: Final = 20
REFILLS: Final = 2
"""A client's buffer is filled up again when half of it was played: waking for each message would cost more
than the message."""


class Mouth:
    """Sends one utterance. ``pcm`` is s16le mono at ``rate``; ``start`` the loop time of its first sample."""

    def __init__(self, pcm: bytes, rate: int, start: float, buffer_ms: int, *, odd: bool = False) -> None:
        self._step = rate * MESSAGE_MS // 1000 * 2
        self._rate = rate
        self._pcm = pcm
        self._start = start
        self._ahead = max(0, buffer_ms - MESSAGE_MS) / 1000  # the message itself fills the rest
        self._wait = max(0, buffer_ms // REFILLS // MESSAGE_MS - 1) * MESSAGE_MS / 1000
        self._sent = 0
        self._odd = odd

    @property
    def sent_seconds(self) -> float:
        """Audio handed out so far."""
        return self._sent / 2 / self._rate

    @property
    def deadline(self) -> float | None:
        """When the buffer is to be filled up next; None when all went out."""
        if self._sent >= len(self._pcm):
            return None
        return self._start + self.sent_seconds - self._ahead + self._wait

    def next(self, now: float) -> bytes | None:
        """The next message that there is room for, or None."""
        if self._sent >= len(self._pcm) or self._start + self.sent_seconds - self._ahead > now:
            return None
        size = self._step
        if self._odd:  # every message cuts a sample in two, or brings the other half of one
            size += 1 if self._sent % 2 == 0 else -1
        message = self._pcm[self._sent : self._sent + size]
        self._sent += len(message)
        return message

    def all(self, now: float) -> bytes:
        """All messages that there is room for, as one piece of audio; b"" for none."""
        first = self._sent
        if self._odd:
            while self.next(now) is not None:
                pass
        else:
            self._sent = min(len(self._pcm), first + self._room(now) * self._step)
        return self._pcm[first : self._sent]

    def _room(self, now: float) -> int:
        """How many whole messages ``next`` would give."""
        count = max(0, int((now - self._start - self.sent_seconds + self._ahead) * 1000 / MESSAGE_MS))
        # Rounding decides whether one of exactly now is among them: as it does for a single one.
        while count and not self._has_room(count - 1, now):
            count -= 1
        while self._sent + count * self._step < len(self._pcm) and self._has_room(count, now):
            count += 1
        return count

    def _has_room(self, index: int, now: float) -> bool:
        """Whether there is room for the message of that index, 0 being the next."""
        at = (self._sent + index * self._step) / 2 / self._rate
        return self._start + at - self._ahead <= now
