"""bench/quality.py carries speech through bridges, both ways."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from tests.e2e.sounds import correlation
from tests.media.signals import pcm, voice

from voxrun.errors import ConfigError

pytestmark = pytest.mark.live


def test_speech_arrives_on_both_sides_of_a_bridge(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PESQ, which has to be compiled: how alike what was said and what arrived are."""

    def score(said: bytes, arrived: bytes) -> float:
        assert len(said) == len(arrived)
        return correlation(arrived, said)

    monkeypatch.delitem(bench.BRIDGES, "voxrun on aiortc's tracks")
    speech = pcm(voice(1000)), pcm(voice(1200)[::-1])
    figures = {figure.key: figure for figure in bench.measure(rounds=1, score=score, speech=speech)}
    assert list(figures) == ["pesq_up", "pesq_down", "pesq_up_loss", "pesq_down_loss"]
    assert figures["pesq_up"].value > 0.9
    assert figures["pesq_down"].value > 0.9
    assert 0 < figures["pesq_down_loss"].value < figures["pesq_down"].value
    assert "stock aiortc 0.9" in figures["pesq_down"].against


def test_what_arrives_is_compared_from_the_same_word_on(bench: ModuleType) -> None:
    said = pcm(voice(2000))
    heard = bytes(31_000) + said + bytes(9_000)
    reference, cut = bench._aligned(said, heard)
    assert reference == cut
    assert said in cut
    with pytest.raises(RuntimeError, match="nothing of the speech"):
        bench._aligned(said, bytes(1000))
    assert np.frombuffer(cut, "<i2").any()


def test_a_machine_without_pesq_is_told_how_to_get_it(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pesq", None)
    with pytest.raises(ConfigError, match=r"pip install 'pesq>=0\.0\.4'"):
        bench.measure()
