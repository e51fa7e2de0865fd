"""A script that is made from a recorded session loads and passes as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.replay.taping import KEY, WEATHER_KEY, Tape, record

from voxrun.errors import ConfigError
from voxrun.media.tones import beep
from voxrun.replay.failure import report
from voxrun.replay.format import load_script, parse_script
from voxrun.replay.from_session import run, write
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_script

BARGE_IN = """
title: barge-in
scenario: scenario.js
agent:
  greeting: Ask me for a story.
  rules:
    - hears: tell me a long story
      says: Once upon a time there was a telephone that rang all day and all night, and nobody picked it up.
    - hears: thank you very much
      says: You are welcome.
steps:
  - expect: {agent_says: Ask me for a story.}
  - say: tell me a long story
  - interrupt: thank you very much
    after: there was a telephone
  - expect: {agent_says: You are welcome.}
  - hangup
  - expect: ended
"""
UNANSWERED = BARGE_IN[: BARGE_IN.index("  - interrupt")] + "  - hangup\n  - expect: session_ended\n"
LINGERS = "() => setTimeout(VoxEngine.terminate, 3000)"
TRANSFER = """
title: transfer
scenario: transfer.js
call: {from: "+4930123", headers: {X-Tier: "gold: 1"}}
callees:
  "+4930777": {rings: 300ms, answers: 1s, does: [wait: 2s, hangup]}
  "+4930888": {fails: 486}
steps:
  - expect: answered
  - wait: 500ms
  - dtmf: "12#"
  - expect: {session_ended: Normal}
"""
TRANSFER_JS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  call.handleTones(true);
  call.addEventListener(CallEvents.ToneReceived, ({ tone }) => Logger.write("key " + tone));
  const busy = VoxEngine.callPSTN("+4930888", "100");
  busy.addEventListener(CallEvents.Failed, () => {
    const second = VoxEngine.callPSTN("+4930777", "100");
    second.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, second));
    second.addEventListener(CallEvents.Disconnected, () => call.hangup());
  });
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});
"""
REJECT = """
scenario: reject.js
steps:
  - expect: rejected
  - expect: {session_ended: Normal}
"""
REJECT_JS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.reject(486);
});
"""

MENU = """
scenario: menu.js
steps:
  - expect: {caller_hears: Say your name.}
  - say: Alice Baker
  - wait: 2s
  - dtmf: "7"
  - expect: {ended: scenario}
"""
MENU_JS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  call.say("Say your name.");
  call.addEventListener(CallEvents.PlaybackFinished, () => {
    const asr = VoxEngine.createASR({ phraseHints: ["Alice Baker", "Bob Miller"], singleUtterance: true });
    call.sendMediaTo(asr);
    asr.addEventListener(ASREvents.Result, ({ text }) => {
      if (text !== "Alice Baker") return;
      call.handleTones(true);
      call.addEventListener(CallEvents.ToneReceived, () => call.hangup());
    });
  });
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});
"""
HANGS_UP = """
scenario: asr.js
steps:
  - expect: answered
  - say: Alice Baker and Bob Miller
  - hangup
  - expect: ended
"""
HANGS_UP_JS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  const asr = VoxEngine.createASR({ phraseHints: ["Alice Baker", "Bob Miller"], interimResults: true });
  asr.addEventListener(ASREvents.InterimResult, () => {});
  call.sendMediaTo(asr);
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});
"""
SOCKETS = """
scenario: sockets.js
websockets:
  - {url: wss://bot.example/*, refuse: 503, times: 1}
  - url: wss://bot.example/*
    name: bot
    does: [wait: 200ms, send: {type: ready}]
    replies:
      - to: {type: hello}
        does:
          - say: {text: Good morning., encoding: ULAW, tag: a, custom: {mood: fine}}
          - wait: 1s
          - send: "{odd"
      - {to: /later, does: [close: {code: 4001, reason: done}]}
steps:
  - expect: {log: ready}
  - wait: 4s
  - websocket: {name: ann, path: /room, does: [send: ring]}
  - expect: {websocket: ann, text: rang}
  - expect: {ended: scenario}
"""
SOCKETS_JS = """
VoxEngine.allowWebSocketConnections();
let bot;
function connect(call) {
  bot = VoxEngine.createWebSocket("wss://bot.example/talk?id=" + Math.random());
  bot.onopen = () => bot.send(JSON.stringify({ type: "hello", at: Math.random() }));
  bot.sendMediaTo(call, { tag: "a" });
  bot.onmessage = ({ text }) => Logger.write(text);
  bot.onclose = ({ code }) => code === 4001 ? call.hangup() : connect(call);
}
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  connect(call);
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});
VoxEngine.addEventListener(AppEvents.WebSocket, ({ websocket, path }) => {
  websocket.onmessage = ({ text }) => { websocket.send("rang"); bot.send("/later " + text); };
});
"""


@pytest.fixture(scope="module")
def resources() -> Iterator[Resources]:
    made = Resources()
    yield made
    asyncio.run(made.close())


def bridge() -> str:
    return """
require(Modules.Ultravox);
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.answer();
  const agent = await Ultravox.createWebSocketAPIClient({
    endpoint: Ultravox.HTTPEndpoint.CREATE_CALL, authorizations: { 'X-API-Key': 'any' }, body: {},
    onWebSocketClose: () => call.hangup(),
  });
  VoxEngine.sendMediaBetween(call, agent);
  agent.addEventListener(Ultravox.WebSocketAPIEvents.PlaybackClearBuffer, () => agent.clearMediaBuffer());
});
"""


def played(text: str, folder: Path, resources: Resources) -> Outcome:
    outcome = play_script(parse_script(text, folder / "x.call.yaml"), resources, folder / "sessions")
    assert outcome.failure is None, outcome.failure
    return outcome


def passes(path: Path, resources: Resources) -> None:
    outcome = play_script(load_script(path), resources)
    assert outcome.failure is None, f"{outcome.failure}\n{path.read_text()}"


def test_a_call_with_a_key_a_tool_and_a_goodbye_passes_unedited(tmp_path: Path, resources: Resources) -> None:
    record(tmp_path / "c", sessions_dir=tmp_path / "s")
    (session,) = (tmp_path / "s").iterdir()
    call, agent = write(session)
    assert (call.name, agent.name) == ("session.call.yaml", "session.agent.yaml")
    text = call.read_text()
    for expected in (
        '- dtmf: "5"',
        '- say: "weather in London"',
        "- expect: {tool: getWeather, with: {city: London}, result: {celsius: 12}}",
        "- expect: {ended: scenario}",
        "reply: {status: 200, json: {celsius: 12}}",
    ):
        assert expected in text
    assert KEY not in text
    assert WEATHER_KEY not in text
    passes(call, resources)


def test_an_interruption_is_told_as_one_and_passes(tmp_path: Path, resources: Resources) -> None:
    (tmp_path / "scenario.js").write_text(bridge())
    outcome = played(BARGE_IN, tmp_path, resources)
    assert outcome.folder is not None
    call, _ = write(outcome.folder)
    assert 'interrupt: "thank you very much", after: ' in call.read_text()
    assert "{ended: caller}" in call.read_text()
    passes(call, resources)


@pytest.mark.parametrize(
    ("script", "name", "source", "said"),
    [
        (UNANSWERED, "scenario.js", bridge().replace("VoxEngine.terminate", LINGERS), "tell me a long story"),
        (HANGS_UP, "asr.js", HANGS_UP_JS, "Alice Baker and Bob"),
    ],
    ids=["the voice AI understands it when he is gone", "an ASR had begun to"],
)
def test_what_a_caller_says_before_he_hangs_up_is_kept(
    tmp_path: Path, resources: Resources, script: str, name: str, source: str, said: str
) -> None:
    (tmp_path / name).write_text(source)
    outcome = played(script, tmp_path, resources)
    assert outcome.folder is not None
    call = write(outcome.folder)[0]
    assert f'  - say: "{said}"\n  - hangup\n' in call.read_text()
    passes(call, resources)


@pytest.mark.parametrize(
    ("script", "name", "source"),
    [
        (TRANSFER, "transfer.js", TRANSFER_JS),
        (REJECT, "reject.js", REJECT_JS),
        (MENU, "menu.js", MENU_JS),
        (SOCKETS, "sockets.js", SOCKETS_JS),
    ],
    ids=["callees", "rejected", "menu", "sockets"],
)
def test_calls_without_a_voice_ai_pass_too(
    tmp_path: Path, resources: Resources, script: str, name: str, source: str
) -> None:
    (tmp_path / name).write_text(source)
    outcome = played(script, tmp_path, resources)
    assert outcome.folder is not None
    written = write(outcome.folder)
    assert len(written) == 1
    passes(written[0], resources)


def test_a_started_session_and_a_refused_voice_ai_pass(tmp_path: Path, resources: Resources) -> None:
    async def story(tape: Tape) -> None:
        await tape.call()
        await tape.runtime.wait(tape.session_id)

    agent = "greeting: Hello.\nfaults: {refuse: {status: 429}}\n"
    record(tmp_path / "c", story, agent=agent, sessions_dir=tmp_path / "s")
    call, _ = write(next((tmp_path / "s").iterdir()))
    assert "faults: {refuse: 429}" in call.read_text()
    passes(call, resources)


def test_the_script_stands_where_it_is_wanted_and_uses_the_scenario_there(tmp_path: Path) -> None:
    record(tmp_path / "c", sessions_dir=tmp_path / "s")
    (session,) = (tmp_path / "s").iterdir()
    (tmp_path / "weather.js").write_text("// newer")
    said: list[str] = []
    assert run(session, tmp_path / "booking.call.yaml", said.append) == 0
    script = load_script(tmp_path / "booking.call.yaml")
    assert script.scenarios == (tmp_path / "weather.js",)
    assert (tmp_path / "booking.agent.yaml").stat().st_mode & 0o777 == 0o600
    assert said[-1].endswith("booking.call.yaml")


def test_what_is_there_already_is_not_overwritten(tmp_path: Path) -> None:
    record(tmp_path / "c", sessions_dir=tmp_path / "s")
    (session,) = (tmp_path / "s").iterdir()
    write(session)
    with pytest.raises(ConfigError, match="is there already"):
        write(session)


def test_a_folder_that_is_no_session_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="session's folder is wanted"):
        write(tmp_path)


def test_a_script_of_a_cassette_plays_with_it_and_not_with_an_agent(
    tmp_path: Path, resources: Resources
) -> None:
    tape = record(tmp_path / "tapes")
    (path,) = write(tape, tmp_path / "weather.call.yaml")
    text = path.read_text("utf-8")
    assert f'cassette: "tapes/{tape.name}"' in text
    assert "http:" not in text
    assert '- say: "weather in London"' in text
    script = load_script(path)
    assert script.agent is None
    outcome = play_script(script, resources)
    assert outcome.ok, report(outcome)
    assert KEY not in text
    assert WEATHER_KEY not in text


def test_a_cassette_that_does_not_play_as_recorded_gives_no_script(tmp_path: Path) -> None:
    tape = record(tmp_path / "tapes")
    file = tape / "cassette.jsonl"
    file.write_text(file.read_text("utf-8").replace("key 5", "key 6"), "utf-8")
    with pytest.raises(ConfigError, match="no script can be made of this cassette"):
        write(tape, tmp_path / "weather.call.yaml")
    assert not (tmp_path / "weather.call.yaml").exists()


MACHINE = """
VoxEngine.addEventListener(AppEvents.Started, () => {
  const call = VoxEngine.callPSTN('4930777', '100');
  call.addEventListener(CallEvents.Connected, () => call.enableBeepDetection({ timeout: 9000 }));
  call.addEventListener(CallEvents.BeepDetectionComplete, ({ timeout }) =>
    Net.httpRequestAsync(`http://weather.test/now?timeout=${timeout}`).then(VoxEngine.terminate));
});
"""


def test_what_a_callee_said_is_on_a_cassette_and_its_script(tmp_path: Path, resources: Resources) -> None:
    async def story(tape: Tape) -> None:
        tape.session_id = await tape.runtime.start_session("")
        await tape.until(lambda: tape.dialled)
        await asyncio.sleep(1)
        tape.dialled[0].remote.answer()
        await asyncio.sleep(3)
        tape.dialled[0].remote.speak(beep(1000, 400))
        await tape.runtime.wait(tape.session_id)

    tape = record(tmp_path / "tapes", story, source=MACHINE)
    (path,) = write(tape, tmp_path / "machine.call.yaml")
    assert f"say: {{audio: tapes/{tape.name}/leg-1.wav}}" in path.read_text()
    passes(path, resources)
