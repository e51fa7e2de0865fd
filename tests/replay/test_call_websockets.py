"""WebSockets in whole calls: real scenario, real messages and real audio, virtual time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.replay.calls import fails, passes, play

from voxrun.replay.conversation import conversation
from voxrun.replay.failure import report
from voxrun.replay.reporting import outcome_for_report
from voxrun.replay.resources import Resources

BOT = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
  const bot = VoxEngine.createWebSocket('wss://bot.example/talk?lang=en', { headers: [
    { name: 'X-Key', value: 'k' } ] });
  bot.addEventListener(WebSocketEvents.OPEN, () => {
    bot.send(JSON.stringify({ type: 'hello', from: call.callerid() }));
    VoxEngine.sendMediaBetween(call, bot);
  });
  bot.onmessage = ({ text }) => Logger.write(`bot says ${text}`);
  bot.onmediastarted = ({ tag, customParameters: p }) => Logger.write(`media ${tag} ${JSON.stringify(p)}`);
  bot.onmediaended = ({ mediaInfo }) => Logger.write(`over ${mediaInfo.duration}`);
  bot.onerror = ({ reason }) => Logger.write(`error ${reason}`);
  bot.onclose = ({ code, reason, wasClean }) => {
    Logger.write(`closed ${code} ${reason} ${wasClean}`);
    call.hangup();
  };
});
"""
ROOM = """
VoxEngine.allowWebSocketConnections();
const guests = [];
VoxEngine.addEventListener(AppEvents.WebSocket, ({ websocket }) => {
  guests.push(websocket);
  websocket.onmessage = ({ text }) => {
    guests.filter((each) => each !== websocket).forEach((each) => each.send(text));
    if (text === 'ring') VoxEngine.callPSTN('+491', '+492').addEventListener(CallEvents.Connected,
      ({ call }) => VoxEngine.sendMediaBetween(call, websocket));
  };
  websocket.onclose = ({ code, reason }) => Logger.write(`gone ${code} ${reason}`);
});
VoxEngine.addEventListener(AppEvents.NewWebSocketFailed, ({ reason }) => Logger.write(`no more: ${reason}`));
"""


def test_a_bot_talks_with_the_caller(resources: Resources, tmp_path: Path) -> None:
    outcome = passes(
        resources,
        tmp_path,
        """
websockets:
  - url: wss://bot.example/talk*
    name: bot
    encoding: ULAW
    replies:
      - to: {type: hello, from: caller}
        does:
          - send: {type: welcome}
          - say: {text: Good morning. What can I do for you?, custom: {mood: fine}}
          - wait: 6s
          - say: {text: It is raining in London., paced: true}
          - close: {code: 4001, reason: that was all}
steps:
  - expect: {websocket: bot, with: {type: hello, from: caller}}
  - expect: {websocket: "wss://bot.example/*", with: {event: start, start: {mediaFormat: {encoding: PCM8}}}}
  - expect: {log: 'bot says {"type":"welcome"}'}
  - expect: {log: 'media undefined {"mood":"fine"}'}
  - expect: {caller_hears: what can I do for you}
  - expect: {log: over}
  - say: how is the weather in London
  - expect: {caller_hears: how is the weather in London, as: bot}
  - expect: {audio: {speech: 1s}, as: bot}
  - expect: {caller_hears: It is raining in London.}
  - expect: {log: closed 4001 that was all true}
  - expect: {ended: scenario}
""",
        BOT,
    )
    said = " ".join(utterance.text for utterance in outcome.stream("heard bot").utterances)
    assert "how is the weather in London" in said


def test_steps_drive_the_bot(resources: Resources, tmp_path: Path) -> None:
    passes(
        resources,
        tmp_path,
        """
websockets: [{url: wss://bot.example/*, name: bot}]
websocket_encoding: PCM16
steps:
  - send: {type: question, text: who are you}
  - expect: {log: 'bot says {"type":"question","text":"who are you"}'}
  - expect: {websocket: bot, with: {event: start, start: {mediaFormat: {encoding: PCM16}}}}
  - say: Good morning.
    as: bot
  - expect: {caller_hears: good morning}
  - say: hello bot how are you
  - expect: {caller_hears: hello bot how are you, as: bot}
  - close: 1006
  - expect: {log: closed 1006}
""",
        BOT,
    )


def test_a_bot_in_python(resources: Resources, tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(
        """import asyncio
import json


async def handle(socket):
    if socket.request.headers["X-Key"] != "k":
        return
    pieces = []
    async for text in socket:
        message = json.loads(text)
        if message.get("event") == "media":
            pieces.append(message)
            if len(pieces) == 200:
                break
        elif message.get("event") == "start":
            await socket.send(text)
    await asyncio.sleep(1)
    for piece in pieces:
        await socket.send(json.dumps(piece))
    await asyncio.sleep(5)
    await socket.close(4000, "tired")
"""
    )
    passes(
        resources,
        tmp_path,
        """
websockets: [{url: wss://bot.example/*, handler: bot.py}]
steps:
  - say: how is the weather in London
  - expect: {caller_hears: how is the weather in London}
  - expect: {log: closed 4000 tired true}
""",
        BOT,
    )


def test_a_server_that_refuses_or_is_not_there(resources: Resources, tmp_path: Path) -> None:
    for refuse, reason in (("{status: 503, text: too much}", "HTTP 503"), ("unreachable", "nothing answers")):
        outcome = passes(
            resources,
            tmp_path,
            f"""
websockets: [{{url: wss://bot.example/*, refuse: {refuse}}}]
steps:
  - expect: {{log: "error "}}
  - expect: {{log: /closed 1006 .*false/}}
  - expect: {{ended: scenario}}
""",
            BOT,
        )
        (line,) = [
            m.text for m in outcome.timeline.moments if m.kind == "log" and m.text.startswith("closed")
        ]
        assert reason in line


def test_garbage_is_a_message_and_hurts_nobody(resources: Resources, tmp_path: Path) -> None:
    passes(
        resources,
        tmp_path,
        r"""
websockets:
  - url: wss://bot.example/*
    name: bot
    does:
      - send: {event: media, media: {payload: "%%%"}}
      - send: {event: start, start: {mediaFormat: {encoding: MP3, sampleRate: -1}}}
      - send: "{broken"
      - bytes: 00ff00ff
      - send: {event: stop}
      - wait: 1s
      - say: Good morning, I am fine again.
steps:
  - expect: {log: "bot says {broken"}
  - expect: {caller_hears: I am fine again}
  - hangup
""",
        BOT,
    )


def test_an_address_without_a_server_fails_the_script_unless_it_is_allowed(
    resources: Resources, tmp_path: Path
) -> None:
    script = "websockets: [{url: wss://other.example/*}]\nsteps: [{expect: {log: closed 1006}}]"
    text = fails(resources, tmp_path, script, BOT)
    assert "opened a WebSocket to wss://bot.example/talk?lang=en, and no stub under 'websockets'" in text
    passes(resources, tmp_path, "websockets_unmatched: refuse\n" + script, BOT)


def test_clients_come_to_the_sessions_url(resources: Resources, tmp_path: Path) -> None:
    passes(
        resources,
        tmp_path,
        """
start: {}
callees: {"+491": {answers: 1s}}
steps:
  - websocket: {name: ann}
  - websocket: {name: ben, does: [send: hello from ben]}
  - expect: {websocket: ann, text: hello from ben}
  - send: {from: ann}
    as: ann
  - expect: {websocket: ben, with: {from: ann}}
  - websocket: {name: carl}
  - websocket: {name: dora, refused: 429}
  - expect: {log: "no more: "}
  - send: ring
    as: ann
  - expect: {websocket: ann, with: {event: start}}
  - say: hello is anybody there
  - expect: {caller_hears: hello is anybody there, as: ann}
  - say: yes I am here
    as: ann
  - expect: {caller_hears: yes I am here}
  - close: {code: 4000, reason: bye}
    as: ben
  - expect: {log: gone 4000 bye}
""",
        ROOM,
    )


def test_the_url_takes_clients_only_when_the_scenario_allows(resources: Resources, tmp_path: Path) -> None:
    script = "start: {}\nsteps: [{websocket: {refused: 403}}]"
    passes(resources, tmp_path, script, "VoxEngine.addEventListener(AppEvents.Started, () => {});")
    text = fails(resources, tmp_path, script, ROOM)
    assert "it.call.yaml:3:9: the WebSocket was to be refused with 403, but it is open" in text
    late = "start: {}\nsteps: [{wait: 1s}, {websocket: {}}]"
    text = fails(resources, tmp_path, late, "VoxEngine.terminate();")
    assert "it.call.yaml:3:21: the session's URL took no WebSocket" in text
    assert "HTTP 404" in text


def test_a_failure_names_what_was_sent_instead(resources: Resources, tmp_path: Path) -> None:
    servers = "websockets: [{url: wss://bot.example/*, name: bot}, {url: wss://x.example, name: x}]\n"
    text = fails(resources, tmp_path, servers + "steps: [{expect: {websocket: bot, text: adieu}}]", BOT)
    assert 'websocket: "bot", text "adieu"' in text
    assert 'Closest, at 0.000 s: to bot: {"type":"hello","from":"caller"}' in text
    assert "bot   is sent {" in text
    step = "steps: [{send: hi, as: x}]"
    text = fails(resources, tmp_path, servers + step, BOT)
    assert "x is a WebSocket that the scenario has not opened after 60 s" in text
    steps = "steps: [{close: 1000, as: bot}, {wait: 1s}, {send: hi, as: bot}]"
    text = fails(resources, tmp_path, servers + steps, BOT.replace("call.hangup();", ""))
    assert "bot is not in the call any more" in text


def test_a_handler_that_fails_fails_the_script(resources: Resources, tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text("async def handle(socket):\n    raise ValueError(await socket.recv())\n")
    text = fails(
        resources,
        tmp_path,
        "websockets: [{url: wss://bot.example/*, handler: bot.py}]\nsteps: [{wait: 1s}]",
        BOT,
    )
    assert f"{tmp_path / 'bot.py'}:2: the handler failed: ValueError: " in text


def test_they_are_told_in_the_conversation_and_the_report(resources: Resources, tmp_path: Path) -> None:
    script = """
websockets: [{url: wss://bot.example/*, name: bot, does: [send: hi, wait: 1s, close: 4000]}]
steps: [{expect: {websocket: bot, text: hello, with: {from: caller}}}, {expect: {log: closed 4000}}]
"""
    outcome = play(resources, tmp_path, script, BOT)
    assert outcome.ok, report(outcome)
    told = [f"{row.who} {row.text}" for row in conversation(outcome.script, outcome.timeline)]
    for line in (
        "bot the scenario opens a WebSocket to wss://bot.example/talk?lang=en",
        "bot its WebSocket is open",
        "bot sends hi",
        'bot is sent {"type":"hello","from":"caller"}',
        "bot its WebSocket is closed: 4000",
    ):
        assert line in told
    shown: Any = outcome_for_report(outcome)
    assert shown.expectations[0].text == 'websocket: "bot", with {"from": "caller"}, text "hello"'
