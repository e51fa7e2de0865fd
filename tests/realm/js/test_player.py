"""js/player.js: player objects in every form, their members, what they send."""

from __future__ import annotations

from typing import Any

import pytest
from tests.realm.js.conftest import EVALUATE, Platform

WHOLE = {"progressive": False}
GET = {"kind": "url", "method": "GET", "headers": [], "body": {}, "loop": False, "paused": False, **WHOLE}
SAID = {"kind": "tts", "voice": "", "options": {}, "paused": False, **WHOLE}
TONE = {"kind": "tone", "script": "425", "loop": False, "paused": False}
HI = {**SAID, "text": "hi"}


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ('createTTSPlayer("hi")', HI),
        ("createTTSPlayer(5)", {**HI, "text": "5"}),
        ('createTTSPlayer("hi", Language.US_ENGLISH_FEMALE)', {**HI, "voice": "Language.US_ENGLISH_FEMALE"}),
        ('createTTSPlayer("hi", Language.Premium.X, {pitch: "low"})',
         {**HI, "voice": "Language.Premium.X", "options": {"pitch": "low"}}),
        ('createTTSPlayer("hi", {language: VoiceList.Amazon.en_US_Joanna})',
         {**HI, "voice": "VoiceList.Amazon.en_US_Joanna"}),
        ('createTTSPlayer("hi", {voice: "Mark", ttsOptions: {rate: "fast"}, progressivePlayback: true})',
         {**HI, "voice": "Mark", "options": {"rate": "fast"}, "progressive": True}),
        ('createTTSPlayer("hi", {onPause: true})', {**HI, "paused": True}),
        ('createTTSPlayer("hi", {language: undefined})', HI),
        ('createURLPlayer("u")', {**GET, "url": "u"}),
        ('createURLPlayer("u", true)', {**GET, "url": "u", "loop": True}),
        ('createURLPlayer("u", false, true)', {**GET, "url": "u", "paused": True}),
        ('createURLPlayer("u", true, false, true)', {**GET, "url": "u", "loop": True, "progressive": True}),
        ('createURLPlayer({url: "u"}, {loop: true, onPause: true, progressivePlayback: true})',
         {**GET, "url": "u", "loop": True, "paused": True, "progressive": True}),
        ('createURLPlayer("u", {loop: true})', {**GET, "url": "u", "loop": True}),
        ('createURLPlayer({url: "u", method: URLPlayerRequestMethod.POST, body: {text: "x"},'
         'headers: [{name: "A", value: 1}]})',
         {**GET, "url": "u", "method": "POST", "headers": [["A", "1"]], "body": {"text": "x"}}),
        ('createURLPlayer({url: "u", method: "post", headers: {A: "b"}, body: {binary: "AAE="}})',
         {**GET, "url": "u", "method": "POST", "headers": [["A", "b"]], "body": {"bytes": "AAE="}}),
        ('createURLPlayer({url: "u", headers: ["A: b"], body: "x"})',
         {**GET, "url": "u", "headers": [["A", "b"]], "body": {"text": "x"}}),
        ('createURLPlayer({url: "u", body: {binary: [0, 1]}}, {hideBody: true})',
         {**GET, "url": "u", "body": {"bytes": "AAE="}, "hide": ["body"]}),
        ('createURLPlayer({url: "u", body: {text: {a: 1}}}, {hideHeaders: true, hideBody: true})',
         {**GET, "url": "u", "body": {"text": '{"a":1}'}, "hide": ["headers", "body"]}),
        ('createToneScriptPlayer("425")', TONE),
        ('createToneScriptPlayer("425", true)', {**TONE, "loop": True}),
        ('createToneScriptPlayer("425", {loop: true, progressivePlayback: true})', {**TONE, "loop": True}),
    ],
)  # fmt: skip
def test_every_form_becomes_one_command(platform: Platform, code: str, data: dict[str, Any]) -> None:
    result = platform.boot(f"const p = VoxEngine.{code}; Logger.write(p.id());")
    assert result.error is None, result.error.message
    (made,) = platform.sent("player.")
    assert (made.kind, made.target, dict(made.data)) == ("player.create", platform.logs()[0], data)


@pytest.mark.parametrize("form", ["{segments}", "segments"])
def test_a_sequence_of_texts_and_files(platform: Platform, form: str) -> None:
    platform.boot(
        'const segments = [{text: "hi", parameters: {voice: "Mark", onPause: true}},'
        '{url: "u", parameters: {loop: true}}];'
        f"VoxEngine.createSequencePlayer({form});"
    )
    (made,) = platform.sent("player.")
    said = {name: value for name, value in HI.items() if name != "paused"}
    fetched = {name: value for name, value in GET.items() if name not in ("paused", "progressive")}
    assert dict(made.data) == {
        "kind": "sequence",
        "segments": [{**said, "voice": "Mark"}, {**fetched, "url": "u", "loop": True}],
        "paused": False,
    }


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("createURLPlayer()", "createURLPlayer needs a URL, got undefined"),
        ("createURLPlayer({uri: 'u'})", 'createURLPlayer needs a URL, got {"uri":"u"}'),
        ("createURLPlayer({url: 'u', method: 'DELETE'})", "the method is GET or POST, got DELETE"),
        ("createToneScriptPlayer()", "createToneScriptPlayer needs a ToneScript"),
        ("createSequencePlayer()", "createSequencePlayer needs {segments: [...]}"),
        ("createSequencePlayer({segments: []})", "with 1 to 100 segments"),
        ("createSequencePlayer({segments: Array(101).fill({text: 'x'})})", "with 1 to 100 segments"),
        (
            "createSequencePlayer({segments: ['hi']})",
            "a segment is {text, parameters?} or {url, parameters?}",
        ),
        ("createSequencePlayer({segments: [null]})", "a segment is {text, parameters?}"),
        ("createTTSPlayer('x', {ttsOptions: ring})", "circular"),
        ("createTTSPlayer('x').addMarker('soon')", "addMarker needs an offset in milliseconds, got soon"),
        ("createTTSPlayer('x').addMarker(1e10)", "addMarker needs an offset"),
        ("createTTSPlayer('x').addMarker()", "addMarker needs an offset"),
        ("createSequencePlayer([{text: 'x'}]).addMarker(1, 1)", "1 is no segment of this sequence"),
        ("createSequencePlayer([{text: 'x'}]).addMarker(1, {text: 'y'})", "is no segment of this sequence"),
        ("createSequencePlayer([{text: 'x'}]).addMarker(1, -1)", "is no segment"),
    ],
)
def test_mistakes_are_errors_with_their_line(platform: Platform, code: str, message: str) -> None:
    error = platform.boot(f"const ring = {{}}; ring.ring = ring;\nVoxEngine.{code};").error
    assert error is not None
    assert message in error.message
    assert error.where.startswith("a.js:2:")


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("addMarker(300)", {"offset": 300, "segment": -1}),
        ("addMarker('-250.4')", {"offset": -250, "segment": -1}),
        ("addMarker(1, segments[1])", {"offset": 1, "segment": 1}),
        ("addMarker(1, {url: 'u'})", {"offset": 1, "segment": 1}),
        ("addMarker(1, 1)", {"offset": 1, "segment": 1}),
        ("addMarker(1, null)", {"offset": 1, "segment": -1}),
    ],
)
def test_markers(platform: Platform, code: str, data: dict[str, Any]) -> None:
    result = platform.boot(
        "const segments = [{text: 'x'}, {url: 'u'}]; const p = VoxEngine.createSequencePlayer({segments});"
        f"p.{code};"
    )
    assert result.error is None, result.error.message
    assert dict(platform.sent("player.marker")[0].data) == data


def test_classes_are_named_and_cannot_be_constructed(platform: Platform) -> None:
    platform.boot(
        """
        const tone = VoxEngine.createToneScriptPlayer("425");
        const sequence = VoxEngine.createSequencePlayer([{text: "x"}]);
        Logger.write([tone instanceof Player, tone instanceof BasePlayer, tone.constructor.name,
          sequence instanceof SequencePlayer, sequence instanceof Player, sequence.constructor.name,
          JSON.stringify({tone}), Object.keys(tone).length].join());
        try { new Player("u"); } catch (error) { Logger.write(error.message); }
        """
    )
    assert platform.logs() == [
        'true,true,Player,true,false,SequencePlayer,{"tone":{}},0',
        "Player has no public constructor: use VoxEngine.createURLPlayer()",
    ]


@pytest.mark.parametrize(
    "own", ["class Player {}", "const Player = 1;", "function Player() {}", "var Player = 1;"]
)
def test_a_scenario_may_have_a_player_of_its_own(platform: Platform, own: str) -> None:
    result = platform.boot(own + ' Logger.write(VoxEngine.createTTSPlayer("x").constructor.name);')
    assert result.error is None, result.error.message
    assert platform.logs() == ["Player"]


def test_its_methods_work_unbound_and_do_nothing_once_it_was_stopped(platform: Platform) -> None:
    platform.boot(
        'const { pause, resume, stop, addMarker } = VoxEngine.createTTSPlayer("x");'
        "pause(); resume(); addMarker(5); stop(); stop(); pause(); resume(); addMarker(6);"
    )
    assert [c.kind for c in platform.sent("player.")] == [
        "player.create", "player.pause", "player.resume", "player.marker", "player.stop",
    ]  # fmt: skip
    assert platform.logs("warning") == [
        f"{name}() ignored: the player was stopped" for name in ("pause", "resume", "marker")
    ]


@pytest.mark.covers("SequencePlayer.id")
def test_a_sequence_says_its_id(platform: Platform) -> None:
    platform.boot("Logger.write(VoxEngine.createSequencePlayer({segments: [{text: 'x'}]}).id());")
    assert platform.logs() == [platform.sent("player.create")[0].target]


def test_events_name_their_player(platform: Platform) -> None:
    platform.boot(
        """
        const one = VoxEngine.createTTSPlayer("x");
        const two = VoxEngine.createSequencePlayer([{text: "x"}]);
        const say = (e, right) => Logger.write([e.name, e.duration, right].join());
        one.addEventListener(PlayerEvents.Started, (e) => say(e, e.player === one));
        two.addEventListener(SequencePlayerEvents.Started, (e) => say(e, e.sequencePlayer === two));
        """
    )
    first, second = (made.target for made in platform.sent("player.create"))
    platform.fire("Player.Started", first, duration=500)
    platform.fire("SequencePlayer.Started", second)
    assert platform.logs() == ["Player.Started,500,true", "SequencePlayer.Started,,true"]


def test_ten_at_a_time(platform: Platform) -> None:
    platform.boot(EVALUATE + "const make = () => VoxEngine.createTTSPlayer('x'); const all = [];")
    for _ in range(10):
        platform.evaluate("all.push(make())")
    over = platform.sent("player.create")[3].target
    platform.fire("Player.PlaybackFinished", over)
    platform.fire("Player.PlaybackFinished", over)  # once is enough
    platform.evaluate("(all[3].stop(), all.push(make()))")
    platform.evaluate("(all[5].stop(), all.push(make()))")
    assert ["more than 10" in text for text in platform.logs("warning")] == [True]
    error = platform.fire("Application.Started", expression="make()").error
    assert error is not None
    assert "10 media players at a time" in error.message


def test_the_limit_is_the_applications(platform: Platform) -> None:
    error = platform.boot(
        "for (let i = 0; i < 3; i++) VoxEngine.createTTSPlayer('x');", limits={"players": 2}
    ).error
    assert error is not None
    assert "2 media players at a time (the platform's figure is 10)" in error.message
