"""Recordings: the session's own, and call.record(); their events; what a crash or a full disk leaves."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from tests.full_disk import files_end_at
from tests.harness import Stage, play
from tests.media.signals import pcm, voice

from voxrun.media.files import decode_audio, decode_stereo
from voxrun.media.levels import correlation as correlated
from voxrun.session.messages import JsonObject

ECHO_NOTHING = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  %s
  call.answer();
  call.addEventListener(CallEvents.Disconnected, () => Logger.write("Disconnected"));
  for (const name of ["RecordStarted", "RecordStopped", "RecordError"]) {
    call.addEventListener(CallEvents[name], (e) =>
      Logger.write([name, e.url ?? e.error, e.duration, e.cost].join(" ").trim()));
  }
});
"""
SPEAK = 'call.addEventListener(CallEvents.Connected, () => call.say("some words that are said"));'
RECORD = "call.addEventListener(CallEvents.Connected, () => call.record(%s));"


def correlation(a: bytes, b: bytes) -> float:
    """How alike two pieces of audio are at the best shift of up to a second."""
    return abs(correlated(a, b).value)


def folder_of(stage: Stage) -> Path:
    assert stage.runtime is not None
    folder = stage.runtime.sessions()[0].folder
    assert folder is not None
    return folder


def frames(path: Path) -> int:
    with wave.open(str(path)) as file:
        return file.getnframes()


async def talk(stage: Stage, source: str, seconds: float = 4, **application: object) -> Path:
    """A call in which the caller speaks; it is over when this returns."""
    leg = await stage.call_in(source, **application)
    await stage.until(lambda: leg.connected)
    leg.remote.speak(pcm(voice(round(seconds * 1000))))
    await asyncio.sleep(seconds)
    leg.remote.hang_up()
    await stage.until(lambda: leg.over and "Disconnected" in stage.logs())
    await asyncio.sleep(0.1)
    return folder_of(stage)


def test_the_session_s_own_recording_is_stereo_caller_right_scenario_left(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        folder = await talk(stage, ECHO_NOTHING % SPEAK)
        left, right = decode_stereo(folder / "recording.wav")
        assert correlation(right, pcm(voice(4000))) > 0.9
        assert left.count(b"\x10\x20") > 16_000
        assert correlation(left, pcm(voice(4000))) < 0.1
        assert abs(len(right) / 32_000 - 4.0) < 0.1
        assert {"recording": "recording.wav"}.items() <= notes(stage)[0].items()

    play(story, tmp_path)


def notes(stage: Stage) -> list[JsonObject]:
    return [record for record in stage.records if record["k"] == "media"]


def test_each_call_of_a_session_has_its_own_file(tmp_path: Path) -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      const b = VoxEngine.callUser("bob");
      b.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, b));
    });
    """

    async def story(stage: Stage) -> None:
        a = await stage.call_in(source)
        b = await stage.dialled_leg()
        b.remote.answer()
        await stage.until(lambda: b.connected)
        a.remote.speak(pcm(voice(3000)))
        b.remote.speak(pcm(voice(3000, seed=2)))
        await asyncio.sleep(3)
        assert stage.runtime is not None
        await stage.runtime.close()
        first, second = (decode_stereo(folder_of(stage) / f"recording{n}.wav") for n in ("", "-2"))
        for own, other in ((first, second), (second, first)):
            assert correlation(own[1], other[0]) > 0.9
            assert correlation(own[0], own[1]) < 0.1

    play(story, tmp_path)


def test_the_file_is_complete_before_the_session_is_said_to_be_over(tmp_path: Path) -> None:
    seen: list[int] = []

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(ECHO_NOTHING % "setTimeout(VoxEngine.terminate, 3210);")
        await stage.until(lambda: leg.connected)

        def look(session_id: str, record: JsonObject) -> None:
            if record.get("state") == "ended":
                seen.append(frames(folder_of(stage) / "recording.wav"))

        assert stage.runtime is not None
        stage.runtime.subscribe(look)
        await stage.ended()

    play(story, tmp_path)
    assert len(seen) == 1
    assert abs(seen[0] / 16_000 - 3.2) < 0.05


@pytest.mark.covers("Call.record", "CallEvents.RecordStarted", "CallEvents.RecordStopped")
@pytest.mark.parametrize(
    ("wish", "name", "channels"),
    [
        ("", "record-1.mp3", 1),
        ("{stereo: true}", "record-1.mp3", 2),
        ("{hd_audio: true, name: 'my call'}", "my-call-1.mp3", 1),
        ("{lossless: true, stereo: true, name: '../../etc/x'}", "------etc-x-1.flac", 2),
        ("{recordNamePrefix: 'é-1'}", "é-1-1.mp3", 1),
    ],
)
def test_call_record_tells_its_url_and_stops_after_disconnected(
    tmp_path: Path, wish: str, name: str, channels: int
) -> None:
    async def story(stage: Stage) -> None:
        folder = await talk(stage, ECHO_NOTHING % (RECORD % wish), record=False)
        url = f"http://127.0.0.1:8080/sessions/{stage.session_id}/files/{name}"
        assert stage.logs() == [f"RecordStarted {url}", "Disconnected", f"RecordStopped {url} 4 0"]
        assert [path.name for path in folder.iterdir() if path.suffix in (".mp3", ".flac")] == [name]
        left, right = decode_stereo(folder / name)
        assert abs(len(right) / 32_000 - 4.0) < 0.3
        assert (left == right) is (channels == 1)

    play(story, tmp_path)


def test_a_run_that_keeps_nothing_says_so() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(ECHO_NOTHING % (RECORD % ""))
        await stage.until(stage.logs)
        assert stage.logs() == ["RecordError this run keeps no recordings"]
        leg.remote.hang_up()

    play(story)


@pytest.mark.covers("CallEvents.RecordError")
def test_a_file_that_cannot_be_made_is_a_record_error_and_the_call_goes_on(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(ECHO_NOTHING % (RECORD % ""), record=False)
        (folder_of(stage) / "record-1.mp3").mkdir()
        await asyncio.sleep(3)
        assert leg.connected
        assert not leg.over
        leg.remote.hang_up()
        await asyncio.sleep(1)
        assert len(stage.logs()) == 2
        assert stage.logs()[0].startswith("RecordError recording record-1.mp3 stopped: Cannot write")
        assert stage.logs()[1] == "Disconnected"

    play(story, tmp_path)


def test_a_disk_that_fills_up_in_mid_call_ends_the_recording_not_the_call(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(ECHO_NOTHING % "")
        with files_end_at(200_000):
            leg.remote.speak(pcm(voice(8000)))
            await asyncio.sleep(8)
            assert leg.connected
            assert not leg.over
            leg.remote.hang_up()
            await stage.until(lambda: "Disconnected" in stage.logs())
        stopped = [text for text in stage.errors() if "recording.wav stopped" in text]
        assert len(stopped) == 1
        assert "File too large" in stopped[0]
        assert frames(folder_of(stage) / "recording.wav") > 2 * 16_000

    play(story, tmp_path)


KILLED = """
import asyncio, os, sys
from pathlib import Path
from tests.harness import Stage, play
from tests.media.signals import pcm, voice
from tests.services.test_recordings import ECHO_NOTHING, RECORD

async def story(stage):
    leg = await stage.call_in(ECHO_NOTHING % (RECORD % "{lossless: true}"))
    await stage.until(lambda: leg.connected)
    leg.remote.speak(pcm(voice(9000)))
    if sys.argv[2] == "stall":
        await asyncio.sleep(9)
        leg.remote.stop_sending()
        await asyncio.sleep(1)
    else:
        await asyncio.sleep(9.99)
    os._exit(9)  # as a kill does: nothing is flushed, nobody says goodbye

play(story, Path(sys.argv[1]))
"""


@pytest.mark.parametrize("way", ["running", "stall"])
def test_a_process_that_is_killed_loses_two_seconds_at_most(tmp_path: Path, way: str) -> None:
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", KILLED, str(tmp_path), way]
    assert subprocess.run(command, cwd=root, env=env, timeout=60).returncode == 9
    (folder,) = tmp_path.iterdir()
    assert frames(folder / "recording.wav") / 16_000 >= 8.0 - 0.01
    right = decode_stereo(folder / "recording.wav")[1]
    assert correlation(right, pcm(voice(9000))[: len(right)]) > 0.9
    asked = decode_audio(folder / "record-1.flac", lenient=True)
    assert len(asked) / 32_000 >= 8.0 - 0.01
