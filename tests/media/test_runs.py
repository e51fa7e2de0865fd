"""Ticks of a grid, and runs of frames on them."""

from __future__ import annotations

import pytest
from signals import pcm, voice

from voxrun.media.frames import FRAME_BYTES, SILENCE, split
from voxrun.media.graph import Sink, Source
from voxrun.media.levels import peak, rms_dbfs
from voxrun.media.runs import Leaper, Run, Ticks

SOUND = pcm(voice(60)) + bytes(FRAME_BYTES) + pcm(voice(40, seed=2))


def test_ticks_have_the_very_times_of_the_grid() -> None:
    ticks = Ticks(0.3, 7, 100)
    assert [ticks.time(index) for index in (0, 1, 99)] == [0.3 + 7 * 0.02, 0.3 + 8 * 0.02, 0.3 + 106 * 0.02]
    assert ticks.last == ticks.time(99)
    assert ticks.cut(3) == Ticks(0.3, 7, 3)
    assert ticks.cut(200) is ticks


def test_the_stamps_of_ticks_are_those_of_each_one_by_itself() -> None:
    assert Ticks(0.3, 7, 3).stamps(0.1) == range(340, 381, 20)
    rounded = Ticks(0.0005, 112, 6)
    assert rounded.stamps(0.0) == [round(rounded.time(index) * 1000) for index in range(6)]
    assert not isinstance(rounded.stamps(0.0), range)


def test_a_run_of_sound_has_frames_and_their_peaks_and_silence_is_the_shared_one() -> None:
    run = Run(Ticks(0.0, 0, 6), SOUND)
    frames = list(run.frames())
    assert frames == list(split(SOUND))
    assert frames[3] is SILENCE
    assert run.peaks == [peak(frame) for frame in frames]
    assert run.levels == [rms_dbfs(frame) for frame in frames]
    assert run.sound() is SOUND


def test_the_loudest_sample_of_all_is_no_overflow() -> None:
    assert Run(Ticks(0.0, 0, 1), (-32768).to_bytes(2, "little", signed=True) * 320).peaks == [32768]


@pytest.mark.parametrize("looked_at", [False, True])
def test_a_part_of_a_run_is_its_beginning(looked_at: bool) -> None:
    run = Run(Ticks(0.0, 4, 6), SOUND)
    if looked_at:
        assert len(run.peaks) == 6
    part = run.cut(2)
    assert (part.count, part.ticks.first, part.sound()) == (2, 4, SOUND[: 2 * FRAME_BYTES])
    assert part.peaks == run.peaks[:2]
    assert run.cut(6) is run


def test_a_silent_run_is_silence_of_any_length() -> None:
    run = Run(Ticks(0.0, 0, 3), None)
    assert all(frame is SILENCE for frame in run.frames())
    assert (len(list(run.frames())), run.peaks, run.sound()) == (3, [0, 0, 0], bytes(3 * FRAME_BYTES))
    assert run.cut(2).pcm is None


def test_a_source_has_as_much_room_as_the_narrowest_of_its_sinks() -> None:
    class Ear(Sink):
        def __init__(self, most: int) -> None:
            super().__init__()
            self.most = most
            self.runs: list[Run] = []

        def write(self, frame: bytes, source: Source) -> None:
            raise AssertionError("it takes runs")

        def room(self, run: Run, source: Source) -> int:
            return self.most

        def write_run(self, run: Run, source: Source) -> None:
            self.runs.append(run)

    source, run = Source(), Run(Ticks(0.0, 0, 5), None)
    assert source.room(run) == 5  # nobody listens
    ears = [Ear(9), Ear(3)]
    for ear in ears:
        source.connect(ear)
    assert source.room(run) == 3
    source.push_run(run.cut(3))
    assert [ear.runs[0].count for ear in ears] == [3, 3]


class OneByOne(Sink):
    """A sink that knows nothing of runs."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append(frame)


def test_a_sink_that_knows_nothing_of_runs_has_no_room_for_them_and_takes_their_frames() -> None:
    source, sink, run = Source(), OneByOne(), Run(Ticks(0.0, 0, 3), None)
    source.connect(sink)
    assert source.room(run) == 0
    source.push_run(run)
    assert sink.frames == list(run.frames())
    assert len(sink.frames) == 3


def test_a_leaper_has_to_say_how_far() -> None:
    with pytest.raises(TypeError, match=r"ahead.*leap"):
        Leaper()  # type: ignore[abstract]
