"""What is recognised in calls by people, and what is said where nothing can be."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from sounds import in_a_call

from voxrun.speech import engines
from voxrun.speech.base import Heard, Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.engines import PIPER, SPHINX, engine_version
from voxrun.speech.local import LocalTranscriber

HINTS = ("speak to an agent", "track my order", "opening hours")
needs_extra = pytest.mark.skipif(
    engine_version(SPHINX) is None or engine_version(PIPER) is None,
    reason="the speech extra is not installed",
)


def hear(speech: SpeechProcess, text: str, voice: Voice, hints: tuple[str, ...] = HINTS) -> Heard | None:
    ears = LocalTranscriber(speech)

    async def scene() -> Heard | None:
        return await ears.transcribe(in_a_call(await speech.render(text, voice)), hints, "en")

    return asyncio.run(scene())


@needs_extra
def test_a_local_voice_is_understood_by_comparison(studio: SpeechProcess) -> None:
    heard = hear(studio, "track my order", Voice())
    assert heard is not None
    assert heard.text == "track my order"
    assert heard.confidence > 80


@needs_extra
def test_a_voice_that_was_never_compared_is_understood_by_pocketsphinx(studio: SpeechProcess) -> None:
    heard = hear(studio, "speak to an agent", Voice("piper", "en_US-joe-medium", rate=80, pitch=115))
    assert heard is not None
    assert heard.text == "speak to an agent"
    assert 50 <= heard.confidence <= 100


@needs_extra
def test_what_nobody_hinted_at_is_not_understood(studio: SpeechProcess) -> None:
    assert hear(studio, "the weather is lovely in the mountains", Voice()) is None


def test_the_beginning_of_a_hint_is_known_while_a_local_voice_speaks(studio: SpeechProcess) -> None:
    ears = LocalTranscriber(studio)

    async def scene() -> str:
        await ears.prepare(HINTS, "en")
        pcm = await studio.render("speak to an agent", Voice())
        return await ears.so_far(bytes(6400) + pcm[: len(pcm) * 3 // 4], HINTS, "en")

    assert asyncio.run(scene()) in ("speak to", "speak to an")


@needs_extra
@pytest.mark.parametrize(
    ("hints", "language", "words"),
    [
        ((), "", "phraseHints"),
        ((), "en", "voxrun[dictation]"),
        (HINTS, "ru", "'ru'"),
        (HINTS, "", ""),
        (HINTS, "en", ""),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(
    hints: tuple[str, ...], language: str, words: str, speech: SpeechProcess
) -> None:
    problem = LocalTranscriber(speech).missing(hints, language)
    assert words in problem
    assert bool(problem) == bool(words)


def test_without_pocketsphinx_it_is_named(speech: SpeechProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.PACKAGES, SPHINX, (("no-such-package", "no_such_package"),))
    engine_version.cache_clear()
    try:
        assert "voxrun[speech]" in LocalTranscriber(speech).missing(HINTS, "en")
    finally:
        monkeypatch.undo()
        engine_version.cache_clear()


def test_a_model_s_own_problem_is_what_is_missing(speech: SpeechProcess, tmp_path: Path) -> None:
    assert "model.bin" in LocalTranscriber(speech, tmp_path).missing((), "ru")


def test_a_model_understands_whatever_is_said(speech: SpeechProcess, tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper", reason="the dictation extra is not installed")
    from tiny_whisper import SAYS, make

    ears = LocalTranscriber(speech, make(tmp_path))

    async def scene() -> tuple[Heard | None, str]:
        await ears.prepare((), "en")
        pcm = await speech.render("anything at all", Voice("espeak"))
        heard = await ears.transcribe(pcm, (), "en"), await ears.so_far(pcm, (), "en")
        await ears.close()
        return heard

    assert ears.missing((), "en") == ""
    heard, so_far = asyncio.run(scene())
    assert heard is not None
    assert (heard.text, so_far) == (SAYS, SAYS)


def test_nothing_of_it_is_read_before_it_is_needed() -> None:
    code = (
        "import sys; from voxrun.cli import wiring;"
        "print([name for name in sys.modules if name in ('voxrun.speech.phrases', 'voxrun.speech.unfinished',"
        " 'faster_whisper', 'pocketsphinx')])"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
