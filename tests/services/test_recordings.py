"""Recordings: the session's own, and call.record(); their events; what a crash or a full disk leaves."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import wave
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from tests.full_disk import files_end_at
from tests.harness import Stage, play
from tests.media.signals import floats, pcm, tone_level, voice
from tests.services.hearing import Counter
from tests.services.parts import Given

from voxrun.errors import ScenarioError
from voxrun.media.files import decode_audio, decode_stereo
from voxrun.media.levels import correlation as correlated
from voxrun.services.calls import CallService
from voxrun.services.recordings import RecordingService
from voxrun.services.units import Units
from voxrun.session.clock import LoopClock
from voxrun.session.messages import Command, JsonObject
from voxrun.session.virtual import run_virtual
from voxrun.speech.base import Voice

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
        ("{hd_audio: true, name: 'my call'}", "my-call.mp3", 1),
        ("{lossless: true, stereo: true, name: '../../etc/x'}", "etc-x.flac", 2),
        ("{recordNamePrefix: 'é-1/', name: 'no', contentDispositionFilename: 'call.mp3'}", "é-1-call.mp3", 1),
        ("{format: 'wav', stereo: true}", "record-1.wav", 2),
    ],
)
def test_call_record_tells_its_url_and_stops_after_disconnected(
    tmp_path: Path, wish: str, name: str, channels: int
) -> None:
    async def story(stage: Stage) -> None:
        folder = await talk(stage, ECHO_NOTHING % (RECORD % wish), record=False)
        url = f"http://127.0.0.1:8080/sessions/{stage.session_id}/files/{quote(name)}"
        assert stage.logs() == [f"RecordStarted {url}", "Disconnected", f"RecordStopped {url} 4 0"]
        assert [path.name for path in folder.iterdir() if path.suffix in (".mp3", ".flac", ".wav")] == [name]
        left, right = decode_stereo(folder / name)
        assert abs(len(right) / 32_000 - 4.0) < 0.3
        assert (left == right) is (channels == 1)

    play(story, tmp_path)


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_endpoint_is_on_the_right_of_call_record_unless_the_switch_says_left(
    tmp_path: Path, side: str
) -> None:
    async def story(stage: Stage) -> None:
        source = ECHO_NOTHING % (SPEAK + RECORD % "{stereo: true, format: 'wav', hd_audio: true}")
        folder = await talk(stage, source, stereo_endpoint=side)
        channels = dict(zip(("left", "right"), decode_stereo(folder / "record-1.wav"), strict=True))
        assert correlation(channels[side], pcm(voice(4000))) > 0.9
        assert correlation(channels["left" if side == "right" else "right"], pcm(voice(4000))) < 0.1
        own = decode_stereo(folder / "recording.wav")[1]
        assert correlation(own, pcm(voice(4000))) > 0.9

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


RECORDER = """
require(Modules.Recorder);
let recorder;
function watch(recorder, Started, Stopped, Failed) {
  for (const name of [Started, Stopped, Failed]) {
    recorder.addEventListener(name, (e) => Logger.write(
      [e.name, e.url ?? e.error, e.duration, e.cost, e.recorder === recorder ? "" : "?"].join(" ").trim()));
  }
}
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.addEventListener(CallEvents.MessageReceived, (e) => eval(e.text));
  call.addEventListener(CallEvents.Connected, () => {
    %s
    watch(recorder, RecorderEvents.Started, RecorderEvents.Stopped, RecorderEvents.RecorderError);
  });
});
"""


def told(stage: Stage, url: str) -> list[str]:
    """What the scenario wrote, without the part of URLs that all share."""
    start = f"http://127.0.0.1:8080/sessions/{stage.session_id}/files/"
    assert url == "" or all(start in line for line in stage.logs())
    return [line.replace(start, "") for line in stage.logs()]


@pytest.mark.covers(
    "VoxEngine.createRecorder",
    "Recorder.addEventListener",
    "Recorder.stop",
    "RecorderEvents.Started",
    "RecorderEvents.Stopped",
)
@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("", "record-1.mp3"),
        ("{lossless: true}", "record-1.flac"),
        ("'greeting', true", "greeting.mp3"),
        (
            "{name: 'greeting', hd_audio: true, expire: RecordExpireTime.ONEYEAR, secure: true}",
            "greeting.mp3",
        ),
        ("{name: 'g', recordNamePrefix: 'night/', format: 'wav'}", "night-g.wav"),
    ],
)
def test_a_recorder_records_what_is_sent_to_it_until_it_is_stopped(
    tmp_path: Path, form: str, name: str
) -> None:
    async def story(stage: Stage) -> None:
        code = f"recorder = VoxEngine.createRecorder({form}); call.sendMediaTo(recorder);"
        leg = await stage.call_in(RECORDER % code, record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(3000)))
        await asyncio.sleep(3)
        leg.remote.message("recorder.stop(); recorder.stop()")
        await stage.until(lambda: len(stage.logs()) == 2)
        assert told(stage, name) == [f"Recorder.Started {name}", f"Recorder.Stopped {name} 3 0"]
        audio = decode_audio(folder_of(stage) / name)
        assert abs(len(audio) / 32_000 - 3) < 0.3
        assert correlation(audio, pcm(voice(3000))) > 0.9

    play(story, tmp_path)


def test_a_recorder_hears_calls_and_players_on_its_two_sides(tmp_path: Path) -> None:
    code = """
      recorder = VoxEngine.createRecorder({stereo: true, format: "wav"});
      call.sendMediaTo(recorder);
      VoxEngine.createToneScriptPlayer("1000@-16;2(*/0/1)").sendMediaTo(recorder);
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(RECORDER % code, record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(3000)))
        await asyncio.sleep(4)
        leg.remote.hang_up()
        await asyncio.sleep(10)
        await stage.runtime.close()  # type: ignore[union-attr]
        left, right = decode_stereo(folder_of(stage) / "record-1.wav")
        assert correlation(left, pcm(voice(3000))) > 0.9
        assert tone_level(floats(right[3200:60_000]), 1000) > -30
        # It ends with what was sent to it last, not with the session.
        assert abs(len(left) / 32_000 - 4) < 0.2

    play(story, tmp_path)


@pytest.mark.covers("Recorder.mute", "Recorder.id", "Recorder.removeEventListener")
def test_a_muted_recorder_records_silence(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        code = "recorder = VoxEngine.createRecorder({format: 'wav'}); call.sendMediaTo(recorder);"
        leg = await stage.call_in(RECORDER % code, record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(3000)))
        await asyncio.sleep(1)
        leg.remote.message("recorder.mute(true); recorder.removeEventListener(RecorderEvents.Stopped);")
        await asyncio.sleep(1)
        leg.remote.message("recorder.mute(false); Logger.write(typeof recorder.id())")
        await asyncio.sleep(1)
        leg.remote.message("recorder.stop()")
        await asyncio.sleep(0.1)
        assert told(stage, "")[1:] == ["string"]
        audio = decode_audio(folder_of(stage) / "record-1.wav")
        loud = [any(audio[start : start + 3200]) for start in range(0, 96_000, 3200)]
        assert loud[1:9] + loud[22:29] == [True] * 15
        assert loud[11:19] == [False] * 8

    play(story, tmp_path)


@pytest.mark.covers(
    "ConferenceRecorder.setConference",
    "ConferenceRecorder.setPriority",
    "ConferenceRecorder.getPriority",
    "ConferenceRecorder.update",
    "ConferenceRecorder.stop",
    "ConferenceRecorder.addEventListener",
)
def test_a_conference_recorder_records_the_mix_and_leaves_pictures_alone(tmp_path: Path) -> None:
    code = """
      require(Modules.Conference);
      const conference = VoxEngine.createConference();
      recorder = VoxEngine.createRecorder({video: true, videoParameters: {mixing: true}, format: "wav"});
      recorder.setConference(conference);
      call.sendMediaTo(conference);
      VoxEngine.createToneScriptPlayer("1000@-16;2(*/0/1)").sendMediaTo(conference);
      recorder.setPriority([1]).then(() => Logger.write("priority " + recorder.getPriority()));
      recorder.update({layout: RecorderLayout.grid});
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(RECORDER % code, record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(3000)))
        await asyncio.sleep(3)
        leg.remote.message("Logger.write(recorder instanceof ConferenceRecorder); recorder.stop()")
        await stage.until(lambda: len(stage.logs()) == 4)
        assert told(stage, "")[0] == "priority 1"
        assert told(stage, "")[2:] == ["true", "Recorder.Stopped record-1.wav 3 0"]
        audio = decode_audio(folder_of(stage) / "record-1.wav")
        assert tone_level(floats(audio[3200:60_000]), 1000) > -30
        assert correlation(audio[64_000:], pcm(voice(3000))[64_000:]) > 0.9
        assert sum("audio only" in text for text in stage.logs("warning")) == 3

    play(story, tmp_path)


def test_what_call_record_gives_is_a_recorder_of_that_call(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(RECORDER % "recorder = call.record({format: 'wav'});", record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(3000)))
        await asyncio.sleep(2)
        leg.remote.message("recorder.stop()")
        await stage.until(lambda: len(stage.logs()) == 2)
        assert told(stage, "x") == [
            "Recorder.Started record-1.wav", "Recorder.Stopped record-1.wav 2 0",
        ]  # fmt: skip
        assert [kind for kind in stage.kinds() if "Record" in kind] == [
            "Call.RecordStarted",
            "Call.RecordStopped",
        ]
        assert correlation(decode_audio(folder_of(stage) / "record-1.wav"), pcm(voice(3000))[:64_000]) > 0.9

    play(story, tmp_path)


@pytest.mark.covers("RecorderEvents.RecorderError")
def test_a_recorder_whose_file_cannot_be_made_says_so_and_nothing_else_is_lost(tmp_path: Path) -> None:
    code = """
      recorder = VoxEngine.createRecorder({name: "a"});
      const other = VoxEngine.createRecorder({name: "b", format: "wav"});
      call.sendMediaTo(recorder); call.sendMediaTo(other);
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(RECORDER % code, record=False)
        (folder_of(stage) / "a.mp3").mkdir()
        await stage.until(stage.logs)
        assert stage.logs()[0].startswith("Recorder.Error recording a.mp3 stopped: Cannot write")
        leg.remote.speak(pcm(voice(1000)))
        await asyncio.sleep(2)
        await stage.runtime.close()  # type: ignore[union-attr]
        assert len(decode_audio(folder_of(stage) / "b.wav")) > 32_000

    play(story, tmp_path)


def test_what_was_recorded_can_be_played_at_once(tmp_path: Path) -> None:
    code = """
      recorder = VoxEngine.createRecorder({hd_audio: true});
      call.sendMediaTo(recorder);
      recorder.addEventListener(RecorderEvents.Stopped, ({url}) => {
        VoxEngine.createURLPlayer(url).sendMediaTo(call);
      });
      setTimeout(recorder.stop, 2000);
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(RECORDER % code, record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(1900)))
        await asyncio.sleep(6)
        assert correlation(leg.heard_pcm()[-64_000:], pcm(voice(1900))) > 0.9
        assert stage.net.requests == []

    play(story, tmp_path)


def test_a_recorder_that_got_nothing_leaves_an_empty_file_of_no_length(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        code = "recorder = VoxEngine.createRecorder(); setTimeout(recorder.stop, 5000);"
        await stage.call_in(RECORDER % code, record=False)
        await stage.until(lambda: len(stage.logs()) == 2)
        assert told(stage, "x")[1] == "Recorder.Stopped record-1.mp3 0 0"

    play(story, tmp_path)


def test_more_recordings_than_there_may_be_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voxrun.services.recordings.MOST_RECORDINGS", 2)

    async def story(stage: Stage) -> None:
        code = "for (let i = 0; i < 3; i++) recorder = VoxEngine.createRecorder();"
        await stage.call_in(RECORDER % code, record=False)
        await stage.until(stage.logs)
        assert stage.logs() == ["Recorder.Error there are 2 recordings already, no more at a time"]

    play(story, tmp_path)


TRANSCRIBED = RECORD % "{transcribe: true, language: ASRLanguage.ENGLISH_US, dict: ['yes'], %s}"


@pytest.mark.parametrize(
    ("options", "name", "lines"),
    [
        ("", "record-1.transcript.txt", ["[0:0#] Caller: one", "[0:0#] Scenario: two"]),
        (
            "labels: ['Ann', 'Bot'], name: 'talk.mp3'",
            "talk.transcript.txt",
            ["[0:0#] Ann: one", "[0:0#] Bot: two"],
        ),
    ],
)
def test_a_transcript_stands_beside_the_recording(
    tmp_path: Path, options: str, name: str, lines: list[str]
) -> None:
    ears = Counter()

    async def story(stage: Stage) -> None:
        stage.transcriber, stage.speech = ears, Voiced()  # type: ignore[assignment]
        source = TRANSCRIBED % options + 'setTimeout(() => call.say("x".repeat(10)), 2500);'
        leg = await stage.call_in(ECHO_NOTHING % source, record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(6)
        leg.remote.hang_up()
        await stage.until(lambda: any("transcript of" in text for text in stage.logs("system")))
        text = (folder_of(stage) / name).read_text()
        assert [re.sub(r"0:0\d\.\d", "0:0#", line) for line in text.splitlines()] == lines
        assert stage.logs("system")[-1].endswith(f"/files/{name}")
        assert (folder_of(stage) / name).stat().st_mode & 0o777 == 0o600

    play(story, tmp_path)
    assert set(ears.asked) == {(("yes",), "en")}


class Voiced:
    """Speech that sounds like speech to a detector."""

    async def render(self, text: str, voice_of: Voice) -> bytes:
        return pcm(voice(800))

    async def close(self) -> None: ...


def test_a_transcript_may_be_json_and_the_end_of_a_session_waits_for_it(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.transcriber = Counter(slow=5)
        source = RECORDER % (
            "recorder = VoxEngine.createRecorder({transcribe: true, format: 'json'});"
            "call.sendMediaTo(recorder);"
        )
        leg = await stage.call_in(source, record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(1)
        leg.remote.message("VoxEngine.terminate()")
        await stage.ended()
        (line,) = json.loads((folder_of(stage) / "record-1.transcript.json").read_text())
        assert (line["label"], line["text"], line["confidence"]) == ("Source 1", "one", 99)

    play(story, tmp_path)


def test_the_end_of_a_session_does_not_wait_for_ever(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.transcriber = Counter(slow=1000)
        leg = await stage.call_in(ECHO_NOTHING % (TRANSCRIBED % ""), record=False)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(1)
        leg.remote.hang_up()
        began = stage.clock.now()
        await stage.runtime.close()  # type: ignore[union-attr]
        assert 59 < stage.clock.now() - began < 62
        assert (folder_of(stage) / "record-1.transcript.txt").read_text() == ""
        assert any("ends before what was said last" in text for text in stage.logs("system"))

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("ears", "message"),
    [(None, "there is no recogniser in this run"), (Counter(problem="install it"), "install it")],
)
def test_without_a_recogniser_the_recording_goes_on_and_it_is_said_why_there_is_no_transcript(
    tmp_path: Path, ears: Counter | None, message: str
) -> None:
    async def story(stage: Stage) -> None:
        stage.transcriber = ears
        folder = await talk(stage, ECHO_NOTHING % (TRANSCRIBED % ""), record=False)
        assert f"there will be no transcript of record-1.mp3: {message}" in stage.logs("system")
        assert sorted(path.name for path in folder.iterdir() if path.name.startswith("record")) == [
            "record-1.mp3"
        ]

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("kind", "data"), [("call.record", {"recorder": "r1"}), ("recorder.create", {"name": 5})]
)
def test_a_realm_that_sends_nonsense_ends_its_session(kind: str, data: dict[str, object]) -> None:
    async def main(clock: LoopClock) -> None:
        given = Given(clock)
        calls = CallService(given.context, Units(), None, lambda live: None)  # type: ignore[arg-type]
        around = SimpleNamespace(record=False, folder=None)
        service = RecordingService(given.context, Units(), calls, around)  # type: ignore[arg-type]
        with pytest.raises(ScenarioError):
            service.execute(Command(kind, "x1", data))
        service.execute(Command("recorder.stop", "gone", {}))
        service.execute(Command("recorder.mute", "gone", {"on": True}))

    run_virtual(main)
