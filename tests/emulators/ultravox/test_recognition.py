"""It really listens: the same phrase through what a telephone does to it, heard by its own ears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from tests.emulators.ultravox.caller import PLAIN, Caller, World

from voxrun.connectors.memory import memory_transports
from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.app import create_app
from voxrun.emulators.ultravox.emulator import Settings
from voxrun.media import g711
from voxrun.media.resample import convert
from voxrun.session.virtual import run_virtual
from voxrun.speech.client import SpeechProcess
from voxrun.speech.phrases import PhraseMatcher

PHRASE = "what is the weather in london"
AGENT = """
greeting: Hello.
voice: {engine: espeak}
rules:
  - hears: [what is the weather in london, what is the weather in paris]
    says: Rain.
  - hears: [transfer me to a person, goodbye and thank you]
    says: Yes.
otherwise: Pardon?
"""


def same(pcm: bytes) -> bytes:
    return pcm


def quieter(pcm: bytes) -> bytes:
    """At -12 dB."""
    return (np.frombuffer(pcm, "<i2") * 10 ** (-12 / 20)).round().astype("<i2").tobytes()


def by_telephone(pcm: bytes) -> bytes:
    """Through 8 kHz mu-law."""
    return convert(g711.decode_ulaw(g711.encode_ulaw(convert(pcm, 16_000, 8_000))), 8_000, 16_000)


def noisy(pcm: bytes) -> bytes:
    """With white noise at 20 dB SNR, which goes on before and after."""
    speech = np.frombuffer(pcm, "<i2").astype(float)
    level = float(np.sqrt(np.mean(speech[np.abs(speech) > 200] ** 2))) / 10
    padded = np.concatenate((np.zeros(24_000), speech, np.zeros(24_000)))
    noise = np.random.default_rng(7).normal(0, level, padded.size)
    return np.clip(padded + noise, -32768, 32767).round().astype("<i2").tobytes()


def cut(pcm: bytes) -> bytes:
    """Ends after 40 % of it."""
    return pcm[: len(pcm) // 2 * 2 // 5 * 2]


def silence(pcm: bytes) -> bytes:
    """Not bridged."""
    return bytes(len(pcm))


def heard(through: Callable[[bytes], bytes]) -> tuple[list[str], list[str]]:
    """Final transcripts of user and agent after ``PHRASE`` was spoken ``through`` something."""

    async def story(_: object) -> Any:
        speech = SpeechProcess(on_disk=False)
        app = create_app(Settings(), speech, PhraseMatcher(speech, (PLAIN,)), agent=parse_agent(AGENT))
        transports = memory_transports(app)
        async with httpx.AsyncClient(transport=transports.http, base_url="http://emulator.test") as client:
            here = World(app.state.emulator, transports, client)
            caller: Caller = await here.call()
            await caller.until(lambda: caller.finals("agent") and caller.states()[-1] == "listening")
            pcm = through(await speech.render(PHRASE, PLAIN))
            caller.say(pcm)
            await asyncio.sleep(len(pcm) / 32_000 + 4)
            await caller.hang_up()
        await speech.close()
        return caller.finals("user"), caller.finals("agent")[1:]

    found: tuple[list[str], list[str]] = run_virtual(story)
    return found


@pytest.mark.parametrize("through", [same, quieter, by_telephone, noisy])
def test_a_phrase_is_recognised_through(through: Callable[[bytes], bytes]) -> None:
    assert heard(through) == ([PHRASE], ["Rain."])


def test_a_phrase_cut_after_40_percent_is_not_recognised() -> None:
    assert heard(cut) == ([], ["Pardon?"])


def test_audio_that_was_not_bridged_is_nothing_at_all() -> None:
    assert heard(silence) == ([], [])
