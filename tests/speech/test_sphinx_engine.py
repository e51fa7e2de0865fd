"""The grammar recogniser by itself (needs the speech extra)."""

from __future__ import annotations

import pytest

pytest.importorskip("pocketsphinx", reason="the speech extra is not installed")

from voxrun.speech.sphinx_engine import SphinxEngine, grammar


@pytest.fixture(scope="module")
def engine() -> SphinxEngine:
    return SphinxEngine(ipa=lambda word: {"voxrun": "vˈɑːksɹʌn"}.get(word, ""))


def test_a_grammar_lists_the_sentences() -> None:
    text = grammar([["yes"], ["no", "thanks"]])
    assert text.startswith("#JSGF V1.0;")
    assert "yes | no thanks;" in text


def test_words_outside_the_dictionary_are_taught(engine: SphinxEngine) -> None:
    assert engine._words("Hello, Voxrun!") == ["hello", "w" + b"voxrun".hex()]
    assert engine._words("don't") == ["don't"]
    assert engine._words("") == []


def test_a_phrase_that_cannot_be_pronounced_is_left_out(engine: SphinxEngine) -> None:
    assert engine._words("yes ☃ 雪") == []
    assert engine.recognise(bytes(range(256)) * 200, ["雪", "☃"]) is None


def test_silence_is_nothing(engine: SphinxEngine) -> None:
    assert engine.recognise(b"", ["yes"]) is None
    assert engine.recognise(bytes(32_000), ["yes"]) is None
