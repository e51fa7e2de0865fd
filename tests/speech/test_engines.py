"""Choosing an engine."""

from __future__ import annotations

import pytest

from voxrun.errors import ConfigError
from voxrun.speech import engines
from voxrun.speech.base import Voice
from voxrun.speech.engines import engine_version, pick_engine


def test_versions_name_the_packages() -> None:
    assert (engine_version("espeak") or "").startswith("espeakng-loader ")


def test_english_is_the_natural_voice_where_piper_is_installed() -> None:
    if engine_version("piper") is None:
        assert pick_engine(Voice()).engine == "espeak"
    else:
        assert pick_engine(Voice()) == Voice("piper", "en_US-joe-medium")


def test_other_languages_and_variants_are_espeak() -> None:
    assert pick_engine(Voice(name="de")) == Voice("espeak", "de")
    assert pick_engine(Voice(variant="f2")) == Voice("espeak", "en-us", "f2")


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(ConfigError, match="'festival'"):
        pick_engine(Voice("festival"))


def test_a_missing_engine_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.PACKAGES, "piper", (("piper-tts", "no_such_module"),))
    engine_version.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"voxrun\[speech\]"):
            pick_engine(Voice("piper"))
        assert pick_engine(Voice()).engine == "espeak"
    finally:
        monkeypatch.undo()
        engine_version.cache_clear()
