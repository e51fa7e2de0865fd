"""The Whisper engine with a model that has learned nothing (needs the dictation extra)."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("faster_whisper", reason="the dictation extra is not installed")

import numpy as np
from sounds import pcm_of
from tiny_whisper import SAYS, make

from voxrun.speech.whisper_engine import WhisperEngine, code_for

SOUND = pcm_of(np.random.default_rng(1).normal(0, 0.03, 32_000))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> WhisperEngine:
    return WhisperEngine(str(make(tmp_path_factory.mktemp("whisper"))))


def test_a_model_of_a_folder_gives_a_text_and_how_sure_it_is(engine: WhisperEngine) -> None:
    heard = engine.hear(SOUND, [], "en")
    assert heard is not None
    assert heard.text == SAYS
    assert 1 <= heard.confidence <= 100


def test_a_language_that_the_model_lacks_is_left_to_it(engine: WhisperEngine) -> None:
    heard = engine.hear(SOUND, [], "xx")
    assert heard is not None
    assert heard.text == SAYS


def test_hints_are_in_the_prompt(engine: WhisperEngine) -> None:
    heard = engine.hear(SOUND, ["no", "never"], "en")
    assert heard is None or heard.text != SAYS  # this model goes by the length of its prompt


def test_nothing_is_nothing(engine: WhisperEngine) -> None:
    assert engine.hear(b"", [], "en") is None


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"model\.bin"):
        WhisperEngine(str(tmp_path))


@pytest.mark.parametrize(
    ("language", "code"), [("en", "en"), ("cmn", "zh"), ("nb", "no"), ("xx", None), ("", None)]
)
def test_language_codes_are_those_of_whisper(language: str, code: str | None) -> None:
    assert code_for(language, ["en", "zh", "no"]) == code
