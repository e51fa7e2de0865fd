"""The call script of a recorded session."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import pytest

from voxrun.media.tones import beep
from voxrun.replay.format import parse_script
from voxrun.replay.from_session_call import call_text
from voxrun.replay.from_session_items import Callee, Deed, Heard, Item, Request, Said, Story
from voxrun.replay.from_session_sockets import Socket
from voxrun.replay.script import CallScript, Hangup, Incoming, Interrupt, Say, Started, Wait


def beep_file() -> bytes:
    """A WAV file of a tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setparams((1, 2, 16_000, 0, "NONE", ""))
        made.writeframes(beep(1000, 100))
    return file.getvalue()


HEADER: dict[str, Any] = {"startMs": 1_736_154_000_000, "seed": 7, "limits": {"timers": 100, "idle_ms": 5000}}


@pytest.fixture
def made(tmp_path: Path) -> Any:
    (tmp_path / "a.js").write_text("1")

    def make(*items: Item, **fields: Any) -> CallScript:
        story = Story({**HEADER, **fields.pop("header", {})}, items=[*items], **fields)
        text = call_text(story, ["a.js"], "a.agent.yaml")
        return parse_script(text, tmp_path / "a.call.yaml")

    return make


def test_who_called_and_when(made: Any) -> None:
    caller = {"callerid": "+49", "destination": "7", "headers": {"VI-Client-Type": "pstn", "X-A": "b: c"}}
    script = made(Deed(0, "answered"), caller={**caller, "clientType": "pstn"})
    assert script.call == Incoming("+49", "7", headers={"X-A": "b: c"}, client="pstn")
    assert script.start_ms == HEADER["startMs"]
    assert script.limits == {"idle_ms": 5000}
    assert made(header={"customData": '{"a": 1}'}).call == Started('{"a": 1}')


def test_an_interruption_names_the_words_after_which_it_came(made: Any) -> None:
    script = made(Said(1, "Once upon a time, there was", cut=True), Heard(2, "stop it", interrupts=True))
    (step, *_) = script.steps
    assert isinstance(step, Interrupt)
    assert step.say.text == "stop it"
    assert step.after.words is not None
    assert step.after.words.source == "time there was"


def test_a_caller_who_hung_up_does_so(made: Any) -> None:
    script = made(Heard(1, "bye"), Deed(2, "ended", "caller"))
    assert [type(step) for step in script.steps[:2]] == [Say, Hangup]


def test_in_a_menu_the_caller_waits_as_long_as_he_did(made: Any) -> None:
    menu = [Deed(1000, "prompt", "Press 1"), Deed(1100, "keys", "1"), Deed(2100, "keys", "2")]
    prompt, first, wait, second, pause, say = made(*menu, Heard(4600, "Alice", asr=True)).steps[:6]
    assert (prompt.wishes[0].kind, prompt.wishes[0].text.source) == ("caller_hears", "Press 1")
    assert (first.digits, wait, second.digits) == ("1", Wait(1000, wait.where), "2")
    assert (pause, say.text) == (Wait(2000, pause.where), "Alice")
    (hello, key, *_) = made(Said(0, "Press 1"), Deed(5000, "keys", "1")).steps
    assert (hello.wishes[0].kind, key.digits) == ("agent_says", "1")


def test_what_was_done_with_the_telephone_is_done_again(made: Any) -> None:
    info = Deed(5000, "info", '{"a": 1}', {"mimeType": "a/b"})
    reinvite = Deed(5001, "reinvite", "x", {"mimeType": "c/d"})
    script = made(Deed(100, "hold"), Deed(4000, "unhold"), info, reinvite, Deed(5002, "transfer", "007"))
    hold, wait, unhold, pause, sent, changed, transfer = script.steps[:7]
    assert (hold.on, wait, unhold.on) == (True, Wait(3900, wait.where), False)
    assert (pause, sent.body, sent.mime) == (Wait(1000, pause.where), '{"a": 1}', "a/b")
    assert (changed.body, changed.mime, transfer.to) == ("x", "c/d", "007")


def test_what_took_long_is_given_time(made: Any) -> None:
    (step,) = made(Deed(60_000, "ended", "scenario")).steps
    assert step.wishes[0].within_ms == 68_000


def test_stubs_answer_as_the_network_did(made: Any) -> None:
    requests = [
        Request(0, "GET", "http://x/a", delay=300, status=200, text='{"n": [1]}'),
        Request(1, "GET", "http://x/a", status=503, text="no"),
        Request(2, "POST", "http://x/b", status=-7),
    ]
    one, two = made(requests=requests).stubs
    assert [(r.status, r.body, r.delay_ms) for r in one.replies] == [
        (200, b'{"n":[1]}', 300),
        (503, b"no", 0),
    ]
    assert two.replies[0].timeout


def test_callees_behave_as_they_did(made: Any) -> None:
    callees = [
        Callee("1", 0, ringing=300, connected=1000, hung_up=3000),
        Callee("2", 0, failed=700, code=486),
        Callee("3", 0, ringing=100),
    ]
    one, two, three = made(callees=callees).callees
    assert (one.rings_ms, one.answers_ms, len(one.does)) == (300, 1000, 2)
    assert (two.fails_code, two.fails_ms, two.rings_ms) == (486, 700, None)
    assert (three.rings_ms, three.answers_ms) == (100, None)


def test_faults_of_the_voice_ai_come_again(made: Any) -> None:
    assert made(refused=402).faults.refuse_status == 402
    assert (made(broken=(1500, 1006)).faults.close_after_ms, made().faults.any) == (1500, False)


def test_what_was_around_the_call_is_there_again(made: Any) -> None:
    deeds = [Deed(2500, "keys", "1#"), Deed(2600, "hold"), Deed(4000, "message", "hi")]
    script = made(
        Deed(30_000, "recording"),
        Heard(40_000, "", lost=True),
        storage={"calls": "5", "pin": {"value": "1", "ttl": "90s"}},
        rejects=True,
        refused=429,
        has_agent=False,
        callees=[Callee("bob", 0, 500, 2000, hung_up=5000, deeds=deeds)],
    )
    assert [(each.key, each.value) for each in script.storage] == [("calls", "5"), ("pin", "1")]
    assert script.storage[1].ttl == 90
    assert (script.seed, script.connector_errors, script.faults.refuse_status) == (7, "reject", 429)
    (bob,) = script.callees
    names = [type(step).__name__ for step in bob.does]
    assert names == ["Wait", "Dtmf", "Hold", "Wait", "Message", "Wait", "Hangup"]
    (late, said, *_) = script.steps
    assert (late.wishes[0].kind, late.wishes[0].within_ms) == ("recording", 38_000)
    assert isinstance(said, Say)


def test_with_a_cassette_websockets_go_by_their_addresses_and_interruptions_by_time(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    items: list[Item] = [
        Deed(0, "websocket", "server", {"to": {"type": "hello"}}),
        Said(5000, "Once upon a time", cut=True, ms=4000),
        Heard(5500, "stop it", interrupts=True),
        Said(25_000, "All right."),
    ]
    story = Story(HEADER, items=items, sockets=[Socket("server", "wss://bot.example/*")], has_agent=True)
    text = call_text(story, ["a.js"], "a.agent.yaml", "tapes/x")
    assert 'cassette: "tapes/x"' in text
    assert "websockets:" not in text
    assert "agent:" not in text
    assert '- expect: {websocket: "wss://bot.example/*", with: {type: hello}}' in text
    assert '- {interrupt: "stop it", after: 3000ms}' in text
    assert '- expect: {agent_says: All right., within: "33s"}' in text


def test_a_session_that_nobody_called_is_given_the_time_it_took(made: Any) -> None:
    script = made(Deed(0, "call", "1"), end_ms=9000)
    assert script.steps[-1] == Wait(10_000, script.steps[-1].where)
    called = made(Deed(0, "answered"), caller={"callerid": "1"}, end_ms=9000)
    assert called.steps[-1] == Wait(1000, called.steps[-1].where)


def test_a_recorded_voice_of_a_callee_is_heard_when_it_was(made: Any, tmp_path: Path) -> None:
    (tmp_path / "leg-1.wav").write_bytes(beep_file())
    voice = (2500, 3000, "leg-1.wav")
    bob = Callee("bob", 0, connected=2000, hung_up=6000, voice=voice)
    (callee,) = made(callees=[bob]).callees
    first, said, rest, _ = callee.does
    assert (first.ms, said.audio, rest.ms) == (500, tmp_path / "leg-1.wav", 500)
    bob.deeds.append(Deed(2200, "keys", "1"))
    assert "Say" not in [type(step).__name__ for step in made(callees=[bob]).callees[0].does]
