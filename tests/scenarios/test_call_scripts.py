"""The samples' call scripts pass, and each fails when its scenario breaks: what it says, it proves.

``BREAKS`` is the proof: one replacement in the scenario, and what the failure then is about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from voxrun.replay.failure import describe, report
from voxrun.replay.format import load_script
from voxrun.replay.outcome import Failure
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_script
from voxrun.replay.script import CallScript

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SUFFIX = ".call.yaml"
SCRIPTS = sorted(path.name.removesuffix(SUFFIX) for path in SCENARIOS.glob(f"*{SUFFIX}"))
SAMPLES = sorted({path.name.partition(".")[0] for path in SCENARIOS.glob("*.js")})

LONGEST_TITLE = 110


@dataclass(frozen=True)
class Break:
    """In a scenario of ``script`` the text ``was`` becomes ``now``; the failure holds ``told``."""

    script: str
    was: str
    now: str
    told: str


BRIDGE = "VoxEngine.sendMediaBetween(call, agent);"
DEAF = "agent.sendMediaTo(call);"
"""Half a bridge: the caller hears the agent, who hears nothing."""

ON_CLOSE = "agent has gone: ${code} ${reason}`);\n        call.hangup();"
ON_CLOSE_STAYS = "agent has gone: ${code} ${reason}`);"

TOO_EAGER = "agent.addEventListener(Ultravox.Events.WebSocketMediaEnded, () => call.hangup());"
"""A pause is taken for the end."""

IMPATIENT = (
    "setTimeout(() => heard || call.hangup(), 300); let heard;"
    "agent.addEventListener(Ultravox.Events.WebSocketMediaStarted, () => { heard = true; });"
)
"""An agent that is late is taken for a dead one."""

LISTENS_TO_END = "call.addEventListener(CallEvents.Disconnected, finish);"

BREAKS = [
    # -- inbound
    Break("inbound", BRIDGE, DEAF, "Shall I keep it for you?"),
    Break("inbound", "call from ${callerid}", "call from ${call.displayName()}", "call from +4930123456"),
    Break("inbound.not-understood", BRIDGE, DEAF, "I did not get that."),
    Break("inbound.silence", "duration: '30s'", "duration: '300s'", "Are you still there?"),
    Break("inbound.silence", "duration: '15s'", "duration: '5s'", "silence 14000 ms"),
    Break("inbound.silence", "endBehavior: 'END_BEHAVIOR_HANG_UP_SOFT',", "", "ended"),
    Break("inbound.hangs-up-early", LISTENS_TO_END, "", "session_ended"),
    Break("inbound.goodbye", ON_CLOSE, ON_CLOSE_STAYS, "ended"),
    Break(
        "inbound.long-talk",
        "firstSpeakerSettings: { agent: {} },",
        "firstSpeakerSettings: { agent: {} }, vadSettings: { turnEndpointDelay: '3s' },",
        "gap 2000 ms",
    ),
    Break("inbound.wrong-key", "Ultravox failed: ${data", "${data", "HTTP 401"),
    Break("inbound.wrong-key", ON_CLOSE, ON_CLOSE_STAYS, "ended"),
    Break("inbound.refused", "Ultravox answered ${data.payload.status ?? ", "${", "Ultravox answered 503"),
    Break(
        "inbound.too-many-calls",
        "no agent: ${error}`);\n    call.hangup();",
        "no agent: ${error}`);",
        "ended",
    ),
    Break("inbound.agent-stalls", BRIDGE, BRIDGE + TOO_EAGER, "help you?"),
    Break("inbound.agent-breaks-off", ON_CLOSE, ON_CLOSE_STAYS, "ended"),
    Break("inbound.garbled-messages", BRIDGE, DEAF, "Breakfast is from seven to ten."),
    Break("inbound.slow-network", BRIDGE, BRIDGE + IMPATIENT, "How can I help you?"),
    # -- outbound
    Break("outbound", "username: user", "username: 'bob'", "nobody under 'callees' has that number"),
    Break("outbound.another-day", "'callee' : 'agent'", "'agent' : 'callee'", "callee: yes that is fine"),
    Break("outbound.number", "callPSTN(number, callerid)", "callPSTN(number, number)", "+4930123456"),
    Break("outbound.busy", "${reason}`);\n    VoxEngine.terminate();", "${reason}`);", "session_ended"),
    Break("outbound.declined", "not answered: ${code} ${reason}", "not answered: ${code}", "603 Decline"),
    Break("outbound.no-answer", "state = 'ringing';", "setTimeout(() => call.hangup(), 30000);", "408"),
    Break(
        "outbound.hangs-up", "agent?.close();\n    VoxEngine.terminate();", "agent?.close();", "session_ended"
    ),
    Break("outbound.nobody", "if (!task.user && !task.number) throw", "if (!task) throw", "Error"),
    Break("outbound.no-credit", ON_CLOSE.replace("        ", "      "), ON_CLOSE_STAYS, "ended"),
    Break("outbound.watched", "state = 'answered';", "", 'state is "ringing"'),
    Break("outbound.watched", "content === 'hangup'", "content === 'bye'", "ended"),
    Break("outbound.recorded", "if (task.record) call.record({ stereo: true });", "", "recording"),
    Break("outbound.five-minutes", "5 * 60 * 1000", "50 * 60 * 1000", "ended"),
    # -- function calling
    Break("function-calling", "celsius: 12", "celsius: 21", 'result {"celsius": 12}'),
    Break("function-calling", "responseType: 'hang-up'", "responseType: 'tool-response'", "ended"),
    Break(
        "function-calling.unknown-city",
        "if (!WEATHER_KEY) return WEATHER[city.toLowerCase()]",
        "if (!WEATHER_KEY) return WEATHER.london",
        "no weather is known",
    ),
    Break("function-calling.weather-service", "{ 'X-API-Key': WEATHER_KEY }", "{}", "no stub under 'http'"),
    Break("function-calling.service-down", "if (code !== 200) throw", "if (code < 0) throw", "answered 503"),
    Break("function-calling.service-too-slow", "timeout: WEATHER_SECONDS,", "", "tool getWeather failed"),
    Break("function-calling.hangs-up-waiting", "agent = undefined;\n", "\n", "this must not come"),
    Break(
        "function-calling.transfer", "VoxEngine.sendMediaBetween(call, colleague);", "", "Operator, hello."
    ),
    Break(
        "function-calling.transfer",
        "VoxEngine.stopMediaBetween(call, agent);\n      agent.close();",
        "",
        "this must not come",
    ),
    Break(
        "function-calling.transfer", "CallEvents.Disconnected, () => call.hangup()", "'x', () => {}", "ended"
    ),
    Break(
        "function-calling.transfer-declined",
        "The colleague did not answer.",
        "No.",
        "anything I can do for you?",
    ),
    Break("function-calling.busy", "The colleague did not answer.", "No.", "there is nobody there"),
    Break("function-calling.transfer-unanswered", "30 * 1000", "50 * 1000", "ended"),
    Break("function-calling.transfer-unanswered", "30 * 1000", "20 * 1000", "this must not come"),
    Break("function-calling.gives-up-ringing", LISTENS_TO_END, "", "ended"),
    # -- barge-in
    Break("barge-in", "agent.clearMediaBuffer();", "", "stops_within"),
    Break(
        "barge-in.twice",
        "minimumInterruptionDuration: '0.09s'",
        "minimumInterruptionDuration: '0.9s'",
        "stops_within",
    ),
    Break(
        "barge-in.patient", "call.answer();", "call.answer(); setTimeout(() => call.hangup(), 20000);", "moon"
    ),
    Break("barge-in.provider-down", ON_CLOSE, ON_CLOSE_STAYS, "ended"),
    # -- keys
    Break("dtmf-to-text", "call.handleTones(true);", "", "typed: 4711"),
    Break(
        "dtmf-to-text.leading-zero", "digits += key;", "digits = String(Number(digits + key));", "typed: 0042"
    ),
    Break("dtmf-to-text.pause", "PAUSE_MS = 3000", "PAUSE_MS = 2000", "this must not come"),
    Break("dtmf-to-text.pause", "PAUSE_MS = 3000", "PAUSE_MS = 4000", "typed: 4711"),
    Break("dtmf-to-text.star", "digits = '';\n      return;", "return;", "typed: 4711"),
    Break("dtmf-to-text.impatient", "urgency: 'immediate'", "urgency: 'later'", "Your parcel 4 7 1 1"),
    # -- a voice menu
    Break("ivr-menu", "1: () => goodbye(", "3: () => goodbye(", "We are open from nine to five"),
    Break("ivr-menu.spoken", "call.sendMediaTo(asr);", "", "ASR.Result"),
    Break("ivr-menu.spoken", "input.replace('#', '')", "input", "no stub under 'http'"),
    Break("ivr-menu.interrupts", "() => call.stopPlayback());", "() => {});", "stops_within"),
    Break(
        "ivr-menu.interrupts",
        "VoxEngine.sendMediaBetween(call, colleague)",
        "{}",
        "Green Garden, good morning",
    ),
    Break("ivr-menu.wrong-keys", "MOST_ATTEMPTS = 3", "MOST_ATTEMPTS = 4", "I am sorry"),
    Break("ivr-menu.service-down", "if (code === 404)", "if (code >= 404)", "I cannot look that up"),
    # -- music on hold
    Break("music-on-hold", "{ url }, { loop: true }", "{ url }, {}", "that a telephone has ever played"),
    Break("music-on-hold", "music.sendMediaTo(caller);\n      music.resume();", "", "that a telephone"),
    Break("music-on-hold", "welcome.addMarker(-500);", "", "operator"),
    Break("music-on-hold", "name: 'talk'", "name: 'chat'", "talk.mp3"),
    Break("music-on-hold.no-music", "if (waiting) play(null);", "", "tone"),
    Break("music-on-hold.no-music", "550@-25", "660@-25", "550"),
    Break("music-on-hold.nobody", "() => caller.hangup());\n    });", "() => {});\n    });", "ended"),
    Break("music-on-hold.gives-up", "Disconnected, VoxEngine.terminate", "Disconnected, () => {}", "Normal"),
    # -- forwarding
    Break("forwarding", "tryColleague(caller, index + 1);", "caller.hangup();", "+4930123456"),
    Break(
        "forwarding",
        "VoxEngine.sendMediaBetween(caller, colleague);",
        "colleague.sendMediaTo(caller);",
        "buy a boat",
    ),
    Break(
        "forwarding",
        "VoxEngine.callPSTN('+4930123456', OUR_NUMBER)",
        "VoxEngine.callPSTN('+4930123456')",
        "callerid",
    ),
    Break("forwarding.no-answer", "RINGS_MS = 20000", "RINGS_MS = 15000", "this must not come"),
    Break("forwarding.no-answer", "() => colleague.hangup()", "() => {}", '"+4930123456"'),
    Break("forwarding.message", "caller.record({ name: 'message' });", "", "RecordStarted"),
    Break("forwarding.message", "tone === '#'", "tone === '*'", "ended"),
    Break("forwarding.message", "from: caller.callerid()", "from: OUR_NUMBER", "crm.example"),
    Break("forwarding.mailbox-down", "code !== 201", "code === 201", "was not taken: 503"),
    Break("forwarding.no-message", "if (recording) await", "await", "crm.example"),
    Break(
        "forwarding.gives-up",
        "call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);",
        "",
        "session_ended",
    ),
    # -- callback
    Break("callback", "CALL_BACK_AFTER_MS = 5000", "CALL_BACK_AFTER_MS = 1000", "this must not come"),
    Break("callback", "call.playProgressTone('RU')", "{}", "tone"),
    Break("callback", "call.handleTones(true);", "", "operator"),
    Break("callback.ordered", "if (order)", "if (!order)", "you asked for our call"),
    Break(
        "callback.ordered", "sayAndHangUp(call, 'Sorry, now nobody", "call.say('Sorry, now nobody", "ended"
    ),
    Break("callback.busy", "attempt < TRIES", "attempt < 2", "try 3 of 3"),
    Break("callback.busy", "TRY_AGAIN_AFTER_MS = 30000", "TRY_AGAIN_AFTER_MS = 1000", "this must not come"),
    Break("callback.mailbox", "KEY_MS = 8000", "KEY_MS = 80000", "nobody pressed a key"),
    Break("callback.mailbox", "timer = setTimeout(() => {", "connect(call); setTimeout(() => {", "operator"),
    Break("callback.hidden", "^\\+\\d{6,15}$", ".", "we cannot see your number"),
    # -- conference
    Break(
        "conference",
        "VoxEngine.sendMediaBetween(call, conference);",
        "call.sendMediaTo(conference);",
        "Alice has joined.",
    ),
    Break("conference", "members.size === 0", "members.size > 0", "Carol has left."),
    Break("conference.wrong-pin", "const ATTEMPTS = 3", "const ATTEMPTS = 2", "Please try again."),
    Break("conference.second-try", "call.stopPlayback();", "", "this must not come"),
    Break("conference.two-rooms", "`room_${room}`", "'room_lobby'", "this must not come"),
    Break(
        "conference.muted", "if (muted) call.stopMediaTo(conference);", "if (muted);", "this must not come"
    ),
    Break("conference.full", "code === 403", "code === 486", "Sorry, the conference is full."),
    # -- a bot of one's own
    Break("websocket-bot", "call.sendMediaTo(socket, { encoding", "call.id(socket, { encoding", "bot"),
    Break("websocket-bot", "call.handleTones(true);", "", "weather in London"),
    Break("websocket-bot", "leave(message.text);", "bot.close();", "Goodbye."),
    Break("websocket-bot.barge-in", "bot.clearMediaBuffer();", "", "stops_within"),
    Break("websocket-bot.barge-in", "call.stopPlayback();\n      hearBot();", "", "stops_within"),
    Break("websocket-bot.other-bot", "tell({ type: 'said' });", "", "table for two"),
    Break("websocket-bot.other-bot", "getSecretValue('BOT_URL')", "getSecretValue('X')", "no stub under"),
    Break("websocket-bot.away", "500, 1000, 2000", "500, 1000, 2000, 2000", "that was the last try"),
    Break("websocket-bot.away", "if (leaving) {", "if (!leaving) {", "ended"),
    Break("websocket-bot.comes-back", "again: opened > 0", "again: false", '"again": true'),
    Break("websocket-bot.comes-back", "bot.sendMediaTo(call)", "bot.id()", "In the morning"),
    Break("websocket-bot.nonsense", "JSON.parse(text) || {}", "JSON.parse(text)", "of null"),
    # -- a reminder
    Break("voicemail", "call.enableBeepDetection({ timeout: BEEP_MS });", "", "Call.BeepDetectionComplete"),
    Break("voicemail", "postData: JSON.stringify({ number, result }),", "", "practice.example"),
    Break("voicemail.person", "result = tone === '1'", "result = tone !== '1'", "result: confirmed"),
    Break("voicemail.undecided", "|| (tone !== '1' && tone !== '2')", "", "We will call again."),
    Break("voicemail.no-beep", "BEEP_MS = 25000", "BEEP_MS = 55000", "the machine did not beep"),
    Break("voicemail.silence", "hangUpWith(call, 'silence')", "talkTo(call)", "ended"),
    Break("voicemail.hangs-up", "call.addEventListener(CallEvents.Disconnected, finish);", "", "reminders"),
    Break("voicemail.busy", "result = `not reached: ${code} ${reason}`;", "", "reminders"),
]


@pytest.fixture(scope="module")
def resources() -> Iterator[Resources]:
    """Speech and recognisers for all calls of the module."""
    made = Resources()
    yield made
    asyncio.run(made.close())


def told(failure: Failure) -> str:
    """What a failure says first: its headline, and the expectation that was not met."""
    wish = describe(failure.wish) if failure.wish else ""
    return f"{failure.headline} {wish} {failure.measured}"


def broken(script: CallScript, change: Break, folder: Path) -> CallScript:
    """The script with one thing changed in one of its scenarios; its agent stays the script's own."""
    paths = {*script.scenarios, *(path for room in script.conferences for path in room.scripts)}
    counts = {path: path.read_text("utf-8").count(change.was) for path in paths}
    assert sum(counts.values()) == 1, f"{change.was!r} is in {counts}"
    (old,) = (path for path, count in counts.items() if count)
    new = folder / old.name
    new.write_text(old.read_text("utf-8").replace(change.was, change.now), "utf-8")

    def changed(found: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(new if path == old else path for path in found)

    rooms = tuple(replace(room, scripts=changed(room.scripts)) for room in script.conferences)
    return replace(script, scenarios=changed(script.scenarios), conferences=rooms)


def test_there_are_call_scripts_for_every_sample() -> None:
    assert len(SCRIPTS) >= 20
    assert {script.partition(".")[0] for script in SCRIPTS} == set(SAMPLES)
    assert set(SAMPLES) <= set(SCRIPTS)


def test_every_call_script_is_proved_by_a_break() -> None:
    assert sorted({change.script for change in BREAKS}) == SCRIPTS


def test_every_title_says_in_few_words_what_its_call_proves() -> None:
    titles = [load_script(SCENARIOS / f"{name}{SUFFIX}").title for name in SCRIPTS]
    assert len(set(titles)) == len(titles)
    assert all(20 <= len(title) <= LONGEST_TITLE and title.endswith(".") for title in titles), titles


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_call_script_passes(name: str, resources: Resources, tmp_path: Path) -> None:
    outcome = play_script(load_script(SCENARIOS / f"{name}{SUFFIX}"), resources, tmp_path)
    assert outcome.ok, report(outcome)


@pytest.mark.parametrize("change", BREAKS, ids=lambda change: f"{change.script}: {change.told}")
def test_a_call_script_fails_when_its_scenario_breaks(
    change: Break, resources: Resources, tmp_path: Path
) -> None:
    script = broken(load_script(SCENARIOS / f"{change.script}{SUFFIX}"), change, tmp_path)
    failure = play_script(script, resources, tmp_path).failure
    assert failure is not None, f"{change.script} passes although {change.was!r} became {change.now!r}"
    assert change.told in told(failure)
