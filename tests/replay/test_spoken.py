"""Speech remembers what it rendered."""

from __future__ import annotations

import asyncio

from voxrun.replay.spoken import RememberingSpeech
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
