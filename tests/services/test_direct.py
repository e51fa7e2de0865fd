"""Peer-to-peer calls: the devices hear each other, and nothing here hears them."""

from __future__ import annotations

import asyncio

import pytest
from tests.harness import Stage, play

HELLO, HI = b"\x01\x02" * 320, b"\x03\x04" * 320

DIRECT = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  const other = VoxEngine.callUserDirect(call, "bob", {callerid: "me", displayName: "Me"});
  for (const name of ["AudioStarted", "Connected"]) {
    call.addEventListener(CallEvents[name], () => Logger.write("call " + name));
    other.addEventListener(CallEvents[name], () => Logger.write("other " + name));
  }
  other.addEventListener(CallEvents.Connected, () => { call.answerDirect(other, {"X-A": "b"}); %s });
});
"""


@pytest.mark.covers("VoxEngine.callUserDirect", "Call.answerDirect")
def test_in_p2p_media_flows_between_the_legs() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(DIRECT % "")
        other = await stage.dialled_leg()
        assert (stage.dialled[0][0].kind, stage.dialled[0][0].callerid) == ("user", "me")
        other.remote.answer()
        await stage.until(lambda: leg.connected)
        assert ("answer", {"headers": {"X-A": "b"}}) in leg.log
        await asyncio.sleep(0.1)
        leg.remote.speak(HELLO)
        other.remote.speak(HI)
        await asyncio.sleep(0.1)
        assert HELLO in other.heard_pcm()
        assert HI in leg.heard_pcm()
        assert "other AudioStarted" not in stage.logs()
        assert {"call Connected", "other Connected"} <= {*stage.logs()}

    play(story)


@pytest.mark.parametrize(
    "what",
    [
        "call.say('hello')",
        "call.startPlayback('http://x.example/a.wav')",
        "other.sendDigits('1')",
        "call.sendMediaTo(other)",
        "VoxEngine.sendMediaBetween(call, other)",
        "call.record()",
        "other.playProgressTone('US')",
    ],
)
def test_in_p2p_no_say_no_digits_no_send_media_to(what: str) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(DIRECT % (what + ";"))
        other = await stage.dialled_leg()
        other.remote.answer()
        await stage.until(lambda: leg.connected)
        await asyncio.sleep(1)
        assert stage.errors() == []
        assert "peer-to-peer" in stage.logs("warning")[0]
        assert (leg.heard_pcm().strip(b"\0"), other.digits) == (b"", "")

    play(story)


def test_when_one_side_leaves_the_other_hears_nothing_more() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(DIRECT % "")
        other = await stage.dialled_leg()
        other.remote.answer()
        await stage.until(lambda: leg.connected)
        other.remote.hang_up()
        await asyncio.sleep(0.1)
        assert not leg.over
        assert leg.audio.sinks == leg.sink.sources == []

    play(story)


def test_a_call_that_is_none_of_call_user_direct_is_answered_in_the_ordinary_way() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      const other = VoxEngine.callUser("bob", "me");
      other.addEventListener(CallEvents.Connected, () => call.answerDirect(other));
      call.addEventListener(CallEvents.Connected, () => Logger.write("connected"));
    });
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(source)
        other = await stage.dialled_leg()
        other.remote.answer()
        await stage.until(stage.logs)
        leg.remote.speak(HELLO)
        other.remote.speak(HI)
        await asyncio.sleep(0.1)
        assert HELLO in other.heard_pcm()
        assert HI in leg.heard_pcm()
        assert "none of callUserDirect" in stage.logs("warning")[0]

    play(story)


@pytest.mark.parametrize("argument", ["", "null", "{}", "'bob'"])
def test_answer_direct_and_call_user_direct_want_a_call(argument: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(
            "const tried = (f) => { try { f(); } catch (error) { Logger.write(error.message); } };"
            "VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {"
            f" tried(() => call.answerDirect({argument}));"
            f" tried(() => VoxEngine.callUserDirect({argument})); }});"
        )
        await stage.until(lambda: len(stage.logs()) == 2)
        assert "needs the other call" in stage.logs()[0]
        assert "needs the incoming call first" in stage.logs()[1]

    play(story)
