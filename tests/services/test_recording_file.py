"""A recording's file grows in a thread of its own, in order, and a failing disk ends it alone."""

from __future__ import annotations

import asyncio
import threading
import time
import wave
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import pytest
from tests.full_disk import files_end_at
from tests.media.signals import pcm, voice

from voxrun.media.files import decode_audio
from voxrun.services import recording_file
from voxrun.services.recording_file import Form, RecordingFile, disk_thread
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class Told:
    """What a file told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def file(self, thread: Executor, form: Form) -> RecordingFile:
        return RecordingFile(thread, form, lambda: self.lines.append("opened"), self.lines.append)


def wav_form(folder: Path, name: str = "a.wav") -> Form:
    return Form(folder / name, False, "wav", 16_000)


def frames_of(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        return file.readframes(file.getnframes())


def test_what_was_written_is_in_the_file_when_it_is_closed(tmp_path: Path) -> None:
    told, audio = Told(), pcm(voice(3000))

    async def main(clock: LoopClock) -> None:
        file = told.file(disk_thread(), wav_form(tmp_path))
        for start in range(0, len(audio), 16_000):
            file.write(audio[start : start + 16_000])
        file.finish(lambda: told.lines.append("closed"))
        file.finish(lambda: told.lines.append("never"))
        file.write(b"too late")
        await file.closed()
        assert frames_of(tmp_path / "a.wav") == audio
        assert clock.now() == 0

    run_virtual(main)
    assert told.lines == ["opened", "closed"]


@pytest.mark.parametrize(("form", "rate"), [("mp3", 8_000), ("mp3", 16_000), ("flac", 16_000)])
def test_every_format_is_complete(tmp_path: Path, form: recording_file.Format, rate: int) -> None:
    path, audio = tmp_path / "a", pcm(voice(2000))

    async def main(clock: LoopClock) -> None:
        file = Told().file(disk_thread(), Form(path, False, form, rate, 32_000))
        file.write(audio)
        file.finish()
        await file.closed()

    run_virtual(main)
    assert abs(len(decode_audio(path)) - len(audio)) < 16_000 * 2 * 0.15


@pytest.mark.live
def test_a_slow_disk_holds_up_nobody(tmp_path: Path) -> None:
    told, audio = Told(), pcm(voice(500))

    async def story() -> None:
        thread, release = disk_thread(), threading.Event()
        thread.submit(release.wait)  # the disk hangs
        file = told.file(thread, wav_form(tmp_path))
        longest, last = 0.0, time.monotonic()
        for _ in range(50):
            file.write(audio)
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        assert longest < 0.5
        assert told.lines == []
        release.set()
        file.finish()
        async with asyncio.timeout(20):
            await file.closed()
        assert frames_of(tmp_path / "a.wav") == audio * 50

    asyncio.run(story())


@pytest.mark.live
def test_a_disk_that_never_catches_up_ends_the_recording_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_file, "MOST_WAITING", 100_000)
    told = Told()

    async def story() -> None:
        thread, release = disk_thread(), threading.Event()
        thread.submit(release.wait)
        file = told.file(thread, wav_form(tmp_path))
        for _ in range(5):
            file.write(bytes(40_000))
        assert told.lines == ["recording a.wav stopped: the disk does not keep up"]
        release.set()
        file.finish()
        async with asyncio.timeout(20):
            await file.closed()

    asyncio.run(story())
    assert len(told.lines) <= 2


def fails(tmp_path: Path, form: Form, work: Callable[[RecordingFile], None]) -> list[str]:
    told = Told()

    async def main(clock: LoopClock) -> None:
        file = told.file(disk_thread(), form)
        await asyncio.sleep(0.01)
        work(file)
        await asyncio.sleep(0.01)
        file.write(bytes(64_000))
        file.finish(lambda: told.lines.append("closed"))
        await file.closed()
        assert file.broken

    run_virtual(main)
    return told.lines


def test_a_file_that_cannot_be_opened_says_so_once(tmp_path: Path) -> None:
    lines = fails(tmp_path, wav_form(tmp_path, "no/such/folder.wav"), lambda file: file.write(bytes(64_000)))
    assert len(lines) == 2
    assert lines[0].startswith("recording folder.wav stopped: Cannot write the audio file")
    assert "No such file or directory" in lines[0]
    assert lines[1] == "closed"


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3"])
def test_on_a_full_disk_what_was_written_stays(tmp_path: Path, kind: recording_file.Format) -> None:
    path, audio = tmp_path / f"a.{kind}", pcm(voice(20_000))
    with files_end_at(40_000):
        lines = fails(tmp_path, Form(path, False, kind, 16_000), lambda file: [
            file.write(audio[start : start + 32_000]) for start in range(0, len(audio), 32_000)
        ] and None)  # fmt: skip
    assert lines[0] == "opened"
    assert lines[1].startswith(f"recording a.{kind} stopped: Cannot write the audio file")
    assert lines[2:] == ["closed"]
    assert len(decode_audio(path, lenient=True)) > 16_000 * 2 * 0.8


def test_two_files_share_the_thread_and_do_not_mix(tmp_path: Path) -> None:
    first, second = pcm(voice(2000)), pcm(voice(2000, seed=2))

    async def main(clock: LoopClock) -> None:
        thread = disk_thread()
        a, b = (Told().file(thread, wav_form(tmp_path, name)) for name in ("a.wav", "b.wav"))
        for start in range(0, len(first), 6400):
            a.write(first[start : start + 6400])
            b.write(second[start : start + 6400])
        for file in (a, b):
            file.finish()
            await file.closed()

    run_virtual(main)
    assert frames_of(tmp_path / "a.wav") == first
    assert frames_of(tmp_path / "b.wav") == second


@pytest.mark.live
def test_a_loop_that_ends_without_warning_loses_nothing(tmp_path: Path) -> None:
    told, audio = Told(), pcm(voice(300))

    async def story() -> threading.Event:
        thread, release = disk_thread(), threading.Event()
        file = told.file(thread, wav_form(tmp_path))
        async with asyncio.timeout(20):
            while not told.lines:  # noqa: ASYNC110  (what is waited for has no event)
                await asyncio.sleep(0.001)
        thread.submit(release.wait)
        for _ in range(3):
            file.write(audio)
            await asyncio.sleep(0.001)
        asyncio.get_running_loop().call_later(0.05, release.set)
        return release

    asyncio.run(story()).set()
    assert frames_of(tmp_path / "a.wav") == audio * 3
