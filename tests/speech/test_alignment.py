"""Time warping: zero for equals, small for a changed speed, honest about one different word."""

from __future__ import annotations

import numpy as np
import pytest

from voxrun.speech import alignment
from voxrun.speech.alignment import FAR, distances, worst_stretch


def melody(frames: int, seed: int = 1) -> np.ndarray:
    """Slowly changing bands, as speech has."""
    walk = np.random.default_rng(seed).integers(-3, 4, size=(frames, 16)).cumsum(axis=0)
    return np.clip(walk, -60, 60).astype(np.int32)


def test_the_same_is_at_distance_zero() -> None:
    one, other = melody(80), melody(90, seed=2)
    assert distances(one, [one, other])[0] == 0
    assert distances(one, [one, other])[1] > 200


def test_a_batch_gives_what_each_alone_gives() -> None:
    one = melody(70)
    references = [melody(length, seed) for seed, length in enumerate((50, 70, 95, 120))]
    assert distances(one, references) == [distances(one, [reference])[0] for reference in references]


def test_long_sentences_are_compared_in_several_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    one = melody(70)
    references = [melody(length, seed) for seed, length in enumerate((50, 70, 95, 120, 66))]
    together = distances(one, references)
    monkeypatch.setattr(alignment, "BATCH_CELLS", 2 * 70 * 120)
    assert distances(one, references) == together


def test_another_speed_is_near() -> None:
    one = melody(100)
    faster = np.delete(one, slice(3, None, 5), axis=0)
    slower = np.repeat(one, np.where(np.arange(100) % 4 == 0, 2, 1), axis=0)
    stranger = melody(100, seed=3)
    near = max(distances(one, [faster, slower]))
    assert near < distances(one, [stranger])[0] / 10


def test_more_than_twice_the_speed_has_no_path() -> None:
    assert distances(melody(100), [melody(40)]) == [FAR]
    assert worst_stretch(melody(100), melody(40), 10) == FAR


def test_no_references_no_distances() -> None:
    assert distances(melody(10), []) == []


def test_the_cost_can_be_counted_by_hand() -> None:
    one = np.zeros((3, 16), np.int32)
    other = one.copy()
    other[1, 0] = 5  # the middle pair differs by 25, weight 2; the path weighs 6
    assert distances(one, [other]) == [2 * 25 // 6]
    assert worst_stretch(one, other, 1) == 25


@pytest.mark.parametrize("frames", [1, 10, 30])
def test_one_different_word_shows_in_its_stretch(frames: int) -> None:
    sentence = melody(400)
    changed = sentence.copy()
    changed[200:230] = melody(30, seed=9) + 25
    assert worst_stretch(sentence, sentence, frames) == 0
    whole = distances(changed, [sentence])[0]
    assert worst_stretch(changed, sentence, frames) > 5 * whole
