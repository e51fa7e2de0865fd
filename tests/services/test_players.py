"""Player objects, from the scenario's line to the caller's ear: events in order, media, limits, errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.harness import Stage, play
from tests.services.parts import Given
from tests.services.test_download import wav

from voxrun.errors import ScenarioError
from voxrun.services.players import MOST_MARKERS, PlayerService
from voxrun.services.units import Units
from voxrun.session.clock import LoopClock
from voxrun.session.messages import Command
from voxrun.session.virtual import run_virtual

SCRIPT = """
let player;
// "Player.Buffering" is the only event whose name is another than its member's.
function watch(unit, events) {
  for (const name in events) unit.addEventListener(events[name], (e) => {
    const told = e.offset ?? e.duration ?? e.error ?? "";
    Logger.write((Date.now() - zero) + " " + name + (told === "" ? "" : " " + told));
  });
}
const zero = Date.now();
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.addEventListener(CallEvents.Connected, () => { %s });
});
"""


async def late(request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(1)
    return httpx.Response(200, content=wav(8000))


def scene(code: str, seconds: float = 5, **application: Any) -> tuple[list[str], bytes, Stage]:
    """(what the scenario wrote, what the caller heard, the stage) of code that runs once the call is up."""
    heard: list[bytes] = []

    async def story(stage: Stage) -> None:
        stage.net.routes["/a.wav"] = lambda request: httpx.Response(200, content=wav(8000))  # 500 ms
        stage.net.routes["/late.wav"] = late
        stage.net.routes["/bad.wav"] = lambda request: httpx.Response(200, content=b"this is no audio")
        stage.net.routes["/loop"] = lambda request: httpx.Response(302, headers={"Location": "/loop"})
        leg = await stage.call_in(SCRIPT % code, **application)
        await asyncio.sleep(seconds)
        heard.append(leg.heard_pcm())

    stage = play(story)
    assert stage.errors() == []
    return stage.logs(), heard[0], stage


WAV = b"\x05\x10" * 8000
SPEECH = b"\x10\x20" * 960


@pytest.mark.covers(
    "VoxEngine.createURLPlayer",
    "PlayerEvents.Created",
    "PlayerEvents.PlaybackReady",
    "PlayerEvents.Started",
    "PlayerEvents.PlaybackMarkerReached",
    "PlayerEvents.PlaybackFinished",
    "Player.addMarker",
    "Player.sendMediaTo",
    "Player.addEventListener",
)
def test_a_url_player_goes_through_its_events_and_the_call_hears_it() -> None:
    logs, heard, _ = scene(
        'player = VoxEngine.createURLPlayer("http://x/late.wav"); player.sendMediaTo(call);'
        "watch(player, PlayerEvents); player.addMarker(300); player.addMarker(-100);"
    )
    assert [line.split(" ", 1)[1] for line in logs] == [
        "Created", "PlaybackReady", "Started 500", "PlaybackMarkerReached 300", "PlaybackMarkerReached -100",
        "PlaybackFinished",
    ]  # fmt: skip
    times = [int(line.split()[0]) for line in logs]
    assert times[2] - times[0] == 1000
    assert heard == WAV


def test_a_player_starts_without_a_receiver_and_in_a_later_turn() -> None:
    logs, heard, _ = scene(
        'player = VoxEngine.createTTSPlayer("hello", VoiceList.Amazon.en_US_Joanna);'
        "Logger.write('made'); watch(player, PlayerEvents);"
    )
    assert [line.split(" ", 1)[-1] for line in logs] == [
        "made", "Created", "PlaybackReady", "Started 300", "PlaybackFinished",
    ]  # fmt: skip
    assert heard == b""


@pytest.mark.covers("VoxEngine.createTTSPlayer")
def test_a_text_player_is_heard() -> None:
    assert scene('VoxEngine.createTTSPlayer("hello").sendMediaTo(call);')[1] == SPEECH * 5


@pytest.mark.covers("VoxEngine.createToneScriptPlayer")
def test_a_tone_script_player_is_heard_and_ends() -> None:
    logs, heard, _ = scene(
        'player = VoxEngine.createToneScriptPlayer("1000@-16;1(*/.0/1))"); player.sendMediaTo(call);'
        "watch(player, PlayerEvents);"
    )
    assert [line.split(" ", 1)[1] for line in logs][-2:] == ["Started 1000", "PlaybackFinished"]
    assert len(heard) == 32_000


@pytest.mark.covers(
    "VoxEngine.createSequencePlayer",
    "SequencePlayerEvents.Created",
    "SequencePlayerEvents.PlaybackReady",
    "SequencePlayerEvents.Started",
    "SequencePlayerEvents.PlaybackMarkerReached",
    "SequencePlayerEvents.PlaybackFinished",
    "SequencePlayer.addMarker",
    "SequencePlayer.sendMediaTo",
    "SequencePlayer.addEventListener",
)
def test_a_sequence_is_ready_when_all_of_it_is_and_has_events_of_its_own() -> None:
    logs, heard, _ = scene(
        """
        const last = {text: "you", parameters: {voice: "Mark"}};
        const segments = [{text: "hi"}, {url: "http://x/late.wav"}, last];
        player = VoxEngine.createSequencePlayer({segments});
        player.sendMediaTo(call);
        watch(player, SequencePlayerEvents);
        player.addMarker(100, segments[1]); player.addMarker(-20, segments[0]); player.addMarker(0, 2);
        player.addEventListener(SequencePlayerEvents.Started, ({sequencePlayer}) => {
          Logger.write("x " + (sequencePlayer === player));
        });
        """
    )
    assert [line.split(" ", 1)[1] for line in logs] == [
        "Created", "PlaybackReady", "Started 800", "true", "PlaybackMarkerReached -20",
        "PlaybackMarkerReached 100", "PlaybackMarkerReached 0", "PlaybackFinished",
    ]  # fmt: skip
    assert heard == SPEECH * 2 + WAV + SPEECH * 3


@pytest.mark.covers(
    "SequencePlayer.pause",
    "SequencePlayer.resume",
    "SequencePlayer.stop",
    "SequencePlayer.stopMediaTo",
    "SequencePlayer.removeEventListener",
    "SequencePlayerEvents.Stopped",
)
def test_a_sequence_can_be_paused_and_stopped_too() -> None:
    logs, heard, _ = scene(
        """
        player = VoxEngine.createSequencePlayer({segments: [{text: "hello"}, {url: "http://x/a.wav"}]});
        player.sendMediaTo(call);
        watch(player, SequencePlayerEvents);
        player.removeEventListener(SequencePlayerEvents.Created);
        setTimeout(player.pause, 100); setTimeout(player.resume, 300);
        setTimeout(() => player.stopMediaTo(call), 700); setTimeout(player.stop, 800);
        """
    )
    assert [line.split(" ", 1)[1] for line in logs] == ["PlaybackReady", "Started 800", "Stopped"]
    sound = heard.replace(bytes(640), b"")
    assert len(heard) - len(sound) == 200 * 32
    assert sound == (SPEECH * 5 + WAV)[: len(sound)]
    assert 480 * 32 <= len(sound) <= 500 * 32


@pytest.mark.covers("PlayerEvents.PlaybackBuffering", "Player.removeEventListener", "Player.id")
def test_progressively_it_starts_before_the_file_is_there_and_waits_where_it_must() -> None:
    data = wav(4 * 16_000)

    async def slow() -> AsyncIterator[bytes]:
        yield data[:80_000]
        await asyncio.sleep(5)
        yield data[80_000:]

    async def story(stage: Stage) -> None:
        stage.net.routes["/slow.wav"] = lambda request: httpx.Response(200, content=slow())
        leg = await stage.call_in(
            SCRIPT
            % """
            player = VoxEngine.createURLPlayer({url: "http://x/slow.wav"}, {progressivePlayback: true});
            player.sendMediaTo(call); watch(player, PlayerEvents);
            player.removeEventListener(PlayerEvents.Created);
            player.addEventListener(PlayerEvents.PlaybackBuffering, (e) => {
              Logger.write("id " + (e.player.id() === player.id()));
            });
            """
        )
        await stage.until(lambda: len(stage.logs()) == 5)
        assert [line.split(" ", 1)[1] for line in stage.logs()] == [
            "PlaybackReady", "Started 0", "PlaybackBuffering", "true", "PlaybackFinished",
        ]  # fmt: skip
        times = [int(line.split()[0]) for line in stage.logs() if line[0] != "i"]
        assert times[1] < 200
        assert 2300 < times[2] < 2600
        assert 6500 < times[3] < 6800
        assert len(leg.heard_pcm().replace(bytes(640), b"")) == 4 * 32_000

    play(story)


@pytest.mark.covers("Player.resume")
def test_on_pause_it_waits_for_resume() -> None:
    logs, heard, _ = scene(
        'player = VoxEngine.createURLPlayer({url: "http://x/a.wav"}, {onPause: true});'
        "watch(player, PlayerEvents); player.sendMediaTo(call); setTimeout(() => player.resume(), 1000);"
    )
    times = {line.split()[1]: int(line.split()[0]) for line in logs}
    assert times["Started"] - times["PlaybackReady"] == 1000
    assert heard == WAV


def test_the_old_form_with_three_values_of_hold_music_plays_when_resumed() -> None:
    logs, heard, _ = scene(
        'player = VoxEngine.createURLPlayer("http://x/a.wav", true, true); watch(player, PlayerEvents);'
        "player.resume(); player.sendMediaTo(call); setTimeout(() => player.stop(), 1200);"
    )
    assert [line.split()[1] for line in logs] == ["Created", "PlaybackReady", "Started", "Stopped"]
    assert len(heard) > 2 * len(WAV)


@pytest.mark.covers("Player.pause")
def test_paused_it_is_silent_and_goes_on_where_it_was() -> None:
    logs, heard, _ = scene(
        'player = VoxEngine.createURLPlayer("http://x/a.wav"); player.sendMediaTo(call);'
        "watch(player, {PlaybackFinished: PlayerEvents.PlaybackFinished});"
        "setTimeout(player.pause, 200); setTimeout(player.resume, 1200);"
    )
    assert heard == WAV[:6400] + bytes(32_000) + WAV[6400:]
    assert int(logs[0].split()[0]) > 1400


@pytest.mark.covers("Player.stop", "PlayerEvents.Stopped")
def test_stopped_it_is_silent_and_only_stopped_comes() -> None:
    logs, heard, stage = scene(
        'player = VoxEngine.createURLPlayer("http://x/a.wav", {loop: true}); player.sendMediaTo(call);'
        "watch(player, PlayerEvents);"
        "setTimeout(() => { player.stop(); player.stop(); }, 1000);"
        "setTimeout(() => { player.resume(); player.sendMediaTo(call); }, 1100);"
    )
    assert [line.split()[1] for line in logs] == ["Created", "PlaybackReady", "Started", "Stopped"]
    assert 30_000 < len(heard) < 34_000
    assert stage.logs("warning") == [
        "resume() ignored: the player was stopped",
        "sendMediaTo ignored: the player was stopped",
    ]


def test_stop_in_playback_finished_gives_stopped_too() -> None:
    logs, _, _ = scene(
        'player = VoxEngine.createTTSPlayer("x"); watch(player, PlayerEvents);'
        "player.addEventListener(PlayerEvents.PlaybackFinished, () => player.stop());"
    )
    assert [line.split()[1] for line in logs][-2:] == ["PlaybackFinished", "Stopped"]


@pytest.mark.covers("Player.stopMediaTo")
def test_a_player_may_be_heard_by_several_and_stop_being_heard() -> None:
    async def story(stage: Stage) -> None:
        stage.net.routes["/a.wav"] = lambda request: httpx.Response(200, content=wav(8000))
        code = """
          const other = VoxEngine.callUser("bob", "x");
          other.addEventListener(CallEvents.Connected, () => {
            player = VoxEngine.createURLPlayer("http://x/a.wav", true);
            player.sendMediaTo(call); player.sendMediaTo(other);
            setTimeout(() => player.stopMediaTo(other), 1000);
          });
        """
        leg = await stage.call_in(SCRIPT % code)
        other = await stage.dialled_leg()
        other.remote.answer()
        await asyncio.sleep(3)
        assert len(leg.heard_pcm()) > 90_000
        assert 30_000 < len(other.heard_pcm()) < 34_000

    play(story)


def test_a_player_replaces_what_the_call_heard_and_is_replaced_by_a_say() -> None:
    _, heard, _ = scene(
        'player = VoxEngine.createURLPlayer("http://x/a.wav", true); player.sendMediaTo(call);'
        'setTimeout(() => call.say("hi"), 1000);',
        seconds=3,
    )
    assert heard.endswith(SPEECH * 2)
    assert 30_000 < len(heard) - len(SPEECH) * 2 < 34_000


@pytest.mark.covers("PlayerEvents.Error", "SequencePlayerEvents.Error")
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ('VoxEngine.createURLPlayer("http://x/bad.wav")', "cannot play http://x/bad.wav: is no"),
        ('VoxEngine.createURLPlayer("http://x/loop")', "http://x/loop: more than 5 redirects"),
        ('VoxEngine.createURLPlayer("http://x/loop", {progressivePlayback: true})', "more than 5 redirects"),
        ('VoxEngine.createURLPlayer("data:audio/mpeg;base64,AAAA")', "cannot download data:audio/mpeg"),
        ('VoxEngine.createTTSPlayer("x".repeat(1501))', "the text has 1501 characters, the limit is 1500"),
        ('VoxEngine.createToneScriptPlayer("nonsense")', "'nonsense' where a number belongs"),
        ('VoxEngine.createSequencePlayer([{text: "x"}, {url: "http://x/bad.wav"}])', "cannot play"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_an_error_and_the_end(code: str, message: str) -> None:
    logs, _, _ = scene(
        f"player = {code}; watch(player, player instanceof Player ? PlayerEvents : SequencePlayerEvents);"
    )
    told = [line.split(" ", 2)[1:] for line in logs]
    assert [row[0] for row in told] == ["Created", "Error", "PlaybackFinished"]
    assert message in told[1][1]
    assert told[1][1] == told[2][1]


def test_one_more_than_ten_at_a_time_ends_the_session_and_names_the_limit() -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(
            SCRIPT % 'for (let i = 0; i < 11; i++) VoxEngine.createToneScriptPlayer("425", true);'
        )
        ending = await stage.ended()
        assert ending.error is not None
        assert "10 media players at a time (the platform's figure is 10)" in ending.error.message

    play(story)


def test_players_that_are_over_do_not_count_and_the_eleventh_is_warned_of() -> None:
    logs, _, stage = scene(
        """
        function next(n) {
          if (n === 12) return Logger.write("all");
          const one = VoxEngine.createTTSPlayer("x");
          if (n % 2) { one.stop(); return next(n + 1); }
          one.addEventListener(PlayerEvents.PlaybackFinished, () => next(n + 1));
        }
        next(0);
        """
    )
    assert logs == ["all"]
    assert ["more than 10 media players" in text for text in stage.logs("warning")] == [True]


def test_a_player_still_playing_at_the_end_of_the_session_is_silenced() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(
            SCRIPT % 'VoxEngine.createToneScriptPlayer("425").sendMediaTo(call);'
            "setTimeout(VoxEngine.terminate, 500);"
        )
        await stage.ended()
        length = len(leg.heard_pcm())
        await asyncio.sleep(2)
        assert len(leg.heard_pcm()) == length > 0

    play(story)


def test_headers_and_body_can_be_kept_out_of_the_files() -> None:
    _, _, stage = scene(
        'VoxEngine.createURLPlayer({url: "http://x/a.wav", method: "POST", body: {text: "card 4111"},'
        'headers: [{name: "X-Own", value: "v1"}]}, {hideHeaders: true, hideBody: true});'
        'VoxEngine.createURLPlayer({url: "http://x/a.wav", headers: [{name: "X-Own", value: "v2"}]});'
    )
    first, second = (record["data"] for record in stage.commands("player.create"))
    assert (first["headers"], first["body"]) == ("«hidden»", "«hidden»")  # type: ignore[index, call-overload]
    assert second["headers"] == [["X-Own", "v2"]]  # type: ignore[index, call-overload]
    assert [request.headers["x-own"] for request in stage.net.requests] == ["v1", "v2"]
    assert stage.net.requests[0].content == b"card 4111"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("player.pause", {}),
        ("player.create", {"kind": "tone", "script": "425"}),
        ("player.marker", {"offset": 1e12, "segment": -1}),
        ("player.marker", {"offset": 1, "segment": 100}),
        ("player.marker", {"offset": "1", "segment": -1}),
    ],
)
def test_a_realm_that_sends_nonsense_ends_its_session(kind: str, data: dict[str, Any]) -> None:
    async def main(clock: LoopClock) -> None:
        service = PlayerService(Given(clock).context, Units(), None, None)  # type: ignore[arg-type]
        if kind == "player.marker":
            service._players["p1"] = object()  # type: ignore[assignment]  # it is not looked at
        elif kind == "player.create":
            service._units.get = lambda unit_id: object()  # type: ignore[assignment, method-assign]
        with pytest.raises(ScenarioError):
            service.execute(Command(kind, "p1", data))

    run_virtual(main)


def test_markers_have_a_limit() -> None:
    logs, _, _ = scene(
        'player = VoxEngine.createTTSPlayer("x"); try { for (let i = 0; i < 2000; i++) player.addMarker(i); }'
        "catch (error) { Logger.write(error.message); }"
    )
    assert logs == [f"addMarker: a player has at most {MOST_MARKERS} markers"]
