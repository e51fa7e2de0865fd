"""All sessions of an application: how they start, how they stay apart, how they end."""

from __future__ import annotations

import asyncio
import gc
import weakref
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from tests.harness import Stage, play
from tests.services.test_download import wav
from tests.session.puppets import Puppets

from voxrun.errors import ConfigError, InternalError, UserError
from voxrun.legs.base import IncomingInfo
from voxrun.legs.scripted import ScriptedLeg
from voxrun.services.calls import CallService
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Runtime
from voxrun.session.session import Session

ANSWER = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call, callerid}) => {
  call.answer();
  Logger.write("hello " + callerid);
  call.addEventListener(CallEvents.Connected, () => call.say(callerid));
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});
"""


def runtime_on(stage: Stage, puppets: Puppets) -> Runtime:
    """A runtime whose realms are puppets."""
    made = stage.start_runtime("")
    made.world = replace(made.world, realms=puppets)
    return made


def leg_of(stage: Stage) -> ScriptedLeg:
    return ScriptedLeg(stage.ticker, incoming=True)


INFO = IncomingInfo("100", "alice")


def refused(leg: ScriptedLeg) -> bool:
    return leg.over and leg.log[0] == (
        "reject",
        {"code": 503, "reason": "Service Unavailable", "headers": {}},
    )


def test_two_calls_at_once_do_not_mix(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER)
        seen: dict[str, list[JsonObject]] = {}
        runtime.subscribe(lambda session, record: seen.setdefault(session, []).append(record))
        legs, ids = [], []
        for name in ("ann", "bob"):
            legs.append(leg_of(stage))
            ids.append(await runtime.incoming(legs[-1], IncomingInfo("100", name)))
        await asyncio.sleep(1)
        for leg, session, name in zip(legs, ids, ("ann", "bob"), strict=True):
            logs = [r["text"] for r in seen[session] if r["k"] == "log"]
            assert logs == [f"hello {name}"]
            assert leg.heard
        assert [text for text, _ in stage.speech.said] == ["ann", "bob"]
        legs[0].remote.hang_up()
        assert (await runtime.wait(ids[0])).reason == "Normal termination"
        assert not legs[1].over
        assert [info.state for info in runtime.sessions()] == ["ended", "started"]
        assert len({info.folder for info in runtime.sessions()}) == 2

    play(story, tmp_path)


def test_sessions_are_listed_in_the_order_in_which_they_started() -> None:
    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER)
        legs = [leg_of(stage) for _ in range(3)]
        ids = [await runtime.incoming(leg, INFO) for leg in legs]
        await asyncio.sleep(0.1)
        legs[1].remote.hang_up()
        await runtime.wait(ids[1])
        assert [info.id for info in runtime.sessions()] == ids
        assert runtime.sessions()[1].ended is not None

    play(story)


def test_a_folder_that_cannot_be_made_refuses_the_call(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")

    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER, sessions_dir=file / "sessions")
        leg = leg_of(stage)
        with pytest.raises(ConfigError, match=r"cannot make the session's folder .* --sessions DIR"):
            await runtime.incoming(leg, INFO)
        assert refused(leg)
        assert runtime.sessions() == []

    play(story)


@pytest.mark.parametrize("error", [InternalError("no realm host"), RuntimeError("broken")])
def test_without_a_realm_the_call_is_refused(error: Exception) -> None:
    async def story(stage: Stage) -> None:
        puppets = Puppets()
        puppets.open_error = error
        runtime = runtime_on(stage, puppets)
        leg = leg_of(stage)
        with pytest.raises(type(error)):
            await runtime.incoming(leg, INFO)
        assert refused(leg)

    play(story)


def test_a_realm_that_cannot_boot_declines_the_call_and_says_why() -> None:
    async def story(stage: Stage) -> None:
        puppets = Puppets()
        puppets.boot_error = InternalError("the realm's host did not answer")
        runtime = runtime_on(stage, puppets)
        leg = leg_of(stage)
        ending = await runtime.wait(await runtime.incoming(leg, INFO))
        assert ending.reason == "JS session error"
        assert stage.errors() == ["the realm's host did not answer"]
        assert leg.log[0] == ("reject", {"code": 603, "reason": "Declined", "headers": {}})
        assert puppets.made[0].closed == 1

    play(story)


def test_closing_while_a_realm_boots_ends_the_call() -> None:
    async def story(stage: Stage) -> None:
        puppets = Puppets()
        puppets.boot_seconds = 5
        runtime = runtime_on(stage, puppets)
        leg = leg_of(stage)
        session = await runtime.incoming(leg, INFO)
        await asyncio.sleep(1)
        await runtime.close()
        assert leg.over
        assert (await runtime.wait(session)).reason == "Terminated administratively"
        kinds = [event.kind for event in puppets.made[0].events]
        assert kinds == ["Application.Terminating", "Application.Terminated"]

    play(story)


def test_closing_while_a_realm_is_found_refuses_the_call() -> None:
    async def story(stage: Stage) -> None:
        puppets = Puppets()
        puppets.open_seconds = 5
        runtime = runtime_on(stage, puppets)
        leg = leg_of(stage)
        arriving = asyncio.create_task(runtime.incoming(leg, INFO))
        await asyncio.sleep(1)
        await runtime.close()
        with pytest.raises(UserError, match="shutting down"):
            await arriving
        assert refused(leg)
        assert puppets.made[0].closed == 1
        assert runtime.sessions() == []

    play(story)


def test_closing_ends_the_connections_that_sessions_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    async def aclose() -> None:
        closed.append("connections")

    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER)
        monkeypatch.setattr(runtime.world.connections, "aclose", aclose)
        await runtime.close()
        assert closed == ["connections"]

    play(story)


def test_it_is_busy_as_long_as_a_session_goes_on() -> None:
    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER)
        told: list[bool] = []
        runtime.on_session_over = lambda info: told.append(runtime.busy)
        assert not runtime.busy
        session = await runtime.start_session("")
        assert runtime.busy
        await runtime.close()
        await runtime.wait(session)
        assert told == [False]

    play(story)


def test_after_close_nothing_starts() -> None:
    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER)
        await runtime.close()
        with pytest.raises(UserError, match="shutting down"):
            await runtime.start_session("")
        leg = leg_of(stage)
        with pytest.raises(UserError, match="shutting down"):
            await runtime.incoming(leg, INFO)
        assert refused(leg)
        await runtime.close()

    play(story)


def test_a_caller_who_gives_up_while_the_realm_boots_is_told_to_the_scenario() -> None:
    async def story(stage: Stage) -> None:
        puppets = Puppets()
        puppets.boot_seconds = 5
        runtime = runtime_on(stage, puppets)
        leg = leg_of(stage)
        await runtime.incoming(leg, INFO)
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await asyncio.sleep(5)
        kinds = [event.kind for event in puppets.made[0].events]
        assert kinds == ["Application.Started", "Application.CallAlerting", "Call.Disconnected"]
        assert puppets.made[0].events[2].data["internalCode"] == 487

    play(story)


def test_a_session_that_is_over_is_freed() -> None:
    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER, seed=4711)  # an id that no other test's session has
        leg = leg_of(stage)
        session = await runtime.incoming(leg, INFO)
        watched: list[weakref.ref[Any]] = [
            weakref.ref(thing)
            for thing in gc.get_objects()
            if type(thing) in (Session, CallService) and _of(thing) == session  # isinstance asks dead proxies
        ]
        assert len(watched) == 2
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await runtime.wait(session)
        await asyncio.sleep(1)
        gc.collect()
        assert [thing() for thing in watched] == [None, None]

    play(story)


def _of(thing: Session | CallService) -> str:
    return thing.id if isinstance(thing, Session) else thing.context.session_id


def test_the_end_of_a_session_can_be_asked_for_at_any_time() -> None:
    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER)
        session = await runtime.start_session("")
        ending = await runtime.wait(session)
        await asyncio.sleep(1)
        assert await runtime.wait(session) == ending
        assert runtime.sessions()[0].ended == ending
        with pytest.raises(KeyError):
            await runtime.wait("nobody")

    play(story)


def test_who_looks_on_and_fails_harms_nobody_and_who_left_is_told_nothing() -> None:
    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER)
        told: list[JsonObject] = []
        leave = runtime.subscribe(lambda session, record: told.append(record))

        def fail(session: str, record: JsonObject) -> None:
            raise RuntimeError("the page is gone")

        stop = runtime.subscribe(fail)
        leg = leg_of(stage)
        await runtime.incoming(leg, INFO)
        leave()
        leave()
        count = len(told)
        assert count > 0
        await stage.until(lambda: leg.connected)
        stop()
        assert len(told) == count
        assert stage.errors() == []

    play(story)


def test_files_of_a_session_are_found_by_name_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("no")

    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(ANSWER)
        leg = leg_of(stage)
        session = await runtime.incoming(leg, INFO)
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await runtime.wait(session)
        assert runtime.file(session, "recording.wav").is_file()
        assert runtime.file(session, "log.txt").is_file()
        for name in ("nope", "../outside.txt", "scripts", ".", "..", "", "/etc/passwd", "a\0b"):
            with pytest.raises(KeyError):
                runtime.file(session, name)
        with pytest.raises(KeyError):
            runtime.file("nobody", "log.txt")

    play(story, tmp_path / "sessions")


@pytest.mark.parametrize("ends", ["", "VoxEngine.terminate();", "throw new Error('no');"])
def test_a_session_has_begun_when_its_first_events_were_taken_or_it_is_over(ends: str) -> None:
    source = f"VoxEngine.addEventListener(AppEvents.Started, () => {{ Logger.write('up'); {ends} }});"

    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(source)
        session = await runtime.start_session("")
        assert stage.logs() == []
        await runtime.begun(session)
        assert stage.logs() == ["up"]
        await runtime.wait(session)
        await runtime.begun(session)  # long over: there is nothing to wait for

    play(story)


def test_a_transport_that_was_given_serves_all_sessions() -> None:
    closed: list[str] = []

    async def story(stage: Stage) -> None:
        async def close() -> None:
            closed.append("closed")

        stage.net.aclose = close  # type: ignore[method-assign]
        runtime = stage.start_runtime(ANSWER)
        for _ in range(2):
            await runtime.wait(await runtime.start_session(""))
        assert closed == []

    play(story)


def test_what_one_session_fetched_another_does_not_fetch_again() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      call.addEventListener(CallEvents.Connected, () => call.startPlayback("http://x/a.wav"));
    });
    """

    async def story(stage: Stage) -> None:
        stage.net.routes["/a.wav"] = lambda request: httpx.Response(200, content=wav(1600))
        runtime = stage.start_runtime(source)
        for _ in range(2):
            leg = leg_of(stage)
            await runtime.incoming(leg, INFO)
            await asyncio.sleep(1)
            assert len(leg.heard) == 5
        assert len(stage.net.requests) == 1

    play(story)
