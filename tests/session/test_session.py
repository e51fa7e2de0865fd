"""The life of a session, as the platform lives it."""

from __future__ import annotations

import asyncio

import httpx
from tests.harness import Stage, play

ANSWER = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.addEventListener(CallEvents.Disconnected, () => Logger.write("gone"));
});
VoxEngine.addEventListener(AppEvents.Started, () => Logger.write("started"));
VoxEngine.addEventListener(AppEvents.Terminating, () => Logger.write("terminating"));
VoxEngine.addEventListener(AppEvents.Terminated, () => Logger.write("terminated"));
"""


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
            "VoxEngine.addEventListener(AppEvents.Started, e => Logger.write(Object.keys(e).sort().join()));"
        )
        await stage.until(stage.logs)
        assert stage.logs() == ["accessSecureURL,accessURL,accountId,applicationId,logURL,name,sessionId"]

    play(story)


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
