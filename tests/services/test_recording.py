"""One recording: sources on a time line, its beginning and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from tests.media.signals import floats, pcm, sine

from voxrun.media.files import decode_audio, decode_stereo
from voxrun.media.frames import split
from voxrun.media.graph import Source
from voxrun.services.recording import RecorderSink, Recording
from voxrun.services.recording_file import Form, RecordingFile, disk_thread
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual

HIGH, LOW = pcm(sine(1000, 1000, dbfs=-20)), pcm(sine(300, 1000, dbfs=-20))


def recorded(
    path: Path, story: Callable[[Recording, RecorderSink], Awaitable[None]], stereo: bool = False
) -> tuple[bytes, bytes]:
    """Left and right channel of a WAV file that a story made."""

    async def main(clock: LoopClock) -> None:
        disk = disk_thread()
        file = RecordingFile(disk, Form(path, stereo, "wav", 16_000), lambda: None, pytest.fail)
        recording = Recording(file)
        sink = RecorderSink(recording)
        await story(recording, sink)
        recording.finish(lambda: None)
        recording.finish(lambda: pytest.fail("it was finished before"))
        await file.closed()
        disk.shutdown()

    run_virtual(main)
    if stereo:
        return decode_stereo(path)
    return decode_audio(path), b""


async def play(source: Source, audio: bytes) -> None:
    for frame in split(audio):
        source.push(frame)
        await asyncio.sleep(0.02)


def test_time_begins_with_the_first_source_and_ends_with_the_last(tmp_path: Path) -> None:
    async def story(recording: Recording, sink: RecorderSink) -> None:
        await asyncio.sleep(5)
        first, second = Source(), Source()
        first.connect(sink)
        await play(first, HIGH)
        first.disconnect(sink)
        await asyncio.sleep(1)
        second.connect(sink)
        await play(second, LOW)
        second.disconnect(sink)
        await asyncio.sleep(60)

    audio, _ = recorded(tmp_path / "a.wav", story)
    assert audio == HIGH + bytes(32_000) + LOW


def test_sources_at_the_same_time_are_mixed(tmp_path: Path) -> None:
    async def story(recording: Recording, sink: RecorderSink) -> None:
        first, second = Source(), Source()
        first.connect(sink)
        second.connect(sink)
        await asyncio.gather(play(first, HIGH), play(second, LOW))

    audio, _ = recorded(tmp_path / "a.wav", story)
    assert np.array_equal(floats(audio), floats(HIGH) + floats(LOW))


def test_in_stereo_the_first_source_is_left_and_the_others_are_right(tmp_path: Path) -> None:
    async def story(recording: Recording, sink: RecorderSink) -> None:
        first, second, third = Source(), Source(), Source()
        for source in (first, second):
            source.connect(sink)
        await asyncio.gather(play(first, HIGH), play(second, LOW))
        first.disconnect(sink)
        third.connect(sink)
        await play(third, HIGH)
        first.connect(sink)
        await play(first, LOW)

    left, right = recorded(tmp_path / "a.wav", story, stereo=True)
    assert (left, right) == (HIGH + bytes(32_000) + LOW, LOW + HIGH + bytes(32_000))


def test_muted_there_is_silence_and_time_goes_on(tmp_path: Path) -> None:
    async def story(recording: Recording, sink: RecorderSink) -> None:
        source = Source()
        source.connect(sink)
        await play(source, HIGH)
        recording.mute(True)
        await play(source, LOW)
        recording.mute(False)
        await play(source, HIGH)

    assert recorded(tmp_path / "a.wav", story)[0] == HIGH + bytes(32_000) + HIGH


def test_what_comes_after_its_end_is_not_recorded(tmp_path: Path) -> None:
    async def story(recording: Recording, sink: RecorderSink) -> None:
        source = Source()
        source.connect(sink)
        await play(source, HIGH)
        recording.finish(lambda: None)
        assert recording.duration_ms == 1000
        await play(source, LOW)
        Source().connect(sink)

    assert recorded(tmp_path / "a.wav", story)[0] == HIGH
