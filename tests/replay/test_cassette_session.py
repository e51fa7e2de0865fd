"""A session recorded against the local Ultravox plays again without it: the same, or the first difference."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from tests.emulators.ultravox.caller import ToneSpeech, buzz
from tests.replay.taping import AGENT, KEY, LOGS, SCENARIO, WEATHER_KEY, Tape, record, weather_call
from tests.services.sockets import Peer, Server

from voxrun.errors import ConfigError
from voxrun.realm.port import Script
from voxrun.replay.cassette_read import read_cassette
from voxrun.replay.cassette_session import Played, play_cassette
from voxrun.replay.from_session import write

OLD = sorted((Path(__file__).parent / "fixtures").glob("cassette-v*"))


@pytest.fixture(scope="module")
def cassette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("cassettes"))


def play(folder: Path, source: str = "", sessions: Path | None = None) -> Played:
    scripts = (Script("weather.js", source),) if source else None
    return play_cassette(read_cassette(folder), scripts=scripts, sessions_dir=sessions, speech=ToneSpeech())


def logs(played: Played) -> list[str]:
    return [str(r["text"]) for r in played.records if r["k"] == "log" and r["level"] == "write"]


def digest(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_recorded_call_plays_again_without_provider_network_or_key(cassette: Path) -> None:
    played = play(cassette)
    assert played.difference is None
    assert (played.messages, played.requests) == (2, 2)
    assert logs(played) == LOGS[cassette]
    assert "agent: It is 12 degrees." in LOGS[cassette]
    assert played.reason == "Normal termination"


def test_two_playbacks_are_the_same_byte_for_byte(cassette: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        play(cassette, sessions=tmp_path / name)
    first = digest(tmp_path / "one")
    assert first == digest(tmp_path / "two")
    assert {Path(name).name for name in first} >= {"journal.jsonl", "log.txt", "recording.wav"}


def test_the_caller_and_the_agent_are_heard_again(cassette: Path, tmp_path: Path) -> None:
    from voxrun.media.files import decode_stereo

    play(cassette, sessions=tmp_path)
    left, right = decode_stereo(next(tmp_path.glob("*/recording.wav")))
    assert buzz("Hello, which city?")[:20_000] in left
    assert buzz("weather in London") in right


def test_a_changed_answer_to_a_tool_is_named_with_both_sides_and_its_line(cassette: Path) -> None:
    played = play(cassette, SCENARIO.replace("result: text", "result: text + '!'"))
    found = played.difference
    assert found is not None
    assert found.what == "message 2 to the provider"
    (place,) = found.places
    assert (place.path, place.before, place.after) == ("result", '{"celsius":12}', '{"celsius":12}!')
    assert played.where.startswith("weather.js:28")
    assert (played.messages, played.requests) == (1, 2)
    assert found.t == 7980


def test_a_changed_request_is_named(cassette: Path) -> None:
    played = play(cassette, SCENARIO.replace("You know the weather.", "You know the tides."))
    assert played.difference is not None
    assert [str(place) for place in played.difference.places] == [
        'body.json.systemPrompt: "You know the weather." -> "You know the tides."'
    ]


def test_a_request_of_the_scenario_that_is_another_is_named(cassette: Path) -> None:
    played = play(cassette, SCENARIO.replace("weather.test/now", "weather.test/later"))
    assert played.difference is not None
    assert played.difference.what == "request 1 of the scenario"


def test_a_message_that_does_not_come_any_more_is_named(cassette: Path) -> None:
    played = play(cassette, SCENARIO.replace("agent.userTextMessage", "(() => {})"))
    assert played.difference is not None
    assert played.difference.what == "message 1 to the provider"
    expected = {"text": "key 5", "type": "user_text_message"}
    assert (played.difference.recorded, played.difference.actual) == (expected, None)


def test_a_message_too_many_is_named(cassette: Path) -> None:
    more = SCENARIO.replace("VoxEngine.sendMediaBetween", "setTimeout(() => agent.hangUp({}), 9500);\n$&")
    more = more.replace("$&", "VoxEngine.sendMediaBetween")
    played = play(cassette, more)
    assert played.difference is not None
    assert (played.difference.recorded, played.difference.actual) == (None, {"type": "hang_up"})


def test_a_scenario_that_never_ends_is_told_and_stopped(cassette: Path) -> None:
    played = play(cassette, SCENARIO.replace("call.hangup(); },", "},"))
    assert played.difference is not None
    assert (played.difference.what, played.difference.actual) == ("the end of the session", "it goes on")


def test_log_lines_and_comments_make_no_difference(cassette: Path) -> None:
    assert play(cassette, "// moved\n" + SCENARIO.replace("closed $", "over $")).difference is None


def test_secrets_that_are_given_are_used_and_make_no_difference(cassette: Path) -> None:
    played = play_cassette(
        read_cassette(cassette),
        secrets={"WEATHER": "another-key-77", "UNKNOWN": "x"},
        speech=ToneSpeech(),
    )
    assert played.difference is None


def test_ids_and_addresses_of_the_playback_are_those_of_the_recording(cassette: Path) -> None:
    """metadata.id comes from uuidgen(): with the same seed it is the same."""
    taped = read_cassette(cassette)
    played = play(cassette)
    (create,) = [r for r in played.records if r["k"] == "command" and r["kind"] == "connector.create"]
    body = create["data"]["params"]["body"]  # type: ignore[index,call-overload]
    recorded = taped.requests[1].content["body"]["json"]  # type: ignore[index,call-overload]
    assert body["metadata"] == recorded["metadata"]  # type: ignore[index,call-overload]


def test_a_recording_that_was_killed_is_played_as_far_as_it_goes(cassette: Path, tmp_path: Path) -> None:
    import shutil

    cut = tmp_path / "cut"
    shutil.copytree(cassette, cut)
    file = cut / "cassette.jsonl"
    lines = file.read_text().splitlines()
    middle = next(i for i, line in enumerate(lines) if "client_tool_invocation" in line)
    file.write_text("\n".join([*lines[:middle], lines[middle][:40]]))
    wav = cut / "leg-1.wav"
    wav.write_bytes(wav.read_bytes()[:200_000])
    taped = read_cassette(cut)
    assert taped.end is None
    played = play(cut)
    assert played.difference is None
    assert played.messages == 1


def test_callees_are_played_too(tmp_path: Path) -> None:
    source = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  const second = VoxEngine.callPSTN("4930777", "100");
  second.addEventListener(CallEvents.Ringing, () => Logger.write("rings"));
  second.addEventListener(CallEvents.Connected, () => { Logger.write("up"); second.handleTones(true); });
  second.addEventListener(CallEvents.ToneReceived, (e) => Logger.write("key " + e.tone));
  second.addEventListener(CallEvents.Disconnected, () => { Logger.write("down"); VoxEngine.terminate(); });
  const third = VoxEngine.callPSTN("4930888", "100");
  third.addEventListener(CallEvents.Failed, (e) => Logger.write("failed " + e.code));
});
"""

    async def story(tape: Tape) -> None:
        await tape.call()
        await tape.until(lambda: len(tape.dialled) == 2)
        second, third = tape.dialled
        await asyncio.sleep(0.5)
        second.remote.ring()
        await asyncio.sleep(0.25)
        third.remote.refuse(486)
        await asyncio.sleep(0.75)
        second.remote.answer()
        second.remote.speak(buzz("hello"))
        await asyncio.sleep(1)
        second.remote.press("7")
        await asyncio.sleep(1)
        second.remote.hang_up()
        await tape.runtime.wait(tape.session_id)
        seen.extend(tape.logs())

    seen: list[str] = []
    folder = record(tmp_path / "c", story, source=source)
    played = play(folder, sessions=tmp_path / "s")
    assert played.difference is None
    assert logs(played) == seen == ["rings", "failed 486", "up", "key 7", "down"]
    found = play(folder, source.replace("4930777", "4930778")).difference
    assert found is not None
    assert (found.what, found.places[0].path) == ("call to 4930778", "destination")
    missing = play(folder, source.replace('VoxEngine.callPSTN("4930888", "100")', "{addEventListener() {}}"))
    assert missing.difference is not None
    assert missing.difference.what == "call to 4930888"


MENU = """
require(Modules.ASR);
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  const asr = VoxEngine.createASR({ profile: ASRProfileList.Google.en_US });
  asr.addEventListener(ASREvents.Result, ({ text }) => {
    Logger.write(`heard ${text}`);
    const socket = VoxEngine.createWebSocket(`${VoxEngine.getSecretValue('BOT')}/talk`);
    socket.onopen = () => socket.send(text);
    socket.onmessage = async ({ text: reply }) => {
      await Net.httpRequestAsync(`${VoxEngine.getSecretValue('API')}/now`);
      Logger.write(`bot ${reply}`);
      VoxEngine.terminate();
    };
  });
  call.sendMediaTo(asr);
});
"""
ADDRESSES = {"BOT": "wss://bot.test:8443", "API": "http://weather.test"}


def test_the_scenarios_asr_and_secret_addresses_play_again(tmp_path: Path) -> None:
    async def bot(peer: Peer) -> None:
        await peer.tell("fine")

    async def story(tape: Tape) -> None:
        tape.server = Server(bot)
        leg = await tape.call()
        await asyncio.sleep(1)
        leg.remote.speak(buzz("weather in London"))
        await tape.runtime.wait(tape.session_id)
        seen.extend(tape.logs())

    seen: list[str] = []
    folder = record(tmp_path / "c", story, source=MENU, secrets=ADDRESSES)
    assert seen == ["heard weather in London", "bot fine"]
    assert "weather.test" not in (folder / "cassette.jsonl").read_text()
    played = play(folder)
    assert played.difference is None
    assert logs(played) == seen
    assert (played.requests, played.messages) == (1, 1)
    (call,) = write(folder, tmp_path / "x.call.yaml")
    assert 'say: "weather in London"' in call.read_text()
    assert 'BOT: "wss://bot.test:8443"' in call.read_text()


def test_a_refused_provider_is_refused_again(tmp_path: Path) -> None:
    async def story(tape: Tape) -> None:
        await tape.call()
        await tape.runtime.wait(tape.session_id)

    folder = record(tmp_path, story, agent=AGENT + "faults: {refuse: {status: 429}}\n")
    played = play(folder)
    assert played.difference is None
    assert logs(played) == ["closed 1011"]


def test_a_connection_that_broke_breaks_again(tmp_path: Path) -> None:
    async def story(tape: Tape) -> None:
        await tape.call()
        await tape.runtime.wait(tape.session_id)

    folder = record(tmp_path, story, agent=AGENT + "faults: {drop: {after: 0.5s}}\n")
    played = play(folder)
    assert played.difference is None
    assert logs(played)[-1] == "closed 1006"


def test_a_session_that_was_started_and_asked_over_http_plays_again(tmp_path: Path) -> None:
    source = """
VoxEngine.addEventListener(AppEvents.Started, (e) => {
  Logger.write("started with " + VoxEngine.customData());
  Net.httpRequestAsync("http://weather.test/now?url=" + encodeURIComponent(e.accessURL));
});
VoxEngine.addEventListener(AppEvents.HttpRequest, (e) => { Logger.write("asked " + e.content); });
"""

    async def story(tape: Tape) -> None:
        tape.session_id = await tape.runtime.start_session("some data")
        await asyncio.sleep(3)
        await tape.runtime.http_request(tape.session_id, f"{3:032x}", "POST", "/", "hello", [])
        await tape.runtime.wait(tape.session_id)

    folder = record(tmp_path, story, source=source)
    assert f"{3:032x}" not in (folder / "cassette.jsonl").read_text()
    played = play(folder)
    assert played.difference is None
    assert logs(played) == ["started with some data", "asked hello"]


def test_no_secret_is_on_the_cassette(cassette: Path) -> None:
    joined = b"".join(path.read_bytes() for path in cassette.rglob("*") if path.is_file())
    assert KEY.encode() not in joined
    assert WEATHER_KEY.encode() not in joined
    assert b"server_web_socket" not in joined  # the address that lets anybody join the call


def test_a_cassette_whose_scenario_was_edited_wants_it_given(cassette: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(cassette, copy)
    script = next((copy / "scripts").iterdir())
    script.write_text("// other")
    with pytest.raises(ConfigError, match="not the text that ran"):
        play(copy)


@pytest.mark.parametrize("folder", OLD, ids=lambda path: path.name)
def test_old_cassettes_still_play(folder: Path) -> None:
    assert play(folder).difference is None


def test_there_are_old_cassettes() -> None:
    assert OLD


def test_the_story_itself_is_a_function_of_its_inputs(cassette: Path, tmp_path: Path) -> None:
    again = record(tmp_path, weather_call)
    assert digest(again) == digest(cassette)


# -- the scenario's own WebSockets --------------------------------------------------------------------

SOCKETS = """
VoxEngine.allowWebSocketConnections();
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  const ws = VoxEngine.createWebSocket(`wss://bot.test/talk?key=${VoxEngine.getSecretValue('WEATHER')}`);
  ws.onopen = () => { ws.send(JSON.stringify({ hello: 'bot' })); VoxEngine.sendMediaBetween(call, ws); };
  ws.onmessage = ({ text }) => { Logger.write(`bot: ${text}`); ws.send('thanks'); };
  for (const kind of [WebSocketEvents.MEDIA_STARTED, WebSocketEvents.MEDIA_ENDED, WebSocketEvents.CLOSE]) {
    ws.addEventListener(kind, (e) => Logger.write(`${e.name} ${e.code || ''}`));
  }
});
VoxEngine.addEventListener(AppEvents.WebSocket, ({ websocket, path, headers }) => {
  Logger.write(`guest ${path.split('/').pop()} ${headers[0].value}`);
  websocket.onmessage = ({ text }) => { Logger.write(`guest: ${text}`); websocket.send(`echo ${text}`); };
  websocket.onclose = ({ code }) => Logger.write(`guest has gone ${code}`);
});
"""


async def bot(peer: Peer) -> None:
    await asyncio.sleep(0.5)
    await peer.start("ULAW", 8000)
    for _ in range(20):
        await peer.send_media(b"\x80" * 160)
    await peer.stop()
    await peer.tell("how are you")
    await asyncio.sleep(2)
    await peer.close(4000, "bored")


async def sockets_story(tape: Tape) -> None:
    tape.server = Server(bot)
    leg = await tape.call()
    await asyncio.sleep(1)
    guest = await tape.visit("/kitchen")
    await guest.send("knock")
    assert await guest.recv() == "echo knock"
    await asyncio.sleep(1)
    await guest.close(4001, "bye")
    await asyncio.sleep(2)
    leg.remote.hang_up()
    await tape.runtime.wait(tape.session_id)


@pytest.fixture(scope="module")
def sockets_cassette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("sockets"), sockets_story, source=SOCKETS)


def test_websockets_of_the_scenario_and_guests_play_again(sockets_cassette: Path, tmp_path: Path) -> None:
    played = play(sockets_cassette, sessions=tmp_path)
    assert played.difference is None
    assert logs(played) == LOGS[sockets_cassette]
    assert logs(played) == [
        "WebSocket.MediaEventStarted ",
        "bot: how are you",
        "WebSocket.MediaEventEnded ",
        "guest kitchen guest",
        "guest: knock",
        "guest has gone 4001",
        "WebSocket.Close 4000",
    ]
    assert played.messages == 4  # hello, start, thanks, echo: audio is not compared


def test_no_key_of_a_websocket_is_on_the_cassette(sockets_cassette: Path) -> None:
    for path in sockets_cassette.rglob("*"):
        assert path.is_dir() or WEATHER_KEY.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("was", "now", "what"),
    [
        ("hello: 'bot'", "hello: 'world'", "message 1 of the scenario"),
        ("echo ${text}", "${text}", "message 1 to a visitor"),
        ("VoxEngine.allowWebSocketConnections();", "", "a WebSocket to the session's URL"),
        ("wss://bot.test", "wss://other.test", "connection 1 of the scenario"),
        ("ws.send('thanks');", "", "message 3 of the scenario"),
    ],
)
def test_what_a_changed_scenario_does_with_its_websockets_is_named(
    sockets_cassette: Path, was: str, now: str, what: str
) -> None:
    assert SOCKETS.count(was) == 1
    played = play(sockets_cassette, SOCKETS.replace(was, now))
    assert played.difference is not None
    assert played.difference.what == what


def test_what_happened_in_the_millisecond_of_the_end_happens_before_it(tmp_path: Path) -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
      call.answer();
      const timer = setTimeout(() => Net.httpRequestAsync('http://weather.test/now'), 1000);
      call.addEventListener(CallEvents.Disconnected, () => { clearTimeout(timer); VoxEngine.terminate(); });
    });
    """

    async def story(tape: Tape) -> None:
        leg = await tape.call()
        await asyncio.sleep(1.0003)
        leg.remote.hang_up()
        await tape.runtime.wait(tape.session_id)

    taped = read_cassette(record(tmp_path, story, source=source))
    (asked,) = taped.requests.values()
    assert asked.t == 1000
    ended = taped.legs[1].first("ended")
    assert ended is not None
    assert ended.t == 1000
    played = play_cassette(taped, speech=ToneSpeech())
    assert (played.difference, played.requests) == (None, 1)
