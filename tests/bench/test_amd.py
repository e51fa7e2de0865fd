"""bench/amd.py runs and gives figures; one voice on a quiet line keeps within its marks."""

from __future__ import annotations

from types import ModuleType


def test_one_voice_keeps_within_the_marks(bench: ModuleType) -> None:
    people, machines, talkers, hard, to_person, to_machine = bench.measure(bench.VOICES[1:2], (-65,))
    assert people.against == f"{len(bench.PEOPLE)} samples"
    assert machines.against == f"{len(bench.MACHINES)} samples"
    assert machines.value <= machines.most
    assert people.value <= 100 / len(bench.PEOPLE)  # one of them
    assert talkers.most is None
    assert hard.most is None
    assert 1 < to_person.value < 4
    assert 2 < to_machine.value < 5
