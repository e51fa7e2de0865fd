"""Steps and expectations, one whole call each: real scenario, real audio, virtual time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.replay.calls import AGENT, TALK, fails, passes

from voxrun.replay.resources import Resources

ANSWERS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
});
"""


def test_a_caller_talks_with_an_agent_that_uses_a_tool(resources: Resources, tmp_path: Path) -> None:
    script = (
        AGENT
        + """
steps:
  - expect: answered
  - expect: {agent_says: good morning}
  - say: how is the weather in London
  - expect: {agent_hears: weather in London}
  - expect: {tool: lookUp, with: {city: London}, result: {sky: rain}}
  - expect: {agent_says: /is rain in \\w+/}
  - expect: {caller_hears: It is rain in London.}
  - say: thank you and goodbye
  - expect: {log: closed 1000}
  - expect: {ended: scenario, with: {code: 200}}
  - expect: {session_ended: Normal termination}
"""
    )
    outcome = passes(resources, tmp_path, script)
    assert outcome.length_ms < 30_000


def test_an_interruption_silences_the_agent_and_is_understood(resources: Resources, tmp_path: Path) -> None:
    script = (
        AGENT
        + """
steps:
  - expect: {agent_says: what can I do}
  - say: tell me a long story please
  - interrupt: stop it right now
    after: there was a king
  - expect: {event: Ultravox.WebSocketAPI.PlaybackClearBuffer}
  - expect: {audio: {stops_within: 700ms}}
  - expect: {agent_hears: stop it right now}
  - expect: {agent_says: as you like}
  - expect: {caller_hears: as you like}
  - expect: {caller_hears: where all the stories came from, absent: true, within: 3s}
  - hangup
"""
    )
    outcome = passes(resources, tmp_path, script)
    heard = " ".join(utterance.text for utterance in outcome.stream("heard caller").utterances)
    assert "there was a king" in heard
    assert "youngest" not in heard


def test_an_interruption_may_be_placed_by_time_or_percent(resources: Resources, tmp_path: Path) -> None:
    for after in ("1500ms", "50%"):
        script = (
            AGENT
            + f"""
steps:
  - expect: {{agent_says: what can I do}}
  - say: tell me a long story please
  - interrupt: stop it right now
    after: {after}
  - expect: {{agent_says: as you like}}
"""
        )
        outcome = passes(resources, tmp_path, script)
        said = [m for m in outcome.timeline.moments if m.kind == "said" and m.data["interrupts"]]
        story = next(u for u in outcome.stream("heard caller").utterances if u.text.startswith("Once"))
        into = said[0].at - story.at
        assert into < 1700 if after == "1500ms" else into > 3000


def test_saying_something_waits_until_the_agent_has_finished(resources: Resources, tmp_path: Path) -> None:
    script = (
        AGENT
        + """
steps:
  - expect: {agent_says: good morning}
  - say: how is the weather in Paris
  - expect: {tool: lookUp, with: {city: Paris}}
  - expect: {audio: {overlap: 0ms}}
"""
    )
    passes(resources, tmp_path, script)


def test_keys_stay_text_and_arrive_one_by_one(resources: Resources, tmp_path: Path) -> None:
    script = (
        AGENT
        + """
steps:
  - expect: answered
  - dtmf: 0123
  - expect:
      - {log: key 0}
      - {log: key 1}
      - {log: key 2}
      - {log: key 3}
  - dtmf: 1e5
"""
    )
    text = fails(resources, tmp_path, script.replace("1e5", '"*"') + "  - expect: {log: key 9, within: 1s}\n")
    assert "Closest, at" in text
    assert "key" in text


def test_ringing_early_media_and_rejection_are_seen(resources: Resources, tmp_path: Path) -> None:
    scenario = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
      call.ring();
      setTimeout(() => call.startEarlyMedia(), 1000);
      setTimeout(() => call.reject(486), 2000);
    });
    """
    script = """
steps:
  - expect: ringing
  - expect: early_media
  - expect: {rejected: 486}
  - expect: {ended: scenario, with: {code: 486}}
"""
    passes(resources, tmp_path, script, scenario)
    text = fails(resources, tmp_path, "steps: [{expect: {rejected: 603}}]", scenario)
    assert "486" in text


def test_the_caller_is_known_to_the_scenario(resources: Resources, tmp_path: Path) -> None:
    scenario = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
      const { call, callerid, destination, headers, displayName } = e;
      Logger.write([callerid, destination, displayName, headers['X-Tier'], VoxEngine.customData()].join());
      Logger.write(`${VoxEngine.getSecretValue('KEY')} ${new Date().toISOString()}`);
      call.answer();
    });
    """
    script = """
call: {from: "+49301", to: "200", display_name: Alice, headers: {X-Tier: gold}, custom_data: {a: 1}}
secrets: {KEY: s3cret-value}
at: 2026-02-03T04:05:06Z
steps:
  - expect: {log: '+49301,200,Alice,gold,{"a":1}'}
  - expect: {log: 2026-02-03T04:05:06}
"""
    outcome = passes(resources, tmp_path, script, scenario)
    assert "s3cret-value" not in str(outcome.records)


def test_http_is_answered_by_stubs_and_seen(resources: Resources, tmp_path: Path) -> None:
    scenario = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, async ({ call }) => {
      call.answer();
      const ask = (day) => Net.httpRequestAsync('https://api.example/slots?x=1', {
        method: 'POST', postData: JSON.stringify({ day, who: 'me' }),
      });
      for (const day of ['monday', 'monday', 'sunday']) {
        const started = Date.now();
        const { code, text } = await ask(day);
        Logger.write(`${day} ${code} ${text} after ${Date.now() - started}`);
      }
      const late = await Net.httpRequestAsync('https://api.example/late', { timeout: 5 });
      Logger.write(`late ${late.code}`);
    });
    """
    script = """
http:
  - url: https://api.example/slots*
    method: POST
    body: {day: monday}
    reply:
      - {json: {slots: [9, 10]}, delay: 300ms}
      - {status: 503, text: busy}
  - url: https://api.example/slots*
    reply: 404
  - url: https://api.example/late
    reply: {timeout: true}
steps:
  - expect: {http: "https://api.example/slots*", with: {method: POST, body: {day: monday}}}
  - expect: {log: 'monday 200 {"slots":[9,10]} after 300'}
  - expect: {log: monday 503 busy}
  - expect: {log: sunday 404}
  - expect: {log: late -7}
"""
    passes(resources, tmp_path, script, scenario)


def test_a_request_without_a_stub_fails_the_script_and_is_named(resources: Resources, tmp_path: Path) -> None:
    scenario = ANSWERS.replace(
        "call.answer();", "call.answer(); Net.httpRequest('https://a.example/x', () => {});"
    )
    text = fails(resources, tmp_path, "steps: [{wait: 1s}]", scenario)
    assert "GET https://a.example/x" in text
    assert "no stub" in text
    passes(resources, tmp_path, "http_unmatched: 404\nsteps: [{wait: 1s}]", scenario)


def test_a_url_player_plays_what_the_stub_says(resources: Resources, tmp_path: Path) -> None:
    scenario = ANSWERS.replace(
        "call.answer();",
        """call.answer();
      call.addEventListener(CallEvents.Connected, () => call.startPlayback('https://cdn.example/hold.wav'));""",
    )
    script = """
http: [{url: "*/hold.wav", reply: {says: Please hold the line a little.}}]
steps:
  - expect: {caller_hears: hold the line}
  - expect: {audio: {speech: 1s}}
  - expect: {audio: {level: [-40, -5]}}
"""
    passes(resources, tmp_path, script, scenario)


def test_the_sessions_url_is_asked_and_its_reply_checked(resources: Resources, tmp_path: Path) -> None:
    scenario = (
        ANSWERS
        + """
    VoxEngine.addEventListener(AppEvents.HttpRequest, (e) => {
      Logger.write(`${e.method} ${e.content}`);
      return JSON.stringify({ got: JSON.parse(e.content).n + 1 });
    });
    """
    )
    step = "{http: {method: POST, path: /do, body: {n: 1}, reply: {status: 200, json: {got: %s}}}}"
    script = f"""
steps:
  - expect: answered
  - {step % 2}
  - expect: {{log: "POST"}}
"""
    passes(resources, tmp_path, script, scenario)
    text = fails(resources, tmp_path, script.replace("got: 2", "got: 3"), scenario)
    assert "got is 2, expected 3" in text


def test_messages_go_both_ways(resources: Resources, tmp_path: Path) -> None:
    scenario = (
        ANSWERS
        + """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) =>
      call.addEventListener(CallEvents.MessageReceived, ({ text }) => call.sendMessage(text + ' yourself')));
    """
    )
    script = """
steps:
  - expect: answered
  - message: hello
  - expect: {message: hello yourself}
"""
    passes(resources, tmp_path, script, scenario)


def test_the_caller_hangs_up(resources: Resources, tmp_path: Path) -> None:
    script = """
steps:
  - expect: answered
  - wait: 2s
  - hangup
  - expect: {ended: caller}
  - expect: {event: Call.Disconnected, with: {internalCode: 200, duration: 2}}
"""
    passes(resources, tmp_path, script, ANSWERS)


def test_absence_counting_and_order(resources: Resources, tmp_path: Path) -> None:
    scenario = (
        ANSWERS
        + """
    VoxEngine.addEventListener(AppEvents.CallAlerting, () => {
      let n = 0;
      const timer = setInterval(() => {
        Logger.write(`tick ${n += 1}`);
        if (n == 3) clearInterval(timer);
      }, 1000);
    });
    """
    )
    start = "steps:\n  - expect: {log: tick 9, absent: true}\n"
    passes(resources, tmp_path, start + "  - expect: {log: tick, count: 3}\n", scenario)
    passes(resources, tmp_path, start + "  - expect: {any_order: [{log: tick 2}, {log: tick 1}]}\n", scenario)
    passes(resources, tmp_path, start + "  - expect: {log: tick 2, absent: true, within: 1s}\n", scenario)
    text = fails(resources, tmp_path, start + "  - expect: [{log: tick 2}, {log: tick 1}]\n", scenario)
    assert "expectations come in order" in text
    text = fails(resources, tmp_path, start + "  - expect: {log: tick, count: 4}\n", scenario)
    assert "3 of 4 came" in text
    text = fails(resources, tmp_path, "steps: [{expect: {log: tick 2, absent: true}}, {wait: 5s}]", scenario)
    assert "must not come" in text


def test_in_a_started_session_the_steps_are_done_by_the_first_callee(
    resources: Resources, tmp_path: Path
) -> None:
    scenario = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      const call = VoxEngine.callUser({ username: 'alice', callerid: 'x' });
      call.addEventListener(CallEvents.Connected, () => call.say('Hello Alice, do you hear me?'));
      call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
    });
    """
    script = """
start: {}
callees: {alice: {answers: 1s}}
steps:
  - expect: {caller_hears: hello Alice}
  - silence: 1s
  - hangup
  - expect: {ended: alice}
"""
    passes(resources, tmp_path, script, scenario)


def test_an_error_of_the_scenario_fails_the_script_unless_expected(
    resources: Resources, tmp_path: Path
) -> None:
    scenario = ANSWERS.replace("call.answer();", "call.answer(); call.nonsense();")
    text = fails(resources, tmp_path, "steps: [{wait: 1s}]", scenario)
    assert "nonsense" in text
    passes(
        resources,
        tmp_path,
        "steps: [{expect: {error: nonsense}}, {expect: {session_ended: JS session error}}]",
        scenario,
    )


def test_an_agent_that_cannot_hear_is_named(resources: Resources, tmp_path: Path) -> None:
    scenario = TALK.replace("VoxEngine.sendMediaBetween(call, agent);", "agent.sendMediaTo(call);")
    text = fails(
        resources,
        tmp_path,
        AGENT
        + """
steps:
  - expect: {agent_says: good morning}
  - say: how is the weather in London
  - expect: {tool: lookUp, with: {city: London}}
""",
        scenario,
    )
    assert "the agent is deaf" in text
    assert "ClientToolInvocation" in text  # never fired


def test_a_phrase_that_the_agent_has_no_rule_for_is_named(resources: Resources, tmp_path: Path) -> None:
    text = fails(
        resources,
        tmp_path,
        AGENT
        + """
steps:
  - expect: {agent_says: good morning}
  - say: how is the weather in Berlin
  - expect: {tool: lookUp}
""",
    )
    assert 'no rule that hears "how is the weather in Berlin"' in text


def test_recordings_are_seen(resources: Resources, tmp_path: Path) -> None:
    scenario = ANSWERS.replace(
        "call.answer();", "call.answer(); call.record({ name: 'mine', stereo: true });"
    )
    script = """
steps:
  - expect: recording
  - wait: 3s
  - hangup
  - expect: {recording: mine, with: {duration: 3}}
"""
    outcome = passes(resources, tmp_path, script, scenario, keep=True)
    assert outcome.folder is not None
    assert (outcome.folder / "recording.wav").stat().st_size > 3 * 64_000


def test_recordings_have_transcripts_of_what_was_really_said(resources: Resources, tmp_path: Path) -> None:
    scenario = ANSWERS.replace(
        "call.answer();",
        "call.answer(); call.record({ transcribe: true, format: 'json', labels: ['Guest', 'House'] });",
    )
    script = """
steps:
  - say: do you have a room for tonight
  - wait: 2s
  - say: thank you very much
  - wait: 2s
  - hangup
  - wait: 1s
"""
    outcome = passes(resources, tmp_path, script, scenario, keep=True)
    assert outcome.folder is not None
    rows = json.loads((outcome.folder / "record-1.transcript.json").read_text())
    assert [(row["label"], row["text"]) for row in rows if row["label"] == "Guest"] == [
        ("Guest", "do you have a room for tonight"), ("Guest", "thank you very much"),
    ]  # fmt: skip


def test_what_an_answering_machine_plays_is_on_the_line_and_waits_for_nobody(
    resources: Resources, tmp_path: Path
) -> None:
    scenario = """
    const call = VoxEngine.callPSTN("+4930", "+4940");
    call.addEventListener(CallEvents.Connected, () => {
      call.record();
      call.say("I talk while the machine beeps and talks and beeps again");
    });
    call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
    """
    script = """
start: {}
callees:
  "+4930": {answers: 1s, does: [tone: 1000, wait: 300ms, {tone: 850, for: 200ms}, wait: 5s, hangup]}
steps:
  - expect: {caller_hears: I talk while, as: "+4930"}
  - wait: 6s
"""
    outcome = passes(resources, tmp_path, script, scenario)
    said = next(ear.said for ear in outcome.people if ear.name == "+4930")
    (one, other) = said.stretches
    assert one[1] - one[0] == 400
    assert other[1] - other[0] == 200
    assert other[0] - one[1] in range(300, 341)
    assert "a tone of 1000 Hz" in [moment.text for moment in outcome.timeline.moments]


LONG = "a" * 60 + "b"
LOUD = f"""
VoxEngine.addEventListener(AppEvents.CallAlerting, ({{ call }}) => {{
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
  Logger.write('{LONG}');
  Net.httpRequest('http://x.test/{LONG}', () => {{}}, {{ method: 'POST', postData: '{LONG}' }});
  VoxEngine.callUser('{LONG}', 'me');
  const bot = VoxEngine.createWebSocket('wss://x.test/{LONG}');
  bot.onopen = () => bot.send('{LONG}');
  call.say('hello {LONG}');
}});
"""
ALL = """
http_unmatched: 404
websockets: [{{url: "wss://x.test/*", name: bot{more}}}]
callees: {{"aaa*": {{answers: never}}}}
steps:
  - wait: 1s
"""


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (ALL.format(more="") + "  - expect: {log: /(a+)+$/}", 8),
        (ALL.format(more="") + "  - expect: {http: /.*(a+)+$/}", 8),
        (ALL.format(more="") + '  - expect: {http: "*", with: {body: /(a+)+$/}}', 8),
        (ALL.format(more="") + "  - expect: {log: /(a+)+$/, absent: true}", 8),
        (ALL.format(more="") + "  - expect: {call: /(a+)+$/}", 8),
        (ALL.format(more="") + "  - expect: {websocket: bot, text: /(a+)+$/}", 8),
        (ALL.format(more=", replies: [{to: /(a+)+$/, does: [close: 1000]}]"), 4),
        (ALL.format(more="").replace('"wss://x.test/*"', "/wss:..x.test.(a+)+$/"), 4),
        (ALL.format(more="").replace('"aaa*"', "/(a+)+$/"), 5),
        ("http: [{url: /.*(a+)+$/}]\n" + ALL.format(more=""), 2),
        ('http: [{url: "*", body: /(a+)+$/}]\n' + ALL.format(more=""), 2),
        (ALL.format(more="") + "  - expect: {caller_hears: /(a+)+$/}", 8),
        (
            ALL.format(more="").replace("wait: 1s", "wait: 1ms")
            + "  - {interrupt: stop it, after: /hello (a+)+$/}",
            8,
        ),
    ],
)
def test_an_expression_that_searches_for_ever_is_named_with_its_place(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, line: int
) -> None:
    monkeypatch.setattr("voxrun.patterns.LIMIT_S", 0.02)
    text = fails(resources, tmp_path, script, LOUD)
    assert re.search(rf"it\.call\.yaml:{line}:\d+: the regular expression", text), text
    assert text.count("the regular expression") == 1
    assert "Traceback" not in text
