"""A cassette in a call script: the recorded provider and network answer, and what differs is named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.replay.calls import VOICE
from tests.replay.taping import KEY, LOGS, SCENARIO, WEATHER_KEY, Tape, record
from tests.services.sockets import Peer, Server

from voxrun.errors import ScriptError
from voxrun.replay.cassette_read import read_cassette
from voxrun.replay.cassette_session import play_cassette
from voxrun.replay.failure import report
from voxrun.replay.format import load_script
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_script
from voxrun.services.storage import Item

STEPS = """
steps:
  - expect: {agent_says: "Hello, which city?"}
  - wait: 2s
  - dtmf: "5"
  - expect: {agent_says: Pardon}
  - say: what will it be like in London
  - expect: {tool: getWeather, with: {city: London}, result: {celsius: 12}}
  - expect: {http: "http://weather.test/now*", with: {method: GET}}
  - expect: {agent_says: It is 12 degrees.}
  - expect: {audio: {speech: 300ms}}
  - expect: {ended: scenario}
  - expect: {session_ended: Normal termination}
"""


@pytest.fixture(scope="module")
def cassette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("cassettes"))


def call(
    resources: Resources,
    folder: Path,
    tape: Path,
    extra: str = "",
    steps: str = STEPS,
    source: str = SCENARIO,
) -> Outcome:
    (folder / "weather.js").write_text(source, "utf-8")
    path = folder / "weather.call.yaml"
    path.write_text(f"{VOICE}call: {{from: alice}}\ncassette: {tape}\n{extra}\n{steps}", "utf-8")
    return play_script(load_script(path), resources, folder / "sessions")


def fails(*args: Path | Resources | str, **more: str) -> str:
    outcome = call(*args, **more)  # type: ignore[arg-type]
    assert not outcome.ok
    return report(outcome)


def test_the_recorded_voice_ai_and_network_answer(
    resources: Resources, tmp_path: Path, cassette: Path
) -> None:
    outcome = call(resources, tmp_path, cassette)
    assert outcome.ok, report(outcome)
    header = outcome.records[0]
    recorded = json.loads((cassette / "cassette.jsonl").read_text().splitlines()[0])["journal"]
    assert (header["seed"], header["startMs"]) == (recorded["seed"], recorded["startMs"])
    written = "".join(p.read_text("utf-8", "ignore") for p in (tmp_path / "sessions").rglob("*.*l*"))
    assert KEY not in written
    assert WEATHER_KEY not in written


def test_a_request_that_is_another_fails_with_its_line_and_what_came_closest(
    resources: Resources, tmp_path: Path, cassette: Path
) -> None:
    text = fails(resources, tmp_path, cassette, source=SCENARIO.replace("city=$", "place=$"))
    line = next(i for i, each in enumerate(SCENARIO.splitlines(), 1) if "Net.httpRequestAsync" in each)
    tape = next(i for i, each in enumerate((cassette / "cassette.jsonl").open(), 1) if '"via":"net"' in each)
    assert text.startswith(f"weather.js:{line}:")
    assert "the scenario sent GET http://weather.test/now?place=London" in text
    assert (
        f"closest on the cassette is GET http://weather.test/now ({cassette}/cassette.jsonl:{tape})" in text
    )
    assert 'query[0][0] is "place" now, it was "city"' in text


def test_a_request_that_is_not_there_any_more_is_used_up(
    resources: Resources, tmp_path: Path, cassette: Path
) -> None:
    twice = SCENARIO.replace("const { text } =", "await Net.httpRequestAsync(url);\n    const { text } =")
    text = fails(resources, tmp_path, cassette, source=twice)
    assert "was asked for already: it came once there" in text


def test_stubs_of_the_script_come_first_and_a_404_can_be_allowed(
    resources: Resources, tmp_path: Path, cassette: Path
) -> None:
    stub = 'http: [{url: "http://weather.test/*", reply: {json: {celsius: 30}}}]'
    text = fails(resources, tmp_path, cassette, stub)
    assert "message 2 to the provider is another than on the cassette" in text
    assert 'result is "{\\"celsius\\":30}" now, it was "{\\"celsius\\":12}"' in text
    extra = SCENARIO.replace(
        "call.answer();", "call.answer(); Net.httpRequestAsync('http://weather.test/x');"
    )
    (tmp_path / "again").mkdir()
    allowed = call(resources, tmp_path / "again", cassette, "http_unmatched: 404", source=extra)
    assert allowed.ok, report(allowed)


def test_another_message_to_the_voice_ai_fails_with_its_line(
    resources: Resources, tmp_path: Path, cassette: Path
) -> None:
    text = fails(resources, tmp_path, cassette, source=SCENARIO.replace("`key ${", "`digit ${"))
    assert text.startswith("weather.js:6:")
    assert "message 1 to the provider is another than on the cassette" in text
    assert 'text is "digit 5" now, it was "key 5"' in text


def test_another_request_to_the_provider_fails_with_its_line(
    resources: Resources, tmp_path: Path, cassette: Path
) -> None:
    text = fails(resources, tmp_path, cassette, source=SCENARIO.replace("the weather.'", "the tides.'"))
    assert text.startswith("weather.js:14:")
    assert 'body.json.systemPrompt is "You know the tides." now, it was "You know the weather."' in text


def test_what_the_cassette_waits_for_is_a_hint(resources: Resources, tmp_path: Path, cassette: Path) -> None:
    text = fails(resources, tmp_path, cassette, steps=STEPS.replace('- dtmf: "5"', "- wait: 1s"))
    assert "Hint: the voice AI of the cassette goes on once it gets message 1" in text
    assert '"text": "key 5"' in text


def test_an_agent_of_the_script_takes_the_place_of_the_recorded_one(
    resources: Resources, tmp_path: Path, cassette: Path
) -> None:
    agent = "agent: {greeting: I am the agent of the script., voice: {engine: espeak}}"
    steps = "steps:\n  - expect: {agent_says: I am the agent of the script.}\n  - hangup\n"
    outcome = call(resources, tmp_path, cassette, agent, steps)
    assert outcome.ok, report(outcome)


def test_two_runs_give_the_same_bytes(resources: Resources, tmp_path: Path, cassette: Path) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        outcome = call(resources, tmp_path / name, cassette)
        assert outcome.folder is not None
        files = sorted(path for path in outcome.folder.rglob("*") if path.is_file())
        found.append([(path.name, path.read_bytes()) for path in files])
    assert found[0] == found[1]


SOCKET = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  const bot = VoxEngine.createWebSocket('wss://bot.example/talk');
  bot.onopen = () => bot.send(JSON.stringify({ type: 'hello' }));
  bot.onmessage = ({ text }) => { Logger.write(`bot: ${text}`); bot.send('thanks'); };
  bot.onclose = ({ code }) => { Logger.write(`closed ${code}`); call.hangup(); };
});
"""


@pytest.fixture(scope="module")
def socket_cassette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    async def story(tape: Tape) -> None:
        async def bot(peer: Peer) -> None:
            await asyncio.sleep(1)
            await peer.tell({"type": "welcome"})
            await asyncio.sleep(1)
            await peer.close(4000)

        tape.server = Server(bot)
        await tape.call()
        await tape.runtime.wait(tape.session_id)

    return record(tmp_path_factory.mktemp("cassettes"), story, source=SOCKET)


SOCKET_STEPS = """
steps:
  - expect: {websocket: "wss://bot.example/*", with: {type: hello}}
  - expect: {log: 'bot: {"type":"welcome"}'}
  - expect: {websocket: "wss://bot.example/*", text: thanks}
  - expect: {log: closed 4000}
"""


def test_the_scenarios_own_websocket_is_on_the_cassette(
    resources: Resources, tmp_path: Path, socket_cassette: Path
) -> None:
    outcome = call(resources, tmp_path, socket_cassette, steps=SOCKET_STEPS, source=SOCKET)
    assert outcome.ok, report(outcome)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("'thanks'", "'no thanks'"), 'weather.js:7:.*message 2 of the scenario is another.*"no thanks" now'),
        (
            ("bot.example", "other.example"),
            "weather.js:5:.*WebSocket to wss://other.example/talk.*neither in",
        ),
    ],
)
def test_another_message_or_address_of_a_websocket_fails_with_its_line(
    resources: Resources, tmp_path: Path, socket_cassette: Path, change: tuple[str, str], expected: str
) -> None:
    import re

    text = fails(resources, tmp_path, socket_cassette, steps=SOCKET_STEPS, source=SOCKET.replace(*change))
    assert re.match(expected, text), text


def _no_folder(folder: Path) -> Path:
    return folder / "nothing"


def _no_cassette(folder: Path) -> Path:
    return folder


def _broken(folder: Path) -> Path:
    (folder / "cassette.jsonl").write_bytes(b"\x00\xff\n\n")
    return folder


def _damaged(folder: Path) -> Path:
    (folder / "cassette.jsonl").write_text('{"k":"header","version":1,"journal":{"seed":1}}\n')
    return folder


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (_no_folder, "weather.call.yaml:3:11: there is no folder"),
        (_no_cassette, "weather.call.yaml:3:11: there is no cassette.jsonl in"),
        (_broken, "weather.call.yaml:3:11: this cassette cannot be played: .*cassette.jsonl"),
        (_damaged, "weather.call.yaml:3:11: this cassette cannot be played: .*:1: the header is damaged"),
    ],
)
def test_a_cassette_that_cannot_be_played_is_told_when_the_script_is_read(
    resources: Resources, tmp_path: Path, make: Callable[[Path], Path], expected: str
) -> None:
    with pytest.raises(ScriptError, match=expected):
        call(resources, tmp_path, make(tmp_path))


STORING = """
require(Modules.ApplicationStorage);
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
  call.answer();
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  const was = await ApplicationStorage.get('calls');
  const own = await ApplicationStorage.get('own');
  await ApplicationStorage.put('calls', String(Number(was.value) + 1), 60);
  await ApplicationStorage.put('own', 'x', 60);
  const now = await ApplicationStorage.get('calls');
  Logger.write(`${was.value} ${own} ${now.value} ${(await ApplicationStorage.get('own')).value}`);
  call.hangup();
});
"""


def test_what_was_stored_is_on_the_cassette(resources: Resources, tmp_path: Path) -> None:
    async def story(tape: Tape) -> None:
        now = tape.clock.unix_ms() // 1000
        await tape.runtime.world.storage.put(Item("calls", "5", now + 600), now)
        await tape.call()
        await tape.runtime.wait(tape.session_id)

    tape = record(tmp_path / "tapes", story, source=STORING)
    assert LOGS[tape] == ["5 null 6 x"]
    assert play_cassette(read_cassette(tape)).difference is None
    steps = "steps:\n  - expect: {log: 5 null 6 x}\n"
    outcome = call(resources, tmp_path, tape, steps=steps, source=STORING)
    assert outcome.ok, report(outcome)
    (tmp_path / "own").mkdir()
    own = call(resources, tmp_path / "own", tape, "storage: {calls: 7}", steps, STORING)
    assert "7 null 8 x" in report(own)
