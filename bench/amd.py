"""Answering machines: how often people are taken for machines, and machines for people.

Made-up samples: greetings of people and announcements of machines, spoken by local voices on a telephone
line (mu-law) with noise, after a pause, machines with a beep at the end. ``|`` is a pause of 700 ms within a
text. Those under HARD are of kinds that cadence cannot tell, and have figures of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np

from voxrun.cli.figures import Figure, figure
from voxrun.media.amd import AnsweringDetector, Verdict
from voxrun.media.frames import SAMPLE_RATE, split
from voxrun.media.g711 import decode_ulaw, encode_ulaw
from voxrun.media.levels import samples, to_pcm
from voxrun.media.resample import convert
from voxrun.speech.base import Voice
from voxrun.speech.client import SpeechProcess

PEOPLE = (
    "Hello?",
    "Yes?",
    "Yeah, hi.",
    "Hi, this is Tom.",
    "Hello, Anna speaking.",
    "Speaking.",
    "Yes, who is this?",
    "Who's calling, please?",
    "Smith residence, hello?",
    "Green Hotel, Maria speaking.",
    "Good afternoon, customer service.",
    "Good morning, Baker and Sons, how can I help you?",
    "Doctor Miller's office, this is Claire.",
    "Hey, what's up?",
    "Peter here, hello.",
    "Hello, can you hear me?",
)
MACHINES = (
    "Hello, you have reached the voicemail of Jane Doe. Please leave a message after the tone.",
    "Hi, this is Bob. I can't take your call right now. Leave your name and number and I will call you back.",
    "The person you are calling is not available. Please record your message after the beep.",
    "Your call has been forwarded to an automatic voice system. The number you dialled is not available.",
    "Thank you for calling Baker and Sons. Our office is closed. We are here Monday to Friday, nine to five.",
    "Welcome to the mailbox of zero three zero, one two three four five. Please speak after the signal.",
    "You have reached Tom and Anna. We are not at home. Please leave us a message.",
    "The number you have dialled is temporarily unavailable. Please try again later.",
    "I am not at home at the moment, but you can leave a message and I'll get back to you as soon as I can.",
    "This is the answering machine of Green Hotel. All lines are busy. Please leave a message.",
)
HARD_PEOPLE = (
    "Good morning and welcome to Baker and Sons in London, you are speaking to Maria, what can I do for you?",
    "Yes hello, just a moment please, I have to turn the radio down, there, now I can hear you.",
)
HARD_MACHINES = (
    "Hello.| You have reached Jane. Please leave a message.",
    "Tom here.| Leave a message.",
    "You've reached Tom.",
)
VOICES = (
    Voice(),
    Voice("espeak"),
    Voice("espeak", variant="f2"),
    Voice("espeak", variant="m3", rate=85),
    Voice("espeak", variant="f4", rate=120),
)
NOISES_DBFS = (-65, -50)
TIMEOUT_MS = 6500
"""The platform's default."""
PAUSE_MS = 700
SEED = 1


def measure(voices: Sequence[Voice] = VOICES, noises: Sequence[int] = NOISES_DBFS) -> list[Figure]:
    """Percent of samples that were taken for the other side, or for nobody until the timeout."""
    return asyncio.run(_measure(voices, noises))


async def _measure(voices: Sequence[Voice], noises: Sequence[int]) -> list[Figure]:
    speech = SpeechProcess()
    rng = np.random.default_rng(SEED)
    try:
        figures = []
        times: dict[str, list[float]] = {"human": [], "machine": []}
        for name, side, texts, most in (
            ("people taken for a machine or for nobody", "human", PEOPLE, 5),
            ("machines taken for a person or for nobody", "machine", MACHINES, 5),
            ("the same, people who talk on", "human", HARD_PEOPLE, None),
            ("the same, machines that pause like a person or say little", "machine", HARD_MACHINES, None),
        ):
            wrong, count = 0, 0
            for text in texts:
                async for pcm, lead_ms in _samples(speech, text, side, voices, noises, rng):
                    verdict = _judge(pcm)
                    count += 1
                    wrong += verdict is None or verdict.side != side
                    if verdict is not None and verdict.side == side:
                        times[side].append((verdict.at_ms - lead_ms) / 1000)
            figures.append(Figure(name, 100 * wrong / count, "%", most, against=f"{count} samples"))
        figures.append(figure("from the first word to 'a person'", times["human"], "s"))
        figures.append(figure("from the first word to 'a machine'", times["machine"], "s"))
        return figures
    finally:
        await speech.close()


async def _samples(
    speech: SpeechProcess,
    text: str,
    side: str,
    voices: Sequence[Voice],
    noises: Sequence[int],
    rng: np.random.Generator,
) -> AsyncIterator[tuple[bytes, int]]:
    """(16 kHz PCM from the answer on, ms before the first word) of one text."""
    for voice in voices:
        parts = [await speech.render(part, voice) for part in text.split("|")]
        said = bytes(PAUSE_MS * 32).join(parts)
        if side == "machine":
            said += bytes(400 * 32) + _beep()
        for noise in noises:
            lead_ms = int(rng.integers(10, 60)) * 20
            yield _line(bytes(lead_ms * 32) + said + bytes(4000 * 32), noise, rng), lead_ms


def _beep() -> bytes:
    at = np.arange(SAMPLE_RATE * 4 // 10) / SAMPLE_RATE
    return to_pcm(6000 * np.sin(2 * np.pi * 1000 * at))


def _line(pcm: bytes, noise_dbfs: int, rng: np.random.Generator) -> bytes:
    """What a telephone line makes of it."""
    noisy = to_pcm(samples(pcm) + rng.normal(0, 32768 * 10 ** (noise_dbfs / 20), len(pcm) // 2))
    narrow = decode_ulaw(encode_ulaw(convert(noisy, SAMPLE_RATE, 8000)))
    return convert(narrow, 8000, SAMPLE_RATE)


def _judge(pcm: bytes) -> Verdict | None:
    detector = AnsweringDetector()
    return next(filter(None, map(detector.feed, split(pcm[: TIMEOUT_MS * 32]))), None)
