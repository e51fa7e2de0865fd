"""js/recorder.js: call.record and recorders in every form, their members, what they send and tell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.realm.js.conftest import EVALUATE, Platform
from tests.realm.js.test_playback import VALUES

from voxrun.services.arguments import Arguments
from voxrun.services.record_wish import RecordWish, read_wish

PLAIN: dict[str, Any] = {
    "stereo": False, "hd": False, "lossless": False, "format": "", "file": "", "name": "", "prefix": "",
    "expire": "", "transcribe": False, "language": "", "hints": [], "labels": [], "json": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "data"),
    [
        ("", {}),
        ("undefined", {}),
        ("{}", {}),
        ("{stereo: true, hd_audio: 1, name: 'n'}", {"stereo": True, "hd": True, "name": "n"}),
        ("{lossless: true, recordNamePrefix: 'p/', contentDispositionFilename: 'f.mp3'}",
         {"lossless": True, "prefix": "p/", "file": "f.mp3"}),
        ("{expire: RecordExpireTime.ONEYEAR, format: 'WAV'}", {"expire": "-1y", "format": "wav"}),
        ("{transcribe: true, language: ASRLanguage.GERMAN_DE}", {"transcribe": True, "language": "de-DE"}),
        ("{dict: ['ja', 5], labels: ['a', 'b', 'c']}", {"hints": ["ja", "5"], "labels": ["a", "b"]}),
        ("{transcribe: true, format: 'json', dict: ASRDictionary.MUSIC}", {"transcribe": True, "json": True}),
        ("{name: 'x'.repeat(5000)}", {"name": "x" * 200}),
    ],
)  # fmt: skip
def test_options(platform: Platform, argument: str, data: dict[str, Any]) -> None:
    result = platform.call_in(
        "require(Modules.Recorder); require(Modules.ASR);"
        f"Logger.write(VoxEngine.createRecorder({argument}).id());"
        f"Logger.write(call.record({argument}).id());"
    )
    assert result.error is None, result.error.message
    created, recorded = platform.sent("recorder.")[0], platform.sent("call.")[0]
    assert (created.kind, created.target, dict(created.data)) == (
        "recorder.create", platform.logs()[0], {**PLAIN, **data},
    )  # fmt: skip
    assert (recorded.kind, recorded.target) == ("call.record", "c1")
    assert dict(recorded.data) == {**PLAIN, **data, "recorder": platform.logs()[1]}


def test_the_old_form_gives_a_name(platform: Platform) -> None:
    platform.boot('VoxEngine.createRecorder("greeting", true);')
    assert dict(platform.sent("recorder.")[0].data) == {**PLAIN, "name": "greeting"}
    assert platform.logs("warning") == [
        "VoxEngine.createRecorder: the platform wants require(Modules.Recorder) first"
    ]


def test_members_work_unbound_and_stop_once(platform: Platform) -> None:
    platform.boot(
        "require('recorder'); const recorder = VoxEngine.createRecorder(); const { mute, stop } = recorder;"
        "mute(true); mute(false); mute(); stop(); stop(); mute(true);"
        "Logger.write(JSON.stringify({recorder}));"
    )
    assert [(c.kind, c.data.get("on")) for c in platform.sent("recorder.")[1:]] == [
        ("recorder.mute", True), ("recorder.mute", False), ("recorder.mute", True), ("recorder.stop", None),
    ]  # fmt: skip
    assert platform.logs("warning") == ["mute() ignored: the recorder was stopped"]
    assert platform.logs() == ['{"recorder":{}}']


def test_classes(platform: Platform) -> None:
    platform.boot(
        """
        require(Modules.Recorder);
        const plain = VoxEngine.createRecorder({name: "a"});
        const pictures = VoxEngine.createRecorder({video: true});
        Logger.write([plain instanceof Recorder, plain instanceof ConferenceRecorder, plain.constructor.name,
          pictures instanceof Recorder, pictures instanceof ConferenceRecorder].join());
        try { new Recorder(); } catch (error) { Logger.write(error.message); }
        """
    )
    assert platform.logs() == [
        "true,false,Recorder,true,true",
        "Recorder has no public constructor: use VoxEngine.createRecorder()",
    ]
    assert platform.logs("warning") == [
        "VoxEngine.createRecorder: calls here have audio only, so the recording has too"
    ]


@pytest.mark.covers(
    "ConferenceRecorder.id", "ConferenceRecorder.mute", "ConferenceRecorder.removeEventListener"
)
def test_a_recorder_of_conferences_is_a_recorder(platform: Platform) -> None:
    platform.boot(
        """
        require(Modules.Recorder);
        const recorder = VoxEngine.createRecorder({video: true});
        const never = () => Logger.write("never");
        recorder.addEventListener(RecorderEvents.Stopped, never);
        recorder.addEventListener(RecorderEvents.Stopped, (e) => Logger.write("stopped " + e.recorder.id()));
        recorder.removeEventListener(RecorderEvents.Stopped, never);
        recorder.mute(true);
        """
    )
    created, muted = platform.sent("recorder.")
    assert (muted.kind, muted.target, muted.data) == ("recorder.mute", created.target, {"on": True})
    platform.fire("Recorder.Stopped", created.target)
    assert platform.logs() == [f"stopped {created.target}"]


def test_a_recorder_records_one_conference_at_a_time(platform: Platform) -> None:
    platform.boot(
        "require('recorder'); require('conference'); const recorder = VoxEngine.createRecorder();"
        "const one = VoxEngine.createConference(), two = VoxEngine.createConference();"
        "recorder.setConference(one); recorder.setConference(two);"
    )
    recorder = platform.sent("recorder.")[0].target
    first, second = (made.target for made in platform.sent("conference.create"))
    assert [(c.kind, c.target, c.data["to"]) for c in platform.sent("media.")] == [
        ("media.connect", first, recorder), ("media.disconnect", first, recorder),
        ("media.connect", second, recorder),
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["undefined", "{}", "'c1'"])
def test_what_is_no_conference_is_a_type_error(platform: Platform, value: str) -> None:
    error = platform.boot(f"require('recorder'); VoxEngine.createRecorder().setConference({value});").error
    assert error is not None
    assert "recorder.setConference needs a media unit" in error.message


def test_events_of_a_call_s_recording_reach_both(platform: Platform) -> None:
    platform.call_in(
        "const recorder = call.record();"
        "const say = (e) => Logger.write([Object.keys(e).join(), e.name, e.recorder === recorder].join(' '));"
        "call.addEventListener(CallEvents.RecordStarted, say);"
        "recorder.addEventListener(RecorderEvents.Started, say);"
    )
    recorder = str(platform.sent("call.")[0].data["recorder"])
    platform.fire("Call.RecordStarted", "c1", url="u", recorder=recorder)
    assert platform.logs() == [
        "name,call,id,url Call.RecordStarted false",
        "name,recorder,url Recorder.Started true",
    ]


def test_events_of_a_recorder(platform: Platform) -> None:
    platform.boot(
        "require('recorder'); const recorder = VoxEngine.createRecorder();"
        "recorder.addEventListener(RecorderEvents.Stopped, (e) =>"
        " Logger.write([e.name, e.url, e.cost, e.duration, e.recorder === recorder].join()));"
    )
    target = platform.sent("recorder.")[0].target
    platform.fire("Recorder.Stopped", target, url="u", cost="0", duration=3)
    assert platform.logs() == ["Recorder.Stopped,u,0,3,true"]


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
)
@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "recordNamePrefix", "contentDispositionFilename", "hd_audio", "expire", "transcribe",
             "language", "dict", "labels", "format", "profile", "video"]
        ),
        VALUES,
    )
)  # fmt: skip
def test_whatever_the_options_it_is_a_good_command(booted: Platform, options: dict[str, str]) -> None:
    given_options = "{" + ", ".join(f"{name}: {value}" for name, value in options.items()) + "}"
    booted.commands.clear()
    booted.evaluate(f"typeof VoxEngine.createRecorder({given_options}).id()")
    (sent,) = booted.sent("recorder.")
    assert isinstance(read_wish(Arguments(sent)), RecordWish)


@pytest.fixture
def booted(platform: Platform) -> Platform:
    """A platform that evaluates expressions."""
    platform.boot(EVALUATE + "require(Modules.Recorder);")
    return platform
