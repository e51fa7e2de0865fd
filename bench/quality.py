"""How speech sounds behind the bridge, by wideband PESQ: voxrun, and stock aiortc in the same run.

Speech of the local engine goes from a WebRTC caller to the voice AI's WebSocket, and other speech from there
to the caller, at the same time; with all packets, and with 2 % of them lost in each direction. The baselines
are aiortc's own tracks in voxrun (what it falls back to) and in a bridge as anybody would write it.
The caller sends with in-band FEC where the bridge asks for it, as browsers do. PESQ is ITU-T P.862.2: 1 is
bad, 4.64 is unharmed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from statistics import fmean

import numpy as np
from _processes import INBOUND, voxrun
from _provider import Provider, provider
from _speech_call import Lost, SpeechCall

from voxrun.cli.figures import Figure, share
from voxrun.errors import ConfigError
from voxrun.speech.client import SpeechProcess
from voxrun.speech.voices import resolve_voice

Score = Callable[[bytes, bytes], float]
"""Of what was said and what arrived."""

Scores = dict[tuple[str, float], list[tuple[float, float]]]
"""By bridge and loss: (towards the voice AI, towards the caller), one a round."""

ROUNDS = 3
LOSS = 0.02
PATTERNS = 8
"""Which words are hit decides much: what comes to the caller is judged with so many patterns of loss, and
their mean is taken; what the caller sends can be lost in one way only."""
TOLERANCE = 0.05
"""What lies between two runs of one bridge."""
RATE = 16_000
CALLER = (
    "Good evening. I would like to book a room for two nights, from Friday on. "
    "We arrive late with the last train. Is breakfast included, and may the dog come along?"
)
AGENT = (
    "Certainly. There is a quiet room on the second floor, with a view of the harbour. "
    "Breakfast is from seven to ten, and your dog is welcome for five euros a night."
)
FALLBACK = """
import voxrun.cli.wiring as wiring
async def no() -> str:
    return "a benchmark asks for aiortc's own tracks"
wiring.self_test = no
from voxrun.cli.main import main
main()
"""


def measure(
    rounds: int = ROUNDS, score: Score | None = None, speech: tuple[bytes, bytes] | None = None
) -> list[Figure]:
    """Raises ConfigError where PESQ is not installed."""
    score = score or _pesq()
    return asyncio.run(_measure(rounds, score, speech))


def _pesq() -> Score:
    try:
        from pesq import pesq
    except ImportError:
        raise ConfigError(
            "PESQ is not installed (it is compiled, so a C compiler is needed): "
            f"{sys.executable} -m pip install 'pesq>=0.0.4', then again."
        ) from None

    def score(said: bytes, arrived: bytes) -> float:
        return float(pesq(RATE, np.frombuffer(said, "<i2"), np.frombuffer(arrived, "<i2"), "wb"))

    return score


async def _measure(rounds: int, score: Score, speech: tuple[bytes, bytes] | None) -> list[Figure]:
    said = speech or await _spoken()
    found: Scores = {}
    async with provider() as agent:
        for number in range(rounds):
            for name, bridge in BRIDGES.items():
                async with bridge(agent) as url:
                    for loss in (0.0, LOSS):
                        pair = await _call(url, agent, said, Lost(loss, number), score)
                        found.setdefault((name, loss), []).append(pair)
                        print(
                            f"  {name}, {loss:.0%} lost: {pair[0]:.2f} up, {pair[1]:.2f} down",
                            file=sys.stderr,
                        )
    return [_figure(found, loss, way) for loss in (0.0, LOSS) for way in (0, 1)]


def _figure(found: Scores, loss: float, way: int) -> Figure:
    """The row of one direction (0: towards the voice AI)."""
    what = ("a caller's speech at the voice AI", "the voice AI's speech at the caller")[way]
    key = ("pesq_up", "pesq_down")[way]
    scores = {name: sorted(pair[way] for pair in found[name, loss]) for name in BRIDGES}
    ours = scores.pop("voxrun")
    baselines = {name: share(values, 0.5) for name, values in scores.items()}
    return Figure(
        f"{what} at {loss:.0%} loss" if loss else what,
        share(ours, 0.5),
        "MOS (PESQ)",
        spread=(ours[0], ours[-1]),
        against=", ".join(f"{name} {value:.2f}" for name, value in baselines.items()),
        least=round(max(baselines.values()) - TOLERANCE, 2),
        key=f"{key}_loss" if loss else key,
    )


async def _spoken() -> tuple[bytes, bytes]:
    """What caller and voice AI say."""
    voices = SpeechProcess(on_disk=False)
    try:
        return await voices.render(CALLER, resolve_voice("")), await voices.render(
            AGENT, resolve_voice("Brian")
        )
    finally:
        await voices.close()


async def _call(
    url: str, agent: Provider, said: tuple[bytes, bytes], lost: Lost, score: Score
) -> tuple[float, float]:
    """Scores of both directions."""
    async with SpeechCall(url) as call:
        await agent.called()
        agent.heard.clear()
        talking = asyncio.create_task(call.talk(said[0], lost))
        await asyncio.sleep(1.0)
        await agent.speak(said[1])
        await talking
        await asyncio.sleep(max(0.0, len(said[1]) - len(said[0])) / (2 * RATE) + 1.0)
        up = bytes(agent.heard)
        seeds = range(PATTERNS) if lost.share else (0,)
        down = [call.heard(Lost(lost.share, PATTERNS * lost.seed + n)) for n in seeds]
    await agent.left()
    return score(*_aligned(said[0], up)), fmean(score(*_aligned(said[1], each)) for each in down)


def _aligned(said: bytes, heard: bytes) -> tuple[bytes, bytes]:
    """Both with a little around them, beginning at the same word."""
    voice, ear = (np.frombuffer(pcm[: len(pcm) & ~1], "<i2").astype(np.float64) for pcm in (said, heard))
    if len(ear) < RATE:
        raise RuntimeError("nothing of the speech arrived")
    size = 1 << (len(ear) + len(voice)).bit_length()
    products = np.fft.irfft(np.fft.rfft(ear, size) * np.conj(np.fft.rfft(voice, size)), size)
    at = int(np.argmax(products[: len(ear)]))
    before, after = bytes(RATE // 4 * 2), bytes(RATE // 2 * 2)
    padded = before + heard + before + after
    return before + said + after, padded[2 * at : 2 * at + len(before) + len(said) + len(after)]


# -- bridges ------------------------------------------------------------------------------------------


@asynccontextmanager
async def _voxrun(agent: Provider) -> AsyncIterator[str]:
    async with voxrun(INBOUND, "--no-record", **_address(agent)) as run:
        yield run.url


@asynccontextmanager
async def _fallback(agent: Provider) -> AsyncIterator[str]:
    start = (sys.executable, "-c", FALLBACK)
    async with voxrun(INBOUND, "--no-record", start=start, **_address(agent)) as run:
        yield run.url


@asynccontextmanager
async def _stock(agent: Provider) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("_stock.py")), f"ws://127.0.0.1:{agent.port}/join"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().split()[1]
    finally:
        process.kill()
        await process.wait()


def _address(agent: Provider) -> dict[str, str]:
    return {"VOXRUN_AI_MODE": "local", "VOXRUN_AI_BASE_URL": agent.base_url}


BRIDGES: dict[str, Callable[[Provider], AbstractAsyncContextManager[str]]] = {
    "voxrun": _voxrun,
    "voxrun on aiortc's tracks": _fallback,
    "stock aiortc": _stock,
}
