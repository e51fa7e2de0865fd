"""A recogniser for tests of what is around it: it knows the length of what it hears, and nothing else."""

from __future__ import annotations

import asyncio

from voxrun.errors import InternalError
from voxrun.speech.base import Heard

WORDS = ("zero", "one", "two", "three", "four", "five")


class Counter:
    """Calls its utterances "one", "two", "three"..., and an utterance that goes on by its tenths of seconds.

    ``unsure`` numbers are not understood, ``broken`` ones make it fail, ``slow`` is how long it takes (s).
    """

    def __init__(self, slow: float = 0.0, problem: str = "") -> None:
        self.slow = slow
        self.problem = problem
        self.unsure: set[int] = set()
        self.broken: set[int] = set()
        self.asked: list[tuple[tuple[str, ...], str]] = []
        self.lengths: list[int] = []
        self.prepared: list[tuple[str, ...]] = []

    def missing(self, hints: tuple[str, ...], language: str) -> str:
        return self.problem

    async def prepare(self, hints: tuple[str, ...], language: str) -> None:
        self.prepared.append(hints)

    async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        self.asked.append((hints, language))
        self.lengths.append(len(pcm) // 32)
        number = len(self.lengths)
        await asyncio.sleep(self.slow)
        if number in self.broken:
            raise InternalError("the engine broke")
        return None if number in self.unsure else Heard(self._word(number), 100 - number)

    @staticmethod
    def _word(number: int) -> str:
        return WORDS[number] if number < len(WORDS) else str(number)

    async def so_far(self, pcm: bytes, hints: tuple[str, ...], language: str) -> str:
        return f"about {len(pcm) // 3200}"
