"""The life of a session, as the platform lives it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.full_disk import files_end_at
from tests.harness import Stage, play

from voxrun.session.limits import Limits
from voxrun.session.replay import read_recording

ANSWER = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.addEventListener(CallEvents.Disconnected, () => Logger.write("gone"));
});
VoxEngine.addEventListener(AppEvents.Started, () => Logger.write("started"));
VoxEngine.addEventListener(AppEvents.Terminating, () => Logger.write("terminating"));
VoxEngine.addEventListener(AppEvents.Terminated, () => Logger.write("terminated"));
"""


@pytest.mark.covers("AppEvents.Started", "AppEvents.Terminated", "AppEvents.Terminating")
def test_events_come_in_the_platform_s_order_and_sixty_seconds_without_calls_end_it() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(ANSWER)
        await stage.until(lambda: leg.connected)
        await asyncio.sleep(5)
        leg.remote.hang_up()
        hung_up = stage.clock.now()
        ending = await stage.ended()
        assert ending.reason == "Normal termination"
        assert round(stage.clock.now() - hung_up, 6) == 60
        assert stage.kinds() == [
            "Application.Started",
            "Application.CallAlerting",
            "Call.Connected",
            "Call.FirstAudioPacketReceived",
            "Call.Disconnected",
            "Application.Terminating",
            "Application.Terminated",
        ]
        assert stage.logs() == ["started", "gone", "terminating", "terminated"]

    play(story)


@pytest.mark.parametrize("end", ["call.answer(); setTimeout(call.hangup, 5000);", "call.reject(486);"])
def test_sixty_seconds_after_its_own_hangup_or_reject_of_the_last_call_the_session_ends(end: str) -> None:
    """Timers do not keep it up."""
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      setInterval(() => {}, 1000);
      call.addEventListener(CallEvents.Disconnected, () => { over = Date.now(); });
      %s
    });
    VoxEngine.addEventListener(AppEvents.Terminating, () => Logger.write(Date.now() - over));
    """

    async def story(stage: Stage) -> None:
        await stage.call_in(source % end)
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.logs() == ["60000"]

    play(story)


def test_a_call_that_rings_for_long_keeps_the_session_up() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      const call = VoxEngine.callUser({username: "bob", extraHeaders: {"VI-CallTimeout": "200"}});
      call.addEventListener(CallEvents.Failed, (e) => Logger.write(e.code));
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        await stage.ended()
        assert stage.logs() == ["408"]
        assert round(stage.clock.now()) == 260

    play(story)


def test_a_session_started_over_http_gets_started_alone_and_its_custom_data_at_top_level() -> None:
    async def story(stage: Stage) -> None:
        await stage.start('Logger.write("top " + VoxEngine.customData());' + ANSWER, '{"a":1}')
        await stage.ended()
        assert stage.logs() == ['top {"a":1}', "started", "terminating", "terminated"]
        assert stage.clock.now() == 60

    play(story)


def test_started_carries_the_platform_s_fields() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(
            "VoxEngine.addEventListener(AppEvents.Started, e => {"
            " Logger.write(Object.keys(e).sort().join());"
            " Logger.write(Object.keys(e).filter((name) => typeof e[name] === 'number').sort().join()); });"
        )
        await stage.until(stage.logs)
        assert stage.logs() == [
            "accessSecureURL,accessURL,accountId,applicationId,logURL,name,sessionId",
            "accountId,applicationId,sessionId",
        ]

    play(story)


@pytest.mark.covers("VoxEngine.terminate")
def test_terminate_works_unbound_and_lets_the_current_block_finish() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      call.addEventListener(CallEvents.Disconnected, () => Logger.write("must not come"));
      setTimeout(() => Logger.write("must not come either"), 1500);
      setTimeout(VoxEngine.terminate, 1000, "ignored");
      setTimeout(() => Logger.write("before"), 500);
    });
    VoxEngine.addEventListener(AppEvents.Terminating, () => Logger.write("bye"));
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        await stage.ended()
        assert stage.logs() == ["before", "bye"]
        assert leg.over
        assert stage.clock.now() == 1.0

    play(story)

    async def block(stage: Stage) -> None:
        await stage.start(
            "VoxEngine.addEventListener(AppEvents.Started, () => {"
            " VoxEngine.terminate(); Logger.write('still here'); });"
        )
        await stage.ended()
        assert stage.logs() == ["still here"]

    play(block)


def test_terminating_may_make_one_http_request_and_terminated_waits_for_it() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, VoxEngine.terminate);
    VoxEngine.addEventListener(AppEvents.Terminating, async () => {
      setTimeout(() => Logger.write("timers are dead"), 0);
      Net.httpRequest("http://x/second", () => Logger.write("first answered"));
      Net.httpRequest("http://x/second", () => Logger.write("second must not be sent"));
    });
    VoxEngine.addEventListener(AppEvents.Terminated, () => Logger.write("terminated"));
    """

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3)
        return httpx.Response(200, text="ok")

    async def story(stage: Stage) -> None:
        stage.net.routes["/second"] = slow
        await stage.start(source)
        await stage.ended()
        assert stage.logs() == ["first answered", "terminated"]
        assert len(stage.net.requests) == 1
        assert stage.clock.now() == 3

    play(story)


def test_in_terminated_nothing_but_logger_write_does_anything() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, VoxEngine.terminate);
    VoxEngine.addEventListener(AppEvents.Terminated, () => {
      Net.httpRequest("http://x/late", () => Logger.write("must not be sent"));
      VoxEngine.callPSTN("+4930", "+4940");
      setTimeout(() => Logger.write("timers are dead"), 0);
      Logger.write("the last words");
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        await stage.ended()
        assert stage.logs() == ["the last words"]
        assert stage.net.requests == []
        assert stage.dialled == []

    play(story)


LATE = """
require(Modules.ASR);
require(Modules.Conference);
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  const other = VoxEngine.callUser("bob", "me"), player = VoxEngine.createTTSPlayer("hello");
  const asr = VoxEngine.createASR({}), recorder = VoxEngine.createRecorder({});
  const conference = VoxEngine.createConference(), socket = VoxEngine.createWebSocket("wss://x.example/");
  const timer = setTimeout(() => {}, 99999), heard = [];
  setTimeout(VoxEngine.terminate, 500);
  VoxEngine.addEventListener(AppEvents.Terminating, () => {
    for (const use of [
      () => call.say("late"), () => call.startPlayback("http://x/a"), call.stopPlayback, call.answer,
      () => call.reject(486), call.hangup, other.hangup, () => call.handleTones(true), call.record,
      () => call.sendDigits("1"), () => call.sendMessage("late"), () => call.sendInfo("a/b", "late"),
      () => call.removeEventListener(CallEvents.Disconnected),
      () => VoxEngine.sendMediaBetween(call, other), () => VoxEngine.stopMediaBetween(call, other),
      () => VoxEngine.easyProcess(call, other), player.pause, player.resume, player.stop, asr.stop,
      () => recorder.mute(true), recorder.stop, () => VoxEngine.destroyConference(conference),
      () => socket.send("late"), socket.close, () => clearTimeout(timer), VoxEngine.terminate,
      () => setTimeout(() => heard.push("a timer"), 0), () => setInterval(() => heard.push("a timer"), 100),
      () => VoxEngine.callPSTN("+49", "+44").addEventListener(CallEvents.Failed, () => heard.push("a call")),
      () => VoxEngine.createTTSPlayer("late"), () => VoxEngine.createURLPlayer("http://x/a"),
      () => VoxEngine.createWebSocket("wss://y.example/").addEventListener(WebSocketEvents.CLOSE,
        () => heard.push("a socket")),
      () => VoxEngine.createASR({}), () => VoxEngine.createRecorder({}), () => VoxEngine.createConference(),
    ]) use();
    Logger.write("nothing threw");
    Net.httpRequest("http://x/last", () => {});
  });
  VoxEngine.addEventListener(AppEvents.Terminated, () => Logger.write("heard of: " + heard.join()));
});
"""


def test_in_terminating_everything_but_a_request_is_dead_and_harmless() -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        return httpx.Response(200)

    async def story(stage: Stage) -> None:
        stage.net.routes["/last"] = slow
        leg = await stage.call_in(LATE)
        ending = await stage.ended()
        assert (ending.reason, stage.errors()) == ("Normal termination", [])
        assert stage.logs() == ["nothing threw", "heard of: "]
        assert stage.clock.now() == 5.5
        assert [request.url.path for request in stage.net.requests] == ["/last"]
        assert [asked.kind for asked, _ in stage.dialled] == ["user"]
        assert [text for text, _ in stage.speech.said] == ["hello"]
        assert (leg.digits, leg.messages, leg.infos) == ("", [], [])

    play(story)


LAST_WORDS = """
for (const name of ["Terminating", "Terminated"])
  VoxEngine.addEventListener(AppEvents[name], (e) => Logger.write(`${name} ${e.systemError}`));
"""


def test_terminating_and_terminated_tell_a_system_error_where_the_platform_ended_the_session() -> None:
    async def by_the_scenario(stage: Stage) -> None:
        await stage.start(LAST_WORDS + "VoxEngine.addEventListener(AppEvents.Started, VoxEngine.terminate);")
        await stage.ended()
        assert stage.logs() == ["Terminating undefined", "Terminated undefined"]

    async def by_us(stage: Stage) -> None:
        await stage.start(LAST_WORDS)
        await asyncio.sleep(1)
        assert stage.runtime is not None
        await stage.runtime.close()
        assert stage.logs() == ["Terminating true", "Terminated true"]

    play(by_the_scenario)
    play(by_us)


def test_requests_under_way_are_awaited_before_terminating_and_queued_ones_are_dropped() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      for (let i = 0; i < 5; i++) Net.httpRequest("http://x/r", () => Logger.write("answer " + i));
      VoxEngine.terminate();
    });
    VoxEngine.addEventListener(AppEvents.Terminating, () => Logger.write("terminating"));
    """

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(2)
        return httpx.Response(200)

    async def story(stage: Stage) -> None:
        stage.net.routes["/r"] = slow
        await stage.start(source)
        await stage.ended()
        assert stage.logs() == ["answer 0", "answer 1", "answer 2", "terminating"]

    play(story)


def test_an_uncaught_error_ends_the_session_hangs_up_and_keeps_what_was_logged() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      call.addEventListener(CallEvents.Connected, () => { Logger.write("about to fail"); call.nope(); });
    });
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        ending = await stage.ended()
        assert ending.reason == "JS session error"
        assert stage.logs() == ["about to fail"]
        assert leg.over
        assert "call.nope is not a function" in stage.errors()[0]
        assert "a.js:4" in stage.errors()[0]

    play(story)


@pytest.mark.parametrize(
    "how",
    ["Promise.reject(new Error('nobody cares'));", "(async () => { await null; throw 'nobody cares'; })();"],
)
def test_an_unhandled_rejection_ends_the_session(how: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(f"VoxEngine.addEventListener(AppEvents.Started, () => {{ {how} }});")
        assert (await stage.ended()).reason == "JS session error"
        assert "nobody cares" in stage.errors()[0]
        assert stage.clock.now() < 1

    play(story)


def test_a_callback_that_runs_longer_than_a_second_ends_the_session() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(
            "VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => { call.answer(); for (;;); });"
        )
        assert (await stage.ended()).reason == "JS session error"
        assert leg.over
        assert "1 s" in stage.errors()[0]

    play(story)


def test_no_api_call_blocks_and_no_event_comes_before_the_current_block_is_over() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      const out = VoxEngine.callPSTN("+4930", "+4940");
      for (const [name, each] of [["in", call], ["out", out]])
        for (const event of Object.values(CallEvents))
          each.addEventListener(event, (e) => Logger.write(name + " " + e.name));
      call.answer();
      call.say("hello");
      call.hangup();
      out.hangup();
      Logger.write("the block is over");
      Promise.resolve().then(() => Logger.write("and its promises"));
    });
    """

    async def story(stage: Stage) -> None:
        await stage.call_in(source)
        await stage.until(lambda: {"in Call.Disconnected", "out Call.Failed"} <= {*stage.logs()})
        assert stage.logs()[:2] == ["the block is over", "and its promises"]

    play(story)


def test_keep_going_survives_it() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => { nope(); });
    VoxEngine.addEventListener(AppEvents.Started, () => { Logger.write("second listener"); });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source, keep_going=True)
        ending = await stage.ended()
        assert ending.reason == "Normal termination"
        assert stage.logs() == ["second listener"]
        assert "nope" in stage.errors()[0]

    play(story)


def test_a_syntax_error_rejects_nothing_silently_the_caller_is_hung_up() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in("let x = ;")
        ending = await stage.ended()
        assert ending.reason == "JS session error"
        assert "a.js:1" in stage.errors()[0]
        assert leg.over
        assert stage.kinds() == []

    play(story)


def test_scripts_of_a_rule_share_one_scope_and_run_in_order() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(
            ["const helper = { name: () => 'shared' }; count = 1;", "Logger.write(helper.name() + ++count);"]
        )
        await stage.until(stage.logs)
        assert stage.logs() == ["shared2"]

    play(story)


def test_the_same_seed_gives_the_same_journal() -> None:
    source = ANSWER + "Logger.write(uuidgen() + Math.random() + new Date().toISOString());"

    def run() -> list[object]:
        async def story(stage: Stage) -> None:
            leg = await stage.call_in(source)
            await stage.until(lambda: leg.connected)
            leg.remote.hang_up()
            await stage.ended()

        return [*play(story).records]

    assert run() == run()


def test_closing_the_runtime_ends_calls_with_the_last_events() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(ANSWER)
        await stage.until(lambda: leg.connected)
        assert stage.runtime is not None
        await stage.runtime.close()
        assert leg.over
        assert stage.logs() == ["started", "terminating", "terminated"]

    play(story)


PENDING = """
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({call}) => {
  call.answer();
  call.addEventListener(CallEvents.MessageReceived, (e) => Logger.write("must not come: " + e.text));
  call.addEventListener(CallEvents.Disconnected, () => Logger.write("must not come: Disconnected"));
  setInterval(() => Logger.write("must not come: timer"), 2500);
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  sleep(3000).then(() => Logger.write("must not come: sleep"));
  Net.httpRequestAsync("http://x/slow").then((r) => {
    Logger.write("answer " + r.code);
    call.say("must not be said");
    Net.httpRequest("http://x/more", () => Logger.write("must not come: more"));
    setTimeout(() => Logger.write("must not come: late timer"), 0);
  });
  await sleep(2000);
  VoxEngine.terminate();
  Logger.write("the block goes on");
  await sleep(0);
  Logger.write("must not come: after await");
});
VoxEngine.addEventListener(AppEvents.Terminating, async () => {
  Logger.write("terminating");
  await null;
  Logger.write("still terminating");
});
VoxEngine.addEventListener(AppEvents.Terminated, () => Logger.write("terminated"));
"""


def test_after_terminate_only_http_callbacks_and_the_two_last_events_run() -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(10)
        return httpx.Response(200)

    async def story(stage: Stage) -> None:
        stage.net.routes["/slow"] = slow
        leg = await stage.call_in(PENDING)
        await stage.until(lambda: "the block goes on" in stage.logs())
        leg.remote.message("while it ends")
        leg.remote.hang_up()
        await stage.ended()
        assert stage.logs() == [
            "the block goes on",
            "answer 200",
            "terminating",
            "still terminating",
            "terminated",
        ]
        assert stage.clock.now() == 10
        assert [request.url.path for request in stage.net.requests] == ["/slow"]
        assert stage.speech.said == []

    play(story)


def test_events_that_wait_when_the_scenario_terminates_are_dropped() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      call.addEventListener(CallEvents.MessageReceived, (e) => {
        Logger.write(e.text);
        if (e.text === "2") VoxEngine.terminate();
      });
    });
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        await stage.until(lambda: leg.connected)
        for text in "1234":
            leg.remote.message(text)
        await stage.ended()
        assert stage.logs() == ["1", "2"]

    play(story)


def test_terminate_at_top_level_declines_the_caller() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in("VoxEngine.terminate(); Logger.write('evaluated');" + ANSWER)
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.logs() == ["evaluated", "terminating", "terminated"]
        assert leg.log[0] == ("reject", {"code": 603, "reason": "Declined", "headers": {}})

    play(story)


@pytest.mark.parametrize("source", ["let x = ;", "nope();", "while (true) {}"])
def test_a_scenario_that_cannot_be_evaluated_declines_the_caller(source: str) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        assert (await stage.ended()).reason == "JS session error"
        assert leg.log[0] == ("reject", {"code": 603, "reason": "Declined", "headers": {}})
        assert leg.over

    play(story)


def test_a_caller_who_hangs_up_while_the_session_is_ending_disturbs_nothing() -> None:
    source = (
        ANSWER
        + """VoxEngine.addEventListener(AppEvents.Terminating,
                 () => Net.httpRequest("http://x/last", () => Logger.write("sent")));"""
    )

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        return httpx.Response(200)

    async def story(stage: Stage) -> None:
        stage.net.routes["/last"] = slow
        leg = await stage.call_in(source)
        await stage.until(lambda: leg.connected)
        assert stage.runtime is not None
        closing = asyncio.create_task(stage.runtime.close())
        await stage.until(lambda: stage.net.requests)
        leg.remote.hang_up()
        leg.remote.press("1")
        await closing
        assert stage.logs() == ["started", "terminating", "sent", "terminated"]
        assert stage.errors() == []

    play(story)


def test_a_full_disk_is_told_once_and_the_call_goes_on(tmp_path: Path) -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      let n = 0;
      setInterval(() => Logger.write("line " + ++n + " ".repeat(500)), 100);
      call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
    });
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source, record=False)
        with files_end_at(20_000):
            await asyncio.sleep(10)
            assert not leg.over
            leg.remote.hang_up()
            ending = await stage.ended()
        assert ending.reason == "Normal termination"
        assert len(stage.logs()) == 100
        journal, log = sorted(stage.errors())
        assert "journal.jsonl cannot be written any more: File too large" in journal
        assert "log.txt cannot be written any more: File too large" in log
        assert stage.records[-1]["state"] == "ended"

    play(story, tmp_path)
    (folder,) = tmp_path.iterdir()
    assert len(read_recording(folder).turns) > 5  # what is on the disk is still a journal


@pytest.mark.covers("Logger.hideTones")
def test_keys_of_the_caller_stay_out_of_the_log_when_the_scenario_hides_them(tmp_path: Path) -> None:
    source = """
    Logger.hideTones(true);
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      call.handleTones(true);
      call.addEventListener(CallEvents.ToneReceived, (e) => { if (e.tone === "#") Logger.write("done"); });
    });
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        await stage.until(lambda: leg.connected)
        leg.remote.press("4242#")
        await stage.until(stage.logs)

    play(story, tmp_path)
    (folder,) = tmp_path.iterdir()
    log = (folder / "log.txt").read_text()
    assert log.count('"tone":"*"') == 5
    assert '"tone":"4"' not in log
    assert '"tone":"4"' in (folder / "journal.jsonl").read_text()


def test_requests_that_never_end_are_given_up_after_90_seconds() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      Net.httpRequest("http://x/slow", () => Logger.write("must not come"));
      VoxEngine.terminate();
    });
    VoxEngine.addEventListener(AppEvents.Terminated, () => Logger.write("terminated"));
    """

    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3600)
        return httpx.Response(200)

    async def story(stage: Stage) -> None:
        stage.net.routes["/slow"] = never
        await stage.start(source, limits=Limits(pending_http_ms=30_000))
        await stage.ended()
        assert stage.clock.now() == 30
        assert stage.logs() == ["terminated"]
        assert "given up" in stage.logs("system")[0]

    play(story)


def test_the_journal_ends_with_the_listeners_and_how_often_they_ran() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(ANSWER)
        await stage.ended()
        record = stage.records[-2]
        assert record["k"] == "listeners"
        rows: Any = record["listeners"]
        assert [(row["event"], row["where"], row["fired"]) for row in rows] == [
            ("Application.CallAlerting", "a.js:2:28", 0),
            ("Application.Started", "a.js:6:28", 1),
            ("Application.Terminating", "a.js:7:28", 1),
            ("Application.Terminated", "a.js:8:28", 1),
        ]
        assert stage.records[-1]["state"] == "ended"

    play(story)
