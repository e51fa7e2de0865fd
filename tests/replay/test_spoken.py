"""Speech remembers what it rendered."""

from __future__ import annotations

import asyncio

from voxrun.replay.resources import AtOnce
from voxrun.replay.spoken import KeptSpeech, RememberingSpeech
from voxrun.speech.base import Voice


class Letters:
    async def render(self, text: str, voice: Voice) -> bytes:
        return (text + voice.name).encode() if text else b""

    async def close(self) -> None:
        raise AssertionError("it belongs to somebody else")


def test_each_text_with_each_of_its_renderings_once() -> None:
    async def main() -> dict[str, list[bytes]]:
        speech = RememberingSpeech(Letters())
        for text, voice in (("a", "x"), ("a", "x"), ("a", "y"), ("b", "x"), ("", "x")):
            await speech.render(text, Voice(name=voice))
        await speech.close()
        return speech.spoken

    assert asyncio.run(main()) == {"a": [b"ax", b"ay"], "b": [b"bx"], "": []}


def test_what_was_spoken_once_is_kept() -> None:
    class Counting(Letters):
        asked = 0

        async def render(self, text: str, voice: Voice) -> bytes:
            self.asked += 1
            return await super().render(text, voice)

        async def close(self) -> None:
            self.asked = -1

    async def main() -> None:
        inner = Counting()
        speech = KeptSpeech(inner, AtOnce())
        for _ in range(3):
            assert await speech.render("a", Voice(name="x")) == b"ax"
        assert await speech.render("a", Voice(name="y")) == b"ay"
        assert inner.asked == 2
        await speech.close()
        assert inner.asked == -1

    asyncio.run(main())
