"""Scenarios in the styles of many years, written for these tests after what public ones do, load and run.

The scripts are in ``shapes/``; what each is about stands at its top.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from tests.harness import Stage, play
from tests.media.signals import pcm, voice
from tests.services.hearing import Counter
from tests.services.test_playback import wav

from voxrun.cli.check import check
from voxrun.legs.base import IncomingInfo
from voxrun.realm.port import Script

SHAPES = Path(__file__).parent / "shapes"


def shape(*names: str) -> list[str]:
    return [(SHAPES / f"{name}.js").read_text("utf-8") for name in names]


async def press(stage: Stage, *keys: str) -> None:
    """A caller who presses keys; an empty one is patience."""
    leg = await stage.call_in(shape("menu"))
    await stage.until(lambda: leg.connected)
    for key in keys:
        await asyncio.sleep(1 if key else 8)
        leg.remote.press(key)
    assert (await stage.ended()).reason == "Normal termination"


@pytest.mark.parametrize(
    ("keys", "said", "voice"),
    [(("1",), "Sales", "MISSPELT"), (("", "2"), "Support", "Joanna"), (("9",), "Nobody", "")],
)
def test_a_menu_of_2016(keys: tuple[str, ...], said: str, voice: str) -> None:
    async def story(stage: Stage) -> None:
        await press(stage, *keys)
        assert stage.logs()[0].startswith("from alice to 100 id ")
        assert stage.logs()[1:] == [f"said for key {keys[-1]}"]
        assert stage.speech.said[-1][0] == said
        assert voice in str(stage.commands("call.say")[-1]["data"]["voice"])

    play(story)


def test_a_menu_that_nobody_answers_says_goodbye() -> None:
    async def story(stage: Stage) -> None:
        await press(stage)
        texts = [text.partition(".")[0] for text, _ in stage.speech.said]
        assert texts[-1] == "Goodbye"
        assert len(stage.commands("call.say")) == 3
        assert stage.errors() == []

    play(story)


ORDER = '{"manager":"mary","phone":"+1555","callerid":"+1444"}'


def test_a_callback_brings_two_people_together() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(shape("callback"), ORDER)
        manager = await stage.dialled_leg()
        manager.remote.answer()
        customer = await stage.dialled_leg(1)
        customer.remote.answer()
        await stage.until(lambda: "talking" in stage.logs())
        manager.remote.speak(b"\x11\x22" * 3200)
        await asyncio.sleep(2)
        assert any(frame.startswith(b"\x11\x22") for _, frame in customer.heard)
        customer.remote.hang_up()
        await stage.ended()
        assert stage.logs() == ["session number true", "talking", "talked 2 s"]
        assert [request.destination for request, _ in stage.dialled] == ["mary", "+1555"]

    play(story)


@pytest.mark.parametrize(("number", "who"), [(0, "manager"), (1, "customer")])
def test_a_callback_fails_by_whoever_is_busy(number: int, who: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(shape("callback"), ORDER)
        for one in range(number):
            (await stage.dialled_leg(one)).remote.answer()
        (await stage.dialled_leg(number)).remote.refuse(486)
        await stage.ended()
        assert stage.logs()[-1] == f"failed 486 Busy here {who}"

    play(story)


def test_a_helper_for_a_crm_with_headers_in_three_shapes_and_callbacks_everywhere() -> None:
    async def story(stage: Stage) -> None:
        stage.net.routes["/hook"] = lambda request: httpx.Response(
            200, text=request.headers.get("x-form", ""), headers={"Set-Cookie": "id=7"}
        )
        await stage.call_in(shape("webhook"))
        assert (await stage.ended()).reason == "Normal termination"
        hooks = [line for line in stage.logs() if not line.startswith("cookie")]
        assert hooks == [
            *("hook 200 lines true", "hook 200 object true", "hook 200 pairs true"),
            *("wrong order 200", "promise 200", "callback 200"),
        ] or hooks[3:] == ["wrong order 200", "callback 200", "promise 200"]
        assert stage.logs().count("cookie id=7") == 3
        assert [r.content for r in stage.net.requests[:3]] == [b'{"caller":"alice"}'] * 3
        assert stage.net.requests[-1].content == b"last"

    play(story)


ROW = '{"phone":"+1555","name":"Ann"}'


def reports(stage: Stage) -> list[str]:
    return [f"{c['data']['kind']} {c['data']['data']}" for c in stage.commands("calllist.report")]


def test_a_reminder_is_confirmed_and_reported() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(shape("notifier"), ROW)
        leg = await stage.dialled_leg()
        leg.remote.answer()
        await stage.until(lambda: stage.speech.said)
        await asyncio.sleep(1)
        leg.remote.press("1")
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.speech.said[0][0] == "Hello Ann, press one to confirm."
        assert reports(stage) == ['result {"result":true,"duration":2,"confirmed":true}']

    play(story)


def test_a_reminder_to_a_busy_line_is_reported() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(shape("notifier"), ROW)
        (await stage.dialled_leg()).remote.refuse(486)
        await stage.ended()
        assert reports(stage) == ['error {"result":false,"msg":"Failed","code":486}']

    play(story)


def test_one_script_for_calls_in_and_out(tmp_path: Path) -> None:
    async def incoming(stage: Stage) -> None:
        stage.net.routes["/who"] = lambda request: httpx.Response(200, json={"name": "Alice"})
        leg = await stage.call_in(shape("both_ways"))
        await stage.until(lambda: "recorded string" in stage.logs())
        leg.remote.hang_up()
        await stage.ended()
        assert stage.logs() == [
            *("looked up alice", "in alice 100 user Alice", "recorded string", "seen 1 Call.Disconnected"),
        ]

    async def outgoing(stage: Stage) -> None:
        stage.net.routes["/who"] = lambda request: httpx.Response(500)
        await stage.start(shape("both_ways"), '{"destination":"bob","callerId":"me"}')
        leg = await stage.dialled_leg()
        assert stage.dialled[0][0].destination == "sip:bob@example.com"
        leg.remote.answer()
        await stage.until(lambda: "out unknown" in stage.logs())
        leg.remote.hang_up()
        await stage.ended()
        assert stage.logs() == [
            *("Error: code 500", "looked up bob", "out unknown", "seen 1 Call.Disconnected"),
        ]

    play(incoming, tmp_path)
    play(outgoing)


def test_a_session_that_is_steered_over_its_url_and_wraps_the_runtime() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(shape("remote"))
        await stage.until(lambda: stage.events("Application.Started"))
        runtime, token = stage.runtime, f"{1:032x}"
        assert runtime is not None

        async def ask(method: str, what: str, content: str = "") -> str:
            session = stage.session_id
            reply = await runtime.http_request(session, token, method, f"/request/{what}", content, [])
            return reply.body.decode()

        assert await ask("POST", "call", '{"user":"bob","id":"7"}') == "true"
        leg = await stage.dialled_leg()
        assert stage.dialled[0][0].headers == {"X-Id": "7"}
        leg.remote.answer()
        await stage.until(lambda: leg.connected)
        await asyncio.sleep(6)
        assert ("message", {"text": "hello 7"}) in leg.log
        assert await ask("GET", "state") == '{"calls":1,"last":"Application.HttpRequest"}'
        leg.remote.hang_up()
        await asyncio.sleep(0.1)
        assert '"calls":0' in await ask("GET", "state")
        assert await ask("POST", "stop") == "stopping"
        assert (await stage.ended()).reason == "Normal termination"

    play(story)


def test_a_room_with_announcements() -> None:
    async def story(stage: Stage) -> None:
        first = await stage.call_in(shape("room"))
        await stage.until(lambda: "in the room: 1" in stage.logs())
        assert stage.logs()[0] == "conference true"
        first.remote.hang_up()
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.errors() == []

    play(story)


@pytest.mark.parametrize(
    ("keys", "answers"),
    [
        (["5", "1", "123", "456"], '{"wrong":"5","account":"123456"}'),
        (["1", "77#"], '{"account":"77"}'),
        (["2"], "{}"),
        ([], '{"timeout":2}'),
    ],
)
def test_a_survey_of_ivr_states(keys: list[str], answers: str) -> None:
    async def story(stage: Stage) -> None:
        stage.net.routes["/account.wav"] = lambda request: httpx.Response(200, content=wav(1000))
        leg = await stage.call_in(shape("survey"))
        await stage.until(lambda: leg.connected)
        for key in keys:
            await asyncio.sleep(1.5)
            leg.remote.press(key)
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.logs() == [answers]
        assert ("Thank you" in [text for text, _ in stage.speech.said]) == bool(keys)

    play(story)


def test_a_menu_by_voice_with_a_new_asr_for_every_question() -> None:
    async def story(stage: Stage) -> None:
        ears = stage.transcriber = Counter()
        leg = await stage.call_in(shape("voice_menu"))
        for number in (1, 2):
            await stage.until(lambda: len(stage.commands("media.connect")) == number)  # noqa: B023
            await asyncio.sleep(0.5)
            leg.remote.speak(pcm(voice(800)))
        await stage.ended()
        assert stage.logs() == ["one number | two number"]
        assert [hints for hints, _ in ears.asked] == [("one", "two", "three")] * 2
        assert len(stage.commands("asr.stop")) == 2

    play(story)


def test_music_while_operators_are_tried_one_after_the_other(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.net.routes["/music.wav"] = lambda request: httpx.Response(200, content=wav(8000))
        caller = await stage.call_in(shape("waiting"))
        (await stage.dialled_leg(0)).remote.refuse(486)
        operator = await stage.dialled_leg(1)
        await asyncio.sleep(3)
        heard = {at // 1000 for at, frame in caller.heard if any(frame)}
        assert heard >= {0, 1, 2, 3, 4}
        operator.remote.answer()
        await stage.until(lambda: "recording string" in stage.logs())
        operator.remote.hang_up()
        await stage.ended()
        assert stage.logs() == ["first 486", "recording string", "done second"]
        assert stage.dialled[1][0].headers == {"X-Queue": "main"}

    play(story, tmp_path)


def test_nobody_is_there_after_all_operators_were_tried() -> None:
    async def story(stage: Stage) -> None:
        stage.net.routes["/music.wav"] = lambda request: httpx.Response(404)
        await stage.call_in(shape("waiting"))
        for number in range(3):
            (await stage.dialled_leg(number)).remote.refuse(480)
            await asyncio.sleep(0.5)
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.logs()[0].startswith("player ")
        assert stage.logs()[1:] == ["first 480", "second 480", "third 480"]
        assert stage.speech.said[-1][0] == "Nobody is there"

    play(story)


def test_phrases_one_after_the_other_in_a_class() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(shape("lines"))
        await stage.ended()
        assert leg.log[0] == ("answer", {"headers": {"X-Line": "1"}})
        assert [text for text, _ in stage.speech.said] == ["One", "Two", "Three"]
        assert stage.logs() == [
            *("One true", "pause 100", "Two true", "pause 100", "Three true", "pause 100"),
            '{"reason":"Normal call clearing","internalCode":200} true',
            "Error: only logged",
        ]

    play(story)


def test_a_queue_of_the_old_kind_ends_with_an_error_that_names_it() -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(shape("queue"))
        assert (await stage.ended()).reason == "JS session error"
        assert stage.logs() == ["queue ACD.Queued ACD.OperatorReached"]
        (error,) = stage.errors()
        assert "VoxEngine.enqueueACDRequest() is not available in voxrun: call queues" in error
        assert "a.js:13:" in error

    play(story)


def test_two_scripts_of_a_rule_share_their_names_and_replace_a_platform_function() -> None:
    async def answered(stage: Stage) -> None:
        caller = await stage.call_in(shape("shared_config", "shared_main"))
        (await stage.dialled_leg()).remote.answer()
        await stage.until(lambda: caller.connected)
        await stage.until(stage.logs)
        caller.remote.hang_up()
        await stage.ended()
        assert stage.logs() == ["established 1 true", "Call.Disconnected:200"]
        assert stage.speech.said[0][0] == "Please hold the line"

    async def busy(stage: Stage) -> None:
        caller = await stage.call_in(shape("shared_config", "shared_main"))
        (await stage.dialled_leg()).remote.refuse(486)
        await stage.ended()
        assert stage.logs() == ["Call.Failed:486", "Call.Disconnected:486"]
        assert caller.over

    play(answered)
    play(busy)


def test_what_is_misspelt_missing_or_tried_does_not_end_a_session() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(shape("lenient"), "not JSON")
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.logs()[0].splitlines() == [
            "module Error",
            "string Error",
            "twice=fine",
            "voice=stringstring",
            "nested=stringstring",
            "language=ru-RU string",
            "event=undefinedundefined",
            "net=undefinedundefined",
            "engine=undefinedundefined",
            "expire=-1y-3y",
            "global=undefinedundefinedundefinedundefined",
            "data SyntaxError",
            "secret=undefined",
            "undeclared ReferenceError",
        ]
        assert stage.logs()[1] == 'undefined null Error: as text {"a":[1]} two'
        assert stage.logs("console") == ["console too"]

    play(story)


@pytest.mark.parametrize("path", sorted(SHAPES.glob("*.js")), ids=lambda path: path.stem)
def test_a_check_finds_no_fault_with_what_runs(path: Path) -> None:
    if path.stem in ("lenient", "queue"):
        pytest.skip("it is about what is missing")
    names = ["shared_config.js"] if path.stem == "shared_main" else []
    scripts = [Script(name, (SHAPES / name).read_text("utf-8")) for name in [*names, path.name]]
    assert [str(found) for found in check(scripts) if found.serious] == []


def test_a_check_names_the_queue_with_its_line() -> None:
    found = check([Script("queue.js", shape("queue")[0])])
    assert [(f.line, f.serious) for f in found if "enqueueACDRequest" in f.message] == [(13, True)]
    assert [f.line for f in found if "Modules.ACD" in f.message] == [2]


def test_callers_of_all_kinds_are_told_apart() -> None:
    async def story(stage: Stage) -> None:
        info = IncomingInfo("100", "+1555", "Ann", client_type="pstn")
        leg = await stage.call_in(shape("both_ways"), info)
        stage.net.routes["/who"] = lambda request: httpx.Response(404)
        await stage.until(lambda: len(stage.logs()) >= 3)
        assert stage.logs()[2] == "in +1555 100 pstn unknown"
        leg.remote.hang_up()

    play(story)
