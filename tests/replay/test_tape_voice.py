"""A recorded voice AI is known by its sound: caller_hears tells what of it reached the caller."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from tests.replay.calls import VOICE
from tests.replay.taping import SCENARIO, Tape, record

from voxrun.replay.cassette import Cassette, Incoming, TapedRequest, TapedSocket
from voxrun.replay.failure import report
from voxrun.replay.format import load_script
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_script
from voxrun.replay.tape_voice import spoken

AGENT = """
voice: {engine: espeak}
greeting: Hello, which city? I know all of them.
otherwise: >-
  Pardon? There is a long story about this, and it begins with a king who had three daughters and no sons.
"""
STEPS = """
steps:
  - expect: {caller_hears: "Hello, which city?"}
  - expect: {caller_hears: I know all of them.}
  - dtmf: "5"
  - expect: {caller_hears: Pardon}
  - expect: {caller_hears: who had three daughters}
  - dtmf: "6"
  - expect: {caller_hears: Pardon}
  - hangup
"""
WIDE = "    medium: { serverWebSocket: { inputSampleRate: 16000, outputSampleRate: 24000 } },\n"
RATES = {16_000: SCENARIO, 24_000: SCENARIO.replace("    body: {\n", "    body: {\n  " + WIDE)}


def tape_of(resources: Resources, folder: Path, source: str) -> Path:
    async def story(tape: Tape) -> None:
        leg = await tape.call()
        await tape.until(lambda: len(tape.logs()) == 1)
        leg.remote.press("5")
        await tape.until(lambda: len(tape.logs()) == 3)
        leg.remote.press("6")
        await asyncio.sleep(2)
        leg.remote.hang_up()
        await tape.runtime.wait(tape.session_id)

    return record(folder, story, AGENT, source, speech=resources.speech)


def play(resources: Resources, folder: Path, tape: Path, source: str, steps: str = STEPS) -> Outcome:
    (folder / "it.js").write_text(source, "utf-8")
    path = folder / "it.call.yaml"
    path.write_text(f"{VOICE}call: {{from: alice}}\ncassette: {tape}\n{steps}", "utf-8")
    return play_script(load_script(path), resources)


@pytest.mark.parametrize("rate", RATES)
def test_the_caller_hears_the_recorded_voice(resources: Resources, tmp_path: Path, rate: int) -> None:
    source = RATES[rate]
    tape = tape_of(resources, tmp_path / "tapes", source)
    outcome = play(resources, tmp_path, tape, source)
    assert outcome.ok, report(outcome)
    heard = next(met.at for met in outcome.met if "three daughters" in str(met.wish.text))
    meant = outcome.timeline.stream("agent_says")
    assert abs(heard - meant.times[meant.words.index("who")]) < 500

    deaf = source.replace("VoxEngine.sendMediaBetween(call, agent)", "call.sendMediaTo(agent)")
    assert deaf != source
    failed = report(play(resources, tmp_path, tape, deaf))
    assert 'caller_hears: "Hello, which city?"' in failed
    assert "it.call.yaml:6:13: expected within 10 s" in failed


RATE = 16  # samples a millisecond


def tone(ms: int, pitch: int = 200) -> bytes:
    wave = 5000 * np.sin(2 * np.pi * pitch * np.arange(ms * RATE) / 16_000)
    return wave.astype("<i2").tobytes()


def said(text: str, ordinal: int = 0, **more: object) -> str:
    whole = {"type": "transcript", "role": "agent", "medium": "voice", "final": False, "ordinal": ordinal}
    return json.dumps({**whole, "text": text, **more})


def tape(*incoming: tuple[int, str | bytes], rate: object = None) -> Cassette:
    """A cassette of a provider that sent these at those times."""
    socket = TapedSocket(1, 0, "x", "x", opened=0, incoming=[Incoming(0, at, what) for at, what in incoming])
    made = Cassette(Path("x"), {}, {}, sockets={1: socket})
    if rate is not None:
        medium = {"serverWebSocket": {"outputSampleRate": rate}}
        made.requests[1] = TapedRequest(1, 0, "provider", {"body": {"json": {"medium": medium}}})
    return made


def lengths(cassette: Cassette) -> list[tuple[str, int]]:
    return [(text, round(len(pcm) / 2 / RATE, -1)) for text, pcm in spoken(cassette)]


def test_stretches_between_pauses_have_their_own_words() -> None:
    silence = bytes(2 * RATE * 500)
    sound = tone(400) + silence + tone(600)
    made = tape(
        (100, sound),
        (250, said("One.")),
        (1200, said("", delta=" Two.")),
        (1300, said("One. Two.", final=True)),
    )
    assert lengths(made) == [("One.", 400), ("Two.", 600)]


def test_text_that_came_as_a_whole_belongs_to_the_whole_sound() -> None:
    silence = bytes(2 * RATE * 500)
    made = tape((100, tone(400) + silence + tone(600)), (300, said("One. Two.", final=True)))
    assert lengths(made) == [("One. Two.", 1500)]


def test_two_utterances_part_at_the_longest_pause() -> None:
    first = tone(200) + bytes(2 * RATE * 100) + tone(300)
    made = tape(
        (0, first), (150, said("One")), (500, said("One", final=True)),
        (900, tone(100) + bytes(2 * RATE * 50) + tone(250)), (1050, said("Two", 1)),
        (1290, said("Two", 1, final=True)),
    )  # fmt: skip
    assert lengths(made) == [("One", 600), ("Two", 400)]


def test_what_was_thrown_away_was_not_said() -> None:
    clear = json.dumps({"type": "playback_clear_buffer"})
    made = tape(
        (0, tone(2000)),
        (150, said("One")),
        (600, clear),
        (600, said("One", final=True)),
        (900, tone(300)),
        (1050, said("Two", 1)),
    )
    assert lengths(made) == [("One", 600), ("Two", 300)]


@pytest.mark.parametrize("rate", ["24000", True, 7, [], 10**9])
def test_a_damaged_cassette_is_read_as_far_as_it_makes_sense(rate: object) -> None:
    made = tape((0, tone(100)), (1, "{"), (2, "[" * 9999), (3, said("", 2)), (150, said("A", 1)), rate=rate)
    assert lengths(made) == [("A", 100)]
    assert [*spoken(tape((5, said("words without sound"))))] == []
