"""Calls, as scenarios see them: order, fields and codes of the events, in every state."""

from __future__ import annotations

import asyncio

import pytest
from tests.harness import Stage, play
from tests.media.signals import pcm, voice

from voxrun.legs.base import IncomingInfo
from voxrun.services.calls import call_timeout_ms, is_number

TAKE = """
VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
  call = e.call;
  %s
});
"""

WATCH = """
for (const name of Object.keys(CallEvents)) {
  call.addEventListener(CallEvents[name], (e) => Logger.write(name + " " + JSON.stringify(e)));
}
"""


HELLO, HI = b"\x01\x02" * 320, b"\x03\x04" * 320


def told(stage: Stage) -> list[str]:
    """Names of the events that reached the listeners of WATCH."""
    return [name for line in stage.logs() if (name := line.partition(" {")[0]) != line]


@pytest.mark.covers("AppEvents.CallAlerting")
def test_call_alerting_has_the_platform_s_fields() -> None:
    source = (
        TAKE
        % "const {call: c, ...rest} = e; Logger.write(JSON.stringify(rest)); Logger.write(JSON.stringify(e));"
    )
    info = IncomingInfo(
        "200", "bob", "Bob", "sip:bob@x", "sip:200@y", {"X-Id": "7"}, custom_data="cd", client_type="sip"
    )

    async def story(stage: Stage) -> None:
        await stage.call_in(source, info)
        await stage.until(stage.logs)
        assert stage.logs()[0] == (
            '{"name":"Application.CallAlerting","callerid":"bob","destination":"200","toURI":"sip:200@y",'
            '"fromURI":"sip:bob@x","displayName":"Bob","headers":{"VI-Client-Type":"sip","X-Id":"7"},'
            '"scheme":"","customData":"cd"}'
        )
        assert '"call":{}' in stage.logs()[1]

    play(story)


@pytest.mark.covers(
    "Call.callerid",
    "Call.clientType",
    "Call.customData",
    "Call.displayName",
    "Call.id",
    "Call.incoming",
    "Call.number",
)
def test_what_a_scenario_may_ask_of_a_call_at_once() -> None:
    source = (
        TAKE
        % """Logger.write([call.state(), call.callerid(), call.number(), call.displayName(), call.incoming(),
             call.clientType(), call.customData(), call.headers()["X-Id"], call.vad(),
             typeof call.id()].join());
             call.customData("new"); Logger.write(call.customData());
             Logger.write("id without a call: " + (typeof (call.id + "")));"""
    )

    async def story(stage: Stage) -> None:
        await stage.call_in(source)
        await stage.until(stage.logs)
        assert stage.logs() == [
            "ALERTING,alice,100,Alice,true,user,,7,false,string",
            "new",
            "id without a call: string",
        ]

    play(story)


@pytest.mark.covers("Call.state")
def test_states_follow_the_call() -> None:
    source = (
        TAKE
        % """const say = (when) => Logger.write(when + " " + call.state());
      say("offered"); call.ring(); say("ringing"); call.answer(); say("answering");
      call.addEventListener(CallEvents.Connected, () => say("Connected"));
      call.addEventListener(CallEvents.Disconnected, () => say("Disconnected"));"""
    )

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        await stage.until(lambda: leg.connected)
        leg.remote.hang_up()
        await stage.until(lambda: len(stage.logs()) == 5)
        assert stage.logs() == [
            "offered ALERTING",
            "ringing PROGRESSING",
            "answering PROGRESSING",
            "Connected CONNECTED",
            "Disconnected TERMINATED",
        ]

    play(story)


@pytest.mark.covers("Call.decline", "Call.ring", "Call.startEarlyMedia")
def test_a_caller_hears_it_ring_then_early_media_and_is_declined() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(
            TAKE % "call.ring({'X-R': '1'}); call.startEarlyMedia({'X-E': '2'}); call.say('Closed');"
            "setTimeout(() => call.decline(480), 2000);"
        )
        await stage.until(lambda: leg.over)
        assert [(what, fields["headers"]) for what, fields in leg.log[:2]] == [
            ("ring", {"X-R": "1"}),
            ("early_media", {"X-E": "2"}),
        ]
        assert any(any(frame) for _, frame in leg.heard)
        # Not 603: a scenario that fails leaves that behind.
        assert (leg.log[-1][0], leg.log[-1][1]["code"]) == ("reject", 480)

    play(story)


@pytest.mark.covers("Call.answer", "CallEvents.Disconnected")
def test_an_answered_call_that_the_caller_ends() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % (WATCH + "call.answer({'X-A': '1'});"))
        await stage.until(lambda: leg.connected)
        await asyncio.sleep(2.6)
        leg.remote.hang_up(headers={"X-Bye": "b"})
        await stage.until(lambda: "Call.Disconnected" in stage.kinds())
        assert leg.log[0] == ("answer", {"headers": {"X-A": "1"}})
        event = stage.events("Call.Disconnected")[0]["data"]
        assert event == {
            "internalCode": 200,
            "reason": "Normal call clearing",
            "duration": 3,
            "cost": 0,
            "direction": "incoming",
            "headers": {"X-Bye": "b"},
        }
        assert '"call":{},"id":"' in stage.logs()[0]
        assert told(stage) == [
            "StateChanged",
            "Connected",
            "AudioQualityDetected",
            "FirstAudioPacketReceived",
            "StateChanged",
            "Disconnected",
        ]

    play(story)


@pytest.mark.covers("Call.reject")
def test_a_rejected_call_is_disconnected_with_the_code_at_once() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % (WATCH + "call.reject(486, {'X-Why': 'busy'});"))
        await stage.until(lambda: "Call.Disconnected" in stage.kinds())
        assert leg.log == [("reject", {"code": 486, "reason": "Busy here", "headers": {"X-Why": "busy"}})]
        assert stage.events("Call.Disconnected")[0]["data"]["internalCode"] == 486

    play(story)


@pytest.mark.parametrize(("argument", "code"), [("", 603), ("404", 404), ("'480'", 480)])
def test_reject_takes_codes_of_all_shapes(argument: str, code: int) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % f"call.reject({argument});")
        await stage.until(lambda: leg.over)
        assert leg.log[0][1]["code"] == code

    play(story)


def test_reject_with_a_code_that_is_none_is_an_error_with_its_line() -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(TAKE % "call.reject(200);")
        ending = await stage.ended()
        assert ending.reason == "JS session error"
        assert "300 to 699" in stage.errors()[0]
        assert "a.js:4" in stage.errors()[0]

    play(story)


def test_a_caller_who_gives_up_before_the_answer_is_disconnected_with_487() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % "call.ring();")
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await stage.until(lambda: "Call.Disconnected" in stage.kinds())
        data = stage.events("Call.Disconnected")[0]["data"]
        assert (data["internalCode"], data["duration"]) == (487, 0)
        assert "Call.Failed" not in stage.kinds()

    play(story)


def test_an_incoming_call_that_nobody_answers_is_dropped_after_sixty_seconds() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % "")
        await stage.until(lambda: leg.over)
        assert round(stage.clock.now(), 1) == 60.0
        await stage.until(lambda: "Call.Disconnected" in stage.kinds())
        assert stage.events("Call.Disconnected")[0]["data"]["internalCode"] == 408

    play(story)


def test_early_media_of_an_incoming_call_lasts_sixty_seconds_at_most() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % "setTimeout(() => call.startEarlyMedia(), 20000);")
        await stage.until(lambda: leg.over)
        assert round(stage.clock.now(), 1) == 80.0
        await stage.until(lambda: "Call.Disconnected" in stage.kinds())
        assert stage.events("Call.Disconnected")[0]["data"]["internalCode"] == 408

    play(story)


def test_in_early_media_the_caller_hears_and_is_not_heard() -> None:
    source = (
        TAKE
        % """call.startEarlyMedia();
      const other = VoxEngine.callPSTN("+4930", "+4940");
      VoxEngine.sendMediaBetween(call, other);
      call.addEventListener(CallEvents.MessageReceived, () => call.answer());"""
    )

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        other = await stage.dialled_leg()
        other.remote.answer()
        await asyncio.sleep(0.2)
        for wanted in (False, True):
            leg.remote.speak(HELLO)
            other.remote.speak(HI)
            await asyncio.sleep(0.2)
            assert HI in leg.heard_pcm()
            assert (HELLO in other.heard_pcm()) is wanted
            leg.remote.message("now")
            await asyncio.sleep(0.2)

    play(story)


def test_the_end_of_a_call_does_not_end_the_session_which_may_call_again() -> None:
    source = (
        TAKE
        % """call.answer();
      call.addEventListener(CallEvents.Disconnected, () => setTimeout(() => {
        const next = VoxEngine.callPSTN("+4930", "+4940");
        next.addEventListener(CallEvents.Failed, () => Logger.write("still here"));
      }, 59000));"""
    )

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        await stage.until(lambda: leg.connected)
        leg.remote.hang_up()
        (await stage.dialled_leg()).remote.refuse(486, "Busy Here")
        await stage.until(stage.logs)
        failed = stage.clock.now()
        await stage.ended()
        assert round(stage.clock.now() - failed) == 60
        assert stage.logs() == ["still here"]

    play(story)


def test_a_second_answer_does_nothing() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % "call.answer(); call.answer();")
        await stage.until(lambda: leg.connected)
        await asyncio.sleep(1)
        assert [name for name, _ in leg.log] == ["answer"]
        assert stage.kinds().count("Call.Connected") == 1

    play(story)


@pytest.mark.covers("Call.hangup")
def test_hanging_up_works_unbound_and_in_every_state() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % "call.hangup(); call.hangup(); setTimeout(call.hangup, 500);")
        await stage.until(lambda: leg.over)
        await asyncio.sleep(1)
        assert stage.kinds().count("Call.Disconnected") == 1
        assert stage.errors() == []

    play(story)


@pytest.mark.covers("Call.handleTones", "CallEvents.ToneReceived")
def test_tones_arrive_only_after_handle_tones_and_with_their_type() -> None:
    source = (
        TAKE
        % "call.answer(); call.addEventListener(CallEvents.ToneReceived, e => Logger.write(e.tone + e.type));"
    )

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        await stage.until(lambda: leg.connected)
        leg.remote.press("1")
        await asyncio.sleep(0.1)
        assert stage.logs() == []

    play(story)

    async def handled(stage: Stage) -> None:
        leg = await stage.call_in(source.replace("call.answer();", "call.answer(); call.handleTones(true);"))
        await stage.until(lambda: leg.connected)
        leg.remote.press("1#")
        leg.remote.press("2", "inband")
        leg.remote.press("3", "info")
        await stage.until(lambda: len(stage.logs()) == 4)
        assert stage.logs() == ["11", "#1", "22", "33"]

    play(handled)


@pytest.mark.covers("Call.sendDigits", "Call.sendInfo", "Call.sendMessage")
def test_digits_messages_and_infos_go_out() -> None:
    source = (
        TAKE
        % """call.answer(); call.addEventListener(CallEvents.Connected, () => {
      call.sendDigits("12p#"); call.sendMessage("hello");
      call.sendInfo("application/json", "{}", {"X-H": "v"}); });"""
    )

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        await stage.until(lambda: leg.infos)
        assert leg.digits == "12p#"
        assert leg.messages == ["hello"]
        assert leg.infos == [("application/json", "{}", {"X-H": "v"})]

    play(story)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('call.sendDigits("12x")', "is no digit"),
        ('call.sendMessage("x".repeat(8193))', "8192"),
        ('call.sendInfo("a/b", "é".repeat(4097))', "8194 bytes"),
        ("call.sendMediaTo({})", "needs a media unit"),
        ("VoxEngine.sendMediaBetween(call, undefined)", "needs a media unit"),
    ],
)
def test_arguments_that_cannot_be_are_errors_that_say_what_is_wrong(call: str, message: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(TAKE % f"try {{ {call}; }} catch (error) {{ Logger.write(error.message); }}")
        await stage.until(stage.logs)
        assert message in stage.logs()[0]

    play(story)


@pytest.mark.covers(
    "CallEvents.InfoReceived",
    "CallEvents.MessageReceived",
    "CallEvents.OffHold",
    "CallEvents.OnHold",
)
def test_messages_infos_and_hold_come_in() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % ("call.answer();" + WATCH))
        await stage.until(lambda: leg.connected)
        leg.remote.message("hi")
        leg.remote.info("text/plain", "body", {"X-A": "b"})
        leg.remote.hold()
        leg.remote.hold(False)
        await stage.until(lambda: "Call.OffHold" in stage.kinds())
        assert stage.events("Call.MessageReceived")[0]["data"] == {"text": "hi", "headers": {}}
        assert stage.events("Call.InfoReceived")[0]["data"] == {
            "mimeType": "text/plain",
            "body": "body",
            "headers": {"X-A": "b"},
        }
        assert "Call.OnHold" in stage.kinds()
        assert told(stage)[-4:] == ["MessageReceived", "InfoReceived", "OnHold", "OffHold"]

    play(story)


DIAL = """
VoxEngine.addEventListener(AppEvents.Started, () => {
  call = %s;
  Logger.write("state " + call.state() + " " + call.number() + " " + call.clientType());
  %s
});
"""


@pytest.mark.covers(
    "CallEvents.AudioStarted",
    "CallEvents.Connected",
    "CallEvents.FirstAudioPacketReceived",
    "CallEvents.Ringing",
)
def test_an_outgoing_call_rings_starts_audio_connects_and_ends() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(DIAL % ("VoxEngine.callPSTN('+1555', '+1444')", WATCH))
        leg = await stage.dialled_leg()
        leg.remote.ring({"X-R": "1"})
        leg.remote.early_media()
        leg.remote.answer({"X-C": "2"})
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await stage.until(lambda: "Call.Disconnected" in stage.kinds())
        kinds = [kind for kind in stage.kinds() if kind.startswith("Call.")]
        assert kinds == [
            "Call.Ringing",
            "Call.AudioStarted",
            "Call.StateChanged",
            "Call.Connected",
            "Call.AudioQualityDetected",
            "Call.FirstAudioPacketReceived",
            "Call.StateChanged",
            "Call.Disconnected",
        ]
        assert stage.events("Call.Disconnected")[0]["data"]["direction"] == "outgoing"
        assert stage.logs()[0] == "state PROGRESSING +1555 pstn"
        assert [f"Call.{name}" for name in told(stage)] == kinds

    play(story)


def test_without_early_media_audio_starts_with_the_answer() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(DIAL % ("VoxEngine.callUser('bob', 'me')", WATCH))
        (await stage.dialled_leg()).remote.answer()
        await stage.until(lambda: "Call.Connected" in stage.kinds())
        kinds = [kind for kind in stage.kinds() if kind.startswith("Call.")]
        assert kinds[:3] == ["Call.AudioStarted", "Call.StateChanged", "Call.Connected"]

    play(story)


@pytest.mark.covers("CallEvents.Failed")
def test_a_refused_outgoing_call_fails_with_code_and_reason() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(DIAL % ("VoxEngine.callPSTN('+1555', '+1444')", WATCH))
        (await stage.dialled_leg()).remote.refuse(486)
        await stage.until(lambda: "Call.Failed" in stage.kinds())
        assert stage.events("Call.Failed")[0]["data"] == {"code": 486, "reason": "Busy here", "headers": {}}
        assert told(stage) == ["StateChanged", "Failed"]

    play(story)


def test_no_answer_fails_with_408_after_sixty_seconds_or_vi_call_timeout() -> None:
    def timed(create: str) -> float:
        times: list[float] = []

        async def story(stage: Stage) -> None:
            await stage.start(DIAL % (create, WATCH))
            (await stage.dialled_leg()).remote.ring()
            await stage.until(lambda: "Call.Failed" in stage.kinds())
            assert stage.events("Call.Failed")[0]["data"]["code"] == 408
            times.append(stage.clock.now())

        play(story)
        return round(times[0])

    assert timed("VoxEngine.callPSTN('1', '2')") == 60
    assert timed("VoxEngine.callUser({username: 'b', extraHeaders: {'VI-CallTimeout': '20'}})") == 20


@pytest.mark.covers("CallEvents.PushSent")
def test_push_sent_is_told_where_the_user_is_woken_before_it_rings() -> None:
    source = "require(Modules.PushService);" + DIAL % ('VoxEngine.callUser("bob", "me")', WATCH)

    async def story(stage: Stage) -> None:
        await stage.start(source)
        leg = await stage.dialled_leg()
        assert stage.dialled[0][0].options["push"] == 20_000
        leg.emit("push_sent", result="sent")
        leg.remote.ring()
        await stage.until(lambda: told(stage) == ["PushSent", "Ringing"])
        assert stage.events("Call.PushSent")[0]["data"] == {"result": "sent"}
        assert '"result":"sent"' in stage.logs()[1]

    play(story)


def test_hanging_up_before_the_answer_fails_with_487() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(DIAL % ("VoxEngine.callPSTN('1', '2')", WATCH + "setTimeout(call.hangup, 100);"))
        await stage.until(lambda: "Call.Failed" in stage.kinds())
        assert stage.events("Call.Failed")[0]["data"]["code"] == 487

    play(story)


@pytest.mark.covers(
    "VoxEngine.callPSTN",
    "VoxEngine.callSIP",
    "VoxEngine.callUser",
    "VoxEngine.callWhatsappUser",
)
@pytest.mark.parametrize(
    ("create", "expected"),
    [
        ("VoxEngine.callPSTN('+1', '+2')", ("pstn", "+1", "+2", "", {})),
        ("VoxEngine.callPSTN('+1')", ("pstn", "+1", "", "", {})),
        ("VoxEngine.callPSTN('+1', '+2', {followDiversion: true})", ("pstn", "+1", "+2", "", {})),
        ("VoxEngine.callPSTN('+1', '+2', null, {'X-A': 'b'})", ("pstn", "+1", "+2", "", {"X-A": "b"})),
        ("VoxEngine.callUser('bob', 'me')", ("user", "bob", "me", "", {})),
        ("VoxEngine.callUser('bob', 'me', 'Me', null, false)", ("user", "bob", "me", "Me", {})),
        ("VoxEngine.callUser('bob', 'me', 'Me', {'X-A': 1})", ("user", "bob", "me", "Me", {"X-A": "1"})),
        (
            "VoxEngine.callUser({username: 'bob', callerid: 'me', displayName: 'Me',"
            " extraHeaders: {'X-A': 'b'}})",
            ("user", "bob", "me", "Me", {"X-A": "b"}),
        ),
        ("VoxEngine.callSIP('sip:a@b')", ("sip", "sip:a@b", "", "", {})),
        ("VoxEngine.callSIP('sip:a@b', 'me')", ("sip", "sip:a@b", "me", "", {})),
        (
            "VoxEngine.callSIP('sip:a@b', 'me', 'Me', 'pw', 'auth', {'X-A': 'b'}, false, 'proxy')",
            ("sip", "sip:a@b", "me", "Me", {"X-A": "b"}),
        ),
        (
            "VoxEngine.callSIP('sip:a@b', {callerid: 'me', displayName: 'Me', headers: {'X-A': 'b'}})",
            ("sip", "sip:a@b", "me", "Me", {"X-A": "b"}),
        ),
        ("VoxEngine.callWhatsappUser({number: '9', callerid: '8'})", ("whatsapp", "9", "8", "", {})),
    ],
)
def test_every_form_of_placing_a_call(create: str, expected: tuple[object, ...]) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(DIAL % (create, ""))
        await stage.dialled_leg()
        asked = stage.dialled[0][0]
        got = (asked.kind, asked.destination, asked.callerid, asked.display_name, dict(asked.headers))
        assert got == expected

    play(story)


def test_the_fifty_first_call_attempt_and_the_eleventh_unanswered_call_fail_with_403() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      for (let i = 0; i < 12; i++) {
        const c = VoxEngine.callPSTN("" + i, "me");
        c.addEventListener(CallEvents.Failed, (e) => Logger.write([c.number(), e.code, e.reason].join(" ")));
      }
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        await stage.until(lambda: len(stage.logs()) == 2)
        assert stage.logs() == ["10 403 Call limit reached", "11 403 Call limit reached"]
        assert len(stage.dialled) == 10

    play(story)


def test_every_attempt_counts_and_the_fifty_first_fails_with_403() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, function next() {
      const call = VoxEngine.callPSTN("+4930", "+4940");
      call.addEventListener(CallEvents.Failed, (e) => {
        Logger.write(e.code + " " + e.reason);
        if (e.code !== 403) next();
      });
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        for number in range(50):
            (await stage.dialled_leg(number)).remote.refuse(486)
        await stage.until(lambda: "403 Call limit reached" in stage.logs())
        assert stage.logs()[:-1] == ["486 Busy here"] * 50
        assert len(stage.dialled) == 50

    play(story)


def test_a_call_that_was_answered_or_failed_is_unanswered_no_more() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      const dial = (number) => VoxEngine.callPSTN(number, "+4940").addEventListener(
        CallEvents.Failed, (e) => Logger.write(number + " " + e.code));
      for (let i = 0; i < 10; i++) dial("1" + i);
      setTimeout(() => ["20", "21", "22"].forEach(dial), 1000);
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        (await stage.dialled_leg(0)).remote.answer()
        (await stage.dialled_leg(1)).remote.refuse(486)
        await asyncio.sleep(2)
        assert stage.logs() == ["11 486", "22 403"]
        assert len(stage.dialled) == 12

    play(story)


EARLY_LINK = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  const other = VoxEngine.callUser("bob", "me");
  VoxEngine.sendMediaBetween(call, other);
});
"""


@pytest.mark.parametrize("links", ["wait", "ignore"])
def test_a_link_with_an_outgoing_call_waits_for_its_answer_unless_early_links_are_ignored(links: str) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(EARLY_LINK)
        other = await stage.dialled_leg()
        other.remote.answer()
        await asyncio.sleep(0.1)
        leg.remote.speak(b"\x01\x02" * 320)
        other.remote.speak(b"\x03\x04" * 320)
        await asyncio.sleep(0.1)
        heard = (b"\x01\x02" * 320 in other.heard_pcm(), b"\x03\x04" * 320 in leg.heard_pcm())
        assert heard == ((True, True) if links == "wait" else (False, False))
        warnings = [text for text in stage.logs("warning") if "not connected yet" in text]
        assert len(warnings) == (0 if links == "wait" else 2)

    play(story, early_links=links)


def test_a_call_hears_one_source_at_a_time_the_new_one_replaces_the_old() -> None:
    source = """
    const calls = [];
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      for (const name of ["one", "two"]) {
        const c = VoxEngine.callUser(name, "me");
        c.addEventListener(CallEvents.Connected, () => c.sendMediaTo(call));
      }
    });
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        one, two = await stage.dialled_leg(0), await stage.dialled_leg(1)
        one.remote.answer()
        await stage.until(lambda: leg.heard)
        one.remote.speak(b"\x11\x11" * 320 * 50)
        await asyncio.sleep(0.2)
        two.remote.answer()
        await asyncio.sleep(0.2)
        count = len(leg.heard)
        await asyncio.sleep(0.2)
        assert len(leg.heard) - count == 10
        assert {frame for _, frame in leg.heard[count:]} == {bytes(640)}

    play(story)


@pytest.mark.covers("Call.handleMicStatus", "CallEvents.MicStatusChange")
def test_mic_status_tells_when_the_caller_speaks() -> None:
    source = (
        TAKE
        % """call.answer(); call.handleMicStatus(true);
      call.addEventListener(CallEvents.MicStatusChange, (e) => Logger.write("active " + e.active));"""
    )

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        await stage.until(lambda: leg.connected)
        await asyncio.sleep(1)
        leg.remote.speak(pcm(voice(1000)))
        await stage.until(lambda: len(stage.logs()) == 2)
        assert stage.logs() == ["active true", "active false"]

    play(story)


def test_timeouts_are_read_leniently() -> None:
    assert call_timeout_ms({"VI-CallTimeout": "²"}, 60_000) == 60_000
    assert call_timeout_ms({"VI-CallTimeout": "9" * 5000}, 60_000) == 400_000
    assert call_timeout_ms({"vi-calltimeout": "5"}, 60_000) == 10_000
    assert call_timeout_ms({"VI-CallTimeout": "1000"}, 60_000) == 400_000
    assert call_timeout_ms({"VI-CallTimeout": "soon"}, 60_000) == 60_000


STATES = """
call.addEventListener(CallEvents.StateChanged, (e) => {
  Logger.write(e.oldState + " " + e.newState + " " + call.state());
});
"""


@pytest.mark.covers("CallEvents.StateChanged")
def test_state_changed_has_the_old_and_the_new_state_of_an_incoming_call() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % (STATES + "call.ring(); call.startEarlyMedia(); call.answer();"))
        await stage.until(lambda: leg.connected)
        leg.remote.hang_up()
        await stage.until(lambda: len(stage.logs()) == 3)
        assert stage.logs() == [
            "ALERTING PROGRESSING PROGRESSING",
            "PROGRESSING CONNECTED CONNECTED",
            "CONNECTED TERMINATED TERMINATED",
        ]

    play(story)


@pytest.mark.parametrize("answered", [True, False])
def test_state_changed_of_an_outgoing_call(answered: bool) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(DIAL % ("VoxEngine.callUser('bob', 'me')", STATES))
        leg = await stage.dialled_leg()
        leg.remote.ring()
        if answered:
            leg.remote.answer()
        leg.remote.hang_up()
        await asyncio.sleep(1)
        steps = ["PROGRESSING CONNECTED CONNECTED", "CONNECTED TERMINATED TERMINATED"]
        assert stage.logs()[1:] == (steps if answered else ["PROGRESSING TERMINATED TERMINATED"])

    play(story)


@pytest.mark.covers("CallEvents.AudioQualityDetected")
@pytest.mark.parametrize(
    ("create", "quality"),
    [("callUser('bob', 'me')", "HD"), ("callPSTN('1', '2')", "Standard")],
)
def test_audio_quality_detected_says_hd_or_standard(create: str, quality: str) -> None:
    show = "call.addEventListener(CallEvents.AudioQualityDetected, (e) => Logger.write(e.quality));"

    async def story(stage: Stage) -> None:
        await stage.start(DIAL % (f"VoxEngine.{create}", show))
        (await stage.dialled_leg()).remote.answer()
        await stage.until(lambda: len(stage.logs()) == 2)
        assert stage.logs()[1] == quality

    play(story)


@pytest.mark.covers("CallEvents.RtpStopped", "CallEvents.RtpResumed")
def test_rtp_stopped_comes_within_seven_seconds_and_rtp_resumed_with_the_next_packet() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % (WATCH + "call.answer();"))
        await asyncio.sleep(1)
        leg.remote.stop_sending()
        await asyncio.sleep(7)
        assert told(stage)[-1] == "RtpStopped"
        leg.remote.resume_sending()
        await asyncio.sleep(1)
        assert told(stage)[-1] == "RtpResumed"

    play(story)


@pytest.mark.parametrize(("option", "rings"), [("", False), (", allow180After183: true", True)])
def test_ringing_after_early_media_needs_allow_180_after_183(option: str, rings: bool) -> None:
    create = f"VoxEngine.callSIP('sip:a@b', {{callerid: 'me'{option}}})"

    async def story(stage: Stage) -> None:
        await stage.start(DIAL % (create, WATCH))
        leg = await stage.dialled_leg()
        leg.remote.early_media()
        leg.remote.ring()
        await asyncio.sleep(1)
        assert ("Ringing" in told(stage)) is rings
        assert told(stage)[0] == "AudioStarted"

    play(story)


@pytest.mark.parametrize("number", ["nobody", "+", "1" * 30, "12ab"])
def test_an_invalid_number_fails_with_404(number: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(DIAL % (f"VoxEngine.callPSTN('{number}', 'me')", WATCH))
        await stage.until(lambda: "Call.Failed" in stage.kinds())
        assert stage.events("Call.Failed")[0]["data"] == {
            "code": 404, "reason": "Invalid number", "headers": {}
        }  # fmt: skip
        assert stage.dialled == []

    play(story)


def test_what_is_asked_of_a_call_that_never_was_means_nothing() -> None:
    late = WATCH + "call.hangup(); call.sendDigits('1'); call.handleTones(true); call.record();"

    async def story(stage: Stage) -> None:
        await stage.start(DIAL % ("VoxEngine.callPSTN('nobody', 'me')", late))
        await stage.until(lambda: "Failed" in told(stage))
        assert told(stage) == ["Failed"]
        assert stage.errors() == []

    play(story)


@pytest.mark.parametrize("number", ["+49 (30) 123-456", "112", "*43#", "8.800.200"])
def test_numbers_may_be_written_in_any_usual_way(number: str) -> None:
    assert is_number(number)


def test_custom_data_of_an_answer_is_the_call_s() -> None:
    show = (
        "call.addEventListener(CallEvents.Connected, (e) => Logger.write(e.customData + call.customData()));"
    )

    async def story(stage: Stage) -> None:
        await stage.start(DIAL % ("VoxEngine.callUser('bob', 'me')", show))
        (await stage.dialled_leg()).remote.answer(custom_data="cd")
        await stage.until(lambda: len(stage.logs()) == 2)
        assert stage.logs()[1] == "cdcd"

    play(story)


def test_easy_process_puts_two_people_through_from_early_media_to_the_end() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
      const other = VoxEngine.callUser("bob", e.callerid);
      VoxEngine.easyProcess(e.call, other, () => Logger.write("established"));
    });
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        other = await stage.dialled_leg()
        other.remote.ring()
        other.remote.early_media()
        other.remote.speak(b"\x05\x06" * 320)
        await asyncio.sleep(0.1)
        assert [what for what, _ in leg.log] == ["ring", "early_media"]
        assert b"\x05\x06" * 320 in leg.heard_pcm()
        other.remote.answer()
        await stage.until(stage.logs)
        leg.remote.speak(b"\x01\x02" * 320)
        await asyncio.sleep(0.1)
        assert b"\x01\x02" * 320 in other.heard_pcm()
        leg.remote.message("hi")
        await asyncio.sleep(0.1)
        assert other.messages == ["hi"]
        leg.remote.hang_up()
        assert (await stage.ended()).reason == "Normal termination"
        assert other.over

    play(story)


def test_easy_process_ends_with_the_call_that_was_not_answered() -> None:
    source = "VoxEngine.forwardCallToPSTN();"

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        (await stage.dialled_leg()).remote.refuse(486)
        assert (await stage.ended()).reason == "Normal termination"
        assert leg.log[-1] == ("reject", {"code": 603, "reason": "Declined", "headers": {}})

    play(story)
